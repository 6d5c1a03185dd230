package media

import (
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"breakwater/media/rtp"
)

// newLodger is a phone whose leg shares a port with others.
func newLodger(t testing.TB, e *Engine, codec Codec) *phone {
	t.Helper()
	f := &phone{t: t, conn: listen(t, netip.AddrPortFrom(loopback, 0)), codec: codec}
	t.Cleanup(func() { _ = f.conn.Close() })
	f.h = rtp.Header{Kind: rtp.Kind{Payload: uint8(codec)}, Sequence: 65500, Timestamp: 0xFFFFF000, SSRC: uint32(f.addr().Port())}
	f.lodge(e, Hint{Share: true, Remote: f.addr(), Host: loopback})
	return f
}

// lodge opens a leg for a phone that shares.
func (f *phone) lodge(e *Engine, h Hint) {
	f.t.Helper()
	var err error
	if f.port, err = e.PortFor(loopback, h); err != nil {
		f.t.Fatal(err)
	}
	if !f.port.Shared() {
		f.t.Fatal("the leg has a port of its own")
	}
	if err := f.port.Apply(f.desc()); err != nil {
		f.t.Fatal(err)
	}
}

func TestLegsThatShareAPortHearEachTheirOwnPeer(t *testing.T) {
	e := openEngine(t, 12)
	var pairs [][2]*phone
	for range 8 {
		a := newLodger(t, e, PCMU)
		b := &phone{t: t, conn: listen(t, netip.AddrPortFrom(loopback, 0)), codec: PCMU}
		t.Cleanup(func() { _ = b.conn.Close() })
		b.h.SSRC = uint32(b.addr().Port())
		b.lodge(e, Hint{Share: true, Near: a.port, Remote: b.addr()})
		join(t, e, a, b)
		pairs = append(pairs, [2]*phone{a, b})
	}
	if open, _, _ := e.Usage(); open != 2 {
		t.Errorf("%d pairs of ports are used, want one for each loop", open)
	}
	for round := range byte(5) {
		for i, p := range pairs {
			p[0].say(flat(16*round + byte(i)))
			p[1].say(flat(16*round + byte(i) + 8))
		}
		for i, p := range pairs {
			if h := p[1].mustHear(); h.codes[0] != 16*round+byte(i) {
				t.Fatalf("the second of call %d hears %#x", i, h.codes[0])
			}
			if h := p[0].mustHear(); h.codes[0] != 16*round+byte(i)+8 {
				t.Fatalf("the first of call %d hears %#x", i, h.codes[0])
			}
		}
	}
	for i, p := range pairs {
		if q := p[0].port.Quality(); q.Received != 5 || q.Sent != 5 || q.Strangers != 0 || q.Lost != 0 {
			t.Errorf("the account of call %d is %+v", i, q)
		}
		p[0].port.Close()
		p[1].port.Close()
	}
	if open, draining, _ := e.Usage(); open != 0 || draining != 0 {
		t.Errorf("%d open and %d draining after all have left", open, draining)
	}
}

// A leg moves to the loop of whom it is joined with; the port that it shares does not.
func TestALegIsServedFarFromThePortItShares(t *testing.T) {
	e := openEngine(t, 12)
	a, b := newLodger(t, e, PCMU), newLodger(t, e, PCMA)
	if a.port.home.Load() == b.port.home.Load() {
		t.Fatal("both legs are on one loop")
	}
	join(t, e, a, b)
	for i := range byte(100) {
		b.say(flat(i))
		if p := a.mustHear(); p.codes[0] != PCMA.transcoding()[i] {
			t.Fatalf("heard %#x of %#x", p.codes[0], i)
		}
		a.say(flat(i))
		b.mustHear()
	}
	if _, err := b.conn.WriteToUDPAddrPort(rtp.Report{SSRC: b.h.SSRC}.Append(nil, "x"), b.port.Local()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a report among the sound was heard", func() bool { return !b.port.Heard().RTCP.IsZero() })
	if n := e.Counters().Missed; n != 0 {
		t.Errorf("%d packets were lost between the loops", n)
	}
}

func TestAnAddressThatIsTakenGetsAPortOfItsOwn(t *testing.T) {
	e := openEngine(t, 12)
	a := newLodger(t, e, PCMU)
	for name, h := range map[string]Hint{
		"the same address":                {Share: true, Near: a.port, Remote: a.addr(), Host: loopback},
		"one that it may not come from":   {Share: true, Remote: netip.MustParseAddrPort("127.0.0.9:4000"), Host: loopback},
		"one of ours":                     {Share: true, Remote: a.port.Local()},
		"one of which nothing is allowed": {Remote: netip.MustParseAddrPort("127.0.0.9:4000")},
	} {
		p, err := e.PortFor(loopback, h)
		if err != nil || p.Shared() {
			t.Errorf("%s: shares (%v)", name, err)
		}
	}
	a.say(flat(1))
	eventually(t, "it is heard all the same", func() bool { return a.port.Quality().Received == 1 })
}

// Two phones answer with the same address, or one tells that of another: the first keeps
// it, the other departs, and at no moment hears one what the other says.
func TestAnswersThatClashAreToldApart(t *testing.T) {
	e := openEngine(t, 12)
	a, b := newLodger(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	b.mustHear()

	c, d := a.another(), newPhone(t, e, PCMU)
	_ = c.conn.Close()
	c.conn = a.conn // one socket for two calls
	var err error
	if c.port, err = e.PortFor(loopback, Hint{Share: true, Near: a.port, Host: loopback}); err != nil || !c.port.Shared() {
		t.Fatalf("an offer does not share: %v", err)
	}
	join(t, e, c, d)
	if err := c.port.Apply(c.desc()); !errors.Is(err, ErrTaken) {
		t.Fatalf("a taken address was applied: %v", err)
	}
	c.say(flat(3)) // to the shared port still
	a.say(flat(4))
	if p := b.mustHear(); p.codes[0] != 4 {
		t.Fatalf("the first call hears %#x of the second", p.codes[0])
	}
	was := c.port.Local()
	if err := c.port.Depart(); err != nil {
		t.Fatal(err)
	}
	if c.port.Local() == was || c.port.Shared() {
		t.Errorf("departed from %v to %v", was, c.port.Local())
	}
	if err := c.port.Apply(c.desc()); err != nil {
		t.Fatal(err)
	}
	c.say(flat(5))
	if p := d.mustHear(); p.codes[0] != 5 {
		t.Errorf("heard %#x", p.codes[0])
	}
	a.say(flat(6))
	if p := b.mustHear(); p.codes[0] != 6 {
		t.Errorf("heard %#x", p.codes[0])
	}
	d.say(flat(7))
	b.say(flat(8))
	seen := map[byte]uint32{}
	for range 2 {
		p := a.mustHear()
		seen[p.codes[0]] = p.SSRC
	}
	if seen[7] == 0 || seen[8] == 0 || seen[7] == seen[8] {
		t.Errorf("the phone heard %v", seen)
	}
	if p, err := e.PortFor(loopback, Hint{Share: true, Host: loopback}); err != nil || p.Shared() {
		t.Errorf("the host is believed again: %v", err)
	}
}

// The phone of an ended call goes on; the next call has the same address on the same port.
func TestLateSoundNeverReachesTheNextCall(t *testing.T) {
	e := openEngine(t, 12)
	a, b := newLodger(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	b.mustHear()
	a.port.Close()
	next := a.another() // the same phone, in another call
	_ = next.conn.Close()
	next.conn = a.conn
	a.say(flat(2)) // nobody's, for the moment
	eventually(t, "late sound was dropped", func() bool { return e.Counters().Drained == 1 })
	next.lodge(e, Hint{Share: true, Near: b.port, Remote: next.addr(), Host: loopback})
	if next.port.Local() != a.port.Local() {
		t.Fatalf("the next call has %v, not %v", next.port.Local(), a.port.Local())
	}
	d := newPhone(t, e, PCMU)
	join(t, e, next, d)
	a.say(flat(3))
	next.say(flat(4))
	if p := d.mustHear(); p.codes[0] != 4 {
		t.Errorf("heard %#x of the call before", p.codes[0])
	}
	// A phone that has one SSRC for all calls is heard when it was quiet for a moment.
	next.port.do(func(l *loop) { next.port.in.lodger.before[0].quiet -= int64(drainQuiet) })
	next.h.SSRC = a.h.SSRC
	next.say(flat(5))
	if p := d.mustHear(); p.codes[0] != 5 {
		t.Errorf("heard %#x", p.codes[0])
	}
}

// Several phones ring by one offer; all but one are told goodbye, and may have spoken.
func TestOnlyTheOneWhoAnsweredIsHeard(t *testing.T) {
	e := openEngine(t, 12)
	b := newPhone(t, e, PCMU)
	port, err := e.PortFor(loopback, Hint{Share: true, Near: b.port})
	if err != nil || !port.Shared() {
		t.Fatal(err)
	}
	winner := &phone{t: t, conn: listen(t, netip.AddrPortFrom(loopback, 0)), port: port, codec: PCMU, h: rtp.Header{SSRC: 5}}
	t.Cleanup(func() { _ = winner.conn.Close() })
	loser := winner.another()
	join(t, e, winner, b)
	loser.say(flat(1))
	if err := port.Apply(winner.desc()); err != nil {
		t.Fatal(err)
	}
	loser.say(flat(3))
	winner.say(flat(4))
	if p := b.mustHear(); p.codes[0] != 4 {
		t.Errorf("heard %#x", p.codes[0])
	}
	eventually(t, "the other was counted", func() bool { return e.Counters().Strangers == 2 })
}

func TestAReinviteMovesALegOnASharedPort(t *testing.T) {
	e := openEngine(t, 12)
	a, b, other := newLodger(t, e, PCMU), newPhone(t, e, PCMU), newLodger(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	b.mustHear()
	moved := a.another()
	if err := a.port.Apply(moved.desc()); err != nil {
		t.Fatal(err)
	}
	a.say(flat(2)) // late
	moved.say(flat(3))
	if p := b.mustHear(); p.codes[0] != 3 {
		t.Errorf("heard %#x", p.codes[0])
	}
	b.say(flat(4))
	if p := moved.mustHear(); p.codes[0] != 4 {
		t.Errorf("heard %#x", p.codes[0])
	}
	d := moved.desc()
	d.Remote = netip.MustParseAddrPort("127.0.0.9:4000")
	if err := a.port.Apply(d); !errors.Is(err, ErrTaken) {
		t.Errorf("moved to another host: %v", err)
	}
	held := moved.desc()
	held.Remote, held.Send = netip.AddrPortFrom(netip.IPv4Unspecified(), 4000), false
	if err := a.port.Apply(held); err != nil {
		t.Fatal(err)
	}
	if err := a.port.Apply(moved.desc()); err != nil {
		t.Fatal(err)
	}
	moved.say(flat(5))
	if p := b.mustHear(); p.codes[0] != 5 {
		t.Errorf("heard %#x after a hold", p.codes[0])
	}
	other.say(flat(6))
	eventually(t, "the other leg is as it was", func() bool { return other.port.Quality().Received == 1 })
	a.port.do(func(l *loop) {
		if n := l.shared.ports[0].sound.size() + len(l.shared.ports[0].silent); n > 2 {
			t.Errorf("%d addresses are known", n)
		}
	})
}

// Who is on hold keeps its address, however long it is silent, and nobody is taken for it.
func TestAHeldLegIsNotLookedFor(t *testing.T) {
	e := openEngine(t, 12)
	a, b := newLodger(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	b.mustHear()
	d := a.desc()
	d.Recv = false
	if err := a.port.Apply(d); err != nil {
		t.Fatal(err)
	}
	longAgo := func(l *loop) {
		l.follow(a.port)
		a.port.in.latch.at = l.now - int64(time.Hour)
		a.port.heard.Store(a.port.in.latch.at)
		l.chore(a.port)
	}
	a.port.do(longAgo)
	evil := a.another()
	evil.h.SSRC = a.h.SSRC
	evil.say(flat(2))
	eventually(t, "it is a stranger", func() bool { return e.Counters().Strangers == 1 })
	if err := a.port.Apply(a.desc()); err != nil {
		t.Fatal(err)
	}
	a.say(flat(3))
	if p := b.mustHear(); p.codes[0] != 3 {
		t.Errorf("heard %#x", p.codes[0])
	}
}

// Calls that share come and go on all loops at once, move between them, depart, and are
// closed in the middle of something; afterwards nothing is left.
func TestCallsThatShareLeaveNothingBehind(t *testing.T) {
	e := openEngine(t, 40)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			for i := range 12 {
				a, b := visitor(t, e), visitor(t, e)
				stop := a.talks(1)
				br, err := e.Join(a.port, b.port)
				if err != nil {
					t.Error(err)
					stop()
					return
				}
				switch i % 4 {
				case 0:
					b.port.Close()
				case 1:
					departs(t, b.port)
				case 2:
					br.Close()
				case 3:
					if err := a.port.Apply(a.another().desc()); err != nil {
						t.Error(err)
					}
				}
				a.port.Close()
				stop()
				b.port.Close()
				e.sharing.note(loopback).Store(nil) // it would not share again
			}
		})
	}
	wg.Wait()
	eventually(t, "every port is free", func() bool {
		open, draining, _ := e.Usage()
		return open == 0 && draining == 0
	})
	for _, l := range e.loops {
		l.order(func(l *loop) {
			for _, s := range l.shared.ports {
				if n := s.sound.size() + s.reports.size() + len(s.silent); n != 0 || s.legs.Load() != 0 {
					t.Errorf("%d addresses and %d legs are left", n, s.legs.Load())
				}
			}
			if l.wheel.armed != 0 || l.load.Load() != 0 {
				t.Errorf("%d timers and %d ports are left", l.wheel.armed, l.load.Load())
			}
		})
	}
}
