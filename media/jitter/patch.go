package jitter

import "breakwater/media/g711"

const (
	longestPatch = Rate * 30 / 1000
	leastAhead   = Rate * 20 / 1000 // of sound that must be known behind the gap
	mostAhead    = pitchWindow + longestPitch
	meeting      = Rate * 5 / 1000
)

// patch makes good a gap with sound on both sides: what was before it is repeated toward its
// end, and what comes behind it, backwards, toward its beginning, and where the two are
// most alike, one goes over into the other. So the packet behind the gap is played bit
// for bit. Appendix I does not look ahead; a jitter buffer can. It tells whether it was
// possible: the gap is short, and behind it is enough sound.
func (b *Buffer) patch(gap int64) bool {
	if b.form.wide != nil || b.lost.on || gap > min(longestPatch, int64(len(b.strip.free()))) {
		return false // a decoder with a state has not got there yet
	}
	known := b.ring.run(b.head+gap, mostAhead)
	if known < leastAhead {
		return false
	}
	var room [mostAhead]int16
	ahead := room[:known]
	b.peek(ahead, b.head+gap)
	flip(ahead)
	mirror := conceal{width: 1, heard: ahead}
	mirror.begin(ahead)

	var both [2 * longestPatch]int16
	forth, back := both[:gap], both[gap:2*gap]
	b.lost.begin(b.strip.line[:b.strip.past])
	b.lost.fill(forth)
	b.lost.on = false
	mirror.fill(back)
	flip(back)

	n := min(int(gap), meeting)
	at := nearest(both[:2*gap], n)
	blend(forth[at:], back[at:at+n])
	out := b.strip.free()[:gap]
	copy(out, forth[:at])
	copy(out[at:], back[at:])
	b.strip.wait += int(gap)
	b.head += gap
	b.patched = gap
	b.stats.Concealed += uint64(gap)
	return true
}

// unpatch takes back what of a patch has not been played, because a packet of the gap has come
// after all.
func (b *Buffer) unpatch() {
	b.stats.Concealed -= uint64(b.patched)
	b.head, b.patched = b.playing(), 0
	b.strip.wait = 0
	b.lost.begin(b.strip.line[:b.strip.past])
}

// peek decodes G.711 that lies ahead.
func (b *Buffer) peek(dst []int16, at int64) {
	for len(dst) > 0 {
		codes := b.ring.part(at, int64(len(dst)))
		if b.form.law == g711.A {
			g711.A.Decode(dst, codes)
		} else {
			g711.Mu.Decode(dst, codes)
		}
		dst, at = dst[len(codes):], at+int64(len(codes))
	}
}

// nearest is where two sounds, one behind the other in both, are most alike over n samples;
// in the middle if they nowhere are.
func nearest(both []int16, n int) int {
	length := len(both) / 2
	best, most := (length-n)/2, 0.0
	const coarse = 2
	for at := 0; at+n <= length; at += coarse {
		if a := similarity(both, at, length+at, n, coarse); a > most {
			best, most = at, a
		}
	}
	return best
}

// flip turns a sound round.
func flip(x []int16) {
	for i, k := 0, len(x)-1; i < k; i, k = i+1, k-1 {
		x[i], x[k] = x[k], x[i]
	}
}
