package media

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/rtp"
)

// at is a second socket at another address of this machine.
func (f *phone) at(a [4]byte) *phone {
	g := &phone{t: f.t, conn: listen(f.t, netip.AddrPortFrom(netip.AddrFrom4(a), 0)), port: f.port, codec: f.codec, h: f.h}
	f.t.Cleanup(func() { _ = g.conn.Close() })
	return g
}

// talks sends a packet every 20 ms until it is stopped.
func (f *phone) talks(code byte) (stop func()) {
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		beat := time.NewTicker(20 * time.Millisecond)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
				f.say(flat(code))
			case <-end:
				return
			}
		}
	})
	return sync.OnceFunc(func() { close(end); wg.Wait() })
}

// A phone moves in the middle of a call while somebody sprays its port: the phone is
// heard again within 3 s, the other one is not, and gets nothing.
func TestAPhoneThatMovedIsHeardAgainAndASprayerIsNot(t *testing.T) {
	elsewhere := func(last byte) func(*phone) *phone {
		return func(a *phone) *phone { return a.at([4]byte{127, 0, 0, last}) }
	}
	rebound := func(a *phone) *phone { // its NAT gave it another port
		g := a.another()
		g.h.SSRC = a.h.SSRC
		return g
	}
	for name, c := range map[string]struct {
		opens  func(testing.TB, *Engine, Codec) *phone
		moves  func(a *phone) *phone
		sprays func(a *phone) *phone

		excused bool // who is late by more than half a second may lose its place to its own host
	}{
		"to another port, with a new stream":            {newPhone, (*phone).another, elsewhere(3), false},
		"to another port, with the same stream":         {newPhone, rebound, elsewhere(3), false},
		"to another address, with the same stream":      {newPhone, elsewhere(2), elsewhere(3), false},
		"to another address, while its own host sprays": {newPhone, elsewhere(2), (*phone).another, true},

		"sharing, to another port":                               {newLodger, rebound, elsewhere(3), false},
		"sharing, to another port, while its own host sprays":    {newLodger, rebound, (*phone).another, false},
		"sharing, to another address":                            {newLodger, elsewhere(2), elsewhere(3), false},
		"sharing, to another address, while its own host sprays": {newLodger, elsewhere(2), (*phone).another, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			referee.Judge(t, bearable, func(t testing.TB) {
				never := referee.Promise(t)
				if c.excused {
					never = t
				}
				e := openEngine(t, 8)
				a, b := c.opens(t, e, PCMU), newPhone(t, e, PCMU)
				join(t, e, a, b)
				spoke := time.Now() // its silence is no longer than from here on
				a.say(flat(1))
				b.mustHear()
				evil := c.sprays(a)
				evil.h.SSRC, evil.h.Sequence = 666, 1
				stopEvil := evil.sprays(0x66)
				defer stopEvil()
				stopAgent := b.talks(3)
				defer stopAgent()
				moved, left := c.moves(a), time.Now()
				stop := moved.talks(2)
				defer stop()
				for {
					p, ok := b.hear(3*time.Second - time.Since(left))
					if !ok {
						t.Fatal("not heard again within 3 s")
					}
					if p.codes[0] == 0x66 {
						never.Errorf("the sprayer was heard after %v", time.Since(left))
						return
					}
					if p.codes[0] == 2 {
						break
					}
				}
				if after := time.Since(spoke); after < 1900*time.Millisecond {
					t.Errorf("moved after %v of silence", after)
				}
				if p := moved.mustHear(); p.codes[0] != 3 {
					t.Errorf("the phone hears %#x where it is now", p.codes[0])
				}
				stop()
				stopEvil()
				for p, ok := b.hear(50 * time.Millisecond); ok; p, ok = b.hear(50 * time.Millisecond) {
					if p.codes[0] == 0x66 {
						never.Error("the sprayer was heard after all")
						return
					}
				}
				if n := evil.gets(20 * time.Millisecond); n != 0 {
					never.Errorf("the sprayer got %d packets", n)
				}
				if n := e.Counters().Digits; n != 0 {
					never.Errorf("the sprayer has pressed %d keys", n)
				}
			})
		})
	}
}

// sprays sends sound, keys and reports for as long as it is not stopped, to both ports.
func (f *phone) sprays(code byte) (stop func()) {
	end := make(chan struct{})
	var wg sync.WaitGroup
	reports := netip.AddrPortFrom(f.port.Local().Addr(), f.port.Local().Port()+1)
	wg.Go(func() {
		beat := time.NewTicker(10 * time.Millisecond)
		defer beat.Stop()
		for {
			f.say(flat(code))
			f.press('6', 1)
			report := rtp.Report{SSRC: f.h.SSRC, Sender: true}.Append(nil, "x")
			f.write(report)
			_, _ = f.conn.WriteToUDPAddrPort(report, reports)
			select {
			case <-beat.C:
			case <-end:
				return
			}
		}
	})
	return sync.OnceFunc(func() { close(end); wg.Wait() })
}

// gets counts whatever comes within d, of whatever kind.
func (f *phone) gets(d time.Duration) (n int) {
	_ = f.conn.SetReadDeadline(time.Now().Add(d))
	for b := make([]byte, biggest); ; n++ {
		if _, err := f.conn.Read(b); err != nil {
			return n
		}
	}
}

// Who has been on hold may begin to speak late; nobody may take its place meanwhile.
func TestSilenceCountsFromTheEndOfAHold(t *testing.T) {
	referee.Judge(t, bearable, silenceCountsFromTheEndOfAHold)
}

func silenceCountsFromTheEndOfAHold(t testing.TB) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	b.mustHear()
	evil := a.another()
	for name, c := range map[string]struct{ send, recv bool }{
		"inactive": {false, false}, "sendonly": {false, true}, "recvonly": {true, false},
	} {
		d := a.desc()
		d.Send, d.Recv = c.send, c.recv
		if err := a.port.Apply(d); err != nil {
			t.Fatal(err)
		}
		a.port.do(func(l *loop) {
			l.follow(a.port)
			a.port.in.latch.at = l.now - int64(time.Hour) // nobody spoke for long
		})
		evil.say(flat(0x66))
		if p, ok := b.hear(30 * time.Millisecond); ok {
			t.Fatalf("%s: somebody took the place of who is on hold: %#x", name, p.codes[0])
		}
		if err := a.port.Apply(a.desc()); err != nil {
			t.Fatal(err)
		}
		evil.say(flat(0x66))
		if p, ok := b.hear(30 * time.Millisecond); ok {
			t.Fatalf("%s: somebody took the place of who was on hold: %#x", name, p.codes[0])
		}
		a.say(flat(1))
		b.mustHear()
	}
}

// Two ports of ours whose parties are each other, in one bridge: what comes in would
// never go out.
func TestSoundDoesNotGoRoundBetweenOurOwnPorts(t *testing.T) {
	referee.Judge(t, bearable, soundDoesNotGoRoundBetweenOurOwnPorts)
}

func soundDoesNotGoRoundBetweenOurOwnPorts(t testing.TB) {
	e := openEngine(t, 6)
	ring := func(n int) []*Port {
		ports := make([]*Port, n)
		for i := range ports {
			p, err := e.Port(loopback)
			if err != nil {
				t.Fatal(err)
			}
			ports[i] = p
		}
		for i, p := range ports { // 1 and 2 talk to each other, 3 and 4, …; n and 0
			far := ports[(i+n-1)%n]
			if i%2 == 1 {
				far = ports[(i+1)%n]
			}
			if err := p.Apply(Desc{Remote: far.Local(), Codec: PCMU, DTMF: 101, Send: true, Recv: true}); err != nil {
				t.Fatal(err)
			}
		}
		for i := 0; i < n; i += 2 {
			if _, err := e.Join(ports[i], ports[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		return ports
	}
	for _, n := range []int{2, 4} {
		ports := ring(n)
		before := e.Counters()
		<-ports[0].Play(Sound{Clips: clips(160)}).Done()
		eventually(t, "the packet was dropped", func() bool { return e.Counters().Circling > before.Circling })
		if got := e.Counters().Relayed - before.Relayed; got != 0 {
			t.Errorf("a ring of %d: one packet was relayed %d times", n, got)
		}
		for _, p := range ports {
			p.Close()
		}
		eventually(t, "the ports are free", func() bool { _, draining, _ := e.Usage(); return draining == 0 })
	}
}

// A call that leaves by one leg and comes back by another is served.
func TestACallThatComesBackToUsIsHeard(t *testing.T) {
	e := openEngine(t, 6)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	out, err := e.Port(loopback)
	if err != nil {
		t.Fatal(err)
	}
	back, err := e.Port(loopback)
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range [][2]*Port{{out, back}, {back, out}} {
		if err := way[0].Apply(Desc{Remote: way[1].Local(), Codec: PCMU, Send: true, Recv: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Join(a.port, out); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Join(back, b.port); err != nil {
		t.Fatal(err)
	}
	a.say(flat(5))
	if p := b.mustHear(); p.codes[0] != 5 {
		t.Errorf("heard %#x", p.codes[0])
	}
}

// A leg whose party was told to be one of our own ports cannot speak into another call.
func TestOurOwnPortIsNeverGuessedToBeAParty(t *testing.T) {
	e := openEngine(t, 6)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	d := a.desc()
	d.Remote = netip.MustParseAddrPort("192.168.77.5:4000") // behind NAT: five steady packets prove it
	if err := a.port.Apply(d); err != nil {
		t.Fatal(err)
	}
	join(t, e, a, b)
	evil, err := e.Port(loopback)
	if err != nil {
		t.Fatal(err)
	}
	if err := evil.Apply(Desc{Remote: a.port.Local(), Codec: PCMU, Send: true, Recv: true}); err != nil {
		t.Fatal(err)
	}
	<-evil.Play(Sound{Clips: clips(1600)}).Done()
	eventually(t, "it was refused", func() bool { return a.port.Quality().Strangers == 10 })
	if p, ok := b.hear(20 * time.Millisecond); ok {
		t.Errorf("heard %+v", p.Header)
	}
	for range 5 {
		a.say(flat(4))
	}
	if p := b.mustHear(); p.codes[0] != 4 {
		t.Errorf("heard %#x, want the phone", p.codes[0])
	}
}

// Reports go where the party's reports come from, and a neighbour behind the same
// address cannot turn them to itself.
func TestANeighbourCannotTurnReportsToItself(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	b.mustHear()
	b.say(flat(1))
	a.mustHear()
	to := netip.AddrPortFrom(loopback, a.port.Local().Port()+1)
	own, evil := listen(t, netip.AddrPortFrom(loopback, 0)), listen(t, netip.AddrPortFrom(loopback, 0))
	defer func() { _, _ = own.Close(), evil.Close() }()
	if _, err := own.WriteToUDPAddrPort(rtp.Report{SSRC: a.h.SSRC}.Append(nil, "x"), to); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the party's report was heard", func() bool { return !a.port.Heard().RTCP.IsZero() })
	before := a.port.Heard().RTCP
	if _, err := evil.WriteToUDPAddrPort(rtp.Report{SSRC: 666}.Append(nil, "x"), to); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it was counted", func() bool { return e.Counters().Strangers == 1 })
	if a.port.Heard().RTCP != before {
		t.Error("a neighbour's report counts as a sign of life")
	}
	a.soon()
	reads(t, own)
	_ = evil.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := evil.Read(make([]byte, biggest)); err == nil {
		t.Errorf("the neighbour got %d bytes", n)
	}
}
