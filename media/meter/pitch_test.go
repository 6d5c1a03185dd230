package meter

import (
	"math"
	"math/rand/v2"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

// vowel is two formants and a third, in Hz.
type vowel struct {
	name     string
	formants [3]float64
}

var vowels = []vowel{
	{"a", [3]float64{700, 1200, 2500}},
	{"e", [3]float64{500, 1800, 2500}},
	{"i", [3]float64{300, 2200, 3000}},
	{"o", [3]float64{450, 850, 2400}},
	{"u", [3]float64{320, 800, 2300}},
}

// sung is a vowel at a pitch in Hz: pulses, dull as those of a throat are (−6 dB an octave
// with the lips), through the formants; without what is below from Hz.
func (v vowel) sung(hz, from float64, rate guard.Rate, samples int) []int16 {
	sum := make([]float64, samples)
	for f := hz; f < 3400; f += hz {
		if f < from {
			continue
		}
		re, im := hz/f, 0.0
		for i, formant := range v.formants { // a resonance of order two at f
			width := 80 + 30*float64(i)
			a, b := 1-(f/formant)*(f/formant), f*width/(formant*formant)
			d := a*a + b*b
			re, im = (re*a+im*b)/d, (im*a-re*b)/d
		}
		step := 2 * math.Pi * f / float64(rate)
		for i := range sum {
			sum[i] += re*math.Cos(step*float64(i)) - im*math.Sin(step*float64(i))
		}
	}
	energy := 0.0
	for _, s := range sum {
		energy += s * s
	}
	x, gain := make([]int16, samples), 2000/math.Sqrt(energy/float64(samples))
	for i, s := range sum {
		x[i] = g711.Clip(math.Round(s * gain))
	}
	return x
}

// found is the pitch of a second of G.711.
func found(law g711.Law, x []int16) float64 {
	var p pitch
	codes := make([]byte, len(x))
	law.Encode(codes, x)
	for at := 0; at+160 <= len(codes); at += 160 {
		if p.wants(true, &block{r0: 1, r1: 1, ticks: 160}) {
			p.codes(law, codes[at:at+160])
		}
	}
	return p.median()
}

// foundWide is found at 16 kHz.
func foundWide(x []int16) float64 {
	var p pitch
	for at := 0; at+320 <= len(x); at += 320 {
		if p.wants(true, &block{r0: 1, r1: 1, ticks: 160}) {
			p.samples(guard.Wide, x[at:at+320])
		}
	}
	return p.median()
}

// The octave errors of the prototype (300 Hz found as 100) must not come back: every
// pitch of every vowel, five Hz apart, within 5 %.
func TestEveryPitchOfAVoiceIsFound(t *testing.T) {
	for _, v := range vowels {
		for hz := 80.0; hz <= 400; hz += 5 {
			law := g711.Mu
			if int(hz)%10 == 0 {
				law = g711.A
			}
			if got := found(law, v.sung(hz, 0, guard.Narrow, 4000)); math.Abs(got/hz-1) > 0.05 {
				t.Errorf("%s at %v Hz through %v: found %.0f Hz", v.name, hz, law, got)
			}
		}
		for hz := 80.0; hz <= 400; hz += 20 {
			if got := foundWide(v.sung(hz, 0, guard.Wide, 8000)); math.Abs(got/hz-1) > 0.05 {
				t.Errorf("%s at %v Hz at 16 kHz: found %.0f Hz", v.name, hz, got)
			}
		}
	}
}

// A line that passes nothing below 300 Hz keeps no fundamental. Where then one harmonic
// holds nearly all of the sound, it is taken for the pitch: a few octaves too high, and
// nothing else.
func TestATelephoneBandCostsFewOctaves(t *testing.T) {
	wrong, all := 0, 0
	for _, v := range vowels {
		for hz := 80.0; hz <= 400; hz += 5 {
			all++
			got := found(g711.Mu, v.sung(hz, 300, guard.Narrow, 4000))
			if math.Abs(got/hz-1) < 0.05 {
				continue
			}
			wrong++
			if math.Abs(got/(2*hz)-1) > 0.05 {
				t.Errorf("%s at %v Hz: found %.0f Hz, neither that nor an octave above", v.name, hz, got)
			}
		}
	}
	t.Logf("%d of %d an octave too high", wrong, all)
	if 100*wrong > 3*all {
		t.Errorf("%d of %d are an octave too high, want at most 3 %%", wrong, all)
	}
}

func TestWhatIsNoVoiceHasNoPitch(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise, click := make([]int16, 8000), make([]int16, 8000)
	for i := range noise {
		noise[i] = int16(3000 * random.NormFloat64())
	}
	for i := 100; i < len(click); i += 731 {
		click[i] = 20000
	}
	for name, x := range map[string][]int16{"silence": make([]int16, 8000), "noise": noise, "clicks": click} {
		if got := found(g711.Mu, x); got != 0 {
			t.Errorf("%s: found %.0f Hz, want none", name, got)
		}
	}
}

// A window is of sound that hangs together.
func TestAGapBreaksTheWindow(t *testing.T) {
	m := New(Settings{})
	m.pitch.filled = 100
	m.Forget()
	if m.pitch.filled != 0 {
		t.Error("after a gap the window goes on")
	}
	m.pitch.filled = 100
	if m.pitch.wants(true, &block{r0: 1, r1: 0, ticks: 160}) || m.pitch.filled != 0 {
		t.Error("a hiss is in the window")
	}
}

func TestMedian(t *testing.T) {
	for want, v := range map[float64][]float64{0: nil, 3: {5, 1, 3}, 2.5: {4, 1, 2, 3}, 7: {7}} {
		if got := median(v); got != want {
			t.Errorf("the median of %v is %v, want %v", v, got, want)
		}
	}
}
