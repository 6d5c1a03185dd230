package guard_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
)

var writeGolden = flag.Bool("golden", false, "write testdata/golden.txt anew: what an ear is given, or a meter tells, is to change")

const goldenFile = "testdata/golden.txt"

// What is made faster must stay what it was, to the last bit: what an ear is given, the gain
// track, the counters and what the meter tells of half a minute in which everything happens
// that a guard knows. The file is of the code as it was before it was made faster in session
// after session; who changes a rule writes it anew (-golden) and says so.
func TestWhatAnEarIsGivenIsWhatItWasBefore(t *testing.T) {
	var now strings.Builder
	x := everything()
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		for _, size := range []int{frame, frame / 2, 3 * frame, 37, 1000} {
			fmt.Fprintf(&now, "%v, %d samples a frame: %x\n", law, size, given(law, x, size, func(*guard.Guard, int) {}))
		}
		fmt.Fprintf(&now, "%v, the agent steps back: %x\n", law, given(law, x, frame, func(g *guard.Guard, n int) { g.StepBack(n/100%2 == 0) }))
		fmt.Fprintf(&now, "%v, sound of our own: %x\n", law, given(law, x, frame, func(g *guard.Guard, n int) { g.Own(n/150%2 == 0) }))
		fmt.Fprintf(&now, "%v, frames are lost: %x\n", law, given(law, x, frame, func(g *guard.Guard, n int) {
			if n%37 == 5 {
				g.Forget()
			}
		}))
	}
	fmt.Fprintf(&now, "16000 Hz: %x\n", givenWide(x))
	if *writeGolden {
		if err := os.WriteFile(goldenFile, []byte(now.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	was := strings.Split(string(before), "\n")
	for i, is := range strings.Split(now.String(), "\n") {
		if i >= len(was) || was[i] != is {
			t.Errorf("not as before: %s", is)
		}
	}
}

// everything is made by formulas, so that a new prompt changes nothing.
func everything() []int16 {
	voice := talk(6 * time.Second)
	key := func(low, high, level float64) []int16 {
		return after(mixed(sine(low, level, 90*time.Millisecond), sine(high, level, 90*time.Millisecond)), make([]int16, 500))
	}
	click := make([]int16, 800)
	click[333] = -fullScale
	return after(
		voice, sine(1000, 0, time.Second), voice, louder(voice, 20), make([]int16, 3210), louder(voice, -25),
		warble(func(t float64) float64 { return 2500 + 150*math.Sin(2*math.Pi*30*t) }, 0, time.Second), click,
		key(697, 1209, -10), key(941, 1633, -4), key(852, 1477, -22), voice, whiteNoise(0, time.Second), louder(voice, 12),
		warble(func(t float64) float64 { return 600 + 900*math.Mod(t, 1) }, -3, 2*time.Second), squareWave(1000, time.Second),
		mixed(sine(2100, -10, time.Second), whiteNoise(-30, time.Second)), louder(voice, 8), whiteNoise(-50, time.Second), voice,
	)
}

// talk is something like a voice at −20 dBm0: syllables of pulses whose pitch goes up and down,
// and hisses between them.
func talk(length time.Duration) []int16 {
	x, phase := whiteNoise(-38, length), 0.0
	for i := range x {
		t := float64(i) / rate
		phase += (140 + 25*math.Sin(2*math.Pi*0.7*t)) / rate
		loud := max(0, math.Sin(2*math.Pi*3.3*t)) * (0.6 + 0.4*math.Sin(2*math.Pi*0.4*t))
		v := 0.0
		for k := 1.0; k <= 12; k++ {
			v += math.Sin(2*math.Pi*k*phase) / (1 + math.Abs(k-4))
		}
		x[i] = g711.Clip(float64(x[i]) + 3500*loud*v)
	}
	return normalised(x, -20)
}

// Everything that happens there makes each rule speak, or the digests would say little.
func TestEverythingBreaksEachRule(t *testing.T) {
	l := newLine(guard.Settings{})
	l.send(everything())
	for r, n := range l.guard.Account().Limited {
		if n == 0 {
			t.Errorf("nothing is limited by %v", guard.Rule(r))
		}
	}
}

// given is a digest of what guard and meter make of sound in frames of a size. Each frame is
// preceded by an event.
func given(law g711.Law, x []int16, size int, event func(g *guard.Guard, n int)) []byte {
	codes, dst := make([]byte, len(x)), make([]byte, size)
	law.Encode(codes, x)
	g, m, sum := guard.New(guard.Settings{}), meter.New(meter.Settings{}), sha256.New()
	for n, at := 0, 0; at < len(codes); n, at = n+1, at+size {
		src := codes[at:min(at+size, len(codes))]
		event(g, n)
		heard := src
		if g.Frame(law, dst[:len(src)], src) {
			heard = dst[:len(src)]
		}
		m.Caller(law, src, g.Heard())
		m.Agent(n&64 != 0, len(src))
		told(sum, g, m)
		sum.Write(heard)
	}
	return sum.Sum(nil)[:8]
}

func givenWide(narrow []int16) []byte {
	x, room, out := widened(narrow), make([]int16, 2*frame), make([]byte, 2*frame)
	g, m, sum := guard.New(guard.Settings{}), meter.New(meter.Settings{}), sha256.New()
	for at := 0; at+2*frame <= len(x); at += 2 * frame {
		copy(room, x[at:])
		g.Samples(guard.Wide, room)
		m.CallerSamples(guard.Wide, x[at:at+2*frame], g.Heard())
		told(sum, g, m)
		g711.A.Encode(out, room)
		sum.Write(out)
	}
	return sum.Sum(nil)[:8]
}

// told adds what is told of a frame.
func told(sum interface{ Write([]byte) (int, error) }, g *guard.Guard, m *meter.Meter) {
	a := g.Account()
	fmt.Fprintf(sum, "%x %d %v %v %.6g", g.Track(), a.Touched, a.Limited, a.Events, a.Energy)
	if s, ok := m.Take(); ok {
		fmt.Fprintf(sum, "%v %v %v %v %.6g %.6g %.6g %.6g", s.Voice, s.Raised, s.Events, s.Hint, s.Level, s.Tilt, s.Pitch, s.Score)
	}
}
