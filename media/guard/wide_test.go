package guard_test

import (
	"slices"
	"testing"
	"time"

	"breakwater/media/guard"
	resampling "breakwater/media/rate"
	"breakwater/media/voices"
)

// Wideband legs are guarded at 16000 Hz. Their sound is made here of that of 8000 Hz, so
// that the same is asked of both; what lies between 4 and 8 kHz is asked in
// TestSamplesAreGuardedAtBothRates.

// widened is sound at twice the rate, at the time it had.
func widened(x []int16) []int16 {
	const delay = 13 // samples that rate.Up is late
	var up resampling.Up
	out := make([]int16, 2*(len(x)+delay))
	up.Convert(out, slices.Concat(x, make([]int16, delay)))
	return out[2*delay:]
}

// sendWide is send for a wideband leg. It gives what is heard at 16000 Hz.
func (l *line) sendWide(x []int16) []int16 {
	x = widened(x)
	for at := 0; at < len(x); at += 2 * l.frame {
		l.frames++
		if l.guard.Samples(guard.Wide, x[at:min(at+2*l.frame, len(x))]) {
			l.changed++
		}
	}
	return x
}

func TestPeoplePassUntouchedInWideband(t *testing.T) {
	for _, v := range voices.People(t, 2*time.Minute) {
		l := newLine(guard.Settings{})
		for _, x := range v.Clips {
			l.sendWide(normalised(x, -20))
		}
		touched, a := float64(l.changed)/float64(l.frames), l.guard.Account()
		t.Logf("%s: %.2f %% of frames touched, by rule %v", v.Name, 100*touched, a.Limited)
		if touched > 0.005 || a.Events[guard.ByTone]+a.Events[guard.ByDigit] > 0 {
			t.Errorf("%s: %.2f %% of frames touched, want at most 0.5, and no tone or digit: %+v", v.Name, 100*touched, a)
		}
	}
}
