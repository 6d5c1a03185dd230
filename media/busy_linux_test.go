//go:build !portable

package media

import (
	"net/netip"
	"testing"
)

// sharers are two legs on one shared port that hear each other.
func sharers(t *testing.T, e *Engine) (a, b *phone) {
	t.Helper()
	a = newLodger(t, e, PCMU)
	b = &phone{t: t, conn: listen(t, netip.AddrPortFrom(loopback, 0)), codec: PCMU}
	t.Cleanup(func() { _ = b.conn.Close() })
	b.h.SSRC = uint32(b.addr().Port())
	b.lodge(e, Hint{Share: true, Near: a.port, Remote: b.addr()})
	join(t, e, a, b)
	return a, b
}

func TestABusyPortIsReadWithoutBeingWatched(t *testing.T) {
	e := openEngine(t, 12)
	a, b := sharers(t, e)
	s := a.port.in.lodger.in
	s.at.order(func(l *loop) {
		l.watchWhile(s, busyFrom-1)
		if s.busy || l.shared.busy != 0 {
			t.Errorf("a port is busy by %d datagrams in a tick", busyFrom-1)
		}
		for range 2 { // once is enough
			l.watchWhile(s, busyFrom)
		}
		if !s.busy || l.shared.busy != 1 {
			t.Errorf("by %d datagrams in a tick a port is busy: %v, and %d are", busyFrom, s.busy, l.shared.busy)
		}
		if l.poll.remove(s.rtp) == nil {
			t.Error("a busy port is watched")
		}
	})
	a.say(flat(1))
	if p := b.mustHear(); p.codes[0] != 1 {
		t.Errorf("heard %#x of a busy port", p.codes[0])
	}
	eventually(t, "the port is quiet", func() (quiet bool) {
		s.at.order(func(l *loop) { quiet = !s.busy && l.shared.busy == 0 })
		return quiet
	})
	a.say(flat(2)) // wakes a loop that nothing else would before its next chore
	if p := b.mustHear(); p.codes[0] != 2 {
		t.Errorf("heard %#x of a port that is watched again", p.codes[0])
	}
}

func TestNothingIsLostAsAPortGetsBusyAndQuiet(t *testing.T) {
	e := openEngine(t, 12)
	a, b := sharers(t, e)
	for round := range 10 {
		for i := range byte(4 * busyFrom) {
			a.say(flat(i))
		}
		for i := range byte(4 * busyFrom) {
			if p := b.mustHear(); p.codes[0] != i {
				t.Fatalf("round %d: heard %#x instead of %#x", round, p.codes[0], i)
			}
		}
	}
	if q := a.port.Quality(); q.Received != 40*busyFrom || q.Lost != 0 {
		t.Errorf("the account is %+v", q)
	}
}
