package guard_test

import (
	"math"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

// iec is the A-weighting of IEC 61672-1 in dB.
func iec(hz float64) float64 {
	f := hz * hz
	a := 12194 * 12194 * f * f / ((f + 20.6*20.6) * math.Sqrt((f+107.7*107.7)*(f+737.9*737.9)) * (f + 12194*12194))
	return 20*math.Log10(a) + 2
}

// Test 16.
func testTheEarWeighsFrequenciesAsIEC61672(t *testing.T) {
	for _, c := range []struct {
		rate      guard.Rate
		from, to  float64
		tolerance float64
	}{
		{guard.Narrow, 250, 3400, 0.25},
		{guard.Wide, 200, 3800, 0.25},
		{guard.Wide, 3800, 7000, 1},
	} {
		worst := 0.0
		for hz := c.from; hz <= c.to; hz *= 1.02 {
			x := make([]int16, c.rate)
			for i := range x {
				x[i] = g711.Clip(math.Round(crest(-10) * math.Sin(2*math.Pi*hz*float64(i)/float64(c.rate))))
			}
			meter := guard.NewAWeight(c.rate)
			meter.Energy(x[:c.rate/10])
			off := meter.Level(x[c.rate/10:]) + 10 - iec(hz)
			if math.Abs(off) > math.Abs(worst) {
				worst = off
			}
			if math.Abs(off) > c.tolerance {
				t.Errorf("%.0f Hz at %d: %+.2f dB off", hz, c.rate, off)
			}
		}
		t.Logf("%d Hz, %v to %v: at most %+.2f dB off", c.rate, c.from, c.to, worst)
	}
}

// Test 16, second half: noise of equal power in each octave, made of sines so that
// its true level is known.
func testPinkNoiseOfAMinuteGivesTheRightDose(t *testing.T) {
	x, want := make([]float64, 60*rate), 0.0
	const each = -34.0 // dBm0
	angle, top := 1.0, crest(each)
	for hz := 60.0; hz < 3400; hz *= 1.083 {
		step := 2 * math.Pi * hz / rate
		angle = math.Mod(angle*7919, 2*math.Pi)
		for i := range x {
			x[i] += top * math.Sin(angle+step*float64(i))
		}
		want += math.Pow(10, (each+iec(hz))/10)
	}
	samples := make([]int16, len(x))
	for i := range x {
		samples[i] = g711.Clip(math.Round(x[i]))
	}
	got := 10 * math.Log10(guard.NewAWeight(guard.Narrow).Energy(samples)/60)
	t.Logf("got %.2f dBm0 A, want %.2f", got, 10*math.Log10(want))
	if off := got - 10*math.Log10(want); math.Abs(off) > 0.2 {
		t.Errorf("pink noise is %+.2f dB off, want within 0.2", off)
	}
}
