package figures

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// simulate plays a queue of so many callers, first come, first served, and tells which
// share was answered within the target and which left.
func simulate(l Load, agents int, target, patience time.Duration, callers int) (level, abandoned float64) {
	r := rand.New(rand.NewPCG(1, 2))
	free := make(frees, agents) // when each agent is free next
	now, soon, gone := 0.0, 0, 0
	for range callers {
		now += r.ExpFloat64() / l.rate()
		start := max(now, free[0])
		if start-now > r.ExpFloat64()*patience.Seconds() {
			gone++
			continue
		}
		if start-now <= target.Seconds() {
			soon++
		}
		free[0] = start + r.ExpFloat64()*l.AHT.Seconds()
		heap.Fix(&free, 0)
	}
	return float64(soon) / float64(callers), float64(gone) / float64(callers)
}

type frees []float64

func (f frees) Len() int           { return len(f) }
func (f frees) Less(i, j int) bool { return f[i] < f[j] }
func (f frees) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frees) Push(any)          {}
func (f *frees) Pop() any          { return nil }
