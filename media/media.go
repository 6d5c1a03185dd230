// Package media is one party's sound: the socket it arrives on, its codec, what
// is played to it, whom it is joined with and what is recorded. It knows no SIP,
// no queue and no policy.
package media

import (
	"errors"
	"net/netip"
	"time"
)

// ErrNoPorts means every RTP port of the range is in use or still draining; the
// call must be refused with 503 before it is answered.
var ErrNoPorts = errors.New("media: no free RTP port in the range")

// ErrClosed means the port or engine was closed before.
var ErrClosed = errors.New("media: closed")

// Codec is what a leg speaks (RFC 3551 §6): a variant of G.711, or G.722.
type Codec uint8

// The codecs of this product. All send 8000 bytes a second, and the timestamps of
// all count 8000 a second: those of G.722 by a mistake that became the rule (RFC
// 3551 §4.5.2), for each of its bytes is two samples.
const (
	PCMU Codec = 0 // µ-law, static payload type 0; 8 kHz, one byte a sample
	PCMA Codec = 8 // A-law, static payload type 8; 8 kHz, one byte a sample
	G722 Codec = 9 // G.722 at 64 kbit/s, static payload type 9; 16 kHz, one byte two samples
)

// String gives the rtpmap name.
func (c Codec) String() string {
	switch c {
	case PCMA:
		return "PCMA"
	case G722:
		return "G722"
	default:
		return "PCMU"
	}
}

// Silence is the code that a gap or pause holds: 0xFF for µ-law, 0xD5 for A-law. G.722
// has no code of its own for it, but 0xFD again and again decodes to silence.
func (c Codec) Silence() byte {
	switch c {
	case PCMA:
		return 0xD5
	case G722:
		return 0xFD
	default:
		return 0xFF
	}
}

// Desc is what offer and answer agreed for one party. It is immutable: a
// re-INVITE makes a new one.
type Desc struct {
	Codec   Codec
	Payload uint8          // payload type of Codec on the wire
	DTMF    uint8          // payload type of telephone-event (RFC 4733); 0 = not agreed
	Send    bool           // we may send sound to the party
	Recv    bool           // the party sends sound to us
	Ptime   time.Duration  // 10–60 ms; zero = 20 ms
	Remote  netip.AddrPort // where SDP says sound goes; unspecified or zero = held by 0.0.0.0
	Host    netip.Addr     // where the party's signalling comes from; behind NAT its sound does, too. Zero = unknown
	RTCP    netip.AddrPort // zero = Remote's port + 1
}

// Digit is one key pressed by the party, by RFC 4733, once per press.
type Digit struct {
	Key      byte          // '0'–'9', '*', '#', 'A'–'D'
	Duration time.Duration // as far as known when the digit was reported
}

// Level is what is known of a party's voice. Values only grow during a leg, so
// that a reader takes differences.
type Level struct {
	At     time.Time     // when it was published
	Spoken time.Duration // speech heard from the party since the leg began
	Power  float64       // mean power since the Level before, dBm0; −Inf when silent
	Voice                // what its meter found (Port.Meter); zero without one
}

// Heard tells when the party was last heard on the wire. Zero = never.
type Heard struct {
	RTP  time.Time
	RTCP time.Time
}

// Quality is the sound's account of one leg, for the record.
type Quality struct {
	Sent, Received uint64        // RTP packets
	Lost           uint64        // packets missing by sequence number (RFC 3550 A.3)
	Jitter         time.Duration // interarrival jitter (RFC 3550 A.8)
	RoundTrip      time.Duration // from RTCP; zero = unknown
	Strangers      uint64        // packets dropped because of their source
	FarLost        uint64        // our packets that the party misses, as its RTCP reports
	FarJitter      time.Duration // as its RTCP reports

	// What people would say of it, 1 to 4.5, as the E-model estimates it (ITU-T G.107);
	// zero = nothing was heard. A jitter buffer like a phone's is assumed.
	MOS      float64 // of what came from the party, over the leg; what is Discarded counts as lost
	WorstMOS float64 // of its worst minute; zero = under ten seconds were heard
	FarMOS   float64 // of what went to the party, as its RTCP reports; zero = it reports nothing

	Discarded uint64   // packets that our own jitter buffer threw away while the leg was mixed: too late, or of a time that fits nothing (RFC 3611 §4.7.1)
	Minutes   []Minute // of the leg, the newest 120; the last one runs
}

// Minute is how a minute of a leg sounded, as the E-model estimates it: 1 to 4.5 in steps of
// 0.02; zero = not rated, for under ten seconds were heard or nothing was reported.
type Minute struct {
	Number int     // of the leg, from 0
	MOS    float64 // of what came from the party
	FarMOS float64 // of what went to it, as its RTCP reports
}

// Mute as a gain means: nothing of that party is sent on.
const Mute = -1000.0
