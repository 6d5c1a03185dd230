package sip

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/sip/siptest"
)

// FuzzFrame: whatever comes, a frame is inside the buffer and the reader moves on.
// FuzzArrival sends any bytes the way a datagram goes: screen, parse, judge, act. It
// must never panic; what it starts must end.
// deaf is a server that takes messages only from the test.
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
	c := rung(t, p)
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
	c := rung(t, p)
	m := c.Invite()
	if m.Get("X-Evil") != "" || len(m.List("Via")) != 1 || m.Get("X-Ok") == "" {
		t.Errorf("the phone got\n%s", m.Bytes())
	}
}

// TestOneBadMessageDoesNotCostTheStream, nor does half of one cost the server.
// TestATrunkByTCP is dialled by us, outside the mailbox, and answers on that stream.
// TestEachPhoneHasItsStream: with Laddr set, sipgo gives every stream of a listener
// the newest one (libraries.md §2.6).
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

// TestWhatCountsAsMalformed: phones keep their way through a router open with datagrams that
// hold nothing.
func TestWhatCountsAsMalformed(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	for raw, want := range map[string]uint64{
		"": 0, "\r\n": 0, "\r\n\r\n": 0,
		"\x00\x00\x00\x00": 1, "\r\n\r\ngarbage": 1, "INVITE sip:a SIP/2.0\r\n\r\n": 1, "SIP/2.0 abc OK\r\n\r\n": 1,
	} {
		before := h.Counters().Malformed
		must(t, "send", p.SendRaw(h.ctx, netip.AddrPort{}, []byte(raw)))
		must(t, "register after it", p.Register(h.ctx))
		if n := h.Counters().Malformed - before; n != want {
			t.Errorf("%q counts %d times, want %d", raw, n, want)
		}
	}
}

// TestStreamsHaveLimits: libraries.md §2.16.
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
			l := &listener{bound: at(tc.bound), routes: newRoutes(routeTo)}
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
