package call

import (
	"slices"
	"testing"
	"time"
)

func TestAStepIsNotedWhenItHappenedAndInOrder(t *testing.T) {
	a := newAccount("1", "v", Party{})
	begun := a.started
	for _, at := range []time.Duration{time.Second, 3 * time.Second, 2 * time.Second} {
		a.stepAt(begun.Add(at), "protect.W1", "")
	}
	a.step("key", "") // now, which is before what was noted
	var got []time.Duration
	for _, s := range a.r.Steps {
		if got = append(got, s.Mono); !s.At.Equal(begun.Add(s.Mono)) {
			t.Errorf("its clocks tell %v and %v", s.At.Sub(begun), s.Mono)
		}
	}
	if want := []time.Duration{time.Second, 3 * time.Second, 3 * time.Second, 3 * time.Second}; !slices.Equal(got, want) {
		t.Errorf("noted at %v, want %v", got, want)
	}
}
