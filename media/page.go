package media

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// page is 100 ms of a recording, both channels, on its way from a packet loop to a file.
// It belongs to whoever holds it: a tape, the pile of finished pages, the scribe, or
// nobody. It holds no pointer, so that it may lie outside the memory that Go looks
// through.
type page struct {
	codes   [2][pageSpan]byte // by channel; only where heard says so, until the scribe hushes the rest
	heard   [2]grains         // by channel: where codes hold sound
	gains   [gainsAPage]byte
	gained  bool  // gains and phase tell something
	phase   uint8 // where in the segment the first byte of its gain track begins
	codec   Codec
	owner   uint32        // the number of the recording
	segment uint32        // of the recording
	number  uint32        // within the segment
	link    atomic.Uint32 // the stock's: the page below it on its pile
	begin   int64         // of the segment, a place in the recording
	late    [2]belated
	lost    stretch // of the recording, before this page
}

const (
	pageSpan   = 800 // samples of a channel on a page: ten pages are a second
	grain      = 8   // samples: 1 ms, the finest that a page knows of where it holds sound
	gainsAPage = pageSpan / gainSamples
)

// pageBytes is the room that a page takes; 19 of them are less than 32 KiB, and more than
// a call needs.
const pageBytes = int(unsafe.Sizeof(page{}))

// belated is what came too late for its place: where the first of it belonged, and how
// much it was.
type belated struct{ at, samples uint32 }

// stretch is a part of a recording: from ≤ place < to.
type stretch struct{ from, to int64 }

func (s stretch) empty() bool { return s.to <= s.from }

// grains has a bit for each grain of a page.
type grains [2]uint64

// whole is a page full of sound.
func (u *grains) whole() bool { return u[0] == 1<<64-1 && u[1] == 1<<(pageSpan/grain-64)-1 }

// set says that there is sound in n samples from a place of the page.
func (u *grains) set(at, n int) {
	from, to := uint(at)/grain, uint(at+n+grain-1)/grain
	u[0] |= ones(min(to, 64)) &^ ones(min(from, 64))
	u[1] |= ones(max(to, 64)-64) &^ ones(max(from, 64)-64)
}

// has tells whether there is sound in a grain.
func (u *grains) has(i int) bool { return u[i/64]>>(i%64)&1 != 0 }

// ones has the lowest n bits set.
func ones(n uint) uint64 { return 1<<n - 1 }

// next is the first stretch of sound from a place of the page on, in samples; false if
// there is none.
func (u *grains) next(at int) (from, to int, ok bool) {
	from = u.find(at/grain, 0)
	to = u.find(from, ^uint64(0))
	return from * grain, to * grain, from < pageSpan/grain
}

// find is the first bit from i on that is set, or, with all bits to be flipped, that is
// not.
func (u *grains) find(i int, flip uint64) int {
	for w := i / 64; w < len(u); w++ {
		if x := (u[w] ^ flip) &^ ones(uint(max(0, i-64*w))); x != 0 {
			return min(64*w+bits.TrailingZeros64(x), pageSpan/grain)
		}
	}
	return pageSpan / grain
}

// clear makes a page empty. Its codes stay what they were: that would be 25 lines of memory
// of which most are written anyway.
func (p *page) clear() {
	p.heard = [2]grains{}
	p.gains, p.gained = [gainsAPage]byte{}, false
	p.late, p.lost = [2]belated{}, stretch{}
}

// lay puts sound at a place of a channel, as much as the page holds, and tells how much that
// was.
func (p *page) lay(channel uint8, at int, codes []byte) int {
	n := copy(p.codes[channel][at:], codes)
	if at%grain != 0 || n%grain != 0 {
		p.hushAround(channel, at, at+n)
	}
	p.heard[channel].set(at, n)
	return n
}

// hushAround makes the rest of the grains silent in which a stretch of sound begins and ends,
// unless there was sound in them before.
func (p *page) hushAround(channel uint8, from, to int) {
	codes, quiet := &p.codes[channel], p.codec.Silence()
	if first := from / grain; from%grain != 0 && !p.heard[channel].has(first) {
		fill(codes[first*grain:from], quiet)
	}
	if last := to / grain; to%grain != 0 && !p.heard[channel].has(last) {
		fill(codes[to:(last+1)*grain], quiet)
	}
}

// hush makes silent what of a page holds no sound.
func (p *page) hush() {
	for channel := range p.heard {
		heard, done := &p.heard[channel], 0
		for a, b, ok := heard.next(0); ok; a, b, ok = heard.next(b) {
			fill(p.codes[channel][done:a], p.codec.Silence())
			done = b
		}
		fill(p.codes[channel][done:], p.codec.Silence())
	}
}
