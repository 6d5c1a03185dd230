package media

// pairs hands out the pairs of a port range: an even port for RTP, the odd one
// above it for RTCP. It goes round from a random start, so that a port rests as
// long as possible before it is used again. It is a plain value; its owner locks.
type pairs struct {
	low  uint16
	used []bool
	next int
	busy int // how many are used
}

// newPairs covers low to high, both included; low is even.
func newPairs(low, high uint16, start int) *pairs {
	n := (int(high) - int(low) + 1) / 2
	return &pairs{low: low, used: make([]bool, n), next: start % n}
}

// take gives the next free pair by its even port; false when none is left.
func (r *pairs) take() (port uint16, ok bool) {
	if r.busy == len(r.used) {
		return 0, false
	}
	for r.used[r.next] {
		r.next = (r.next + 1) % len(r.used)
	}
	i := r.next
	r.used[i] = true
	r.busy++
	r.next = (i + 1) % len(r.used)
	return r.low + uint16(2*i), true
}

// give takes a pair back.
func (r *pairs) give(port uint16) {
	i := int(port-r.low) / 2
	if r.used[i] {
		r.used[i] = false
		r.busy--
	}
}

func (r *pairs) total() int { return len(r.used) }
