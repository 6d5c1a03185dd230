package media

import (
	"math"

	"breakwater/media/rtp"
)

// tape lays frames of both channels side by side in time. It is the packet loop's, whose
// present time it is told; pages that nothing more can fall on go to the scribe. It
// neither waits nor allocates. Places are in samples, of the recording or, where it
// says so, of the segment: what was recorded in one codec.
type tape struct {
	over    bool // nothing more is laid
	deaf    bool // there was no page; lost begins here
	codec   Codec
	owner   uint32
	stock   *stock
	begin   int64 // of the segment, a place in the recording
	open    int64 // the first page of the segment that is still here, or may come
	edge    int64 // where that page ends, in the segment
	tracks  [2]track
	window  [windowPages]uint32
	gain    gainTrack
	segment uint32
	late    [2]belated // not yet told
	lost    stretch    // of the recording, not yet told
}

// track is one channel of a tape; places are of the segment.
type track struct {
	begun bool
	ssrc  uint32
	shift int64 // place = unwrapped timestamp + shift
	last  uint32
	wide  int64 // last, unwrapped
	end   int64 // behind the last sample
	at    int64 // when the last frame came
	from  int64 // where it was laid
}

// gainTrack is where the gain track of a segment stands.
type gainTrack struct {
	begun bool
	phase int64 // where its first byte begins, under gainSamples
	slot  int64 // of the newest byte
}

const (
	settle      = 4000 // samples: 500 ms after a moment its frames are handed on; later ones are late
	stray       = 3600 // a frame further than this from its moment of arrival means that its source moved its clock
	mostSkipped = 3    // places between two bytes of the gain track that are like the second one
	windowPages = 16   // from settle ago to the end of a long frame that is early by stray
	gainSamples = 160  // that a byte of the gain track tells of: 20 ms
)

// lay puts a frame that came at a place of the recording where it belongs.
func (t *tape) lay(channel uint8, at int64, c Codec, h rtp.Header, codes []byte) {
	if t.over || !c.recordable() { // a gap will stand for it
		return
	}
	t.pass(at)
	if t.deaf && !t.listen(at) {
		return
	}
	if c != t.codec {
		t.turn(c, at)
	}
	k := &t.tracks[channel]
	n := int64(len(codes))
	from, ok := k.place(h, at-t.begin)
	if !ok || from < t.edge-pageSpan {
		t.belate(channel, from, n)
		return
	}
	for place := from; len(codes) > 0; {
		number := place / pageSpan
		held := t.window[number%windowPages]
		if held == 0 {
			if held = t.page(number); held == 0 {
				t.deaf, t.lost = true, stretch{from: t.begin + from, to: math.MaxInt64}
				return
			}
		}
		p := t.stock.page(held)
		off := int(place - number*pageSpan)
		copied := p.lay(channel, off, codes)
		place, codes = place+int64(copied), codes[copied:]
	}
	k.end = max(k.end, from+n)
}

// pass says that the present is a place of the recording.
func (t *tape) pass(at int64) {
	if at -= t.begin; at-settle >= t.edge && !t.over {
		t.settled(at)
	}
}

// place tells where a frame belongs: behind the frames before it as the timestamps
// say, else, for a new source or a clock that was moved, where it arrived. Frames
// never fall on others: those of a source that is faster than time have no place when
// they would lie too far from their moment, lest one channel runs away from the other.
func (k *track) place(h rtp.Header, at int64) (from int64, ok bool) {
	k.at = at
	if k.begun && k.ssrc == h.SSRC {
		wide := k.wide + int64(int32(h.Timestamp-k.last))
		if k.from = wide + k.shift; k.from-at < stray && at-k.from < stray {
			k.last, k.wide = h.Timestamp, wide
			return k.from, true
		}
	}
	k.from = (max(at, k.end, 0) + grain - 1) / grain * grain
	if k.from-at >= stray {
		return k.from, false
	}
	k.begun, k.ssrc, k.last, k.wide = true, h.SSRC, h.Timestamp, 0
	k.shift = k.from
	return k.from, true
}

// settled hands on the pages that nothing falls on any more. at is the present time, in
// the segment.
func (t *tape) settled(at int64) {
	for t.edge <= at-settle {
		if ahead := (at - settle) / pageSpan; ahead-t.open >= windowPages {
			t.clear()
			t.advance(ahead)
			return
		}
		t.hand(t.open)
		t.advance(t.open + 1)
	}
}

func (t *tape) advance(page int64) { t.open, t.edge = page, (page+1)*pageSpan }

// clear hands on all pages.
func (t *tape) clear() {
	for n := t.open; n < t.open+windowPages; n++ {
		t.hand(n)
	}
}

// hand hands a page of the window on, if there is one.
func (t *tape) hand(number int64) {
	slot := &t.window[number%windowPages]
	if *slot == 0 {
		return
	}
	p := t.stock.page(*slot)
	p.late, t.late = t.late, [2]belated{}
	if !t.deaf {
		p.lost, t.lost = t.lost, stretch{}
	}
	t.stock.hand(*slot)
	*slot = 0
}

// page puts a new page into the window; 0 = there is no room.
func (t *tape) page(number int64) uint32 {
	n, ok := t.stock.take()
	if !ok {
		return 0
	}
	t.window[number%windowPages] = n
	p := t.stock.page(n)
	p.clear()
	p.codec, p.owner, p.segment, p.number, p.begin = t.codec, t.owner, t.segment, uint32(number), t.begin
	return n
}

// belate notes a frame that has no place any more.
func (t *tape) belate(channel uint8, from, n int64) {
	l := &t.late[channel]
	if l.samples == 0 {
		l.at = uint32(min(max(0, from), math.MaxUint32))
	}
	l.samples += uint32(n)
}

// listen goes on recording when the disk has caught up.
func (t *tape) listen(at int64) bool {
	if !t.stock.roomy() {
		return false
	}
	t.deaf, t.lost.to = false, max(at, t.lost.from)
	return true
}

// turn begins a segment with codec c. at is when it changed.
func (t *tape) turn(c Codec, at int64) {
	t.clear()
	t.begin += max(at-t.begin, t.tracks[left].end, t.tracks[right].end, 0)
	t.codec = c
	t.segment++
	t.advance(0)
	t.tracks = [2]track{} // each finds its place anew
	t.gain = gainTrack{}
}

// weigh notes a byte of the gain track: it tells of the left frame that was laid at this
// very moment, else of the moment itself.
func (t *tape) weigh(at int64, b byte) {
	if t.over || t.deaf {
		return
	}
	k := &t.tracks[left]
	at -= t.begin
	from := at - gainSamples
	if k.begun && k.at == at {
		from = k.from
		k.from += gainSamples // a longer frame has more bytes
	}
	if from < 0 {
		return
	}
	if g := &t.gain; !g.begun {
		*g = gainTrack{begun: true, phase: from % gainSamples}
	}
	slot := max(0, from-t.gain.phase+gainSamples/2) / gainSamples
	first := slot
	if left := slot - t.gain.slot; left > 0 && left <= mostSkipped { // jitter has left them out
		first = t.gain.slot + 1
	}
	t.gain.slot = max(t.gain.slot, slot)
	for ; first <= slot; first++ {
		t.weighSlot(first, b)
	}
}

func (t *tape) weighSlot(slot int64, b byte) {
	number := slot / gainsAPage
	if number < t.open || number >= t.open+windowPages || t.window[number%windowPages] == 0 {
		return // where no sound is, nothing was made quieter
	}
	p := t.stock.page(t.window[number%windowPages])
	p.gained, p.phase = true, uint8(t.gain.phase)
	p.gains[slot%gainsAPage] = max(p.gains[slot%gainsAPage], b)
}

// finish hands on all there is; nothing more is laid.
func (t *tape) finish() {
	t.clear()
	t.over = true
}

// rest is what could not be told with any page: what came too late, and what the disk was
// too slow for. The recording ends there.
func (t *tape) rest(until int64) (late [2]belated, lost stretch) {
	return t.late, stretch{t.lost.from, min(t.lost.to, until)}
}
