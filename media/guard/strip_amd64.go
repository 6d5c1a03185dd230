package guard

import "golang.org/x/sys/cpu"

// strip is 20 ms of a narrow line, cut in blocks that are measured side by side. A block
// is filtered as if nothing rang on from the one before it; what does ring on is known
// beforehand, but for its size, and is added in the end.
type strip struct {
	x             *int16
	by            *stripFilter
	x1, x2, d1    [stripBlocks]float64 // by block: the samples before it, and their second difference
	s0, s1, s2    [stripBlocks]float64 // Σ y², Σ y·ring[0], Σ y·ring[1]
	c00, c01, c02 [stripBlocks]float64 // moments, whole numbers
	y1, y2        [stripBlocks]float64 // the last two of y
	top           [2 * stripBlocks]uint16
}

const (
	stripSize   = int(Narrow) * 20 / 1000
	stripBlock  = int(Narrow) * blockMS / 1000
	stripBlocks = stripSize / stripBlock
)

// stripFilter is the A-weighting of a narrow line as sumStrip reads it: each factor once
// for each block; how the filter rings on after a sample of 1, and after a 1 before a 0;
// and the sums of the products of those.
type stripFilter struct {
	minus2, tap, a1, a2 [stripBlocks]float64
	ring                [stripBlock][2]float64
	energies            [3]float64
}

var narrowFilter = newStripFilter(weightsFor(Narrow))

func newStripFilter(w weights) (f stripFilter) {
	for b := range stripBlocks {
		f.minus2[b], f.tap[b], f.a1[b], f.a2[b] = -2, w.tap, w.a1, w.a2
	}
	y1, y2 := [2]float64{1, 0}, [2]float64{0, 1}
	for n := range f.ring {
		for k := range 2 {
			y := w.a1*y1[k] + w.a2*y2[k]
			y1[k], y2[k] = y, y1[k]
			f.ring[n][k] = y
		}
		f.energies[0] += f.ring[n][0] * f.ring[n][0]
		f.energies[1] += f.ring[n][0] * f.ring[n][1]
		f.energies[2] += f.ring[n][1] * f.ring[n][1]
	}
	return f
}

// sumStrip measures the blocks (AVX2 and FMA).
//
//go:noescape
func sumStrip(s *strip)

// strips measures a frame of the usual length at once; false when it is not one, or this
// processor cannot.
func (e *ear) strips(into []sums, x []int16) bool {
	if len(x) != stripSize || !e.coded || !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return false
	}
	f := &narrowFilter
	s := strip{x: &x[0], by: f}
	s.x1[0], s.x2[0], s.d1[0] = float64(e.past[0]), float64(e.past[1]), e.d1
	for b := 1; b < stripBlocks; b++ {
		x1, x2, x3 := int(x[b*stripBlock-1]), int(x[b*stripBlock-2]), int(x[b*stripBlock-3])
		s.x1[b], s.x2[b], s.d1[b] = float64(x1), float64(x2), float64(x1-2*x2+x3)
	}
	sumStrip(&s)
	last, before := &f.ring[stripBlock-1], &f.ring[stripBlock-2]
	y1, y2 := e.y1, e.y2
	for b := range into[:stripBlocks] {
		own := s.s0[b] + 2*(y1*s.s1[b]+y2*s.s2[b])
		rung := y1*y1*f.energies[0] + 2*y1*y2*f.energies[1] + y2*y2*f.energies[2]
		next := int(s.c01[b])
		into[b] = sums{
			energy:  max(0, own+rung) * e.scale,
			moments: moments{int(s.c00[b]), next, int(s.c02[b]), next},
			top:     int(max(s.top[b], s.top[stripBlocks+b])),
		}
		y1, y2 = flushed(s.y1[b]+y1*last[0]+y2*last[1]), flushed(s.y2[b]+y1*before[0]+y2*before[1])
	}
	e.d1, e.y1, e.y2 = float64(int(x[stripSize-1])-2*int(x[stripSize-2])+int(x[stripSize-3])), y1, y2
	return true
}
