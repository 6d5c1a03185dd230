package rtp

// Receiver keeps the account of what one party sends us (RFC 3550 A.1, A.3, A.8).
// It belongs to the receiving side of one leg; the zero value is ready. A new SSRC
// begins a new account, and the totals go on.
type Receiver struct {
	begun    bool
	SSRC     uint32
	base     uint32 // first extended sequence number of this SSRC
	highest  uint32 // highest extended sequence number
	received uint32 // of this SSRC
	bad      uint16 // the sequence number that would prove a restart, if suspect
	suspect  bool

	transit uint32
	timed   bool
	jitter  uint32 // in timestamp units, times 16

	expectedPrior, receivedPrior uint32 // at the last report

	packets uint64 // of all SSRCs
	lost    int64  // of the SSRCs before this one
}

const (
	maxDropout  = 3000 // RFC 3550 A.1
	maxMisorder = 100
)

// Packet takes one packet that arrived at arrival (in timestamp units of our own
// clock). A single wild jump of the sequence number is not counted until the next
// packet confirms it.
func (r *Receiver) Packet(h Header, arrival uint32) {
	if r.count(h) {
		r.time(h, arrival)
	}
}

// Event takes a packet of a telephone-event. Its timestamp is that of the key's
// beginning (RFC 4733 §2.5.1), so it says nothing of jitter.
func (r *Receiver) Event(h Header) { r.count(h) }

// count counts a packet; false when its number is not believed yet.
func (r *Receiver) count(h Header) bool {
	r.packets++
	switch {
	case !r.begun || h.SSRC != r.SSRC:
		r.restart(h)
	case !r.order(h.Sequence):
		return false
	}
	r.received++
	return true
}

func (r *Receiver) restart(h Header) {
	r.lost += r.missing()
	r.begun, r.SSRC = true, h.SSRC
	r.base, r.highest = uint32(h.Sequence)+1<<16, uint32(h.Sequence)+1<<16
	r.received, r.suspect, r.timed = 0, false, false
	r.expectedPrior, r.receivedPrior = 0, 0
}

// order places a sequence number (RFC 3550 A.1, update_seq).
func (r *Receiver) order(seq uint16) bool {
	ahead := seq - uint16(r.highest)
	switch {
	case ahead < maxDropout:
		r.highest += uint32(ahead)
		r.suspect = false
	case ahead > 1<<16-1-maxMisorder: // late or doubled
		if late := r.highest - uint32(-ahead); late < r.base {
			r.base = late
		}
	case r.suspect && seq == r.bad: // two in a row: the sender has restarted
		r.lost += r.missing()
		r.base, r.highest = uint32(seq)+1<<16, uint32(seq)+1<<16
		r.received, r.suspect = 0, false
		r.expectedPrior, r.receivedPrior = 0, 0
	default:
		r.bad, r.suspect = seq+1, true
		return false
	}
	return true
}

// time keeps the interarrival jitter (RFC 3550 A.8), in sixteenths.
func (r *Receiver) time(h Header, arrival uint32) {
	transit := arrival - h.Timestamp
	if r.timed {
		d := int32(transit - r.transit)
		if d < 0 {
			d = -d
		}
		if d < 5*Rate { // a sender that moved its timestamps is not jitter
			r.jitter += uint32(d) - (r.jitter+8)>>4
		}
	}
	r.transit, r.timed = transit, true
}

func (r *Receiver) expected() uint32 {
	if !r.begun {
		return 0
	}
	return r.highest - r.base + 1
}

func (r *Receiver) missing() int64 {
	return int64(r.expected()) - int64(r.received)
}

// Packets that arrived, over all SSRCs.
func (r *Receiver) Packets() uint64 { return r.packets }

// Lost is how many packets are missing by sequence number, over all SSRCs; doubled
// packets never make it negative.
func (r *Receiver) Lost() uint64 { return uint64(max(0, r.lost+r.missing())) }

// Jitter in timestamp units.
func (r *Receiver) Jitter() uint32 { return r.jitter >> 4 }

// Report is the reception report about the present SSRC, covering the time since
// the one before (RFC 3550 A.3). ok is false when nothing was heard.
func (r *Receiver) Report() (rep Reception, ok bool) {
	if !r.begun {
		return rep, false
	}
	expected, received := r.expected(), r.received
	span := expected - r.expectedPrior
	lost := int64(span) - int64(received-r.receivedPrior)
	r.expectedPrior, r.receivedPrior = expected, received
	if span > 0 && lost > 0 {
		rep.Fraction = uint8(min(255, lost<<8/int64(span)))
	}
	rep.SSRC = r.SSRC
	rep.Lost = int32(max(-1<<23, min(1<<23-1, r.missing())))
	rep.Highest = r.highest - 1<<16 // cycles count from 0
	rep.Jitter = r.Jitter()
	return rep, true
}
