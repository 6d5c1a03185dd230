package siptest

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtp"

	"breakwater/media/g711"
)

// Frame is one audio packet as it came.
type Frame struct {
	At        time.Time // when it arrived
	Sequence  uint16
	Timestamp uint32
	Law       g711.Law
	Codes     []byte // G.711
}

// ear collects what one call hears. Its methods may be called from any goroutine.
type ear struct {
	keep time.Duration

	mu         sync.Mutex // protects all following fields
	frames     []Frame
	digits     []byte
	event      uint32 // timestamp of the last event, so that its repeats are one digit
	inEvent    bool
	stats      Stats
	stream     stream
	lastReport heardReport
	changed    chan struct{} // closed at the next packet; nil when nobody waits
	over       bool
}

func newEar(keep time.Duration) *ear { return &ear{keep: keep} }

// packet takes one RTP packet. payload is copied.
func (e *ear) packet(at time.Time, from netip.AddrPort, f *flow, h *rtp.Header, payload []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f != nil && from != f.to {
		e.stats.Strangers++
		return
	}
	isEvent := f != nil && h.PayloadType != NoEvent && slices.Contains(f.hears, h.PayloadType)
	if !isEvent && h.PayloadType != 0 && h.PayloadType != 8 {
		e.stats.Unknown++
		return
	}
	fresh := e.stream.take(&e.stats, at, h, len(payload), isEvent)
	if !fresh {
		return
	}
	if isEvent {
		e.takeEvent(h.Timestamp, payload)
	} else {
		law := g711.Mu
		if h.PayloadType == 8 {
			law = g711.A
		}
		e.frames = append(e.frames, Frame{at, h.SequenceNumber, h.Timestamp, law, slices.Clone(payload)})
		e.forget(at)
	}
	e.wake()
}

// forget drops what is older than keep, in large steps.
func (e *ear) forget(now time.Time) {
	if now.Sub(e.frames[0].At) < e.keep+e.keep/4 {
		return
	}
	i := slices.IndexFunc(e.frames, func(f Frame) bool { return now.Sub(f.At) <= e.keep })
	e.frames = slices.Clone(e.frames[i:])
}

func (e *ear) takeEvent(ts uint32, payload []byte) {
	e.stats.Events++
	if len(payload) < 4 || int(payload[0]) >= len(keys) || (e.inEvent && e.event == ts) {
		return
	}
	e.inEvent, e.event = true, ts
	e.digits = append(e.digits, keys[payload[0]])
}

// pressed takes a digit that came by INFO; 0 is none.
func (e *ear) pressed(digit byte) {
	if digit == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.digits = append(e.digits, digit)
	e.wake()
}

func (e *ear) ended() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	e.wake()
}

func (e *ear) wake() {
	if e.changed != nil {
		close(e.changed)
		e.changed = nil
	}
}

// next is closed when something new was heard.
func (e *ear) next() <-chan struct{} {
	if e.changed == nil {
		e.changed = make(chan struct{})
	}
	return e.changed
}

// Stats is the quality of what a call received.
type Stats struct {
	Packets        int // audio and events, without repeats
	Lost           int // sequence numbers that never came
	Reordered      int
	Duplicates     int
	SequenceJumps  int // further than loss explains
	TimestampJumps int // audio that follows audio without a gap in sequence must follow it in time
	SSRCChanges    int
	Strangers      int // packets from another address than the SDP says
	Unknown        int // of a payload type that was not agreed
	Events         int // telephone-event packets
	Reports        int // RTCP packets
	First, Last    time.Time
	MaxGap         time.Duration // longest pause between two packets
	MaxDeviation   time.Duration // largest difference between a packet's spacing and its timestamp's

	deviations [maxDeviation + 1]int // histogram, ms
}

const maxDeviation = 200

// Deviation is a percentile (0–1) of the pacing error, rounded up to ms.
func (s Stats) Deviation(p float64) time.Duration {
	total := 0
	for _, n := range s.deviations {
		total += n
	}
	want, seen := int(p*float64(total)), 0
	for ms, n := range s.deviations {
		if seen += n; seen > want || seen == total {
			return time.Duration(ms+1) * time.Millisecond
		}
	}
	return 0
}

// stream follows one RTP stream's numbers.
type stream struct {
	running   bool
	ssrc      uint32
	newest    uint16
	seen      uint64 // bit n: newest−n was received
	timestamp uint32 // of the newest
	length    uint32 // its samples
	event     bool   // it was an event
	at        time.Time
}

// furthest is the gap that loss may make before it is a jump, RFC 3550 A.1.
const furthest = 3000

// take counts one packet and tells whether it is new.
func (s *stream) take(st *Stats, at time.Time, h *rtp.Header, length int, event bool) bool {
	if s.running && h.SSRC != s.ssrc {
		st.SSRCChanges++
		s.running = false
	}
	if !s.running {
		if st.Packets == 0 {
			st.First = at
		}
		*s = stream{running: true, ssrc: h.SSRC, newest: h.SequenceNumber, seen: 1}
		s.remember(at, h, length, event)
		st.Packets++
		st.Last = at
		return true
	}
	step := int16(h.SequenceNumber - s.newest)
	switch {
	case step <= 0 && step > -64:
		if s.seen&(1<<-step) != 0 {
			st.Duplicates++
			return false
		}
		s.seen |= 1 << -step
		st.Reordered++
		st.Lost--
		st.Packets++
		return true
	case step <= 0 || step > furthest:
		st.SequenceJumps++
		s.seen = 0
	default:
		st.Lost += int(step) - 1
		s.pace(st, at, h, step, event)
	}
	s.seen = s.seen<<min(max(step, 0), 63) | 1
	s.newest = h.SequenceNumber
	st.MaxGap = max(st.MaxGap, at.Sub(s.at))
	s.remember(at, h, length, event)
	st.Packets++
	st.Last = at
	return true
}

// pace compares the packet's place in time with its timestamp.
func (s *stream) pace(st *Stats, at time.Time, h *rtp.Header, step int16, event bool) {
	if event || s.event {
		return
	}
	if step == 1 && h.Timestamp-s.timestamp != s.length && (!h.Marker || int32(h.Timestamp-s.timestamp) <= 0) {
		st.TimestampJumps++
		return
	}
	meant := time.Duration(int32(h.Timestamp-s.timestamp)) * time.Second / g711.Rate
	off := (at.Sub(s.at) - meant).Abs()
	st.MaxDeviation = max(st.MaxDeviation, off)
	st.deviations[min(int(off.Milliseconds()), maxDeviation)]++
}

func (s *stream) remember(at time.Time, h *rtp.Header, length int, event bool) {
	s.timestamp, s.length, s.event, s.at = h.Timestamp, uint32(length), event, at
}
