package guard

import "math"

// shape gives the samples of a segment the gains that were decided; none comes out
// above the ceiling. It tells whether it changed anything.
func (s *segment) shape(x []int16, block, ceiling int) (changed bool) {
	if !s.changed && !s.rules.has(ByPeak) {
		return false
	}
	blocks := (len(x) + block - 1) / block
	for b := range blocks {
		part := x[b*block : min((b+1)*block, len(x))]
		from, to := s.gains(b)
		next := to
		if b+1 < blocks {
			next, _ = s.gains(b + 1)
		}
		if next >= to {
			slide(part, from, to)
			continue
		}
		// The next block begins lower: go there in the last millisecond of this one.
		last := len(part) - block/blockMS
		bend := from + (to-from)*float64(last)/float64(len(part))
		slide(part[:last], from, bend)
		slide(part[last:], bend, next)
	}
	if s.rules.has(ByPeak) {
		for i, v := range x {
			x[i] = int16(min(max(int(v), -ceiling), ceiling))
		}
	}
	return true
}

// gains are those at the start and at the end of a block.
func (s *segment) gains(b int) (from, to float64) {
	p := &s.pieces[b/2]
	return p.from[b%2], p.to[b%2]
}

// slide gives the samples a gain that goes evenly from one value, at most 1, to another.
func slide(x []int16, from, to float64) {
	const bits, one = 30, 1 << 30
	gain, step := int(from*one), int((to-from)*one/float64(len(x)))
	if step == 0 && gain == one {
		return
	}
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d := int(x[0]), int(x[1]), int(x[2]), int(x[3])
		ga, gb, gc, gd := gain+step, gain+2*step, gain+3*step, gain+4*step
		x[0], x[1] = int16((a*ga+one/2)>>bits), int16((b*gb+one/2)>>bits)
		x[2], x[3] = int16((c*gc+one/2)>>bits), int16((d*gd+one/2)>>bits)
		gain = gd
	}
	for i, s := range x {
		gain += step
		x[i] = int16((int(s)*gain + one/2) >> bits)
	}
}

// round gives the nearest number to a sample, which is one of 16 bits.
func round(v float64) int {
	const up = 1 << 15 // so that cutting off is rounding down
	return int(v+(up+0.5)) - up
}

// stepBack is the filter of the agent's step-back key: softer, and softer still
// where a voice is sharp. It is one pole and one zero.
type stepBack struct {
	*shelf
	on     bool
	mix    float64 // 0 = not at all, 1 = wholly
	x1, y1 float64
}

// shelf is the shape of the filter at a rate.
type shelf struct {
	step       float64 // of mix, a sample
	whole      float64 // gain at low frequencies
	b0, b1, a1 float64
}

func newShelf(s StepBack, rate Rate) (f shelf) {
	const fade = 0.05 // seconds
	root := amplitude(s.Shelf / 2)
	corner := math.Tan(math.Pi * s.Above / float64(rate))
	zero, pole := corner/root, corner*root
	f.step = 1 / (fade * float64(rate))
	f.whole = amplitude(s.Gain)
	scale := f.whole * amplitude(s.Shelf) / (1 + pole)
	f.b0, f.b1, f.a1 = scale*(1+zero), scale*(zero-1), (1-pole)/(1+pole)
	return f
}

func (f *stepBack) tune(to *shelf) { f.shelf, f.x1, f.y1 = to, 0, 0 }

// rest is for silence: the filter rings out, and comes or goes unheard.
func (f *stepBack) rest() {
	f.x1, f.y1, f.mix = 0, 0, 0
	if f.on {
		f.mix = 1
	}
}

// works tells whether the filter changes anything.
func (f *stepBack) works() bool { return f.on || f.mix > 0 }

// gain is what the filter gives to low frequencies: at least what it takes from all.
func (f *stepBack) gain() float64 { return 1 + f.mix*(f.whole-1) }

func (f *stepBack) soften(x []int16) {
	x = f.fade(x)
	if !f.on {
		return
	}
	b0, b1, a1, x1, y1 := f.b0, f.b1, f.a1, f.x1, f.y1
	far := a1 * a1 // so that the second of two samples need not wait for the first
	for ; len(x) >= 2; x = x[2:] {
		xa, xb := float64(x[0]), float64(x[1])
		va, vb := b0*xa+b1*x1, b0*xb+b1*xa
		ya, yb := va+a1*y1, vb+a1*va+far*y1
		x[0], x[1] = int16(round(ya)), int16(round(yb))
		x1, y1 = xb, yb
	}
	for i, s := range x {
		x0 := float64(s)
		y1 = b0*x0 + b1*x1 + a1*y1
		x1 = x0
		x[i] = int16(round(y1))
	}
	f.x1, f.y1 = x1, flushed(y1)
}

// fade is for the samples in which the filter comes or goes; it gives the others.
func (f *stepBack) fade(x []int16) []int16 {
	step, end := f.step, 1.0
	if !f.on {
		step, end = -step, 0
	}
	for i, s := range x {
		if f.mix == end {
			return x[i:]
		}
		x0 := float64(s)
		f.y1 = f.b0*x0 + f.b1*f.x1 + f.a1*f.y1
		f.x1 = x0
		f.mix = min(max(f.mix+step, 0), 1)
		x[i] = int16(round(x0 + f.mix*(f.y1-x0)))
	}
	return nil
}
