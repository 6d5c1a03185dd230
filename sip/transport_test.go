package sip

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/sip/siptest"
	"breakwater/sip/wire"
)

func TestFraming(t *testing.T) {
	const message = "OPTIONS sip:x SIP/2.0\r\nContent-Length:  3\r\n\r\nabc"
	for name, tc := range map[string]struct {
		buf  string
		want int
		err  error
	}{
		"nothing yet":                     {"", 0, nil},
		"a whole message":                 {message, len(message), nil},
		"two messages are two":            {message + message, len(message), nil},
		"half a head":                     {message[:20], 0, nil},
		"half a body":                     {message[:len(message)-1], 0, nil},
		"a keep-alive ping":               {"\r\n\r\n", 4, nil},
		"a pong before a message":         {"\r\n" + message, 2, nil},
		"the compact length":              {"A x SIP/2.0\r\nl: 1\r\n\r\nabc", 22, nil},
		"no length is no body":            {"A x SIP/2.0\r\n\r\nabc", 15, nil},
		"a length that is no number":      {"A x SIP/2.0\r\nl: x\r\n\r\n", 0, errFraming},
		"a negative length":               {"A x SIP/2.0\r\nl: -1\r\n\r\n", 0, errFraming},
		"a length beyond every message":   {"A x SIP/2.0\r\nl: 70000\r\n\r\n", 0, errFraming},
		"a head without an end is cut":    {strings.Repeat("x", maxHead+1), 0, errFraming},
		"a head that ends beyond measure": {strings.Repeat("x", maxHead) + "\r\n\r\n", 0, errFraming},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := frame([]byte(tc.buf))
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("got %d %v, want %d %v", got, err, tc.want, tc.err)
			}
		})
	}
}

// FuzzFrame: whatever comes, a frame is inside the buffer and the reader moves on.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("OPTIONS sip:x SIP/2.0\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("\r\n\r\n"))
	f.Fuzz(func(t *testing.T, buf []byte) {
		if n, err := frame(buf); n < 0 || n > len(buf) || err != nil && n != 0 {
			t.Errorf("frame %d of %d, %v", n, len(buf), err)
		}
	})
}

// FuzzArrival sends any bytes the way a datagram goes: screen, parse, judge, act. It
// must never panic; what it starts must end.
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
	from := hop{s.wire.listeners[0], netip.MustParseAddrPort("127.0.0.1:9")}
	parser := wire.NewParser()
	f.Fuzz(func(t *testing.T, raw []byte) {
		data := s.admit(from, bytes.Clone(raw))
		if len(data) == 0 {
			return
		}
		m, err := parser.ParseSIP(data)
		if err != nil {
			return
		}
		m.SetTransport("UDP")
		m.SetSource(from.remote.String())
		s.message(from, m)
		if s.tally.panics.Load() != 0 {
			t.Fatalf("panic on %q", raw)
		}
	})
}

// deaf is a server that takes messages only from the test.
func deaf(tb testing.TB) *Server {
	tb.Helper()
	p := quick(Plan{Settings: Settings{RatePerSource: 1e9}, Trunks: map[string]TrunkSpec{"all": {Addresses: []string{"127.0.0.0/8"}}}})
	s, err := Open(tb.Context(), p, Parts{Engine: engine(tb), Directory: &directory{all: map[string]call.Binding{}}, Log: quiet()})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(ctx, refuser{})
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

// TestThePoolDoesNotGrowWithItsPeers: libraries.md §2.8.
func TestThePoolDoesNotGrowWithItsPeers(t *testing.T) {
	h := open(t, Plan{})
	before := h.wire.layer.Pool("udp").Size()
	for range 20 {
		p := h.phone("1001", func(o *siptest.Options) { o.Password = "" })
		_, err := p.RegisterAs(h.ctx, siptest.Registration{})
		if siptest.StatusOf(err) != 401 {
			t.Fatal(err)
		}
	}
	if after := h.wire.layer.Pool("udp").Size(); after != before {
		t.Errorf("the pool grew from %d to %d", before, after)
	}
}

// TestRequestsLeaveFromTheListener: libraries.md §2.7, also to an address never seen.
func TestRequestsLeaveFromTheListener(t *testing.T) {
	h := open(t, Plan{Settings: Settings{Listen: []Listener{
		{Transport: "udp", Address: "127.0.0.1:0"}, {Transport: "udp", Address: "[::]:0"}, {Transport: "udp", Address: "0.0.0.0:0"},
	}}})
	for _, l := range h.wire.listeners {
		peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		must(t, "listen", err)
		to := hop{l, addrPort(peer.LocalAddr())}
		req := sip.NewRequest(sip.OPTIONS, sip.Uri{Scheme: "sip", Host: "x"})
		req.AppendHeader(&sip.FromHeader{})
		h.address(req, to, h.view(to))
		must(t, "send", h.wire.send(req, to))
		must(t, "deadline", peer.SetReadDeadline(time.Now().Add(patience)))
		buf := make([]byte, 2000)
		n, from, err := peer.ReadFromUDPAddrPort(buf)
		must(t, "read", err)
		if from.Port() != l.bound.Port() || !strings.Contains(string(buf[:n]), "UDP 127.0.0.1:") {
			t.Errorf("from %v, bound %v:\n%s", from, l.bound, buf[:n])
		}
		must(t, "close", peer.Close())
	}
}

// TestLongMessagesPassByUDP: libraries.md §2.4, in both directions.
func TestLongMessagesPassByUDP(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001", Extra: long(20, 500)}))
	c := <-p.Incoming()
	if got := len(c.Invite().Get("X-Long-19")); got != 500 {
		t.Errorf("%d bytes came", got)
	}
	leg.HangUp(call.Cause{By: call.ByUs})
	_, err := p.Dial(h.ctx, siptest.Dial{Number: "700", Extra: []siptest.Header{{Name: "X-Long", Value: strings.Repeat("y", 9000)}}})
	must(t, "dial", err)
	h.came()
}

func long(headers, bytes int) map[string]string {
	m := map[string]string{}
	for i := range headers {
		m["X-Long-"+string(rune('0'+i/10))+string(rune('0'+i%10))] = strings.Repeat("x", bytes)
	}
	return m
}

// TestNothingAStrangerSaysReachesAHeader: libraries.md §2.3.
func TestNothingAStrangerSaysReachesAHeader(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	h.Dial(h.ctx, call.Target{
		Phone: "1001", From: "01\r\nX-Evil: 1", Name: "Bob\"\r\nX-Evil: 2", Alert: "a>\r\nX-Evil: 3",
		Extra: map[string]string{"X-Ok": "v\r\nX-Evil: 4", "X-Bad\r\nX-Evil": "5", "Via": "6", "X-Evil 7": ""},
	})
	c := <-p.Incoming()
	m := c.Invite()
	if m.Get("X-Evil") != "" || len(m.List("Via")) != 1 || m.Get("X-Ok") == "" {
		t.Errorf("the phone got\n%s", m.Bytes())
	}
}

// TestOneBadMessageDoesNotCostTheStream, nor does half of one cost the server.
func TestOneBadMessageDoesNotCostTheStream(t *testing.T) {
	h := open(t, Plan{})
	c, err := net.Dial("tcp", h.at("tcp").String())
	must(t, "dial", err)
	defer c.Close()
	options := "OPTIONS sip:x@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK{n};rport\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:x@h>\r\n" +
		"Call-ID: c{n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
	for n, part := range []string{"nonsense without sense\r\n\r\n", options, "\r\n\r\n", options[:40], options[40:]} {
		_, err := io.WriteString(c, strings.ReplaceAll(part, "{n}", string(rune('a'+n/4))))
		must(t, "write", err)
	}
	must(t, "deadline", c.SetReadDeadline(time.Now().Add(patience)))
	got := ""
	for strings.Count(got, "200 OK") < 2 {
		buf := make([]byte, 4096)
		n, err := c.Read(buf)
		must(t, "read", err)
		got += string(buf[:n])
	}
	if h.Counters().Malformed == 0 {
		t.Error("the bad one was not counted")
	}
}

// TestATrunkByTCP is dialled by us, outside the mailbox, and answers on that stream.
func TestATrunkByTCP(t *testing.T) {
	peer, err := siptest.New(siptest.Options{Name: "carrier", Transport: "tcp", Policy: siptest.AnswerAfter(0)})
	must(t, "peer", err)
	t.Cleanup(peer.Close)
	h := open(t, Plan{Trunks: map[string]TrunkSpec{"carrier": {Proxy: peer.Address().String(), Transport: "tcp"}}})
	leg := listenTo(h.Dial(h.ctx, call.Target{Trunk: "carrier", Number: "0401", From: "0123"}))
	c := <-peer.Incoming()
	if c.Dialled() != "0401" || !strings.Contains(c.Invite().Get("Contact"), "transport=tcp") {
		t.Errorf("the carrier got\n%s", c.Invite().Bytes())
	}
	for s := (call.Signal{}); s.Kind != call.Answered; {
		select {
		case s = <-leg.signals:
		case <-time.After(patience):
			t.Fatal("not answered")
		}
	}
	leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegNormal})
	_, err = c.WaitEnded(h.ctx)
	must(t, "the carrier's end", err)
}

// TestEachPhoneHasItsStream: with Laddr set, sipgo gives every stream of a listener
// the newest one (libraries.md §2.6).
func TestEachPhoneHasItsStream(t *testing.T) {
	h := open(t, Plan{})
	first, second := h.registered("1001", overTCP), h.registered("1002", overTCP)
	for name, p := range map[string]*siptest.Phone{"1001": first, "1002": second} {
		leg := listenTo(h.Dial(h.ctx, call.Target{Phone: name}))
		if c := <-p.Incoming(); c.Dialled() != name {
			t.Errorf("%s got the call of %s", name, c.Dialled())
		}
		leg.HangUp(call.Cause{By: call.ByUs})
	}
}

// TestGarbageDoesNotStopAListener: libraries.md §2.9.
func TestGarbageDoesNotStopAListener(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	for _, raw := range []string{"", "\x00\x00\x00\x00", "\r\n\r\n", "garbage", "INVITE", "INVITE sip:a SIP/2.0\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n"} {
		must(t, "send", p.SendRaw(h.ctx, netip.AddrPort{}, []byte(raw)))
	}
	must(t, "register after it", p.Register(h.ctx))
	if h.Counters().Malformed == 0 {
		t.Error("not counted")
	}
}

// TestStreamsHaveLimits: libraries.md §2.16.
func TestStreamsHaveLimits(t *testing.T) {
	for name, tc := range map[string]struct {
		bounds bounds
		say    string
	}{
		"a stranger that says nothing":    {bounds{first: 50 * time.Millisecond, whole: time.Hour, idle: time.Hour, each: 9}, ""},
		"half a message":                  {bounds{first: time.Hour, whole: 50 * time.Millisecond, idle: time.Hour, each: 9}, "OPTIONS sip:x"},
		"a message without an end":        {bounds{first: time.Hour, whole: time.Hour, idle: time.Hour, each: 9}, strings.Repeat("x", maxHead+1)},
		"one stream too many from a host": {bounds{first: time.Hour, whole: time.Hour, idle: time.Hour, each: 0}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, Plan{})
			h.wire.mu.Lock()
			h.wire.bounds = tc.bounds
			h.wire.mu.Unlock()
			c, err := net.Dial("tcp", h.at("tcp").String())
			must(t, "dial", err)
			defer c.Close()
			_, err = io.WriteString(c, tc.say)
			must(t, "write", err)
			must(t, "deadline", c.SetReadDeadline(time.Now().Add(patience)))
			if n, err := c.Read(make([]byte, 1)); n != 0 || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
				t.Errorf("the stream is still open: %d %v", n, err)
			}
		})
	}
}

func TestAStreamThatProvedItselfMayBeSilent(t *testing.T) {
	h := open(t, Plan{})
	h.wire.mu.Lock()
	h.wire.bounds.first = time.Second
	h.wire.mu.Unlock()
	p := h.registered("1001", overTCP)
	<-time.After(1200 * time.Millisecond)
	leg := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	leg.next(t, call.Ringing)
	leg.HangUp(call.Cause{By: call.ByUs})
	<-p.Incoming()
}

func isTimeout(err error) bool {
	var late net.Error
	return errors.As(err, &late) && late.Timeout()
}

func TestATrunkThatCannotBeReached(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, "listen", err)
	must(t, "close", gone.Close())
	h := open(t, Plan{Trunks: map[string]TrunkSpec{"carrier": {Proxy: gone.Addr().String(), Transport: "tcp"}}})
	if s := listenTo(h.Dial(h.ctx, call.Target{Trunk: "carrier", Number: "1"})).next(t, call.Ended); s.Cause.Metric != call.LegUnreachable {
		t.Errorf("cause %+v", s.Cause)
	}
}

func TestHowAPeerSeesUs(t *testing.T) {
	local := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	at := netip.MustParseAddrPort
	for name, tc := range map[string]struct {
		bound, advertise, peer string
		host                   string
		port                   uint16
	}{
		"bound to one address":            {"192.0.2.1:5060", "", "198.51.100.7", "192.0.2.1", 5060},
		"advertised to the outside":       {"192.0.2.1:5060", "203.0.113.5:0", "198.51.100.7", "203.0.113.5", 5060},
		"advertised with a port":          {"192.0.2.1:5060", "203.0.113.5:5070", "198.51.100.7", "203.0.113.5", 5070},
		"not advertised to local nets":    {"192.0.2.1:5060", "203.0.113.5:5070", "10.1.2.3", "192.0.2.1", 5060},
		"not advertised on this machine":  {"0.0.0.0:5060", "203.0.113.5:5070", "127.0.0.1", "127.0.0.1", 5060},
		"the route counts for a wildcard": {"[::]:5060", "", "127.0.0.1", "127.0.0.1", 5060},
		"in both families":                {"[::]:5060", "", "::1", "::1", 5060},
	} {
		t.Run(name, func(t *testing.T) {
			l := &listener{bound: at(tc.bound)}
			if tc.advertise != "" {
				l.advertise = at(tc.advertise)
			}
			v := l.towards(netip.MustParseAddr(tc.peer), local)
			if v.host.String() != tc.host || v.port != tc.port {
				t.Errorf("seen as %v:%d, want %s:%d", v.host, v.port, tc.host, tc.port)
			}
		})
	}
}

func TestAddressesArePrintedWithTheirRealPorts(t *testing.T) {
	h := open(t, Plan{Settings: Settings{Listen: []Listener{{Transport: "udp", Address: "127.0.0.1:0"}, {Transport: "tcp", Address: "0.0.0.0:0"}}}})
	all := h.Addresses()
	if len(all) < 2 || !strings.HasPrefix(all[0], "udp 127.0.0.1:") || strings.HasSuffix(all[0], ":0") {
		t.Errorf("addresses %v", all)
	}
	for _, a := range all {
		if strings.Contains(a, "0.0.0.0") {
			t.Errorf("nobody can dial %s", a)
		}
	}
}

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
	for i, n := range order[:len(order)-1] {
		if n != i {
			t.Fatalf("order %v", order)
		}
	}
	if order[len(order)-1] != -1 || tally.mailboxes.Load() != 0 {
		t.Errorf("last %d, %d mailboxes left", order[len(order)-1], tally.mailboxes.Load())
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
