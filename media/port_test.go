package media

import (
	"errors"
	"math"
	"net"
	"net/netip"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/rtp"
)

// ampleTime is how long a test waits for what must happen; the machine is shared.
const ampleTime = time.Minute

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(ampleTime)
	defer deadline.Stop()
	beat := time.NewTicker(5 * time.Millisecond)
	defer beat.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("not within %v: %s", ampleTime, what)
		case <-beat.C:
		}
	}
}

// another is a second socket that sends to the same port: a stranger, or the phone
// after a change of address.
func (f *phone) another() *phone {
	g := &phone{t: f.t, conn: listen(f.t, netip.AddrPortFrom(loopback, 0)), port: f.port, codec: f.codec, h: f.h}
	g.h.SSRC++
	f.t.Cleanup(func() { _ = g.conn.Close() })
	return g
}

func TestAStrangerIsNotHeard(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	b.mustHear()
	evil := a.another()
	for range 10 {
		evil.say(flat(0x66))
		evil.press('9', 3)
	}
	a.say(flat(2))
	if p := b.mustHear(); p.codes[0] != 2 {
		t.Errorf("heard %#x of a stranger", p.codes[0])
	}
	q := a.port.Quality()
	if q.Strangers > 90 || q.Received != 2 || q.Lost != 0 { // from some moment on the kernel drops them
		t.Errorf("%+v, want at most 90 strangers, 2 received, none lost", q)
	}
	if n := e.Counters().Digits; n != 0 {
		t.Errorf("%d keys of a stranger", n)
	}
}

func TestSoundGoesToWhereThePartyIsHeardFrom(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	nat := a.another() // the same host, but not the port that its SDP told
	nat.say(flat(1))
	b.mustHear()
	b.say(flat(2))
	if p := nat.mustHear(); p.codes[0] != 2 {
		t.Errorf("heard %#x", p.codes[0])
	}
	if p, ok := a.hear(20 * time.Millisecond); ok {
		t.Errorf("the address of the SDP still gets %+v", p.Header)
	}
}

func TestAReinviteMovesTheSound(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	b.mustHear()
	b.say(flat(1))
	before := a.mustHear()
	moved := a.another()
	moved.codec, moved.h.Payload = PCMA, 8
	if err := a.port.Apply(moved.desc()); err != nil {
		t.Fatal(err)
	}
	if got := a.port.Desc(); got.Codec != PCMA || got.Remote != moved.addr() || got.Ptime != 20*time.Millisecond {
		t.Errorf("agreed is %+v", got)
	}
	b.say(flat(2))
	after := moved.mustHear()
	if after.SSRC != before.SSRC || after.Sequence != before.Sequence+1 || after.Payload != 8 {
		t.Errorf("%+v after %+v", after.Header, before.Header)
	}
	moved.say(flat(3))
	b.mustHear()
	a.say(flat(4)) // the old payload type and address
	if p, ok := b.hear(20 * time.Millisecond); ok {
		t.Errorf("the old address is still heard: %+v", p.Header)
	}
}

func TestApplyRefusesWhatCannotBe(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	for name, edit := range map[string]func(*Desc){
		"another codec":         func(d *Desc) { d.Codec = 18 },
		"a payload type of 128": func(d *Desc) { d.Payload = 128 },
		"a key type of 200":     func(d *Desc) { d.DTMF = 200 },
		"packets of 5 ms":       func(d *Desc) { d.Ptime = 5 * time.Millisecond },
		"packets of 70 ms":      func(d *Desc) { d.Ptime = 70 * time.Millisecond },
		"packets of 20.5 ms":    func(d *Desc) { d.Ptime = 20500 * time.Microsecond },
		"IPv6 from IPv4":        func(d *Desc) { d.Remote = netip.MustParseAddrPort("[2001:db8::1]:4000") },
	} {
		d := a.desc()
		edit(&d)
		if err := a.port.Apply(d); err == nil {
			t.Errorf("%s was applied", name)
		}
	}
	for _, zeros := range []string{"0.0.0.0:4000", "[::]:4000"} {
		d := a.desc()
		d.Remote, d.Send = netip.MustParseAddrPort(zeros), false
		if err := a.port.Apply(d); err != nil {
			t.Errorf("a hold by %s was refused: %v", zeros, err)
		}
	}
	if a.port.Desc().Codec != PCMU {
		t.Error("a refused description was kept")
	}
	a.port.Close()
	if err := a.port.Apply(a.desc()); !errors.Is(err, ErrClosed) {
		t.Errorf("applied to a closed port: %v", err)
	}
}

func TestEachKeyIsToldOncePerPress(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	told := make(chan Digit, 100)
	a.port.OnDigit(func(d Digit) { told <- d })
	for i, key := range []byte("1*#11D0") {
		a.say(flat(1))
		a.press(key, []int{3, 1, 0, 3, 3, 7, 0}[i]) // ends that are repeated, or lost
	}
	for _, key := range []byte("1*#11D0") {
		select {
		case d := <-told:
			if d.Key != key {
				t.Fatalf("told %q, want %q", d.Key, key)
			}
		case <-time.After(ampleTime):
			t.Fatalf("%q was not told", key)
		}
	}
	a.port.OnDigit(nil)
	a.press('5', 3)
	eventually(t, "eight keys", func() bool { return e.Counters().Digits == 8 })
	select {
	case d := <-told:
		t.Errorf("%q was told to nobody's surprise", d.Key)
	default:
	}
	a.port.Quality()
	if n := e.Counters().DigitsLost; n != 0 {
		t.Errorf("%d keys lost", n)
	}
}

func TestAClosedPortIsDrainedBeforeItIsUsedAgain(t *testing.T) {
	referee.Judge(t, bearable, aClosedPortIsDrainedBeforeItIsUsedAgain)
}

func aClosedPortIsDrainedBeforeItIsUsedAgain(t testing.TB) {
	e := openEngine(t, 1)
	a := newPhone(t, e, PCMU)
	if _, err := e.Port(loopback); !errors.Is(err, ErrNoPorts) {
		t.Fatalf("a second port of one: %v", err)
	}
	a.say(flat(1))
	eventually(t, "the party was heard", func() bool { return !a.port.Heard().RTP.IsZero() })
	closed := time.Now()
	a.port.Close()
	a.port.Close()
	if open, draining, total := e.Usage(); open != 0 || draining != 1 || total != 1 {
		t.Errorf("usage %d open, %d draining of %d; want 0, 1, 1", open, draining, total)
	}
	late := time.NewTicker(20 * time.Millisecond)
	defer late.Stop()
	for range 8 { // the party has not noticed yet
		<-late.C
		a.say(flat(2))
		if _, err := e.Port(loopback); !errors.Is(err, ErrNoPorts) {
			t.Fatalf("the port was used again while late sound came: %v", err)
		}
	}
	var next *Port
	eventually(t, "the port is free again", func() bool {
		p, err := e.Port(loopback)
		next = p
		return err == nil
	})
	if after := time.Since(closed); after < 300*time.Millisecond {
		t.Errorf("free after %v, though the party was quiet for less than %v", after, drainQuiet)
	}
	if next.Local() != a.port.Local() || !next.Heard().RTP.IsZero() {
		referee.Promise(t).Errorf("the next call has %v, heard %v", next.Local(), next.Heard())
	}
	if n := e.Counters(); n.Drained != 8 || n.Refused == 0 {
		t.Errorf("%d late packets and %d refusals counted", n.Drained, n.Refused)
	}
	if q := a.port.Quality(); q.Received != 1 {
		t.Errorf("the account of the closed leg is %+v", q)
	}
}

func TestAPortWhosePartyNeverFallsSilentIsFreedAtLast(t *testing.T) {
	e := openEngine(t, 1)
	a := newPhone(t, e, PCMU)
	closed := time.Now()
	a.port.Close()
	eventually(t, "the port is free again", func() bool {
		a.say(flat(2))
		_, draining, _ := e.Usage()
		return draining == 0
	})
	if after := time.Since(closed); after < 400*time.Millisecond {
		t.Errorf("free after %v, want %v", after, e.Settings().Drain)
	}
}

func TestPortsOfOthersArePassedOver(t *testing.T) {
	e := openEngine(t, 3)
	low := e.Settings().PortLow
	for _, number := range []uint16{low, low + 3} {
		c := listen(t, netip.AddrPortFrom(loopback, number))
		defer func() { _ = c.Close() }()
	}
	p, err := e.Port(loopback)
	if err != nil || p.Local().Port() != low+4 {
		t.Fatalf("%v %v, want port %d", p, err, low+4)
	}
	if _, err := e.Port(loopback); !errors.Is(err, ErrNoPorts) {
		t.Errorf("one more: %v", err)
	}
	if open, draining, _ := e.Usage(); open != 1 || draining != 0 {
		t.Errorf("%d open and %d draining; want 1 and 0", open, draining)
	}
}

func TestAnAddressThatIsNotOursIsAnError(t *testing.T) {
	e := openEngine(t, 1)
	if _, err := e.Port(netip.MustParseAddr("192.0.2.1")); err == nil || errors.Is(err, ErrNoPorts) {
		t.Errorf("bound to an address of documentation: %v", err)
	}
	if open, draining, _ := e.Usage(); open+draining != 0 {
		t.Error("the pair was not given back")
	}
}

func TestIPv6(t *testing.T) {
	c, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		t.Logf("no IPv6 on this machine: %v", err)
		return
	}
	defer func() { _ = c.Close() }()
	e := openEngine(t, 4)
	port, err := e.Port(netip.IPv6Loopback())
	if err != nil {
		t.Fatal(err)
	}
	a := &phone{t: t, conn: c, port: port, codec: PCMU, h: rtp.Header{SSRC: 4}}
	if err := port.Apply(a.desc()); err != nil {
		t.Fatal(err)
	}
	b := newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	if p := b.mustHear(); p.codes[0] != 1 {
		t.Errorf("heard %#x", p.codes[0])
	}
	b.say(flat(2))
	if p := a.mustHear(); p.codes[0] != 2 {
		t.Errorf("heard %#x", p.codes[0])
	}
}

func TestWhatIsNoSoundIsCountedAndDropped(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	before := b.mustHear()
	a.write([]byte("not RTP at all"))
	a.put(rtp.Header{Kind: rtp.Kind{Payload: 18}, Sequence: a.h.Sequence, SSRC: a.h.SSRC}, flat(9)) // G.729, not agreed
	a.h.Sequence++
	a.put(rtp.Header{Kind: rtp.Kind{Payload: 13}, Sequence: a.h.Sequence, SSRC: a.h.SSRC}, []byte{60}) // comfort noise
	a.h.Sequence++
	a.put(rtp.Header{Kind: rtp.Kind{Payload: 101}, Sequence: a.h.Sequence, SSRC: a.h.SSRC}, []byte{1}) // a key that is cut
	a.h.Sequence++
	a.say(nil)
	a.say(flat(2))
	if p := b.mustHear(); p.Sequence != before.Sequence+1 || p.codes[0] != 2 {
		t.Errorf("heard %+v after %+v", p.Header, before.Header)
	}
	if n := e.Counters(); n.Malformed != 2 || n.Foreign != 1 {
		t.Errorf("%d malformed, %d foreign; want 2 and 1", n.Malformed, n.Foreign)
	}
}

func TestLevelAndHeardTellOfTheParty(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	if l := a.port.Level(); l.Spoken != 0 || !math.IsInf(l.Power, -1) || !a.port.Heard().RTP.IsZero() {
		t.Errorf("before anything came: %+v %+v", l, a.port.Heard())
	}
	began := time.Now()
	tone := sine(PCMU, 700)
	for i := range 10 {
		a.say(flat(PCMU.Silence()))
		a.say(tone[i*160:][:160])
	}
	loudest := math.Inf(-1)
	eventually(t, "what was said is in the level", func() bool {
		l := a.port.Level()
		loudest = max(loudest, l.Power)
		return l.Spoken >= 200*time.Millisecond && l.At.After(began)
	})
	if loudest < -16 || loudest > -9 {
		t.Errorf("the level was %.1f dBm0, want about −13", loudest)
	}
	if h := a.port.Heard().RTP; h.Before(began) || h.After(time.Now()) {
		t.Errorf("heard at %v", h)
	}
}

func TestAClosedEngineOpensNothing(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := e.Port(loopback); !errors.Is(err, ErrClosed) {
		t.Errorf("a port: %v", err)
	}
	if open, draining, _ := e.Usage(); open+draining != 0 {
		t.Errorf("%d open, %d draining", open, draining)
	}
	a.port.Close()
	a.port.Quality()
}
