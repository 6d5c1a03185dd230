package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tape writes a capture by hand: each method is one message at a millisecond.
type tape struct {
	frames []captured
}

func agentAt(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(7000+n))
}

func (p *tape) send(ms float64, from, to netip.AddrPort, text string) {
	raw := []byte(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n\r\n")
	at := start.Add(time.Duration(ms * float64(time.Millisecond)))
	p.frames = append(p.frames, captured{at: at, data: datagram(from, to, raw)})
}

// in is a request of a caller.
func (p *tape) in(ms float64, method, number string, more ...string) {
	uri := "sip:8100@127.0.0.1"
	for _, m := range more {
		if after, ok := strings.CutPrefix(m, "URI: "); ok {
			uri = after
		}
	}
	cseq := "1"
	if method == "BYE" {
		cseq = "2"
	}
	p.send(ms, trunkAt, serverAt, fmt.Sprintf("%s %s SIP/2.0\nFrom: <sip:%s@x>;tag=1\nTo: <sip:8100@x>\nCall-ID: c-%s\nCSeq: %s %s",
		method, uri, number, number, orElse(find(more, "CSeq: "), cseq), method))
}

func find(list []string, prefix string) string {
	for _, m := range list {
		if after, ok := strings.CutPrefix(m, prefix); ok {
			return after
		}
	}
	return ""
}

func orElse(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// reply is a response to a caller, or of an agent to the server.
func (p *tape) reply(ms float64, status int, method, id string) {
	from, to := serverAt, trunkAt
	if strings.HasPrefix(id, "o-") {
		from, to = agentAt(1), serverAt
	}
	p.send(ms, from, to, fmt.Sprintf("SIP/2.0 %d X\nCall-ID: %s\nCSeq: 1 %s", status, id, method))
}

// offer is an INVITE of the server to an agent for a caller.
func (p *tape) offer(ms float64, id string, agent int, number string) {
	p.send(ms, serverAt, agentAt(agent), fmt.Sprintf("INVITE sip:20%02d@%s;ob SIP/2.0\nFrom: <sip:%s@x>;tag=1\nTo: <sip:x@x>\nCall-ID: o-%s\nCSeq: 1 INVITE",
		agent, agentAt(agent), number, id))
}

// out is a request of the server in an offer's dialog.
func (p *tape) out(ms float64, method, id string) {
	p.send(ms, serverAt, agentAt(1), fmt.Sprintf("%s sip:x SIP/2.0\nTo: <sip:x>;tag=9\nCall-ID: o-%s\nCSeq: 2 %s", method, id, method))
}

func (p *tape) judge(t *testing.T) *report {
	t.Helper()
	file := pcapFile(binary.LittleEndian, pcapMicro, linkRaw, p.frames...)
	r, err := judgeCapture(bytes.NewReader(file), serverAt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const ms = time.Millisecond

// talked is a whole call of 1 s that begins at ms and reaches the agent 2 ms later.
func (p *tape) talked(at float64, number string, agent int) {
	p.in(at, "INVITE", number)
	p.offer(at+2, number, agent, number)
	p.reply(at+3, 200, "INVITE", "o-"+number)
	p.reply(at+3, 200, "INVITE", "c-"+number)
	p.in(at+1000, "BYE", number)
	p.reply(at+1001, 200, "BYE", "c-"+number)
	p.out(at+1001, "BYE", number)
	p.reply(at+1002, 200, "BYE", "o-"+number)
}

func TestTheWireIsJudged(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*tape)
		want report
	}{
		"one call, an agent is free": {
			func(p *tape) { p.talked(0, "1", 1) },
			report{Callers: 1, Served: 1, Agents: 1, Offers: 1, Answered: 1, Free: samples{2 * ms}},
		},
		"a caller waits until the agent's last call is over": {
			func(p *tape) {
				p.talked(0, "1", 1)
				p.frames = p.frames[:4]
				p.in(500, "INVITE", "2")
				p.reply(501, 200, "INVITE", "c-2")
				p.in(1000, "BYE", "1")
				p.reply(1001, 200, "BYE", "c-1")
				p.out(1001, "BYE", "1")
				p.reply(1002, 200, "BYE", "o-1")
				p.offer(1005, "2", 1, "2")
				p.reply(1006, 200, "INVITE", "o-2")
				p.in(2000, "BYE", "2")
				p.reply(2001, 200, "BYE", "c-2")
			},
			report{
				Callers: 2, Served: 2, Agents: 1, Offers: 2, Answered: 2,
				Free: samples{2 * ms}, Waited: samples{505 * ms}, Again: samples{3 * ms},
			},
		},
		"an agent who is free while nobody waits is no sample": {
			func(p *tape) {
				p.talked(0, "1", 1)
				p.talked(5000, "2", 1)
			},
			report{Callers: 2, Served: 2, Agents: 1, Offers: 2, Answered: 2, Free: samples{2 * ms, 2 * ms}},
		},
		"a challenge is no part of the delay, a repetition is none": {
			func(p *tape) {
				p.in(0, "INVITE", "1")
				p.in(1, "INVITE", "1")
				p.reply(2, 407, "INVITE", "c-1")
				p.in(400, "INVITE", "1", "CSeq: 2")
				p.offer(401, "1", 1, "1")
				p.offer(402, "1", 1, "1")
				p.reply(403, 180, "INVITE", "o-1")
				p.reply(403, 200, "INVITE", "c-1")
				p.in(500, "BYE", "1", "CSeq: 3")
				p.reply(501, 200, "BYE", "c-1")
			},
			report{Callers: 1, Agents: 1, Offers: 1, Retransmissions: 2, Free: samples{1 * ms}},
		},
		"an agent declines and another one takes the call": {
			func(p *tape) {
				p.in(0, "INVITE", "1")
				p.reply(0, 200, "INVITE", "c-1")
				p.offer(1, "a", 1, "1")
				p.reply(2, 603, "INVITE", "o-a")
				p.offer(3, "b", 2, "1")
				p.reply(4, 200, "INVITE", "o-b")
				p.in(10, "BYE", "1")
				p.reply(11, 200, "BYE", "c-1")
			},
			report{Callers: 1, Served: 1, Agents: 2, Offers: 2, Answered: 1, OfferEnds: map[int]int{603: 1}, Free: samples{1 * ms}},
		},
		"a phone is called while it has a call": {
			func(p *tape) {
				p.in(0, "INVITE", "1")
				p.offer(1, "a", 1, "1")
				p.reply(2, 200, "INVITE", "o-a")
				p.in(3, "INVITE", "2")
				p.offer(4, "b", 1, "2")
				p.reply(5, 486, "INVITE", "o-b")
			},
			report{
				Callers: 2, Served: 1, Agents: 1, Offers: 2, Answered: 1, OfferEnds: map[int]int{486: 1},
				DoubleAgents: 1, Silent: 2, Free: samples{1 * ms}, Waited: samples{1 * ms},
			},
		},
		"a caller is offered to two agents at once": {
			func(p *tape) {
				p.in(0, "INVITE", "1")
				p.reply(0, 200, "INVITE", "c-1")
				p.offer(1, "a", 1, "1")
				p.reply(1, 180, "INVITE", "o-a")
				p.offer(2, "b", 2, "1")
				p.reply(2, 180, "INVITE", "o-b")
			},
			report{Callers: 1, Agents: 2, Offers: 2, DoubleCallers: 1, Unfinished: 1, Free: samples{1 * ms}},
		},
		"an offer taken back and given on is none of these": {
			func(p *tape) {
				p.in(0, "INVITE", "1")
				p.reply(0, 200, "INVITE", "c-1")
				p.offer(1, "a", 1, "1")
				p.reply(1, 180, "INVITE", "o-a")
				p.out(20, "CANCEL", "a")
				p.offer(21, "b", 2, "1")
				p.reply(22, 487, "INVITE", "o-a")
				p.reply(23, 200, "INVITE", "o-b")
				p.in(30, "BYE", "1")
				p.reply(31, 200, "BYE", "c-1")
			},
			report{Callers: 1, Served: 1, Agents: 2, Offers: 2, Answered: 1, OfferEnds: map[int]int{487: 1}, Free: samples{1 * ms}},
		},
		"a phone is called before its BYE is answered": {
			func(p *tape) {
				p.in(0, "INVITE", "1")
				p.reply(0, 200, "INVITE", "c-1")
				p.offer(1, "a", 1, "1")
				p.reply(2, 200, "INVITE", "o-a")
				p.in(3, "INVITE", "2")
				p.reply(3, 200, "INVITE", "c-2")
				p.out(4, "BYE", "a")
				p.offer(5, "b", 1, "2")
				p.reply(6, 200, "BYE", "o-a")
				p.reply(7, 200, "INVITE", "o-b")
			},
			report{
				Callers: 2, Served: 2, Agents: 1, Offers: 2, Answered: 2, Early: 1, Unfinished: 2,
				Free: samples{1 * ms}, Waited: samples{2 * ms},
			},
		},
		"refused, abandoned, let go, unanswered": {
			func(p *tape) {
				p.in(0, "INVITE", "1")
				p.reply(1, 503, "INVITE", "c-1")
				p.in(2, "INVITE", "2")
				p.in(3, "CANCEL", "2")
				p.reply(4, 487, "INVITE", "c-2")
				p.in(5, "INVITE", "3")
				p.reply(6, 200, "INVITE", "c-3")
				p.send(7, serverAt, trunkAt, "BYE sip:x SIP/2.0\nTo: <sip:x>;tag=1\nCall-ID: c-3\nCSeq: 1 BYE")
				p.send(8, trunkAt, serverAt, "SIP/2.0 200 OK\nCall-ID: c-3\nCSeq: 1 BYE")
				p.in(9, "INVITE", "4")
				p.offer(10, "4", 1, "4")
				p.in(11, "INVITE", "5", "URI: sip:*11@127.0.0.1")
			},
			report{
				Callers: 4, Abandoned: 1, Failed: map[int]int{503: 1}, Unserved: 1, Silent: 1, NoReply: 1,
				Agents: 1, Offers: 1, Free: samples{1 * ms},
			},
		},
		"an agent is offered a number that nobody has": {
			func(p *tape) {
				p.offer(0, "a", 1, "999")
				p.reply(1, 200, "INVITE", "o-a")
			},
			report{Agents: 1, Offers: 1, Answered: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var p tape
			c.play(&p)
			got := p.judge(t)
			ignore := cmpopts.IgnoreFields(report{}, "Began", "Ended", "Messages", "Problems")
			if d := cmp.Diff(&c.want, got, ignore, cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b time.Duration) bool { return a < b })); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPercentiles(t *testing.T) {
	var s samples
	for i := range 100 {
		s.add(time.Duration(100-i) * ms)
	}
	for p, want := range map[float64]time.Duration{0.5: 50 * ms, 0.9: 90 * ms, 0.99: 99 * ms, 1: 100 * ms, 0: 1 * ms} {
		if got := s.percentile(p); got != want {
			t.Errorf("p%v is %v, want %v", p, got, want)
		}
	}
	if got := (samples{}).percentile(0.5); got != 0 {
		t.Errorf("p50 of nothing is %v", got)
	}
}

func TestPromisesAreKeptOrBroken(t *testing.T) {
	var p tape
	p.talked(0, "1", 1)
	clean := p.judge(t)
	bad := newReport()
	bad.DoubleAgents, bad.Silent = 1, 2
	for name, c := range map[string]struct {
		r    *report
		l    limits
		want int
	}{
		"a clean run":                       {clean, limits{FreeP50: 2 * ms, FreeP99: 5 * ms}, 0},
		"too slow":                          {clean, limits{FreeP50: 1 * ms, FreeP99: 1 * ms}, 2},
		"a promise nobody measured":         {clean, limits{AgainP99: 10 * ms}, 1},
		"failures and double offers":        {&bad, limits{}, 2},
		"… which a lenient reader forgives": {&bad, limits{Lenient: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.l.broken(c.r); len(got) != c.want {
				t.Errorf("broken: %q", got)
			}
		})
	}
}

func TestTheReportCanBeReadByPeopleAndMachines(t *testing.T) {
	var p tape
	p.talked(0, "1", 1)
	var text, raw bytes.Buffer
	if err := publish(&text, p.judge(t), limits{}, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "agent free n 1 ") || !strings.Contains(text.String(), "served 1") {
		t.Errorf("got\n%s", &text)
	}
	if err := publish(&raw, p.judge(t), limits{}, true); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Callers int
		Free    map[string]int
	}
	if err := json.Unmarshal(raw.Bytes(), &back); err != nil || back.Callers != 1 || back.Free["p50_us"] != 2000 {
		t.Errorf("got %+v, %v", back, err)
	}
}
