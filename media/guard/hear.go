package guard

import "math"

const (
	pieceMS   = 10 // a piece is judged for tone and steadiness
	blockMS   = 5  // a block has one gain; two make a piece
	segmentMS = 60 // so much of a frame is looked at before it is let through
)

// piece is what the ear finds in 10 ms (or the odd rest of a frame), and what they are given.
type piece struct {
	samples  int
	power    [2]float64 // A-weighted, of each block
	peak     [2]int     // largest sample of each block; 0 where none is above the ceiling
	mean     float64    // A-weighted, of both
	sine     sine       // only where the piece is loud enough to be a tone that matters
	toned    bool       // it belongs to a tone
	muted    bool       // a digit's tone is in it
	from, to [2]float64 // gain at the start of each block, and at its end
}

// sine is how much a piece is like one.
type sine struct {
	impure float64 // share that one resonance cannot explain, 0 to 1
	noise  float64 // share that one sine that does not fade cannot explain
	turn   float64 // cosine of the sine's angle a sample
}

// block is the number of samples of block b.
func (p *piece) block(b, full int) int {
	if b == 0 {
		return min(p.samples, full)
	}
	return max(p.samples-full, 0)
}

// ear measures samples. It is all that remembers single samples.
type ear struct {
	*hearing
	past   [4]int // the samples before, newest first
	d1     float64
	y1, y2 float64
	heard  heard // of the frame
	coded  bool  // what comes was G.711
}

// hearing is how an ear hears at a rate.
type hearing struct {
	weights
	block   int // samples of 5 ms
	ceiling int // the largest sample that may pass
	stride  int // samples from neighbour to neighbour in a moment: 8000 a second
}

// newHearing looks for peaks above a sample.
func newHearing(rate Rate, peak float64) hearing {
	return hearing{weights: weightsFor(rate), block: int(rate) * blockMS / 1000, ceiling: int(peak), stride: int(rate / Narrow)}
}

// forget is for sound that does not follow what was heard before.
func (e *ear) forget() { e.past, e.d1, e.y1, e.y2 = [4]int{}, 0, 0, 0 }

// moments are the sums over a piece from which its best sine is found: of products of
// samples that are neighbours, and neighbours' neighbours, at 8000 Hz. At 16000 Hz
// these are two and four apart: there, what is next to each other is so alike in any
// voice that it passes for a sine.
type moments struct {
	c00, c01, c02 int
	next          int // Σ x[n]·x[n−1] at either rate
}

// sums are what is found over a block.
type sums struct {
	energy float64 // A-weighted
	moments
	top int // its largest sample; may be 0 where none is above the ceiling
}

// measure measures the blocks of up to a segment of samples.
func (e *ear) measure(into []sums, x []int16) {
	if e.strips(into, x) {
		return
	}
	past := e.past
	for b := 0; b*e.block < len(x); b++ {
		part := x[b*e.block : min((b+1)*e.block, len(x))]
		into[b] = e.run(part, &past)
		if into[b].c00 >= e.ceiling*e.ceiling {
			into[b].top = peak(part)
		}
	}
}

// tonal is which pieces may be of a tone: those that have more power than least, and a
// sine that turns so far a sample that the cosine is at most turn. What else a sine must be
// is not looked for in others.
type tonal struct{ least, turn float64 }

// listen makes a piece of up to two blocks, which have been measured.
func (e *ear) listen(p *piece, x []int16, blocks []sums, may tonal) (m moments) {
	before := e.past
	e.past = newest(e.past, x)
	p.samples = len(x)
	for b := range p.power {
		n := p.block(b, e.block)
		if n == 0 {
			break
		}
		of := &blocks[b]
		m.add(&of.moments)
		p.power[b] = of.energy / float64(n)
		p.mean += of.energy
		if of.top > e.ceiling {
			p.peak[b] = of.top
		}
	}
	e.heard.add(p.mean, &m, len(x))
	p.mean /= float64(len(x))
	p.sine = sine{impure: 1, noise: 1, turn: 1}
	if p.mean > may.least {
		p.sine.find(&m, e.stride, may.turn, [2]*[4]int{&before, &e.past})
	}
	return m
}

func (m *moments) add(o *moments) {
	m.c00, m.c01, m.c02, m.next = m.c00+o.c00, m.c01+o.c01, m.c02+o.c02, m.next+o.next
}

// newest are the last samples, newest first.
func newest(before [4]int, x []int16) (last [4]int) {
	for i := range last {
		if i < len(x) {
			last[i] = int(x[len(x)-1-i])
		} else {
			last[i] = before[i-len(x)]
		}
	}
	return last
}

// heard is a frame's worth of Heard, as the ear adds it up.
type heard struct {
	energy    float64 // A-weighted, a power of 1 is 0 dBm0
	c00, next int
	samples   int
}

func (h *heard) add(energy float64, m *moments, samples int) {
	h.energy += energy
	h.c00 += m.c00
	h.next += m.next
	h.samples += samples
}

// run is the hot loop where strips cannot help: the A-weighted energy of x, and its moments. It takes four samples
// at a time. The outputs of the filter are told by those before the four, not each by
// the one before it, for which it would have to wait; and a sample that meets two
// others in a moment is multiplied once, by their sum.
func (e *ear) run(x []int16, past *[4]int) sums {
	if e.stride > 1 {
		return e.runWide(x, past)
	}
	x1, x2, d1, y1, y2 := past[0], past[1], e.d1, e.y1, e.y2
	tap, a1, a2 := e.tap, e.a1, e.a2
	far1, far2 := a1*a1+a2, a1*a2
	var c00, c01, c02 int
	var sum float64
	for ; len(x) >= 4; x = x[4:] {
		xa, xb, xc, xd := int(x[0]), int(x[1]), int(x[2]), int(x[3])
		c00 += xa*xa + xb*xb + xc*xc + xd*xd
		c01 += xa*(x1+xb) + xc*(xb+xd)
		c02 += xa*(x2+xc) + xb*(x1+xd)
		da, db := float64(xa-2*x1+x2), float64(xb-2*xa+x1)
		dc, dd := float64(xc-2*xb+xa), float64(xd-2*xc+xb)
		va, vb := da+tap*d1, db+tap*da
		vc, vd := dc+tap*db, dd+tap*dc
		ya := va + a2*y2 + a1*y1
		yb := vb + a1*va + far2*y2 + far1*y1
		yc := vc + a2*ya + a1*yb
		yd := vd + a1*vc + far2*ya + far1*yb
		sum += (ya*ya + yb*yb) + (yc*yc + yd*yd)
		x2, x1, d1, y2, y1 = xc, xd, dd, yc, yd
	}
	for _, s := range x { // the end of an odd frame
		v := int(s)
		c00, c01, c02 = c00+v*v, c01+v*x1, c02+v*x2
		d := float64(v - 2*x1 + x2)
		y := d + tap*d1 + a2*y2 + a1*y1
		sum += y * y
		x2, x1, d1, y2, y1 = x1, v, d, y1, y
	}
	past[0], past[1], e.d1, e.y1, e.y2 = x1, x2, d1, flushed(y1), flushed(y2)
	return sums{energy: sum * e.scale, moments: moments{c00, c01, c02, c01}}
}

// runWide is run for 16000 Hz, which few legs have.
func (e *ear) runWide(x []int16, past *[4]int) (s sums) {
	x1, x2, x3, x4 := past[0], past[1], past[2], past[3]
	d1, y1, y2 := e.d1, e.y1, e.y2
	for _, code := range x {
		v := int(code)
		s.c00 += v * v
		s.c01 += v * x2
		s.c02 += v * x4
		s.next += v * x1
		d := float64(v - 2*x1 + x2)
		y := d + e.tap*d1 + e.a2*y2 + e.a1*y1
		s.energy += y * y
		x4, x3, x2, x1 = x3, x2, x1, v
		d1, y2, y1 = d, y1, y
	}
	*past, e.d1, e.y1, e.y2 = [4]int{x1, x2, x3, x4}, d1, flushed(y1), flushed(y2)
	s.energy *= e.scale
	return s
}

// peak is the largest sample.
func peak(x []int16) int {
	var low, high, low2, high2 int // two of each, for neither need wait for the other
	for ; len(x) >= 2; x = x[2:] {
		a, b := int(x[0]), int(x[1])
		low, high = min(low, a), max(high, a)
		low2, high2 = min(low2, b), max(high2, b)
	}
	for _, s := range x {
		low, high = min(low, int(s)), max(high, int(s))
	}
	return max(-low, high, -low2, high2)
}

// find finds two things about a piece by least squares over exactly its samples, so
// that a sine cut anywhere is explained wholly.
//
// The recursion x[n] = a·x[n−1] + b·x[n−2] fits any sound with one resonance: impure
// is the share of energy that it leaves, turn the cosine of the angle between samples.
//
// With b = −1 it fits a sine that does not fade. noise is the share of the energy
// that must be noise for this one to miss as it does: each sample of noise is in
// it three times, with factors 1, a and 1.
//
// Where turn is above most, the rest is not asked for. ends are the samples before the
// piece and its last ones, newest first.
func (s *sine) find(m *moments, stride int, most float64, ends [2]*[4]int) {
	before, last := ends[0], ends[1]
	c11, c12 := m.c00, m.c01
	for i := range stride {
		c11 += before[i]*before[i] - last[i]*last[i]
		c12 += before[i]*before[i+stride] - last[i]*last[i+stride]
	}
	c22 := c11
	for i := stride; i < 2*stride; i++ {
		c22 += before[i]*before[i] - last[i]*last[i]
	}
	f00, f01, f02 := float64(m.c00), float64(m.c01), float64(m.c02)
	f11, f22, f12 := float64(c11), float64(c22), float64(c12)
	det := f11*f22 - f12*f12
	if det <= 0 || m.c00 == 0 {
		return
	}
	a, b := (f01*f22-f02*f12)/det, (f02*f11-f01*f12)/det
	if b >= 0 {
		return // no sine at all
	}
	if s.turn = a / (2 * math.Sqrt(-b)); s.turn > most {
		return
	}
	s.impure = (f00 - a*f01 - b*f02) / f00
	cross := f01 + f12
	pure := cross / f11
	s.noise = (f00 + 2*f02 + f22 - pure*cross) / ((2 + pure*pure) * f00)
}
