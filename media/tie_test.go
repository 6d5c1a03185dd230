package media

import (
	"net/netip"
	"testing"
	"time"

	"breakwater/media/rtp"
)

// becomesTied waits until the kernel lets nobody but the party through to a port.
func becomesTied(t testing.TB, f *phone) {
	t.Helper()
	eventually(t, "the port listens to its party alone", func() bool { return tiedTo(f.port) == f.addr() })
}

func tiedTo(p *Port) (to netip.AddrPort) {
	p.do(func(*loop) { to = p.in.tied })
	return to
}

func TestAPortListensToItsPartyAlone(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	if got := tiedTo(a.port); got.IsValid() {
		t.Errorf("tied to %v before anybody was heard", got)
	}
	a.say(flat(1))
	b.mustHear()
	becomesTied(t, a)
	evil := a.another()
	for range 10 {
		evil.say(flat(0x66))
	}
	a.say(flat(2))
	if p := b.mustHear(); p.codes[0] != 2 {
		t.Errorf("heard %#x", p.codes[0])
	}
	if q := a.port.Quality(); q.Strangers != 0 || q.Received != 2 {
		t.Errorf("%+v, want 2 received, and strangers that never reach us", q)
	}
	b.say(flat(3))
	if p := a.mustHear(); p.codes[0] != 3 {
		t.Errorf("heard %#x", p.codes[0])
	}
	moved := a.another()
	if err := a.port.Apply(moved.desc()); err != nil {
		t.Fatal(err)
	}
	moved.say(flat(4))
	if p := b.mustHear(); p.codes[0] != 4 {
		t.Errorf("heard %#x after a re-INVITE", p.codes[0])
	}
	becomesTied(t, moved)
}

// What strangers have put into the socket before it is tied is judged like everything.
func TestWhoCameBeforeTheTieIsJudgedAllTheSame(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	evil := a.another()
	a.say(flat(1))
	b.mustHear()
	a.port.do(func(l *loop) {
		evil.say(flat(0x66)) // it waits in the socket, for this is the thread that reads
		l.tie(a.port, l.follow(a.port))
	})
	if tiedTo(a.port) != a.addr() {
		t.Fatal("not tied")
	}
	a.say(flat(2))
	if p := b.mustHear(); p.codes[0] != 2 {
		t.Errorf("heard %#x", p.codes[0])
	}
	if q := a.port.Quality(); q.Strangers != 1 {
		t.Errorf("%d strangers, want 1", q.Strangers)
	}
}

func TestFirm(t *testing.T) {
	const s = int64(time.Second)
	want, other := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("192.0.2.99:5000")
	sameHost := netip.MustParseAddrPort("192.0.2.1:5000")
	for name, c := range map[string]struct {
		from  netip.AddrPort // of packets in the first 10 s
		until int64
		held  bool
		now   int64
		firm  bool
	}{
		"nobody is, before it is heard":            {from: want, until: 0, now: s},
		"the negotiated source is":                 {from: want, until: s, now: s, firm: true},
		"a silent one is not":                      {from: want, until: s, now: 3 * s},
		"a silent one is on hold":                  {from: want, until: s, now: 30 * s, held: true, firm: true},
		"a guessed one is not at first":            {from: other, until: 4 * s, now: 4 * s},
		"a guessed one is that holds for 5 s":      {from: other, until: 6 * s, now: 6 * s, firm: true},
		"one of the same host never is":            {from: sameHost, until: 9 * s, now: 9 * s},
		"a guessed one that fell silent is not":    {from: other, until: 6 * s, now: 9 * s},
		"a guessed one on hold is, for the moment": {from: other, until: 6 * s, now: 90 * s, held: true, firm: true},
	} {
		t.Run(name, func(t *testing.T) {
			var l latch
			l.agree(want)
			l.host = other.Addr() // behind NAT
			for now := s / 50; now <= c.until; now += s / 50 {
				l.judge(now, c.from, rtp.Header{SSRC: 7, Sequence: uint16(now / (s / 50))}, false)
			}
			if got := l.firm(c.now, c.held); got.IsValid() != c.firm || c.firm && got != c.from {
				t.Errorf("firm is %v", got)
			}
		})
	}
}

// A neighbour behind the phone's address that speaks first is taken for the phone, as long as
// that is not heard from where it said. The told port wins with its first packet, however late.
func TestTheToldPortWinsHoweverLateItSpeaks(t *testing.T) {
	for name, held := range map[string]time.Duration{"in the first second": 0, "after a minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 4)
			a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
			join(t, e, a, b)
			evil := a.another()
			evil.say(flat(0x66))
			b.mustHear()
			a.port.do(func(l *loop) {
				a.port.in.latch.since = l.now - int64(held)
				l.tie(a.port, l.follow(a.port))
			})
			a.say(flat(1))
			if p := b.mustHear(); p.codes[0] != 1 {
				t.Errorf("heard %#x", p.codes[0])
			}
			evil.say(flat(0x66))
			if p, ok := b.hear(30 * time.Millisecond); ok {
				t.Errorf("heard %#x after the phone", p.codes[0])
			}
			b.say(flat(3))
			if p := a.mustHear(); p.codes[0] != 3 {
				t.Errorf("the phone hears %#x", p.codes[0])
			}
			if n := evil.gets(20 * time.Millisecond); n != 0 {
				t.Errorf("the neighbour got %d packets", n)
			}
		})
	}
}
