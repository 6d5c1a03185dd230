package media

import (
	"net/netip"
	"time"

	"breakwater/media/rtp"
)

// latch decides which source is the party. It locks on the negotiated source, or on
// the first plausible one, and then holds on: a stranger cannot put sound into a
// call. It is pure: it takes the time and belongs to the receiving side of one port.
type latch struct {
	locked netip.AddrPort // the party; invalid = not locked
	want   netip.AddrPort // negotiated; invalid before that
	ssrc   uint32         // of its newest packet
	seq    uint16
	at     int64 // when it came, ns
	since  int64 // when it was locked, ns

	// What follows is not looked at for a packet of the party.
	host    netip.Addr // where its signalling comes from; invalid = unknown
	suitors [4]suitor
	turn    int // which suitor gives way next
}

// suitor is a source that is not believed yet.
type suitor struct {
	from  netip.AddrPort
	ssrc  uint32
	seq   uint16
	steps int // packets in a row with steady numbers
}

// verdict on the source of one packet.
type verdict uint8

const (
	accepted verdict = iota
	pending          // maybe the party: not used, not blamed
	stranger
)

const (
	steadySteps = 5   // 100 ms of steady numbers prove a source behind an unroutable address
	steadyJump  = 3   // what may be lost between two of them
	returnJump  = 500 // 10 s: how far a source that moved may have gone on meanwhile

	silence = 2 * time.Second // after it a lock may move with its stream: a phone that changed its address

	// After longSilence it may move to another stream of the same host. A neighbour behind
	// the same address is there all the time, so the phone's own stream comes first.
	longSilence = 2500 * time.Millisecond
	guessHolds  = 5 * time.Second // how long a guessed source has to hold before nobody else is listened to
)

// agree sets the negotiated address. An address that did not change keeps the lock;
// none (a party held by 0.0.0.0) changes nothing.
func (l *latch) agree(want netip.AddrPort) {
	want = plain(want)
	if !want.IsValid() || want.Addr().IsUnspecified() || want.Port() == 0 || want == l.want {
		return
	}
	*l = latch{want: want}
}

// judge takes the source and header of a packet with a payload type that was agreed.
// held = the party may be silent because it was agreed so.
func (l *latch) judge(now int64, from netip.AddrPort, h rtp.Header, held bool) verdict {
	silent := time.Duration(now - l.at)
	switch {
	case from == l.locked, from == l.want: // what was negotiated is worth more than what was guessed
	case !l.locked.IsValid():
		return l.court(now, from, h)
	case held || silent < silence:
		return stranger
	case l.continues(h):
	case silent < longSilence || from.Addr() != l.locked.Addr() && from.Addr() != l.want.Addr():
		return stranger
	}
	l.lock(now, from, h)
	return accepted
}

// resume says that the party may have been silent by agreement until now.
func (l *latch) resume(now int64) { l.at = max(l.at, now) }

// court takes a packet of an unproven source while nobody is locked.
func (l *latch) court(now int64, from netip.AddrPort, h rtp.Header) verdict {
	switch {
	case from.Addr() == l.want.Addr(), from.Addr() == l.host:
		l.lock(now, from, h)
		return accepted
	case routable(l.want.Addr()), l.host.IsValid(): // neither said by the party nor where it speaks from
		return stranger
	}
	for i := range l.suitors {
		if s := &l.suitors[i]; s.from == from {
			if jump := h.Sequence - s.seq; s.ssrc != h.SSRC || jump == 0 || jump > steadyJump {
				s.steps = 0
			}
			s.ssrc, s.seq, s.steps = h.SSRC, h.Sequence, s.steps+1
			if s.steps < steadySteps {
				return pending
			}
			l.lock(now, from, h)
			return accepted
		}
	}
	l.suitors[l.turn] = suitor{from: from, ssrc: h.SSRC, seq: h.Sequence, steps: 1}
	l.turn = (l.turn + 1) % len(l.suitors)
	return pending
}

func (l *latch) lock(now int64, from netip.AddrPort, h rtp.Header) {
	if from != l.locked {
		l.locked, l.since, l.suitors = from, now, [4]suitor{}
	}
	l.ssrc, l.seq, l.at = h.SSRC, h.Sequence, now
}

// continues tells whether a packet goes on where the silent party stopped.
func (l *latch) continues(h rtp.Header) bool {
	return h.SSRC == l.ssrc && continues(l.seq, h.Sequence)
}

// continues tells whether a sequence number may come after another one and a pause.
func continues(before, now uint16) bool {
	jump := now - before
	return jump != 0 && jump < returnJump
}

// firm is the source that alone need be listened to: the party, while it speaks or is on
// hold. Invalid when it may have moved, and while the negotiated source may still take the
// place of a guessed one: for ever if both are of one host, for then the guess may be a
// neighbour behind the phone's address.
func (l *latch) firm(now int64, held bool) netip.AddrPort {
	guessed := l.locked != l.want
	switch {
	case !held && time.Duration(now-l.at) >= silence:
		return netip.AddrPort{}
	case guessed && (time.Duration(now-l.since) < guessHolds || l.locked.Addr() == l.want.Addr()):
		return netip.AddrPort{}
	}
	return l.locked
}

// target is where the party is to be reached: where it is heard from, else where it
// said.
func (l *latch) target() netip.AddrPort {
	if l.locked.IsValid() {
		return l.locked
	}
	return l.want
}

// routable tells whether packets of a party with this address can be expected to
// come from it. Addresses behind NAT cannot.
func routable(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !sharedSpace.Contains(a)
}

// sharedSpace is carrier-grade NAT (RFC 6598).
var sharedSpace = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)

// plain is the address as the wire compares it: no zone, no IPv4 in IPv6.
func plain(a netip.AddrPort) netip.AddrPort {
	if !a.IsValid() {
		return a
	}
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
