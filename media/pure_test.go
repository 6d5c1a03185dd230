package media

import (
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"breakwater/media/g711"
	"breakwater/media/rtp"
)

func TestSettings(t *testing.T) {
	if wrong := (Settings{}).WithDefaults().Check(); len(wrong) > 0 {
		t.Errorf("the defaults are refused: %v", wrong)
	}
	for name, c := range map[string]struct {
		edit func(*Settings)
		key  string
	}{
		"an odd first port":             {func(s *Settings) { s.PortLow = 10001 }, "port_low"},
		"a port of the system":          {func(s *Settings) { s.PortLow = 512 }, "port_low"},
		"a range without room for RTCP": {func(s *Settings) { s.PortHigh = s.PortLow }, "port_high"},
		"fewer than no loops":           {func(s *Settings) { s.Loops = -1 }, "loops"},
		"a drain that hears nothing":    {func(s *Settings) { s.Drain = time.Millisecond }, "drain"},
		"a buffer that waits too long":  {func(s *Settings) { s.Jitter.Max = time.Second }, "jitter.max"},
		"a drain for an hour":           {func(s *Settings) { s.Drain = time.Hour }, "drain"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Settings{}.WithDefaults()
			c.edit(&s)
			if wrong := s.Check(); len(wrong) != 1 || wrong[c.key] == "" {
				t.Errorf("got %v, want a fault of %s", wrong, c.key)
			}
			if _, err := Open(s, nil); err == nil {
				t.Error("an engine was opened with it")
			}
		})
	}
}

func TestPairsAreGivenOnceAndRestAsLongAsPossible(t *testing.T) {
	r := newPairs(10000, 10007, 2)
	var got []uint16
	for range 4 {
		port, ok := r.take()
		if !ok {
			t.Fatal("none left")
		}
		got = append(got, port)
	}
	if want := []uint16{10004, 10006, 10000, 10002}; !equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, ok := r.take(); ok {
		t.Error("a fifth of four")
	}
	r.give(10006)
	r.give(10006)
	if port, ok := r.take(); !ok || port != 10006 || r.busy != 4 {
		t.Errorf("got %d %v, %d busy; want the one that was given back", port, ok, r.busy)
	}
	if n := newPairs(10000, 10002, 0).total(); n != 1 {
		t.Errorf("%d pairs in three ports, want 1: RTP needs RTCP beside it", n)
	}
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Every timer fires once, at its millisecond or as soon as it is looked for, and in
// order.
func TestWheelFiresEveryTimerInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w wheel
		now := rapid.Int64Range(0, 1<<40).Draw(t, "begin")
		w.start(now)
		timers := make([]timer, rapid.IntRange(1, 20).Draw(t, "timers"))
		want := map[*timer]int64{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch tm := &timers[rapid.IntRange(0, len(timers)-1).Draw(t, "timer")]; rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				w.stop(tm)
				delete(want, tm)
			case 1, 2:
				due := now + rapid.Int64Range(-5, wheelSize-1).Draw(t, "due")
				w.arm(tm, due)
				want[tm] = max(due, now+1)
			case 3:
				passed := rapid.Int64Range(0, 300).Draw(t, "passed")
				if wait := w.wait(now); wait >= 0 && len(want) == 0 || wait < 0 && len(want) > 0 {
					t.Fatalf("wait %d with %d timers", wait, len(want))
				}
				now += passed
				for tm := w.due(now); tm != nil; tm = w.due(now) {
					if due, ok := want[tm]; !ok || due > now {
						t.Fatalf("fired at %d, due %d, armed %v", now, due, ok)
					}
					delete(want, tm)
				}
				for _, due := range want {
					if due <= now {
						t.Fatalf("not fired at %d, due %d", now, due)
					}
				}
			}
			if w.armed != len(want) {
				t.Fatalf("%d armed, want %d", w.armed, len(want))
			}
		}
	})
}

// packet is one that a latch is asked about.
type packet struct {
	at   time.Duration
	from string
	ssrc uint32
	seq  uint16
	held bool
	want verdict
}

func TestLatch(t *testing.T) {
	const agreed, sameHost, other = "198.51.100.7:4000", "198.51.100.7:5555", "203.0.113.9:4000"
	for name, c := range map[string]struct {
		agreed  string
		packets []packet
		target  string
	}{
		"nothing came: we send to what was agreed": {agreed, nil, agreed},
		"the agreed source is the party":           {agreed, []packet{{from: agreed}}, agreed},
		"another port of the agreed host is plausible": {
			agreed, []packet{{from: sameHost}}, sameHost,
		},
		"the agreed source is worth more than a plausible one": {
			agreed, []packet{{from: sameHost}, {from: agreed}, {from: sameHost, want: stranger}}, agreed,
		},
		"another host is a stranger, before and after": {
			agreed, []packet{{from: other, want: stranger}, {from: agreed}, {from: other, want: stranger}}, agreed,
		},
		"a stranger stays one while the party is silent": {
			agreed, []packet{{from: agreed, ssrc: 1}, {at: 3 * time.Second, from: other, ssrc: 2, want: stranger}}, agreed,
		},
		"after two and a half seconds of silence the same host may use another port": {
			agreed, []packet{
				{from: agreed},
				{at: 1900 * time.Millisecond, from: sameHost, want: stranger},
				{at: 2400 * time.Millisecond, from: sameHost, ssrc: 9, want: stranger},
				{at: 2600 * time.Millisecond, from: sameHost, ssrc: 9},
			}, sameHost,
		},
		"behind NAT, silence opens the lock to nobody else": {
			"192.168.1.5:4000", []packet{
				{from: "192.168.1.5:4000", ssrc: 3},
				{at: 3 * time.Second, from: other, seq: 1, want: stranger},
				{at: 3 * time.Second, from: other, seq: 2, want: stranger},
				{at: 3 * time.Second, from: other, seq: 3, want: stranger},
				{at: 3 * time.Second, from: other, seq: 4, want: stranger},
				{at: 3 * time.Second, from: other, seq: 5, want: stranger},
			}, "192.168.1.5:4000",
		},
		"after silence a stream that goes on may come from elsewhere": {
			agreed, []packet{
				{from: agreed, ssrc: 7, seq: 65500},
				{at: 1900 * time.Millisecond, from: other, ssrc: 7, seq: 65530, want: stranger},
				{at: 2100 * time.Millisecond, from: other, ssrc: 7, seq: 60},
			}, other,
		},
		"a stream that does not go on may not": {
			agreed, []packet{
				{from: agreed, ssrc: 7, seq: 1},
				{at: 3 * time.Second, from: other, ssrc: 7, seq: 5000, want: stranger},
				{at: 3 * time.Second, from: other, ssrc: 7, seq: 1, want: stranger},
			}, agreed,
		},
		"in hold, silence proves nothing": {
			agreed, []packet{{from: agreed}, {at: time.Hour, from: sameHost, held: true, want: stranger}}, agreed,
		},
		"behind NAT, five steady packets prove a source": {
			"192.168.1.5:4000", []packet{
				{from: other, seq: 1, want: pending},
				{from: other, seq: 2, want: pending},
				{from: other, seq: 4, want: pending},
				{from: other, seq: 5, want: pending},
				{from: other, seq: 6},
				{from: agreed, seq: 9, want: stranger},
			}, other,
		},
		"behind NAT, wild numbers prove nothing": {
			"100.64.1.5:4000", []packet{
				{from: other, seq: 1, want: pending},
				{from: other, seq: 2, want: pending},
				{from: other, seq: 900, want: pending},
				{from: other, seq: 3, want: pending},
				{from: other, seq: 4, want: pending},
				{from: other, seq: 5, ssrc: 1, want: pending},
			}, "100.64.1.5:4000",
		},
		"a party held by 0.0.0.0 before anything was agreed is found": {
			"0.0.0.0:0", []packet{
				{from: other, seq: 1, want: pending},
				{from: other, seq: 2, want: pending},
				{from: other, seq: 3, want: pending},
				{from: other, seq: 4, want: pending},
				{from: other, seq: 5},
			}, other,
		},
		"IPv6 is no different": {
			"[2001:db8::1]:4000", []packet{{from: "[2001:db8::2]:4000", want: stranger}, {from: "[2001:db8::1]:4000"}}, "[2001:db8::1]:4000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var l latch
			l.agree(netip.MustParseAddrPort(c.agreed))
			for i, p := range c.packets {
				got := l.judge(int64(p.at), netip.MustParseAddrPort(p.from), rtp.Header{SSRC: p.ssrc, Sequence: p.seq}, p.held)
				if got != p.want {
					t.Errorf("packet %d: %v, want %v", i, got, p.want)
				}
			}
			if got := l.target(); got != netip.MustParseAddrPort(c.target) {
				t.Errorf("we send to %v, want %v", got, c.target)
			}
		})
	}
}

func TestANewAgreementOpensTheLatchAndTheSameOneDoesNot(t *testing.T) {
	a, b := netip.MustParseAddrPort("198.51.100.7:4000"), netip.MustParseAddrPort("198.51.100.7:5000")
	var l latch
	l.agree(a)
	l.judge(0, b, rtp.Header{}, false)
	l.agree(a)
	l.agree(netip.MustParseAddrPort("0.0.0.0:4000"))
	if l.target() != b {
		t.Errorf("a hold or the same address forgot the party: %v", l.target())
	}
	l.agree(netip.MustParseAddrPort("203.0.113.9:4000"))
	if l.judge(0, b, rtp.Header{}, false) != stranger {
		t.Error("the source of the old agreement is still the party")
	}
}

func TestTranslation(t *testing.T) {
	if translation(PCMU, PCMU, 0) != nil || translation(PCMA, PCMA, 0) != nil {
		t.Error("nothing to do costs a table")
	}
	if *translation(PCMU, PCMA, 0) != g711.ULawToALaw || *translation(PCMA, PCMU, 0) != g711.ALawToULaw {
		t.Error("transcoding is not that of G.711")
	}
	for _, from := range []Codec{PCMU, PCMA} {
		for _, to := range []Codec{PCMU, PCMA} {
			for _, code := range translation(from, to, Mute) {
				if code != to.Silence() {
					t.Fatalf("mute from %v to %v gives %#x", from, to, code)
				}
			}
			loud, quiet := sine(from, 1000), sine(from, 1000)
			g711.Map(quiet, quiet, translation(from, to, -20))
			got := to.law().Power(quiet) - from.law().Power(loud)
			if math.Abs(got+20) > 1 {
				t.Errorf("−20 dB from %v to %v is %.2f dB", from, to, got)
			}
		}
	}
}

// sine is a second of a tone at −10 dBm0.
func sine(c Codec, hz float64) []byte {
	samples := make([]int16, g711.Rate)
	for i := range samples {
		samples[i] = int16(math.Round(7213 * math.Sin(2*math.Pi*hz*float64(i)/g711.Rate)))
	}
	codes := make([]byte, len(samples))
	c.law().Encode(codes, samples)
	return codes
}

func TestBehindNATOnlyTheHostThatSignalsIsBelieved(t *testing.T) {
	at := netip.MustParseAddrPort
	l := latch{host: netip.MustParseAddr("198.51.100.7")}
	l.agree(at("10.9.9.9:4000")) // what the phone thinks its address is
	l.host = netip.MustParseAddr("198.51.100.7")
	for seq := range uint16(50) { // a sprayer speaks first, with steady numbers
		if v := l.judge(int64(seq)*20e6, at("203.0.113.66:9999"), rtp.Header{SSRC: 1, Sequence: seq}, false); v != stranger {
			t.Fatalf("packet %d of a sprayer is %v, want a stranger", seq, v)
		}
	}
	if v := l.judge(2e9, at("198.51.100.7:31000"), rtp.Header{SSRC: 2, Sequence: 9}, false); v != accepted {
		t.Errorf("the phone behind NAT is %v, want accepted", v)
	}
}

func TestLegsWakeAsFewLoopsAsTheyCan(t *testing.T) {
	e := &Engine{crowded: 3, loops: []*loop{{number: 0}, {number: 1}, {number: 2}}}
	var got []int
	for range 12 {
		l := e.loopFor()
		l.load.Add(1)
		got = append(got, l.number)
	}
	if want := []int{0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("the loops are %v, want %v", got, want)
	}
	e.loops[1].load.Store(1)
	if l := e.loopFor(); l.number != 1 {
		t.Errorf("the next goes to %d", l.number)
	}
}
