package main

import "testing"

// TestOnlyAWrongCommandLineIsAnsweredWithTheUsage: of a folder that is not there the error alone
// is printed.
func TestOnlyAWrongCommandLineIsAnsweredWithTheUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		ofFile bool
	}{
		"check of a folder that is not there":        {[]string{"check", "nowhere"}, true},
		"check of a file":                            {[]string{"check", "main.go"}, true},
		"protect-eval of a folder that is not there": {[]string{"protect-eval", "nowhere"}, true},
		"shifts of a folder that is not there":       {[]string{"shifts", "check", "--config=nowhere"}, true},
		"a log that is not there":                    {[]string{"why", "call", "c1", "--log=nowhere"}, true},
		"no command":                                 {nil, false},
		"an unknown command":                         {[]string{"chekc"}, false},
		"a flag that is none":                        {[]string{"version", "--loud"}, false},
		"no folder named":                            {[]string{"check"}, false},
	} {
		if _, err := newParser(&commands{}).Parse(c.args); err == nil || isOfFile(err) != c.ofFile {
			t.Errorf("%s: %v; taken to be of a file: %t", name, err, isOfFile(err))
		}
	}
}
