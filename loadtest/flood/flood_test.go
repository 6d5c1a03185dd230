package flood

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"breakwater/loadtest/mark"
	"breakwater/media/g711"
	"breakwater/media/rtp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a flood that runs until the test ends.
func running(t *testing.T, s Settings) (*Flood, context.Context) {
	t.Helper()
	Processors()
	f, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return f, ctx
}

func pass(t *testing.T, d time.Duration) {
	t.Helper()
	clock := time.NewTimer(d)
	defer clock.Stop()
	select {
	case <-clock.C:
	case <-t.Context().Done():
	}
}

func leg(t *testing.T, f *Flood, s Side) *Leg {
	t.Helper()
	l, err := f.Leg(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTwoPartiesHearEachOtherAndNobodyElse(t *testing.T) {
	f, ctx := running(t, Settings{})
	for range 20 {
		a, b := leg(t, f, Caller), leg(t, f, Agent)
		a.Talk(b.Address(), 101)
		b.Talk(a.Address(), 101)
	}
	pass(t, 100*time.Millisecond)
	if err := f.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	pass(t, 500*time.Millisecond)
	got, err := f.End(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got.Sent < 500 || got.Whole != got.Sent {
		t.Errorf("sent %d frames, heard %d", got.Sent, got.Whole)
	}
	if n := got.Lost + got.Altered + got.Doubles + got.Reordered + got.Strangers + got.Jumps + uint64(got.Unheard); n != 0 {
		t.Errorf("something is wrong on a straight line: %+v", got)
	}
	for side, h := range got.Delay {
		if h.Count() == 0 {
			t.Errorf("no delay was measured at side %d", side)
		}
	}
}

func TestAStrangerIsNoticed(t *testing.T) {
	f, ctx := running(t, Settings{})
	a, b, c := leg(t, f, Caller), leg(t, f, Agent), leg(t, f, Caller)
	a.Expect(b)
	a.Talk(b.Address(), 0)
	b.Talk(a.Address(), 0)
	c.Talk(b.Address(), 0)
	if err := f.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	pass(t, 200*time.Millisecond)
	got, err := f.End(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got.Strangers == 0 || got.Unheard != 1 {
		t.Errorf("strangers %d, unheard %d: the third party is heard by somebody it is not connected to", got.Strangers, got.Unheard)
	}
	if len(got.Strange) == 0 || !strings.Contains(got.Strange[0], "hears party") {
		t.Errorf("who was it: %q", got.Strange)
	}
}

func TestKeysAreSentAsRFC4733Says(t *testing.T) {
	f, ctx := running(t, Settings{})
	phone, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = phone.Close() }()
	a := leg(t, f, Caller)
	a.Talk(phone.LocalAddr().(*net.UDPAddr).AddrPort(), 101)
	if err := a.Press(ctx, "7#"); err != nil {
		t.Fatal(err)
	}
	const want = "77777.7.7." + "#####.#.#." // five packets, the last one three times
	var got string
	b := make([]byte, 512)
	if err := phone.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for len(got) < len(want) {
		n, err := phone.Read(b)
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		h, from, _, err := rtp.Parse(b[:n])
		if err != nil || h.Payload != 101 {
			continue
		}
		got += string("0123456789*#"[b[from]])
		if b[from+1]&0x80 != 0 {
			got += "."
		}
	}
	if got != want {
		t.Errorf("keys on the wire %q, want %q", got, want)
	}
	if err := a.Press(ctx, "x"); err == nil {
		t.Error("there is no key x")
	}
}

func TestAPhoneHasItsAddressAgainAndAgain(t *testing.T) {
	f, ctx := running(t, Settings{Most: 2})
	seat, err := f.Seat()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		l, err := f.LegAt(seat, Agent)
		if err != nil {
			t.Fatal(err)
		}
		if l.Address() != f.Address(seat) {
			t.Errorf("it lives at %v, not at %v", l.Address(), f.Address(seat))
		}
		l.Close()
	}
	other := leg(t, f, Caller)
	if _, err := f.Leg(Caller); err == nil {
		t.Error("three parties have two addresses")
	}
	other.Close()
	if err := f.do(ctx, func() {}); err != nil {
		t.Fatal(err)
	}
	leg(t, f, Caller)
}

func TestASlotDividesAFrame(t *testing.T) {
	for _, slot := range []time.Duration{3 * time.Millisecond, 10 * time.Microsecond} {
		if _, err := Open(Settings{Slot: slot}); err == nil {
			t.Errorf("%v is taken", slot)
		}
	}
	if _, err := Open(Settings{First: netip.MustParseAddr("192.0.2.1")}); err == nil {
		t.Error("parties live on loopback only")
	}
}

// still is a flood that nothing runs, with two parties that are connected.
func still(t *testing.T) (f *Flood, speaker, listener *Leg) {
	t.Helper()
	f, err := Open(Settings{Run: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.net.close)
	speaker, listener = leg(t, f, Caller), leg(t, f, Agent)
	speaker.Expect(listener)
	f.obey()
	return f, speaker, listener
}

// frame is what arrives: a frame of the speaker, by its Seq; or not quite.
type frame struct {
	seq     uint32
	scratch bool // one sample is changed
	own     bool // it is the server's own sound, or changed throughout
	late    int64
}

func hearAll(f *Flood, speaker, listener *Leg, frames []frame) {
	f.open, f.from, f.to = true, 1, 0
	speech := mark.Prepare(make([]byte, mark.Samples))
	for i, fr := range frames {
		b := make([]byte, rtp.HeaderSize+mark.Samples)
		rtp.Header{Sequence: uint16(i), SSRC: 5}.Put(b)
		sent := int64(1000 + 20000*int(fr.seq))
		if !fr.own {
			speech.Put(b[rtp.HeaderSize:], mark.Mark{Run: 7, Talk: speaker.talk, Seq: fr.seq, Sent: sent})
		}
		if fr.scratch {
			b[40] ^= 0x40
		}
		f.take(packet{data: b, index: listener.index, at: f.epoch + sent + 300 + fr.late})
	}
}

func TestWhatIsMissingIsCounted(t *testing.T) {
	for name, c := range map[string]struct {
		frames                                   []frame
		last                                     uint32 // Seq that was spoken last
		whole, altered, lost, doubles, reordered uint64
	}{
		"all of them":                          {frames: []frame{{seq: 3}, {seq: 4}, {seq: 5}}, last: 5, whole: 3},
		"one in the middle is lost":            {frames: []frame{{seq: 3}, {seq: 5}}, last: 5, whole: 2, lost: 1},
		"the last two are lost":                {frames: []frame{{seq: 3}, {seq: 4}}, last: 6, whole: 2, lost: 2},
		"two change places":                    {frames: []frame{{seq: 3}, {seq: 5}, {seq: 4}, {seq: 6}}, last: 6, whole: 4, reordered: 1},
		"one comes twice":                      {frames: []frame{{seq: 3}, {seq: 4}, {seq: 4}}, last: 4, whole: 2, doubles: 1},
		"one has another sample":               {frames: []frame{{seq: 3}, {seq: 4, scratch: true}, {seq: 5}}, last: 5, whole: 2, altered: 1},
		"one is changed beyond recognition":    {frames: []frame{{seq: 3}, {own: true}, {seq: 5}}, last: 5, whole: 2, altered: 1},
		"a prompt before the first is no harm": {frames: []frame{{own: true}, {own: true}, {seq: 9}, {seq: 10}}, last: 10, whole: 2},
		"a prompt between two that follow":     {frames: []frame{{seq: 9}, {own: true}, {own: true}, {seq: 10}}, last: 10, whole: 2},
	} {
		t.Run(name, func(t *testing.T) {
			f, speaker, listener := still(t)
			hearAll(f, speaker, listener, c.frames)
			speaker.said.sent, speaker.said.last = 1, c.last
			f.settle(listener, true)
			got := [5]uint64{f.tally.Whole, f.tally.Altered, f.tally.Lost, f.tally.Doubles, f.tally.Reordered}
			if want := [5]uint64{c.whole, c.altered, c.lost, c.doubles, c.reordered}; got != want {
				t.Errorf("whole, altered, lost, double, reordered = %v, want %v", got, want)
			}
			if f.tally.Strangers != 0 {
				t.Errorf("%d strangers", f.tally.Strangers)
			}
		})
	}
}

func TestDelayIsFromTheSendToTheArrival(t *testing.T) {
	f, speaker, listener := still(t)
	hearAll(f, speaker, listener, []frame{{seq: 1}, {seq: 2, late: 5000}, {seq: 3}})
	d := f.tally.Delay[Agent]
	if d.Count() != 3 || d.Max() != 5300*time.Microsecond || d.Percentile(0.5) != 302*time.Microsecond && d.Percentile(0.5) != 300*time.Microsecond {
		t.Errorf("%v", &d)
	}
}

func TestSoundOfAnotherRunIsAStrangers(t *testing.T) {
	f, speaker, listener := still(t)
	f.set.Run = 8
	hearAll(f, speaker, listener, []frame{{seq: 1}})
	if f.tally.Strangers != 1 {
		t.Errorf("%d strangers, want 1", f.tally.Strangers)
	}
}

func TestHearingAndSpeakingCostNoAllocation(t *testing.T) {
	f, speaker, listener := still(t)
	f.from = 1
	b := make([]byte, rtp.HeaderSize+mark.Samples)
	n := testing.AllocsPerRun(1000, func() {
		speaker.write(b, 500)
		f.take(packet{data: b, index: listener.index, at: f.epoch + 900})
	})
	if n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func TestTheWheelKeepsItsSlotsEven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := rapid.SampledFrom([]int{20, 80, 200}).Draw(t, "slots")
		w := newWheel(slots)
		var all []*Leg
		for range rapid.IntRange(1, 500).Draw(t, "parties") {
			l := &Leg{}
			w.add(l)
			all = append(all, l)
		}
		even(t, w, len(all))
		for _, l := range all[:len(all)/2] {
			w.remove(l)
		}
		n := 0
		for _, s := range w.slots {
			n += len(s)
		}
		if n != len(all)-len(all)/2 {
			t.Fatalf("%d parties are left of %d", n, len(all))
		}
	})
}

func even(t *rapid.T, w *wheel, n int) {
	for i, s := range w.slots {
		if len(s) < n/len(w.slots) || len(s) > n/len(w.slots)+1 {
			t.Fatalf("slot %d has %d of %d parties", i, len(s), n)
		}
	}
}

func TestAHistogramIsNearTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h, half Histogram
		us := rapid.SliceOfN(rapid.Int64Range(0, 60e6), 1, 200).Draw(t, "µs")
		for i, v := range us {
			into := &h
			if i%2 == 1 {
				into = &half
			}
			into.Add(time.Duration(v) * time.Microsecond)
		}
		h.Merge(&half)
		if h.Count() != uint64(len(us)) {
			t.Fatalf("%d of %d", h.Count(), len(us))
		}
		for _, p := range []float64{0, 0.5, 0.99, 1} {
			got, want := h.Percentile(p).Microseconds(), nearestRank(us, p)
			if d := got - want; float64(max(d, -d)) > 0.016*float64(want)+1 {
				t.Fatalf("p%g: %d µs, the truth is %d", 100*p, got, want)
			}
		}
	})
}

func nearestRank(us []int64, p float64) int64 {
	sorted := slices.Sorted(slices.Values(us))
	return sorted[min(max(int(p*float64(len(us))+0.999999)-1, 0), len(us)-1)]
}

func TestSpeechIsAsLoudAsAskedFor(t *testing.T) {
	frames, err := Speech(g711.A, -24)
	if err != nil {
		t.Fatal(err)
	}
	if len(frames) < 1000 {
		t.Errorf("%d frames: a minute has 3000", len(frames))
	}
	var energy uint64
	loud := 0
	b := make([]byte, mark.Samples)
	for i, f := range frames {
		f.Put(b, mark.Mark{Seq: uint32(i)})
		if g711.A.Power(b) > -40 {
			energy += g711.A.Energy(b)
			loud++
		}
	}
	if level := g711.DBm0(energy, loud*mark.Samples); level < -27 || level > -21 {
		t.Errorf("%.1f dBm0", level)
	}
}
