package sip

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"breakwater/call"
	"breakwater/sip/siptest"
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

func FuzzFrame(f *testing.F) {
	f.Add([]byte("OPTIONS sip:x SIP/2.0\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("\r\n\r\n"))
	f.Fuzz(func(t *testing.T, buf []byte) {
		if n, err := frame(buf); n < 0 || n > len(buf) || err != nil && n != 0 {
			t.Errorf("frame %d of %d, %v", n, len(buf), err)
		}
	})
}

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

// RFC 5626 §3.5.1: a client that pings and hears no pong gives up its stream.
func TestAPingOnAStreamGetsItsPong(t *testing.T) {
	h := open(t, Plan{})
	c, err := net.Dial("tcp", h.at("tcp").String())
	must(t, "dial", err)
	defer c.Close()
	must(t, "deadline", c.SetDeadline(time.Now().Add(patience)))
	buf := make([]byte, 64)
	for _, ping := range [][]string{{"\r\n\r\n"}, {"\r\n", "\r\n"}, {"\r\n\r\n"}} {
		for _, part := range ping {
			_, err := io.WriteString(c, part)
			must(t, "write", err)
		}
		n, err := c.Read(buf)
		must(t, "read", err)
		if got := string(buf[:n]); got != "\r\n" {
			t.Fatalf("%q was answered by %q, want one CRLF", ping, got)
		}
	}
}

func TestATrunkByTCP(t *testing.T) {
	peer, err := siptest.New(siptest.Options{Name: "carrier", Transport: "tcp", Policy: siptest.AnswerAfter(0)})
	must(t, "peer", err)
	t.Cleanup(peer.Close)
	h := open(t, Plan{Trunks: map[string]TrunkSpec{"carrier": {Proxy: peer.Address().String(), Transport: "tcp"}}})
	leg := listenTo(h.Dial(h.ctx, call.Target{Trunk: "carrier", Number: "0401", From: "0123"}))
	c := rung(t, peer)
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

func TestEachPhoneHasItsStream(t *testing.T) {
	h := open(t, Plan{})
	first, second := h.registered("1001", overTCP), h.registered("1002", overTCP)
	for name, p := range map[string]*siptest.Phone{"1001": first, "1002": second} {
		leg := listenTo(h.Dial(h.ctx, call.Target{Phone: name}))
		if c := rung(t, p); c.Dialled() != name {
			t.Errorf("%s got the call of %s", name, c.Dialled())
		}
		leg.HangUp(call.Cause{By: call.ByUs})
	}
}

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
	rung(t, p)
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

// TestACarrierThatSaysNothingHasRungNobody: a ring time is over before a transaction gives up
// asking, and who never answered is not known to have rung anybody.
func TestACarrierThatSaysNothingHasRungNobody(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, "listen", err)
	t.Cleanup(func() { _ = silent.Close() })
	rings, err := siptest.New(siptest.Options{Name: "rings", Policy: siptest.AnswerAfter(time.Hour)})
	must(t, "peer", err)
	t.Cleanup(rings.Close)
	h := open(t, Plan{Trunks: map[string]TrunkSpec{"silent": {Proxy: silent.LocalAddr().String()}, "rings": {Proxy: rings.Address().String()}}})
	for trunk, tc := range map[string]struct {
		ring time.Duration
		want call.Cause
	}{
		"silent": {300 * time.Millisecond, call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable, Text: "the trunk has not answered at all"}},
		"rings":  {3 * time.Second, call.Cause{By: call.ByAgent, Status: 408, Metric: call.LegNoAnswer, Text: "nobody answered"}},
	} {
		leg := listenTo(h.Dial(h.ctx, call.Target{Trunk: trunk, Number: "0401", Ring: tc.ring}))
		if trunk == "rings" {
			leg.next(t, call.Ringing)
		}
		if s := leg.next(t, call.Ended); s.Cause != tc.want {
			t.Errorf("%s: cause %+v, want %+v", trunk, s.Cause, tc.want)
		}
	}
}
