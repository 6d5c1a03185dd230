package media

import (
	"time"

	"breakwater/media/dtmf"
	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// InbandDigits sets whether keys are also looked for in the party's sound, for trunks that
// send no telephone-events. They are told as others are, each once, as soon as its tone
// is recognised. Once a telephone-event has come, the sound is not believed any more:
// nobody presses a key twice. Off at first.
func (p *Port) InbandDigits(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !on:
		p.ctl.tones = nil
	case p.ctl.tones == nil:
		p.ctl.tones = &keyTones{find: dtmf.NewInband()}
	}
	p.swap()
}

// keyTones looks for keys in the sound of a party as it arrives: the loop's. It needs no jitter
// buffer, because it can do without the packets that are missing.
type keyTones struct {
	find  *dtmf.Inband
	begun bool
	ssrc  uint32
	next  uint32 // the timestamp that goes on the sound so far
}

// A hole in a digit that is longer than this may be the pause between two of the same key
// (ITU-T Q.24 §4.2: at least 40 ms).
const mostMissed = rtp.Rate * 40 / 1000

// shortestTone is how long a tone has lasted at least when it is recognised.
const shortestTone = 30 * time.Millisecond

// hear takes a packet and tells which key's tone was recognised in it; 0 for none.
func (t *keyTones) hear(law g711.Law, h rtp.Header, codes []byte) (key byte) {
	const longest = rtp.Rate * 60 / 1000
	var x [longest]int16
	missed := int32(h.Timestamp - t.next)
	switch {
	case !t.begun || h.SSRC != t.ssrc || missed > mostMissed || missed < -rtp.Rate:
		t.find.Gap()
		t.find.Feed(x[:]) // a tone that is on is over
	case missed < 0: // late, or doubled
		return 0
	case missed > 0:
		t.find.Gap()
	}
	t.begun, t.ssrc, t.next = true, h.SSRC, h.Timestamp+uint32(len(codes))
	for len(codes) > 0 {
		n := law.Decode(x[:], codes)
		codes = codes[n:]
		if found := t.find.Feed(x[:n]); found.Begun != 0 {
			key = found.Begun
		}
	}
	return key
}

// tellDigit hands a key to who wants to know of it.
func (l *loop) tellDigit(p *Port, d Digit) {
	l.tallies.digits.Add(1)
	if !l.digits.put(digitNote{port: p, digit: d}) {
		l.tallies.digitsLost.Add(1)
	}
}
