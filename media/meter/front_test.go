package meter

import (
	"testing"
	"unsafe"
)

func TestTheFrontOfAMeterIsWhatAFrameNeeds(t *testing.T) {
	need := unsafe.Offsetof(Meter{}.pitch) + unsafe.Offsetof(pitch{}.n)
	if need > Front || need < Front-64 {
		t.Errorf("%d bytes are needed, Front says %d", need, Front)
	}
}
