package sip

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/call"
	"breakwater/loadtest/referee"
	"breakwater/sip/arrival"
	"breakwater/sip/limit"
	"breakwater/sip/siptest"
)

// becomes waits until the share of calls that is refused is as wanted.
func (h *house) becomes(want func(share float64) bool) {
	h.t.Helper()
	look := time.NewTicker(limit.Window / 4)
	defer look.Stop()
	for end := time.After(patience); !want(h.Lateness().Share); {
		select {
		case <-look.C:
		case <-end:
			h.t.Fatalf("the share stays at %v", h.Lateness().Share)
		}
	}
}

func all(share float64) bool  { return share == 1 }
func none(share float64) bool { return share == 0 }

var carrier = map[string]TrunkSpec{"carrier": {Addresses: []string{"127.0.0.0/8"}}}

func TestPromiseALateServerRefusesOnlyNewCallsOfTrunks(t *testing.T) {
	h := open(t, Plan{Trunks: carrier})
	agent := h.registered("1001")
	outside := h.phone("0123", func(o *siptest.Options) { o.Password, o.T1 = "", patience }) // what is refused is counted: it repeats nothing
	under, err := outside.Call(h.ctx, "700")
	must(t, "a call before", err)
	leg := h.came()
	h.late.by.Store(int64(time.Minute))
	h.becomes(all)

	more, err := outside.Call(h.ctx, "700")
	must(t, "a call of the trunk", err)
	end, err := more.WaitEnded(h.ctx)
	if must(t, "its end", err); end.Status != 503 {
		t.Errorf("it ended by %v, want 503", end)
	}
	if c := h.Counters(); c.TooLate != 1 || c.Overload != 1 {
		t.Errorf("counted %d and %d times, want once", c.TooLate, c.Overload)
	}
	own, err := agent.Call(h.ctx, "701")
	must(t, "a call of an agent", err)
	must(t, "it is answered", h.came().Answer(h.ctx))
	must(t, "and heard to be", own.WaitAnswered(h.ctx))
	must(t, "a registration", h.phone("1002").Register(h.ctx))
	must(t, "the call before goes on", leg.Answer(h.ctx))
	must(t, "and is answered", under.WaitAnswered(h.ctx))
	ours := listenTo(h.Dial(h.ctx, call.Target{Phone: "1001"}))
	ours.next(t, call.Ringing)

	h.late.by.Store(0)
	h.becomes(none)
	after, err := outside.Call(h.ctx, "700")
	must(t, "a call after", err)
	must(t, "it is taken", h.came().Answer(h.ctx))
	must(t, "and answered", after.WaitAnswered(h.ctx))
}

func TestWhoSwitchesItOffIsNeverRefusedForIt(t *testing.T) {
	h := open(t, Plan{Trunks: carrier, Settings: Settings{Late: Late{Off: true}}})
	h.late.by.Store(int64(time.Minute))
	h.becomes(func(float64) bool { return h.Lateness().Of["floor"] > time.Second })
	outside := h.phone("0123", func(o *siptest.Options) { o.Password = "" })
	_, err := outside.Call(h.ctx, "700")
	must(t, "a call", err)
	h.came()
}

// invite is an INVITE as a trunk would send it, the same each time.
func invite(h *house, p *siptest.Phone, id string) []byte {
	return []byte(strings.ReplaceAll(`INVITE sip:700@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP `+p.Address().String()+`;branch=z9hG4bK`+id+`
From: <sip:0123@127.0.0.1>;tag=1
To: <sip:700@127.0.0.1>
Call-ID: `+id+`
CSeq: 1 INVITE
Contact: <sip:0123@`+p.Address().String()+`>
Max-Forwards: 70
Content-Length: 0

`, "\n", "\r\n"))
}

func TestACopyOfARefusedInviteIsRefusedAndOneOfATakenIsNot(t *testing.T) {
	h := open(t, Plan{Trunks: carrier})
	outside := h.phone("0123", func(o *siptest.Options) { o.Password = "" })
	says := func(id string) int {
		t.Helper()
		must(t, "send", outside.SendRaw(h.ctx, netip.AddrPort{}, invite(h, outside, id)))
		for {
			select {
			case m := <-outside.Strays():
				if m.Get("Call-ID") == id {
					if m.Status == 503 && m.Get("Retry-After") == "" {
						t.Error("503 without Retry-After")
					}
					return m.Status
				}
			case <-time.After(patience):
				t.Fatal("no answer")
			}
		}
	}
	if status := says("taken"); status != 100 {
		t.Fatalf("the first is told %d, want 100", status)
	}
	h.came()
	h.late.by.Store(int64(time.Minute))
	h.becomes(all)
	if status := says("refused"); status != 503 {
		t.Errorf("a new one is told %d, want 503", status)
	}
	if status := says("taken"); status != 100 {
		t.Errorf("the copy of the first is told %d, want 100 again", status)
	}
	h.late.by.Store(0)
	h.becomes(none)
	if status := says("refused"); status != 503 {
		t.Errorf("the copy of the refused one is told %d, want 503 again: its sender has been told no", status)
	}
}

func TestTheLogTellsOfLatenessAndNotTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		n := lateNews{log: slog.New(slog.NewTextHandler(&log, nil))}
		late := limit.Verdict{Late: true, Share: 0.5, Worst: "floor", By: 150 * time.Millisecond, Bound: 100 * time.Millisecond}
		hear := func(v limit.Verdict, refused uint64, after time.Duration) (lines string) {
			time.Sleep(after) //nolint:forbidigo // the bubble's time
			log.Reset()
			n.hear(time.Now(), v, refused)
			return log.String()
		}
		for i, step := range []struct {
			verdict limit.Verdict
			refused uint64
			after   time.Duration
			want    string // in the line; empty = none
		}{
			{limit.Verdict{}, 0, time.Hour, ""},
			{late, 7, time.Second, "what=floor late=150ms bound=100ms share=0.5 refused=7"},
			{late, 20, 5 * time.Second, ""},
			{late, 30, 5 * time.Second, "refused=23"},
			{limit.Verdict{}, 31, time.Second, "level=INFO msg=\"the server is in time again: new calls are taken\" refused=1"},
			{limit.Verdict{}, 31, time.Hour, ""},
			{late, 40, time.Second, "level=WARN"},
			{limit.Verdict{}, 40, time.Second, "level=INFO"},
			{late, 50, time.Second, ""}, // to and fro tells nobody more
			{limit.Verdict{}, 50, time.Second, ""},
		} {
			got := hear(step.verdict, step.refused, step.after)
			if (step.want == "") != (got == "") || !strings.Contains(got, step.want) {
				t.Errorf("step %d: %q, want %q", i, got, step.want)
			}
		}
	})
}

func TestADatagramIsAsOldAsItsWaitInTheSocket(t *testing.T) {
	referee.Judge(t, bearable, aDatagramIsAsOldAsItsWaitInTheSocket)
}

func aDatagramIsAsOldAsItsWaitInTheSocket(t testing.TB) {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	must(t, "listen", err)
	defer func() { _ = c.Close() }()
	must(t, "stamps", arrival.Stamp(c))
	p := &packetConn{UDPConn: c}
	const moments = 10 // a kernel of which nobody else has asked it begins to note the time a moment later
	var before, sent, came time.Time
	for n := 0; n == 0 || n < moments && came.After(sent.Round(0).Add(20*time.Millisecond)); n++ {
		before = time.Now()
		_, err = c.WriteTo([]byte("x"), c.LocalAddr())
		must(t, "write", err)
		sent = time.Now()
		<-time.After(50 * time.Millisecond) // it waits
		d, open := p.next()
		if !open {
			t.Fatal("the socket is closed")
		}
		came = d.came
	}
	if came.Before(before.Round(0).Add(-5*time.Millisecond)) || came.After(sent.Round(0).Add(20*time.Millisecond)) {
		t.Errorf("it came at %v, want between %v and %v", came, before, sent)
	}
	l := newLateness()
	l.begun(came)
	l.begun(time.Now().Add(time.Hour))  // a clock that was set back
	l.begun(time.Now().Add(-time.Hour)) // or on
	if n, spent := l.times.Load(), time.Duration(l.spent.Load()); n != 3 || spent < mostLate+40*time.Millisecond || spent > 2*mostLate {
		t.Errorf("%d messages waited %v, want the 50 ms and what bounds a clock that is set", n, spent)
	}
}
