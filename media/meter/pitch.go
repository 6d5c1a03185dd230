package meter

import (
	"math"
	"math/bits"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

// pitch finds how high a voice is: ten times a second of voice, in 40 ms of it. Of each
// sample it keeps whether it is large, and its sign; the window agrees best with itself a
// period later (the three-level autocorrelation of Dubnowski, Schafer and Rabiner, 1976),
// and agreement is counted 64 samples at a time.
type pitch struct {
	filled     int
	x1, x2, x3 int32 // the samples before
	since      int   // ticks of voice since the last search
	n          int   // found in this second
	found      [10]float64
	window     [windowSize]int32
}

const (
	windowSize = 320      // samples: 40 ms
	window     = 40 * ms  // ticks of it
	every      = 100 * ms // between two searches
	shortest   = 16       // lag in samples: 500 Hz
	longest    = 126      // 63.5 Hz
	compared   = 192      // samples of the window: all have one that is longest + 1 later
)

// wants tells whether a frame belongs into the window. A frame that is no voice, or a
// hiss, breaks it.
func (p *pitch) wants(voice bool, b *block) bool {
	if !voice || b.r1 < hiss*b.r0 {
		p.forget()
		return false
	}
	p.since += b.ticks
	return p.since > every-window
}

// forget drops a window that is not full.
func (p *pitch) forget() { p.filled, p.x1, p.x2, p.x3 = 0, 0, 0, 0 }

// codes adds G.711 until the window is full. Four samples are added up: what is above
// 1000 Hz, where vowels differ from each other, is softened.
func (p *pitch) codes(law g711.Law, codes []byte) {
	table := &g711.ULawToLinear
	if law == g711.A {
		table = &g711.ALawToLinear
	}
	room := p.window[p.filled:]
	codes = codes[:min(len(room), len(codes))]
	x1, x2, x3 := p.x1, p.x2, p.x3
	for i, c := range codes {
		x := int32(table[c])
		room[i] = x + x1 + x2 + x3
		x3, x2, x1 = x2, x1, x
	}
	p.x1, p.x2, p.x3 = x1, x2, x3
	p.fill(len(codes))
}

// samples adds 16-bit samples until the window is full.
func (p *pitch) samples(rate guard.Rate, x []int16) {
	step := int(rate / guard.Narrow)
	room := p.window[p.filled:]
	n := min(len(room), len(x)/step)
	for i := range room[:n] {
		var sum int32
		for _, s := range x[:step] {
			sum += int32(s)
		}
		room[i] = sum + p.x1 + p.x2 + p.x3
		p.x3, p.x2, p.x1 = p.x2, p.x1, sum
		x = x[step:]
	}
	p.fill(n)
}

func (p *pitch) fill(n int) {
	if p.filled += n; p.filled < windowSize {
		return
	}
	s := newSigns(&p.window)
	if hz := s.pitch(); hz > 0 && p.n < len(p.found) {
		p.found[p.n] = hz
		p.n++
	}
	p.since = 0
	p.forget()
}

// median of the pitches of the second; 0 for none.
func (p *pitch) median() float64 {
	found := p.found
	return median(found[:p.n])
}

// signs are the samples of a window in three levels.
type signs struct{ large, below row }

// row is a bit for each sample of a window, the first in the lowest.
type row [windowSize / 64]uint64

// newSigns calls large what is above 0.6 of the smaller of the peaks at the two ends, so
// that what is left of a vowel is the beginnings of its periods.
func newSigns(w *[windowSize]int32) (s signs) {
	const end = windowSize / 3
	least := int32(clip * float64(min(highest(w[:end]), highest(w[windowSize-end:]))))
	for word := range windowSize / 64 {
		var large, below uint64
		for _, v := range w[word*64:][:64] { // each pushes the others up by one
			size := v ^ v>>31 // |v|, or one less
			large += large + uint64(uint32(least-size)>>31)
			below += below + uint64(uint32(v)>>31)
		}
		s.large[word], s.below[word] = bits.Reverse64(large), bits.Reverse64(below)
	}
	return s
}

func highest(w []int32) int32 {
	var top int32
	for _, v := range w {
		top = max(top, v^v>>31)
	}
	return top
}

// agreement is how well a window agrees with itself so many samples later.
type agreement [longest + 2]int

const (
	clip        = 0.6  // share of the peak from which on a sample is large
	fewestLarge = 6    // of them make a voice: two pulses of a low one
	certain     = 0.5  // of them agree a period later, at least
	shorter     = 0.92 // share of the best agreement that a fraction of its lag needs
)

// pitch of the window in Hz, or 0 for none.
func (s *signs) pitch() float64 {
	base := 0
	for _, w := range s.large[:compared/64] {
		base += bits.OnesCount64(w)
	}
	if base < fewestLarge {
		return 0
	}
	var a agreement
	top := s.agree(&a)
	if float64(top) < certain*float64(base) {
		return 0
	}
	near := top - top/4 // a peak that lies between two samples is no lower
	best, high := 0, 0.0
	for lag := shortest; lag <= longest; lag++ {
		if a[lag] < near {
			continue
		}
		if v := a.peak(lag); v > high {
			best, high = lag, v
		}
	}
	if best == 0 {
		return 0
	}
	return g711.Rate / a.octave(best, high)
}

// agree counts, for every lag, the samples that are large at both its ends: those of the
// same sign less those of the other. It tells the highest. This is the hot loop: what is
// compared with stays in registers and moves by one bit a turn, which is good for two
// lags, a word apart.
func (s *signs) agree(a *agreement) (top int) {
	const first, word = shortest - 2, 64
	f := [3]uint64(s.large[:3])
	g := [3]uint64(s.below[:3])
	l0, l1, l2, l3, l4 := s.large[0], s.large[1], s.large[2], s.large[3], s.large[4]
	b0, b1, b2, b3, b4 := s.below[0], s.below[1], s.below[2], s.below[3], s.below[4]
	for lag := range word {
		if lag >= first {
			near := agreed(f[0]&l0, g[0]^b0) + agreed(f[1]&l1, g[1]^b1) + agreed(f[2]&l2, g[2]^b2)
			a[lag] = near
			top = max(top, near)
		}
		far := agreed(f[0]&l1, g[0]^b1) + agreed(f[1]&l2, g[1]^b2) + agreed(f[2]&l3, g[2]^b3)
		a[lag+word] = far
		top = max(top, far)
		l0, l1, l2, l3, l4 = l0>>1|l1<<63, l1>>1|l2<<63, l2>>1|l3<<63, l3>>1|l4<<63, l4>>1
		b0, b1, b2, b3, b4 = b0>>1|b1<<63, b1>>1|b2<<63, b2>>1|b3<<63, b3>>1|b4<<63, b4>>1
	}
	return top
}

// agreed is how many of the samples that are large have the same sign, less the others.
func agreed(large, other uint64) int {
	return bits.OnesCount64(large) - 2*bits.OnesCount64(large&other)
}

// peak is how high the agreement is where it is highest around a lag, if that is a peak: it
// falls in straight lines to both sides. Otherwise 0.
func (a *agreement) peak(lag int) float64 {
	before, at, after := a[lag-1], a[lag], a[lag+1]
	if at < before || at < after {
		return 0
	}
	return float64(at) + math.Abs(float64(after-before))/2
}

// place is where around a lag that peak is.
func (a *agreement) place(lag int) float64 {
	before, at, after := a[lag-1], a[lag], a[lag+1]
	if fall := at - min(before, after); fall > 0 {
		return float64(lag) + float64(after-before)/float64(2*fall)
	}
	return float64(lag)
}

// octave is the period, given the lag that agrees best: it may be several periods. A peak
// between two samples seems lower than it is, by what the best one falls in so much.
func (a *agreement) octave(best int, high float64) float64 {
	place := a.place(best)
	fall := high - float64(a[best-1]+a[best+1])/2
	for parts := best / shortest; parts > 1; parts-- {
		lag := place / float64(parts)
		for at := int(math.Round(lag)) - 1; float64(at) < lag+1.5; at++ {
			if a[at] < a[at-1] || a[at] < a[at+1] {
				continue
			}
			if float64(a[at])+fall*min(math.Abs(lag-float64(at)), 0.5) >= shorter*high {
				return lag
			}
		}
	}
	return place
}

// median sorts what it is given. 0 for nothing.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	for i := range v { // a handful: by insertion
		for j := i; j > 0 && v[j] < v[j-1]; j-- {
			v[j], v[j-1] = v[j-1], v[j]
		}
	}
	half := len(v) / 2
	if len(v)%2 == 1 {
		return v[half]
	}
	return (v[half-1] + v[half]) / 2
}
