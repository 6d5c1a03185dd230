package guard

import (
	"testing"
	"unsafe"
)

// What a frame of an ordinary voice does not need: the samples that may be of a digit, and what
// is behind them.
func TestTheFrontOfAGuardIsWhatAFrameNeeds(t *testing.T) {
	kept := unsafe.Offsetof(Guard{}.digits) + unsafe.Sizeof(digits{}) - 3*80*2
	if kept > Front || kept < Front-64 {
		t.Errorf("%d bytes are needed, Front says %d", kept, Front)
	}
}
