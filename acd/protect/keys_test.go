package protect

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestKeys(t *testing.T) {
	for name, c := range map[string]struct {
		digits string // pressed 100 ms apart; '_' is a pause of 3 s
		want   string
	}{
		"next warning":                    {"*1", "*1 key_warn"},
		"next warning, first long code":   {"*91", "*91 key_warn"},
		"next warning, second long code":  {"*92", "*92 key_warn"},
		"settled":                         {"*2 *90", "*2 key_settled, *90 key_settled"},
		"end":                             {"*3 *93", "*3 key_end, *93 key_end"},
		"one strike and its confirmation": {"*94#", "*94 key_one_strike, # key_confirm"},
		"assist":                          {"*5 *95", "*5 key_assist, *95 key_assist"},
		"step-back":                       {"*96", "*96 key_step_back"},
		"crisis":                          {"*97", "*97 key_crisis"},
		"evidence":                        {"*98", "*98 key_bookmark"},
		"compliment":                      {"**", "** key_compliment"},
		"digits for nobody are dropped":   {"0123456789ABCD", ""},
		"*9 waits for its digit":          {"*9", ""},
		"a code may be slow":              {"*         9         1", "*91 key_warn"},
		"too slow is forgotten, and its rest too": {"*9_1", ""},
		"after a forgotten code a new one counts": {"*9_*97", "*97 key_crisis"},
		"# after a forgotten code confirms":       {"*9_#", "# key_confirm"},
		"a slip: beginning again":                 {"*9*97", "*97 key_crisis"},
		"codes that mean nothing":                 {"*4 *0 *6 *99 *#", "*4 key_unknown, *0 key_unknown, *6 key_unknown, *99 key_unknown, *# key_unknown"},
		"codes of later are refused as a whole":   {"*80 *83 *70", "*80 key_unknown, *83 key_unknown, *70 key_unknown"},
		"the digit after a short code is dropped": {"*11", "*1 key_warn"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(press(NewKeys(0), c.digits), ", "); got != c.want {
				t.Errorf("%s gave %q, want %q", c.digits, got, c.want)
			}
		})
	}
}

// press gives what the digits mean. A space takes 100 ms as a digit does.
func press(k *Keys, digits string) (meant []string) {
	now := dawn
	for _, d := range []byte(digits) {
		now = now.Add(100 * time.Millisecond)
		switch d {
		case ' ':
			continue
		case '_':
			now = now.Add(collectWait)
			continue
		}
		if key, ok := k.Press(now, d); ok {
			meant = append(meant, key.Code+" "+key.Seen.String())
		}
	}
	return meant
}

func TestKeysNeverInventACode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, now := NewKeys(time.Second), dawn
		var pressed string
		for range rapid.IntRange(1, 40).Draw(t, "digits") {
			d := rapid.SampledFrom([]byte("0123456789*#A")).Draw(t, "digit")
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
			pressed += string(rune(d))
			key, ok := k.Press(now, d)
			if ok && (!key.Seen.IsKey() || !strings.HasSuffix(pressed, key.Code) || len(key.Code) > 3) {
				t.Fatalf("%q gave %q %v", pressed, key.Code, key.Seen)
			}
		}
	})
}
