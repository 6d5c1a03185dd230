package dtmf

import "time"

// Packet is one telephone-event packet to send.
type Packet struct {
	Marker    bool   // on the first packet of a press
	Timestamp uint32 // the same in all packets of a press: when it began
	Payload   [4]byte
}

const (
	shortest = 40 * time.Millisecond // ITU-T Q.24: a receiver may ignore what is shorter
	longest  = 8 * time.Second       // what 16 bits of duration can tell, rounded down
	volume   = 10                    // −10 dBm0, as loud as a telephone's own tone
	ends     = 3                     // the end is sent three times (RFC 4733 §2.5.1.4)
)

// Sender is the train of packets of one press. Its owner sends what Next gives, one
// packet every step, and goes on with sound at the timestamp that has passed by then.
type Sender struct {
	code      byte
	timestamp uint32
	step      int // between two packets, in timestamp units
	total     int
	told      int // duration in the packet sent last
	ends      int // end packets sent
}

// NewSender prepares the press of a key that begins at the RTP timestamp and lasts
// for length (held between 40 ms and 8 s, rounded up to whole steps). step is the
// time between two packets: the leg's packet time, 20 ms if zero. The error names
// a key that does not exist.
func NewSender(key byte, timestamp uint32, length, step time.Duration) (*Sender, error) {
	code, err := Code(key)
	if err != nil {
		return nil, err
	}
	if step <= 0 {
		step = 20 * time.Millisecond
	}
	step = min(step, longest)
	length = max(shortest, min(length, longest))
	steps := min((length+step-1)/step, longest/step)
	return &Sender{
		code:      code,
		timestamp: timestamp,
		step:      units(step),
		total:     units(steps * step),
	}, nil
}

// Next is the packet to send now; false when the press has been told in full.
func (s *Sender) Next() (Packet, bool) {
	if s.ends == ends {
		return Packet{}, false
	}
	first := s.told == 0
	s.told = min(s.told+s.step, s.total)
	e := Event{Code: s.code, Volume: volume, Duration: uint16(s.told)}
	if s.ended() && !first {
		e.End = true
		s.ends++
	}
	return Packet{Marker: first, Timestamp: s.timestamp, Payload: e.Payload()}, true
}

// Release ends the press early: the next packet is the first of the end packets.
func (s *Sender) Release() {
	if !s.ended() {
		s.total = s.told + s.step
	}
}

func (s *Sender) ended() bool { return s.told == s.total }

// units is a length of time in timestamp units.
func units(d time.Duration) int { return int(d * Rate / time.Second) }
