package voices

import (
	"testing"
	"time"
)

func TestEverybodyHasSomethingToSay(t *testing.T) {
	for _, v := range People(t, 20*time.Second) {
		t.Logf("%s: %v", v.Name, v.Duration())
		if long := v.Duration(); long < 15*time.Second || long > time.Minute {
			t.Errorf("%s speaks for %v, wanted about 20 s", v.Name, long)
		}
	}
}

// What a machine without the packages tests with.
func TestOurOwnVoicesAreAlwaysThere(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		if v := ours(t, language, 20*time.Second); v.Human || v.Duration() < 15*time.Second {
			t.Errorf("%s: human %v, %v long", v.Name, v.Human, v.Duration())
		}
	}
}

func TestSomeRecordingsAreNotVoices(t *testing.T) {
	for path, want := range map[string]bool{
		"en/hello-world.wav": false, "en/beep.wav": true, "en/dial-tone.wav": true, "en/silence/1.wav": true, "en/tt-monkeys.wav": true,
	} {
		if got := strange(path); got != want {
			t.Errorf("%s: left out %v, want %v", path, got, want)
		}
	}
}
