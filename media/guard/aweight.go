package guard

import "math"

// Rate is a sampling rate the guard knows.
type Rate int

// The rates: G.711, and what G.722 is decoded to.
const (
	Narrow Rate = 8000
	Wide   Rate = 16000
)

// zeroPower is the mean square of 16-bit samples at 0 dBm0: a sine that touches
// full scale has +3.14 dBm0 (ITU-T G.711 §4), so 2³⁰ is +6.15.
const zeroPower = (1 << 30) * 0.24266100950824

// weights are the A-weighting of IEC 61672 for one rate: the high-pass poles at
// 107.7 and 737.9 Hz by bilinear transform, the low-pass pair at 12194 Hz as two
// taps. The pair at 20.6 Hz is left out: it is under 0.05 dB above 300 Hz. Both
// zeros of the high-pass are at 0 Hz, so it works on second differences of
// samples. The gain is given to the energy: it makes a power of 1 mean 0 dBm0.
type weights struct {
	tap    float64 // for the second difference before, as a share of that for this one
	a1, a2 float64 // for the two outputs before
	scale  float64 // for the energy
}

func weightsFor(rate Rate) weights {
	gain, tap0, tap1 := 0.925362, 0.96177, 0.03823
	a1, a2 := 1.459435, -0.496736
	if rate == Wide {
		gain, tap0, tap1 = 1.073271, 0.89912, 0.10088
		a1, a2 = 1.703916, -0.714465
	}
	gain *= tap0
	return weights{tap: tap1 / tap0, a1: a1, a2: a2, scale: gain * gain / zeroPower}
}

// AWeight measures sound as an ear hears it: with the A-weighting of IEC 61672.
type AWeight struct {
	weights
	rate   Rate
	x1, x2 int
	d1     float64
	y1, y2 float64
}

// NewAWeight begins a measurement of samples at that rate.
func NewAWeight(rate Rate) *AWeight { return &AWeight{weights: weightsFor(rate), rate: rate} }

// Energy is the A-weighted energy of samples that follow those of the call
// before: mean power, where 1 is 0 dBm0, times seconds. 0 for no samples.
func (a *AWeight) Energy(samples []int16) float64 {
	var sum float64
	for _, s := range samples {
		x := int(s)
		d := float64(x - 2*a.x1 + a.x2)
		y := d + a.tap*a.d1 + a.a1*a.y1 + a.a2*a.y2
		a.x2, a.x1, a.d1 = a.x1, x, d
		a.y2, a.y1 = a.y1, flushed(y)
		sum += y * y
	}
	return sum * a.scale / float64(a.rate)
}

// Level is the A-weighted level of samples in dBm0; −Inf for silence.
func (a *AWeight) Level(samples []int16) float64 {
	return dBm0(a.Energy(samples) * float64(a.rate) / float64(len(samples)))
}

// dBm0 is the level of a power where 1 is 0 dBm0.
func dBm0(power float64) float64 {
	if !(power > 0) {
		return math.Inf(-1)
	}
	return 10 * math.Log10(power)
}

// power is the power of a level, and amplitude the factor of a gain.
func power(dB float64) float64     { return math.Pow(10, dB/10) }
func amplitude(dB float64) float64 { return math.Pow(10, dB/20) }

// flushed is v, or 0 when v is too small to matter: a filter that rings out into
// silence would otherwise end in denormal numbers, which cost a hundred times as much.
func flushed(v float64) float64 {
	const nothing = 1e-8 // of a sample, −240 dB
	if v < nothing && v > -nothing {
		return 0
	}
	return v
}
