package guard

import (
	"math"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/cpu"
)

// What is measured side by side is what is measured one after the other, whatever rings on
// from the frame before.
func TestAStripIsMeasuredAsItsBlocksAre(t *testing.T) {
	one, other := testEar(Narrow, 16000), testEar(Narrow, 16000)
	one.coded = true
	dice := rand.New(rand.NewPCG(1, 2))
	for n := range 2000 {
		x := make([]int16, 160)
		loud := []float64{32124, 1000, 8, 0}[n%4]
		for j := range x {
			x[j] = int16(loud * (2*dice.Float64() - 1))
		}
		switch n % 7 {
		case 3:
			for j := range x {
				x[j] = int16(32124 * (1 - j/7%2*2))
			}
		case 5:
			one.forget()
			other.forget()
		}
		var got, want [stripBlocks]sums
		if able := cpu.X86.HasAVX2 && cpu.X86.HasFMA; one.strips(got[:], x) != able {
			t.Fatalf("AVX2 and FMA: %v, and a strip is measured: %v", able, !able)
		} else if !able {
			return // this processor measures block by block
		}
		past := other.past
		for b := range 4 {
			want[b] = other.run(x[b*40:b*40+40], &past)
		}
		one.past, other.past = newest(one.past, x), newest(other.past, x)
		for b := range 4 {
			if got[b].moments != want[b].moments {
				t.Fatalf("frame %d, block %d: %+v, want %+v", n, b, got[b].moments, want[b].moments)
			}
			if top := peak(x[b*40 : b*40+40]); got[b].top != top {
				t.Fatalf("frame %d, block %d: the largest sample is %d, want %d", n, b, got[b].top, top)
			}
			if d := math.Abs(got[b].energy - want[b].energy); d > 1e-9*(want[b].energy+1e-12) {
				t.Fatalf("frame %d, block %d: energy %g, want %g", n, b, got[b].energy, want[b].energy)
			}
		}
		if one.d1 != other.d1 || math.Abs(one.y1-other.y1) > 1e-6 || math.Abs(one.y2-other.y2) > 1e-6 {
			t.Fatalf("frame %d leaves %v %v %v, want %v %v %v", n, one.d1, one.y1, one.y2, other.d1, other.y1, other.y2)
		}
	}
}
