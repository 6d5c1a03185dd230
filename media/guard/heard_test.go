package guard_test

import (
	"math"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

func TestWhatWasHeardIsToldBeforeItIsChanged(t *testing.T) {
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		for _, size := range []int{80, 160, 163, 240, 800} {
			x := after(speech(t, time.Second), sine(1000, 0, time.Second)) // the second half is turned down
			codes, samples := make([]byte, len(x)), make([]int16, len(x))
			law.Encode(codes, x)
			law.Decode(samples, codes)
			g, meter, last := guard.New(guard.Settings{}), guard.NewAWeight(guard.Narrow), 0.0
			for at := 0; at < len(x); at += size {
				src := codes[at:min(at+size, len(codes))]
				g.Frame(law, make([]byte, len(src)), src)
				want := guard.Heard{Samples: len(src)}
				heard := samples[at : at+len(src)]
				if highest(heard) <= 64 { // too faint to be listened to, and after it all begins anew
					meter, last, heard = guard.NewAWeight(guard.Narrow), 0, nil
				} else {
					want.Power = math.Pow(10, meter.Level(heard)/10) * zeroPower
				}
				for _, s := range heard {
					v := float64(s)
					want.R0, want.R1, last = want.R0+v*v, want.R1+v*last, v
				}
				got := g.Heard()
				if got.Samples != want.Samples || got.R0 != want.R0 || got.R1 != want.R1 || math.Abs(got.Power-want.Power) > 1e-4*want.Power+1 {
					t.Fatalf("%v, frames of %d at %d: heard %+v, want %+v", law, size, at, got, want)
				}
			}
		}
	}
}

// zeroPower is the mean square of samples at 0 dBm0.
var zeroPower = crest(0) * crest(0) / 2

func TestSilenceIsHeardAsSilence(t *testing.T) {
	g := guard.New(guard.Settings{})
	loud := make([]byte, frame)
	g711.Mu.Encode(loud, sine(1000, 0, 20*time.Millisecond))
	g.Frame(g711.Mu, loud, loud)
	quiet := make([]byte, 30*ms)
	for i := range quiet {
		quiet[i] = g711.Mu.Silence()
	}
	g.Frame(g711.Mu, quiet, quiet)
	if got, want := g.Heard(), (guard.Heard{Samples: 30 * ms}); got != want {
		t.Errorf("heard %+v, want %+v", got, want)
	}
}

// What is not listened to must be what no rule would touch: as soon as something is turned
// down, faint sound is listened to as well.
func TestFaintSoundIsTurnedDownWithTheRest(t *testing.T) {
	l := newLine(noComfort())
	l.send(speech(t, time.Second))
	hum := sine(400, -52, 200*time.Millisecond)
	if l.send(hum); l.changed != 0 {
		t.Errorf("%d faint frames changed before the tone", l.changed)
	}
	l.send(sine(1000, 0, time.Second))
	if got := level(l.send(hum)[:100*ms]); got > -70 {
		t.Errorf("after a tone a faint sound is heard at %.1f dBm0, want it down with the tone", got)
	}
	l.guard.StepBack(true)
	l.send(speech(t, 2*time.Second))
	if got := level(l.send(hum)); got > -57 {
		t.Errorf("stepped back, a faint sound is heard at %.1f dBm0, want it 6 dB down", got)
	}
}
