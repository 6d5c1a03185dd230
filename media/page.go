package media

import (
	"math/bits"
	"unsafe"

	"breakwater/media/g711"
)

// page is 100 ms of a recording, both channels, on its way from a packet loop to a file.
// It belongs to whoever holds it: a tape, the pile of finished pages, the scribe, or
// nobody. It holds no pointer, so that it may lie outside the memory that Go looks
// through.
type page struct {
	codes   [2][pageSpan]byte // by channel
	heard   [2]grains         // by channel: where codes hold sound and not silence
	gains   [gainsAPage]byte
	gained  bool  // gains and phase tell something
	phase   uint8 // where in the segment the first byte of its gain track begins
	codec   Codec
	owner   uint32 // the number of the recording
	segment uint32 // of the recording
	number  uint32 // within the segment
	begin   int64  // of the segment, a place in the recording
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

// clear makes a page silent.
func (p *page) clear(c Codec) {
	quiet := &quietPage
	if c.law() == g711.A {
		quiet = &quietPageA
	}
	p.codes = *quiet
	p.heard = [2]grains{}
	p.gains, p.gained = [gainsAPage]byte{}, false
	p.late, p.lost = [2]belated{}, stretch{}
}

// The codes of a page without sound, by law.
var quietPage, quietPageA = silentCodes(PCMU), silentCodes(PCMA)

func silentCodes(c Codec) (codes [2][pageSpan]byte) {
	for channel := range codes {
		for i := range codes[channel] {
			codes[channel][i] = c.Silence()
		}
	}
	return codes
}
