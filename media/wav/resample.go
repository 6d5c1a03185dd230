package wav

import (
	"math"

	"breakwater/media/g711"
)

// The filter before 8000 Hz: full up to the 3400 Hz of a telephone line, 80 dB down
// from 4300 Hz on, so that what folds back lands above 3700 Hz.
const (
	corner     = 3850.0 // Hz, −6 dB
	transition = 900.0  // Hz from full to nothing
	stopband   = 80.0   // dB
)

// usual tells whether a rate is one that sound cards and editors use: it shares a
// large divisor with 8000, so that the filter has few phases.
func usual(rate int) bool { return rate >= 4000 && rate <= 192000 && divisor(rate, g711.Rate) >= 25 }

// Resample turns samples at rate into samples at 8000 Hz by a Kaiser-windowed sinc.
// The rate must be one that Parse accepts; others give nil.
func Resample(samples []int16, rate int) []int16 {
	if rate == g711.Rate {
		return samples
	}
	if !usual(rate) {
		return nil
	}
	common := divisor(rate, g711.Rate)
	up, down := g711.Rate/common, rate/common // 8000 = rate · up / down
	phases, half := filter(rate, up)

	out := make([]int16, (len(samples)*up+down-1)/down)
	for n := range out {
		centre := n * down / up
		taps := phases[n*down%up]
		first := centre - half + 1 // sample under taps[0]
		var v float64
		from, to := max(0, -first), min(len(taps), len(samples)-first)
		for k := from; k < to; k++ {
			v += taps[k] * float64(samples[first+k])
		}
		out[n] = g711.Clip(math.Round(v))
	}
	return out
}

// filter is the low-pass for each of the up places that an output sample can have
// between two input samples; each phase has 2·half taps.
func filter(rate, up int) (phases [][]float64, half int) {
	scale := min(1, float64(rate)/g711.Rate) // a slower input has less to keep
	width := transition * scale / float64(rate)
	cutoff := 2 * corner * scale / float64(rate)
	beta := 0.1102 * (stopband - 8.7)                                         // Kaiser's formula for > 50 dB
	half = int(math.Ceil((stopband - 8) / (2.285 * 2 * math.Pi * width) / 2)) // his length
	phases = make([][]float64, up)
	for p := range phases {
		taps := make([]float64, 2*half)
		sum := 0.0
		for k := range taps {
			x := float64(k-half+1) - float64(p)/float64(up)
			taps[k] = sinc(cutoff*x) * kaiser(x/float64(half), beta)
			sum += taps[k]
		}
		for k := range taps {
			taps[k] /= sum
		}
		phases[p] = taps
	}
	return phases, half
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x, −1 to 1.
func kaiser(x, beta float64) float64 {
	return bessel(beta*math.Sqrt(max(0, 1-x*x))) / bessel(beta)
}

// bessel is the modified Bessel function of order zero, by its series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-15; k++ {
		term *= x / 2 / k * (x / 2 / k)
		sum += term
	}
	return sum
}

func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
