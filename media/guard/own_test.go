package guard

import (
	"math"
	"testing"

	"breakwater/media/g711"
)

func TestToneOfOurOwnIsHeardAsItIsAndAWhistleIsNot(t *testing.T) {
	for _, own := range []bool{true, false} {
		g := New(Settings{})
		g.Own(own)
		if loud := hearTone(g, -16); (loud > -17) != own {
			t.Errorf("own %v: a tone of −16 dBm0 is heard at %.1f dBm0", own, loud)
		}
	}
}

func TestSoundOfOurOwnObeysTheCeilings(t *testing.T) {
	g := New(Settings{})
	g.Own(true)
	if loud := hearTone(g, 3); loud > -8.5 {
		t.Errorf("a file at +3 dBm0 is heard at %.1f dBm0", loud)
	}
}

func TestSoundOfOurOwnTeachesNothingOfTheLine(t *testing.T) {
	g := New(Settings{})
	before := g.Account().Usual
	g.Own(true)
	hearTone(g, -10)
	if after := g.Account().Usual; after != before {
		t.Errorf("the line's usual level went from %.1f to %.1f dBm0 by a prompt", before, after)
	}
}

// hearTone gives half a second of 1 kHz and tells how loud its end is heard, dBm0.
func hearTone(g *Guard, level float64) float64 {
	peak := math.Sqrt2 * math.Pow(10, (level-6.15)/20) * 32768
	codes, sum := make([]byte, 160), uint64(0)
	samples := make([]int16, 160)
	for frame := range 25 {
		for i := range samples {
			samples[i] = int16(peak * math.Sin(2*math.Pi*1000*float64(frame*160+i)/8000))
		}
		g711.Mu.Encode(codes, samples)
		g.Frame(g711.Mu, codes, codes)
		sum = g711.Mu.Energy(codes)
	}
	return g711.DBm0(sum, 160)
}
