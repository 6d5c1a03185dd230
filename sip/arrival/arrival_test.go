package arrival

import (
	"testing"
	"time"
)

func TestWhereNothingTellsItCameNow(t *testing.T) {
	before := time.Now()
	for name, aside := range map[string][]byte{
		"nothing": nil, "half a header": make([]byte, 9), "cut": make([]byte, 20), "an empty message": make([]byte, 32),
		"nonsense": {255, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 35, 0, 0, 0, 1},
	} {
		if came := Time(aside); came.Before(before) || came.After(time.Now()) {
			t.Errorf("%s: it came at %v, want now", name, came)
		}
	}
}
