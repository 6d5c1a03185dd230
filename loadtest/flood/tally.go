package flood

import (
	"context"
	"time"
)

// Tally is what all parties went through in a window. A frame counts by when it was
// sent.
type Tally struct {
	Span      time.Duration // of the window
	Sent      uint64        // frames of speech
	Refused   uint64        // packets that the kernel did not take
	Received  uint64        // RTP packets
	Reports   uint64        // RTCP packets
	Nobody    uint64        // packets to an address where nobody lives any more
	Malformed uint64

	Whole     uint64   // frames that were heard
	Altered   uint64   // frames that came, but not as they were spoken
	Lost      uint64   // frames that never came
	Doubles   uint64   // frames that came twice
	Reordered uint64   // frames that came after a later one
	Unmarked  uint64   // frames that nobody of us spoke, such as prompts; altered ones included
	Strangers uint64   // frames of somebody whom the listener is not connected to, since the flood began: must be 0
	Strange   []string // the first ones of them, in words
	Unheard   int      // parties that spoke throughout, and whom nobody heard

	Jumps   uint64 // breaks in the sequence of what a party receives
	Sources uint64 // changes of its SSRC

	Delay  [Sides]Histogram // one way, by who listens: from the generator's send to the arrival at its socket
	Gaps   Histogram        // between two packets at one party
	Jitter Histogram        // RFC 3550, one value for each party
	Late   Histogram        // how far the pacing wheel was behind its time: the generator's own fault
	Stalls uint64           // times that it gave up, 200 ms behind
}

// Both is the delay of both directions together.
func (t *Tally) Both() *Histogram {
	var all Histogram
	for i := range t.Delay {
		all.Merge(&t.Delay[i])
	}
	return &all
}

// Loss is the share of frames that never came.
func (t *Tally) Loss() float64 {
	if t.Whole+t.Altered+t.Lost == 0 {
		return 0
	}
	return float64(t.Lost) / float64(t.Whole+t.Altered+t.Lost)
}

// Changed is the share of frames that came altered.
func (t *Tally) Changed() float64 {
	if t.Whole+t.Altered == 0 {
		return 0
	}
	return float64(t.Altered) / float64(t.Whole+t.Altered)
}

// Begin opens the window.
func (f *Flood) Begin(ctx context.Context) error {
	return f.do(ctx, func() {
		now := f.micros(time.Now())
		f.tally = Tally{Strangers: f.tally.Strangers, Strange: f.tally.Strange}
		f.open, f.from, f.to = true, now, 0
		for _, l := range f.at {
			if l != nil {
				l.forget()
			}
		}
	})
}

// End closes the window, waits until what is on its way has come, and counts.
func (f *Flood) End(ctx context.Context) (*Tally, error) {
	if err := f.do(ctx, func() { f.open, f.to = false, f.micros(time.Now()) }); err != nil {
		return nil, err
	}
	const onItsWay = time.Second
	clock := time.NewTimer(onItsWay)
	defer clock.Stop()
	select {
	case <-clock.C:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	var result Tally
	err := f.do(ctx, func() {
		f.tally.Span = time.Duration(f.to-f.from) * time.Microsecond
		for _, l := range f.at {
			if l != nil {
				f.settle(l, true)
			}
		}
		for _, l := range f.at {
			if l != nil {
				l.forget()
			}
		}
		result = f.tally
		f.from, f.to = 0, 0
	})
	return &result, err
}

// settle counts what one party has heard in the window. Where the window is over,
// everybody had time to hear everything, and what is missing at the end is lost; a
// party that leaves before cannot have heard its partner's last words.
func (f *Flood) settle(l *Leg, over bool) {
	e := &l.heard
	if e.unique > 0 {
		last := e.last
		if speaker := f.talk(e.partner); over && speaker != nil && speaker.said.sent > 0 && int32(speaker.said.last-last) > 0 {
			last = speaker.said.last
		}
		sent := uint64(last-e.first) + 1
		f.tally.Whole += e.unique - e.changed
		f.tally.Altered += e.changed + e.veiled
		f.tally.Lost += sent - min(e.unique+e.veiled, sent)
		f.tally.Jitter.Add(time.Duration(e.shake) * time.Microsecond)
	}
	if over && !l.said.silent(f.tally.Span) && !f.wasHeard(l) {
		f.tally.Unheard++
	}
}

// wasHeard tells whether anybody heard a party in the window.
func (f *Flood) wasHeard(l *Leg) bool {
	partner := f.talk(l.heard.partner)
	return partner != nil && partner.heard.unique > 0
}

// forget begins a new window for one party.
func (l *Leg) forget() {
	e := &l.heard
	l.said = said{}
	e.unique, e.changed, e.veiled, e.shake = 0, 0, 0, 0
}
