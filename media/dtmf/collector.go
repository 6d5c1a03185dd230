package dtmf

// Collector makes presses of telephone-event packets: each press is reported
// once, with its first packet that arrives, whatever is repeated, late or lost.
// It belongs to the receiving side of one leg; the zero value is ready.
type Collector struct {
	heard    bool
	start    uint32 // timestamp of the newest event
	code     byte
	ended    bool
	duration uint16
}

const (
	// Two presses of one key are never this near: a tone alone lasts 40 ms (ITU-T
	// Q.24). It catches senders that move the timestamp with every packet.
	nearest = Rate * 40 / 1000
	// A packet this much older than the newest event is not late: the sender has
	// restarted its timestamps.
	latest = Rate * 5
)

// Packet takes one packet of the leg: its RTP timestamp and its event. It tells
// the press that the packet begins; false when it belongs to one reported before
// or to no key.
func (c *Collector) Packet(timestamp uint32, e Event) (Press, bool) {
	key, ok := e.Key()
	if !ok {
		return Press{}, false
	}
	if c.heard {
		switch c.place(timestamp, e.Code) {
		case late:
			return Press{}, false
		case same:
			c.follow(timestamp, e)
			return Press{}, false
		case fresh:
		}
	}
	*c = Collector{heard: true, start: timestamp, code: e.Code, ended: e.End, duration: e.Duration}
	return Press{Key: key, Duration: span(e.Duration)}, true
}

// Reset forgets what was heard: for a new SSRC or a new source of the leg, whose
// timestamps have nothing to do with those before.
func (c *Collector) Reset() { *c = Collector{} }

// Down tells whether the newest key is, as far as packets tell, still pressed.
func (c *Collector) Down() bool { return c.heard && !c.ended }

// place is where a packet belongs, seen from the newest press.
type place uint8

const (
	fresh place = iota // it begins a press
	same               // it tells more of the newest press
	late               // it tells of a press before that one
)

func (c *Collector) place(timestamp uint32, code byte) place {
	ahead := int32(timestamp - c.start)
	switch {
	case ahead == 0 && code == c.code:
		return same
	case ahead == 0: // a sender that does not move its timestamp between two keys
		return fresh
	case ahead < 0 && ahead > -latest:
		return late
	case ahead < 0:
		return fresh
	case code == c.code && ahead <= max(nearest-1, int32(c.duration)):
		// It begins before the newest press is over: the next segment of a long press
		// (RFC 4733 §2.5.1.3), or a sender with a moving timestamp.
		return same
	}
	return fresh
}

// follow takes what a further packet of the newest press tells.
func (c *Collector) follow(timestamp uint32, e Event) {
	if timestamp != c.start {
		c.start, c.duration, c.ended = timestamp, e.Duration, e.End
		return
	}
	c.duration = max(c.duration, e.Duration)
	c.ended = c.ended || e.End
}
