// Package jitter makes an even sound of one party's packets, for whoever consumes it
// sample by sample: a mixer, a recorder, an ear for tones. It waits as long as this
// party's packets need, puts them in order, conceals what is lost, and follows the
// party's clock when it is not ours. It has no clock, no goroutine and no lock: its
// caller says what time it is, in timestamp units of our own clock, 8000 a second.
package jitter

import (
	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// Rate is how many places (timestamp units) a second has. G.711 has one sample and G.722
// two samples a place; both have one byte.
const Rate = rtp.Rate

// Kind is what a pulled frame is made of.
type Kind uint8

// The kinds.
const (
	Silence   Kind = iota // nothing: the party does not speak, or has been away for over 60 ms
	Voice                 // only what was received
	Concealed             // something in it is invented
)

// Decoder makes samples of codes, in the order of playing: two a code, 16,000 a second
// (G.722). It may keep a state. It tells how many samples it wrote.
type Decoder interface {
	Decode(dst []int16, codes []byte) int
}

// Buffer holds one party's packets until they are played. It belongs to one goroutine.
type Buffer struct {
	form   form
	depth  depth
	source source
	ways   arrivals
	ring   ring
	strip  strip   // what is decoded; its end lies before head
	lost   conceal // what is invented

	patched int64 // places of strip that are invented, too

	head    int64 // the place that is decoded next
	floor   int64 // before it, all has been played or belongs to another source
	waiting bool  // for the beginning of a talk spurt, as long as its packets need
	held    int64 // places that were invented while head waited for a packet that is late or lost
	beat    beat
	cut     cut
	stats   Stats
}

// form is what codes mean.
type form struct {
	law   g711.Law
	wide  Decoder // nil: law decides, and there are 8000 samples a second
	width int64   // samples a place
}

// depth is how long the fastest packet is to wait, in places.
type depth struct{ start, least, most int64 }

// beat is how the sound is pulled.
type beat struct {
	now   int64 // the newest pull
	frame int64 // its places
	grid  int64 // places that packets and frames have in common
}

// cut is what is known of the next piece to be taken out.
type cut struct {
	due   int64 // since when one is; 0 = none
	tried int64
}

// source is whose packets the buffer takes.
type source struct {
	begun   bool
	ssrc    uint32
	last    uint32 // a timestamp, and
	place   int64  // its place
	packet  int64  // places of its newest packet
	suspect bool   // the packet before did not fit; its way was
	odd     int64
	tardy   int // packets in a row that all came too late
}

// Stats is the account of a buffer's life. Sound is counted in places, 8000 a second.
type Stats struct {
	Packets   uint64 // that were kept
	Late      uint64 // that came when they had been played already, as something else
	Double    uint64 // that came twice
	Stray     uint64 // whose timestamp fits nothing
	Restarts  uint64 // a new SSRC, or a source that moved its clock
	Concealed uint64 // places: invented sound, until it has faded
	Inserted  uint64 // places: sound made longer, because packets came late or the party's clock is slow
	Removed   uint64 // places: sound made shorter, because packets came early or the party's clock is fast
	Skipped   uint64 // places: thrown away, because more waited than may
	Depth     int64  // places: how long the fastest packet waits at present
	Wanted    int64  // places: how long it should
}

const (
	longestPacket = Rate * 256 / 1000 // more than a datagram of ours holds
	longestFrame  = Rate * 20 / 1000  // of one step; a longer pull takes several
	seam          = Rate / 1000       // between two sources, so that it is made smooth
	wild          = Rate * 450 / 1000
	nearWay       = Rate * 100 / 1000
	mostTardy     = 3

	narrowPast = 390 // Appendix I: three periods of the longest pitch and a quarter of one
	widePast   = 560 // two of them, at twice the rate, and the window of the search
)

// New makes a buffer for G.711 of one law.
func New(s Settings, law g711.Law) *Buffer {
	return build(s, law, nil, 1, narrowPast)
}

// NewWide makes a buffer whose sound has 16,000 samples a second.
func NewWide(s Settings, d Decoder) *Buffer {
	return build(s, 0, d, 2, widePast)
}

func build(s Settings, law g711.Law, d Decoder, width, past int) *Buffer {
	s = s.WithDefaults()
	return &Buffer{
		form:  form{law: law, wide: d, width: int64(width)},
		depth: depth{start: places(s.Start), least: places(s.Min), most: places(s.Max)},
		strip: strip{past: past, line: make([]int16, past+width*(longestFrame+longestLag))},
		lost:  conceal{on: true, width: width, length: fadeTo * width, heard: make([]int16, past)},
		beat:  beat{frame: longestFrame, grid: longestFrame},
		head:  behind,
	}
}

// Law says in which law packets come from now on. What waits is not lost. A wide
// buffer stays wide.
func (b *Buffer) Law(law g711.Law) {
	if b.form.wide != nil || law == b.form.law {
		return
	}
	table := &g711.ULawToALaw
	if law == g711.Mu {
		table = &g711.ALawToULaw
	}
	g711.Map(b.ring.codes[:], b.ring.codes[:], table)
	b.form.law = law
}

// Put takes a packet of sound that arrived at now. codes are copied.
func (b *Buffer) Put(now int64, h rtp.Header, codes []byte) {
	n := int64(len(codes))
	if n == 0 || n > longestPacket {
		b.stats.Stray++
		return
	}
	s := &b.source
	if !s.begun || h.SSRC != s.ssrc {
		b.restart(now, h)
	}
	place := s.place + int64(int32(h.Timestamp-s.last))
	way := now - place
	if way-b.ways.worst > wild || b.ways.best-way > wild {
		if !s.suspect || way-s.odd > nearWay || s.odd-way > nearWay {
			s.suspect, s.odd = true, way
			b.stats.Stray++
			return
		}
		b.restart(now, h)
		place = s.place
		way = now - place
	}
	s.suspect, s.last, s.place = false, h.Timestamp, place
	if b.ring.has(place, n) {
		b.stats.Double++
		return
	}
	if place >= b.head {
		s.tardy = 0
	}
	b.measure(now, way, n)
	if place+n > b.head+room { // nobody pulls, or a stall is over
		b.leap(place + n - room)
	}
	if at := b.playing(); place < at+b.patched && place+n > at {
		b.unpatch()
	}
	if b.waiting && place < b.head && place >= max(b.floor, b.ring.low) {
		b.head = place // the first of a talk spurt was overtaken
	}
	if first := max(b.head, b.floor); place < first {
		if place, codes = b.tooLate(now, h, place, codes); place < first {
			return
		}
	}
	b.ring.put(place, codes)
	b.stats.Packets++
}

// measure accounts for how long a packet was under way.
func (b *Buffer) measure(now, way, n int64) {
	if n != b.source.packet {
		b.source.packet = n
		b.beat.grid = common(n, b.beat.frame)
	}
	if b.held > 0 && !b.lost.silent() {
		b.ways.late(now, way)
		return
	}
	b.ways.note(now, way)
}

// tooLate takes a packet that begins before what may be played next. What is left of it
// belongs at the place that is returned; before that if nothing is left.
func (b *Buffer) tooLate(now int64, h rtp.Header, place int64, codes []byte) (int64, []byte) {
	first := max(b.head, b.floor)
	b.ways.late(now, now-place)
	if gone := first - place; gone < int64(len(codes)) {
		b.source.tardy = 0
		return first, codes[gone:]
	}
	if b.source.tardy++; b.source.tardy >= mostTardy && b.ring.next(b.head) == nowhere {
		b.restart(now, h) // its timestamps stood still while it was silent
		return b.source.place, codes
	}
	b.stats.Late++
	if place >= max(b.ring.low, b.floor) { // so that its double is known as one
		b.ring.put(place, codes)
	}
	return place, nil
}

// restart begins with a new source, or with a source that begins anew. What waits of
// the one before is still played.
func (b *Buffer) restart(now int64, h rtp.Header) {
	s := &b.source
	if s.begun {
		b.stats.Restarts++
	}
	place := b.head
	switch {
	case b.ring.next(b.head) != nowhere:
		place = b.ring.high + seam
	case !b.lost.on: // the one before is being played to its end
		place += seam
	default:
		b.waiting, b.held = true, 0
	}
	if s.begun {
		b.floor = place
	}
	*s = source{begun: true, ssrc: h.SSRC, last: h.Timestamp, place: place, packet: s.packet}
	b.ways.restart(now, now-place, b.depth.start)
}

// Pull gives the next samples to play at now: len(dst), which should be the same each time,
// 20 ms of sound or a part of it. Calls follow each other in the pace of the samples.
func (b *Buffer) Pull(now int64, dst []int16) Kind {
	kind := Silence
	for step := longestFrame * int(b.form.width); len(dst) > step; dst = dst[step:] {
		kind = max(kind, b.pull(now, dst[:step]))
		now += longestFrame
	}
	return max(kind, b.pull(now, dst))
}

// Stats is the account so far.
func (b *Buffer) Stats() Stats {
	s := b.stats
	if b.source.begun {
		s.Depth = b.beat.now + b.beat.frame - b.playing() - b.ways.best
		s.Wanted = b.need(b.playing()) - b.ways.best
	}
	return s
}
