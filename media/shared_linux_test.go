//go:build !portable

package media

import (
	"net/netip"
	"testing"

	"breakwater/media/rtp"
)

func TestASharedPacketCostsNoAllocation(t *testing.T) {
	e := openEngine(t, 12)
	a := newLodger(t, e, PCMU)
	b := &phone{t: t, conn: listen(t, netip.AddrPortFrom(loopback, 0)), codec: PCMA}
	t.Cleanup(func() { _ = b.conn.Close() })
	b.lodge(e, Hint{Share: true, Near: a.port, Remote: b.addr()})
	join(t, e, a, b)
	gone := newLodger(t, e, PCMU)
	gone.lodge(e, Hint{Share: true, Near: a.port, Remote: netip.AddrPortFrom(loopback, gone.addr().Port()+2)})
	ghost := gone.port.Desc().Remote
	gone.port.Close()
	for name, from := range map[string]netip.AddrPort{
		"sound": a.addr(), "a stranger": netip.MustParseAddrPort("127.0.0.9:4000"), "a ghost": ghost,
	} {
		t.Run(name, func(t *testing.T) {
			a.port.do(func(l *loop) {
				s := a.port.in.lodger.in
				run := func() {
					packet := l.shared.batch.room[0][:rtp.HeaderSize+160]
					a.h.Sequence, a.h.Timestamp = a.h.Sequence+1, a.h.Timestamp+160
					a.h.Put(packet)
					if g := s.whose(sharedSound, s.resident(sharedSound, from), packet, from); g != nil {
						l.hand(g.port, itsSound, packet, from)
					}
					l.serveShared(s, sharedReports)
					l.finish()
				}
				if n := testing.AllocsPerRun(300, run); n != 0 {
					t.Errorf("%v allocations, want 0", n)
				}
			})
		})
	}
	if n := e.Counters().Relayed; n < 300 {
		t.Errorf("%d packets were relayed", n)
	}
}

// The host of a phone that has closed its socket says so; when the phone opens it again,
// it hears us, from the next packet on.
func TestADeadPhoneIsNoError(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	a.say(flat(1))
	becomesTied(t, a)
	at := a.addr()
	_ = a.conn.Close()
	playing := a.port.Play(Sound{Clips: clips(8000), Loop: true})
	defer playing.Stop()
	eventually(t, "packets were sent back", func() bool { return e.Counters().Bounced > 1 })
	if n := e.Counters().Unsent; n != 0 {
		t.Errorf("%d packets count as refused by our own kernel", n)
	}
	a.conn = listen(t, at)
	first := a.mustHear()
	for i := range uint16(3) {
		if p := a.mustHear(); p.Sequence != first.Sequence+i+1 {
			t.Errorf("packet %d after %d", p.Sequence, first.Sequence)
		}
	}
}

// Who works in a loop's stead may free the number of a socket of which the poller has told the
// loop already, and give it to a leg on a shared port.
func TestWhatWasToldOfAnEarlierPortTakesNothingFromASharedOne(t *testing.T) {
	e := openEngine(t, 12)
	a, b := sharers(t, e)
	next, err := e.PortFor(loopback, Hint{Share: true, Near: a.port})
	if err != nil {
		t.Fatal(err)
	}
	next.do(func(l *loop) {
		a.say(flat(1))
		l.serve(ready{slot: next.in.slot, what: itsSound})
	})
	if p := b.mustHear(); p.codes[0] != 1 {
		t.Errorf("heard %#x", p.codes[0])
	}
}
