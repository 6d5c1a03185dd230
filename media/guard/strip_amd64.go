package guard

import "golang.org/x/sys/cpu"

// strip is 20 ms of a narrow line, cut in blocks that are measured side by side. A block
// is filtered as if nothing rang on from the one before it; what does ring on is known
// beforehand, but for its size, and is added in the end.
type strip struct {
	x             [8 + stripSize]int16 // the last three of the eight are the samples before
	tap, a1, a2   float64
	ring          *[stripBlock][2]float64
	s0, s1, s2    [stripBlocks]float64 // by block: Σ y², Σ y·ring[0], Σ y·ring[1]
	y1, y2        [stripBlocks]float64 // and the last two of y
	c00, c01, c02 [stripBlocks]int
}

const (
	stripSize   = int(Narrow) * 20 / 1000
	stripBlock  = int(Narrow) * blockMS / 1000
	stripBlocks = stripSize / stripBlock
)

// ringing is how the filter of a narrow line rings on: after a sample of 1, and after a 1
// before a 0; and the sums of their products.
type ringing struct {
	on       [stripBlock][2]float64
	energies [3]float64
}

var narrowRing = ringOf(weightsFor(Narrow))

func ringOf(w weights) (r ringing) {
	y1, y2 := [2]float64{1, 0}, [2]float64{0, 1}
	for n := range r.on {
		for k := range 2 {
			y := w.a1*y1[k] + w.a2*y2[k]
			y1[k], y2[k] = y, y1[k]
			r.on[n][k] = y
		}
		r.energies[0] += r.on[n][0] * r.on[n][0]
		r.energies[1] += r.on[n][0] * r.on[n][1]
		r.energies[2] += r.on[n][1] * r.on[n][1]
	}
	return r
}

// sumStrip measures the blocks (AVX2 and FMA). No two neighbours may both be −32768, which no
// code of G.711 is.
//
//go:noescape
func sumStrip(s *strip)

// strips measures a frame of the usual length at once; false when it is not one, or this
// processor cannot.
func (e *ear) strips(into *[segmentBlocks]sums, x []int16) bool {
	if len(x) != stripSize || !e.coded || !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return false
	}
	var s strip
	copy(s.x[8:], x)
	s.x[7], s.x[6], s.x[5] = int16(e.past[0]), int16(e.past[1]), int16(int(e.d1)-e.past[0]+2*e.past[1])
	s.tap, s.a1, s.a2, s.ring = e.tap, e.a1, e.a2, &narrowRing.on
	sumStrip(&s)
	last, before := &narrowRing.on[stripBlock-1], &narrowRing.on[stripBlock-2]
	y1, y2 := e.y1, e.y2
	for b := range stripBlocks {
		own := s.s0[b] + 2*(y1*s.s1[b]+y2*s.s2[b])
		rung := y1*y1*narrowRing.energies[0] + 2*y1*y2*narrowRing.energies[1] + y2*y2*narrowRing.energies[2]
		into[b] = sums{max(0, own+rung) * e.scale, moments{s.c00[b], s.c01[b], s.c02[b], s.c01[b]}}
		y1, y2 = flushed(s.y1[b]+y1*last[0]+y2*last[1]), flushed(s.y2[b]+y1*before[0]+y2*before[1])
	}
	e.d1, e.y1, e.y2 = float64(int(x[stripSize-1])-2*int(x[stripSize-2])+int(x[stripSize-3])), y1, y2
	return true
}
