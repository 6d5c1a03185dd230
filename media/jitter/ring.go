package jitter

import "math/bits"

// ring keeps the codes of half a second, each at its place, and which places are
// filled. It remembers what was played a moment ago, so that a packet that comes
// twice is told from one that comes late. A place is a timestamp, unwrapped.
type ring struct {
	codes [ringSize]byte
	held  [ringSize / 64]uint64 // one bit a place
	low   int64                 // below, nothing is known
	high  int64                 // behind the last place that was filled
}

const (
	ringSize = 4096
	behind   = 1024              // places that are remembered when they were played
	room     = ringSize - behind // places that may wait
)

// put fills the places from at on; those that are filled stay as they are. The places
// must lie within the ring.
func (r *ring) put(at int64, codes []byte) {
	for len(codes) > 0 {
		i := at & (ringSize - 1)
		n := min(int64(len(codes)), 64-i&63) // within one word
		mask := (^uint64(0) >> (64 - n)) << (i & 63)
		if have := r.held[i>>6] & mask; have == 0 {
			copy(r.codes[i:i+n], codes[:n])
		} else {
			r.fill(i, have, codes[:n])
		}
		r.held[i>>6] |= mask
		codes, at = codes[n:], at+n
	}
	r.high = max(r.high, at)
}

// fill copies what is not there yet, within one word.
func (r *ring) fill(i int64, have uint64, codes []byte) {
	for k, code := range codes {
		if have>>((i+int64(k))&63)&1 == 0 {
			r.codes[i+int64(k)] = code
		}
	}
}

// has tells whether any of n places from at on is filled.
func (r *ring) has(at, n int64) bool {
	if at < r.low {
		n, at = n-(r.low-at), r.low
	}
	return n > 0 && r.next(at) < at+n
}

// next is the first filled place from at on, or nowhere.
func (r *ring) next(at int64) int64 {
	for at = max(at, r.low); at < r.high; at = (at | 63) + 1 {
		if word := r.held[at>>6&(ringSize/64-1)] >> (at & 63); word != 0 {
			return at + int64(bits.TrailingZeros64(word))
		}
	}
	return nowhere
}

const nowhere = int64(1) << 62

// run is how many places from at on are filled without a hole, at most n.
func (r *ring) run(at, n int64) int64 {
	end := min(at+n, r.high)
	for p := at; p < end; p = (p | 63) + 1 {
		if word := ^r.held[p>>6&(ringSize/64-1)] >> (p & 63); word != 0 {
			hole := p + int64(bits.TrailingZeros64(word))
			return min(hole, end) - at
		}
	}
	return max(0, end-at)
}

// part is what lies from at on without a break in memory, at most n places.
func (r *ring) part(at, n int64) []byte {
	i := at & (ringSize - 1)
	return r.codes[i:min(i+n, ringSize)]
}

// forget empties all places below to.
func (r *ring) forget(to int64) {
	if to-r.low >= ringSize {
		r.held = [ringSize / 64]uint64{}
		r.low, r.high = to, max(r.high, to)
		return
	}
	for r.low < to {
		i := r.low & (ringSize - 1)
		n := min(to-r.low, 64-i&63)
		r.held[i>>6] &^= (^uint64(0) >> (64 - n)) << (i & 63)
		r.low += n
	}
	r.high = max(r.high, to)
}
