package sip

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"breakwater/call"
	"breakwater/media"
)

func FuzzArrival(f *testing.F) {
	files := []string{
		"INVITE sip:700@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@h>\r\nContent-Length: 0\r\n\r\n",
		"REGISTER sip:h SIP/2.0\r\nv: SIP/2.0/TCP h\r\nf: a <sip:1001@h>;tag=a\r\nt: <sip:1001@h>\r\ni: c\r\nCSeq: 1 REGISTER\r\nm: *\r\nExpires: 0\r\n\r\n",
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:b@h>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n",
		"CANCEL sip:700@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 CANCEL\r\n\r\n",
	}
	for _, m := range files {
		f.Add([]byte(m))
	}
	s := deaf(f)
	source := netip.MustParseAddrPort("127.0.0.1:9")
	f.Fuzz(func(t *testing.T, raw []byte) {
		s.wire.take(s.wire.listeners[0], datagram{bytes.Clone(raw), source, time.Now()})
		if s.tally.panics.Load() != 0 {
			t.Fatalf("panic on %q", raw)
		}
	})
}

func deaf(tb testing.TB) *Server {
	tb.Helper()
	return serving(tb, Plan{Settings: Settings{RatePerSource: 1e9}, Trunks: map[string]TrunkSpec{"all": {Addresses: []string{"127.0.0.0/8"}}}}, refuser{})
}

// serving is a server without phones that serves until the test's end.
func serving(tb testing.TB, p Plan, board Switchboard) *Server {
	tb.Helper()
	s, err := Open(tb.Context(), quick(p), Parts{Engine: engine(tb, media.Settings{}), Directory: &directory{all: map[string]call.Binding{}}, Log: quiet()})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(ctx, board)
	}()
	<-s.up
	tb.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

// refuser takes no call.
type refuser struct{}

func (refuser) Incoming(call.Leg) bool      { return false }
func (refuser) PhoneReachable(string, bool) {}

func TestTheMailboxKeepsOrderAndIsBounded(t *testing.T) {
	tally := &tally{}
	o := newOffice(quiet(), tally, 2)
	gate, order := make(chan struct{}), []int{}
	if got := o.deliver("a", true, false, func(*mailbox) { <-gate }); got != delivered {
		t.Fatal(got)
	}
	full := 0
	for i := range mailboxSize + 10 {
		if o.deliver("a", true, false, func(*mailbox) { order = append(order, i) }) == boxFull {
			full++
		}
	}
	if full < 10 {
		t.Errorf("%d messages found it full, want at least 10", full)
	}
	if o.deliver("b", true, false, func(b *mailbox) { b.kept++ }) != delivered || o.deliver("c", true, false, nil) != noRoom {
		t.Error("the limit of mailboxes is not kept")
	}
	if o.deliver("unknown", false, false, nil) != noRoom {
		t.Error("a response made a mailbox")
	}
	var waited sync.WaitGroup
	waited.Go(func() { o.deliver("a", true, true, func(*mailbox) { order = append(order, -1) }) }) // a stream waits
	close(gate)
	waited.Wait()
	o.close()
	if taken := order[:len(order)-1]; !slices.IsSorted(taken) || taken[0] != 0 { // those in between found it full
		t.Fatalf("order %v", order)
	}
	if order[len(order)-1] != -1 || tally.mailboxes.Load() != 0 {
		t.Errorf("last %d, %d mailboxes left", order[len(order)-1], tally.mailboxes.Load())
	}
}

func TestAMailboxThatIsNeverWithoutWorkDoesNotGrow(t *testing.T) {
	o := newOffice(quiet(), &tally{}, 1)
	b := o.open("call")
	const jobs = 10_000
	ran, room, last := 0, 0, make(chan struct{})
	var work func()
	work = func() {
		b.mu.Lock()
		room = max(room, cap(b.jobs))
		b.mu.Unlock()
		if ran++; ran == jobs {
			close(last)
			return
		}
		b.post(work) // before this one is over
	}
	b.post(work)
	<-last
	o.close()
	if room > 2*keptJobs {
		t.Errorf("after %d jobs, one at a time, it has room for %d", jobs, room)
	}
}

func TestATimerThatFiresAfterTheEndWakesNobody(t *testing.T) {
	for range 200 {
		o := newOffice(quiet(), &tally{}, 10)
		b := o.open("call")
		worked := make(chan struct{})
		b.post(func() { close(worked) })
		<-worked // and now the mailbox retires, or has
		fired := make(chan bool)
		go func() { fired <- b.post(func() {}) }()
		o.close()
		<-fired
		if b.post(func() { t.Error("somebody works after the end") }) {
			t.Fatal("a mailbox takes work after the end")
		}
	}
}

func TestAPanicCostsOneCall(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	first := h.came()
	other, err := p.Call(h.ctx, "701")
	must(t, "second call", err)
	second := h.came()
	l, ok := first.Leg.(*leg)
	if !ok {
		t.Fatalf("a %T", first.Leg)
	}
	l.box.post(func() { panic("a fault of ours") })
	if s := first.next(t, call.Ended); s.Cause.By != call.ByUs {
		t.Errorf("cause %+v", s.Cause)
	}
	_, err = c.WaitEnded(h.ctx)
	must(t, "the phone hears of it", err)
	must(t, "the other call goes on", second.Answer(h.ctx))
	must(t, "and is answered", other.WaitAnswered(h.ctx))
	if h.tally.panics.Swap(0) != 1 {
		t.Error("not counted")
	}
}
