package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"breakwater/sip/siptest"
)

// judge follows every call of a server through the messages on its wire, and
// knows of the server nothing but those. A caller is found again at the agent's
// phone by the number in From. It is pure: see is told, verdict tells.
type judge struct {
	server  netip.AddrPort
	callers map[string]*caller // by Call-ID
	waiters map[*caller]bool   // alive, not with an agent, not leaving
	numbers map[string]*caller // the latest caller of a number
	offers  map[string]*visit  // by Call-ID
	agents  map[string]*agent  // by the address the INVITE went to
	busy    int                // agents with an offer
	report  report
}

// caller is a call that came in.
type caller struct {
	number     string
	invited    time.Time
	cseq       uint32
	challenged bool
	final      int
	served     bool // an agent answered
	leaving    bool // CANCEL or BYE was sent, by either side
	byServer   bool // … by the server
	ended      bool
	offered    bool
	live       []*visit // offers that ring or talk
	atOnce     bool     // nobody waited and an agent was idle when it came
	othersBusy int      // agents busy when it came, to settle atOnce at the end
	others     int      // callers waiting when it came
	delay      time.Duration
}

// visit is an INVITE to an agent's phone and the dialog that it becomes.
type visit struct {
	agent     *agent
	caller    *caller // nil: a number that nobody called from
	began     time.Time
	replied   bool
	answered  bool
	cancelled bool
	bye       bool // BYE was sent, its answer not seen yet
	ended     bool
}

// agent is a phone that is offered calls.
type agent struct {
	address string
	user    string
	live    []*visit
	freeAt  time.Time // the last call's BYE was answered while callers waited for this agent
}

func newJudge(server netip.AddrPort) *judge {
	return &judge{
		server: server, callers: map[string]*caller{}, waiters: map[*caller]bool{}, numbers: map[string]*caller{},
		offers: map[string]*visit{}, agents: map[string]*agent{}, report: newReport(),
	}
}

// see takes the next message on the wire.
func (j *judge) see(s sighting) {
	if j.report.Began.IsZero() {
		j.report.Began = s.at
	}
	j.report.Ended = s.at
	j.report.Messages++
	m := s.message
	id := m.Get("Call-ID")
	fromServer := concerns(j.server, s.from)
	switch _, method := m.CSeq(); {
	case m.Status != 0:
		j.replied(s.at, id, method, m.Status)
	case m.Method == "INVITE" && siptest.ParamOf(m.Get("To"), "tag") == "":
		if fromServer {
			j.offered(s.at, id, m)
		} else {
			j.invited(s.at, id, m)
		}
	case m.Method == "CANCEL":
		if v := j.offers[id]; v != nil {
			v.cancelled = true
		} else if c := j.callers[id]; c != nil {
			j.leaves(c, fromServer)
		}
	case m.Method == "BYE":
		if v := j.offers[id]; v != nil {
			v.bye = true
		} else if c := j.callers[id]; c != nil {
			j.leaves(c, fromServer)
		}
	}
}

// invited takes the INVITE of a caller. An agent's feature code is no call.
func (j *judge) invited(at time.Time, id string, m *siptest.Message) {
	n, _ := m.CSeq()
	if c := j.callers[id]; c != nil {
		if n <= c.cseq {
			j.report.Retransmissions++
		} else if c.challenged { // a challenge is no part of the delay
			c.cseq, c.invited, c.challenged = n, at, false
			j.arrive(c)
		}
		return
	}
	if strings.HasPrefix(siptest.UserOf(m.URI), "*") {
		return
	}
	c := &caller{number: siptest.UserOf(m.Get("From")), invited: at, cseq: n}
	j.callers[id], j.numbers[c.number] = c, c
	j.report.Callers++
	j.arrive(c)
}

func (j *judge) arrive(c *caller) {
	delete(j.waiters, c)
	c.others, c.othersBusy = len(j.waiters), j.busy
	j.waiters[c] = true
}

// offered takes an INVITE from the server to a phone.
func (j *judge) offered(at time.Time, id string, m *siptest.Message) {
	if j.offers[id] != nil {
		j.report.Retransmissions++
		return
	}
	address := strings.TrimPrefix(siptest.URIOf(m.URI), "sip:")
	address, _, _ = strings.Cut(address, ";")
	a := j.agents[address]
	if a == nil {
		a = &agent{address: address, user: siptest.UserOf(m.URI)}
		j.agents[address] = a
	}
	v := &visit{agent: a, began: at, caller: j.numbers[siptest.UserOf(m.Get("From"))]}
	j.offers[id] = v
	j.report.Offers++
	j.checkAgent(at, a)
	if len(a.live) == 0 {
		j.busy++
	}
	a.live = append(a.live, v)
	if !a.freeAt.IsZero() {
		j.report.Again.add(at.Sub(a.freeAt))
		a.freeAt = time.Time{}
	}
	c := v.caller
	if c == nil {
		j.report.problem("agent %s is offered %q, from which nobody called", a.user, siptest.UserOf(m.Get("From")))
		return
	}
	j.checkCaller(at, c, a)
	delete(j.waiters, c)
	c.live = append(c.live, v)
	if !c.offered {
		c.offered, c.delay = true, at.Sub(c.invited)
	}
}

// checkAgent finds a phone that is called while it is in a call.
func (j *judge) checkAgent(at time.Time, a *agent) {
	for _, v := range a.live {
		if v.cancelled && !v.answered { // two messages that cross
			continue
		}
		if v.bye {
			j.report.Early++
			j.report.problem("%s phone %s is called before its last BYE is answered", stamp(at), a.address)
		} else {
			j.report.DoubleAgents++
			j.report.problem("%s phone %s is called while it has a call", stamp(at), a.address)
		}
		return
	}
}

// checkCaller finds a caller who is offered to two agents at once. Several
// phones of one agent are one agent.
func (j *judge) checkCaller(at time.Time, c *caller, a *agent) {
	for _, v := range c.live {
		if v.cancelled || v.bye || v.agent.user == a.user {
			continue
		}
		j.report.DoubleCallers++
		j.report.problem("%s caller %s is offered to %s while %s has them", stamp(at), c.number, a.user, v.agent.user)
		return
	}
}

func stamp(at time.Time) string { return at.UTC().Format("15:04:05.000000") }

// replied takes a response, of either side.
func (j *judge) replied(at time.Time, id, method string, status int) {
	v, c := j.offers[id], j.callers[id]
	switch {
	case method == "INVITE" && v != nil:
		v.replied = true
		switch {
		case v.ended || v.answered || status < 200:
		case status < 300:
			j.answered(v)
		default:
			j.report.OfferEnds[status]++
			j.visitEnds(at, v, false)
		}
	case method == "INVITE" && c != nil:
		j.callerReplied(c, status)
	case method == "BYE" && v != nil && status >= 200:
		j.visitEnds(at, v, true)
	case method == "BYE" && c != nil && status >= 200:
		j.callerEnds(c)
	}
}

func (j *judge) answered(v *visit) {
	v.answered = true
	j.report.Answered++
	if v.caller != nil && !v.caller.served {
		v.caller.served = true
		j.report.Served++
	}
}

func (j *judge) callerReplied(c *caller, status int) {
	switch {
	case status < 200 || c.final != 0:
	case status == 401 || status == 407:
		c.challenged = true
	case status < 300:
		c.final = status
	default:
		c.final = status
		if c.leaving && !c.byServer {
			j.report.Abandoned++
		} else {
			j.report.Failed[status]++
		}
		j.callerEnds(c)
	}
}

func (j *judge) leaves(c *caller, byServer bool) {
	if !c.leaving {
		c.leaving, c.byServer = true, byServer
	}
	delete(j.waiters, c)
}

func (j *judge) callerEnds(c *caller) {
	if c.ended {
		return
	}
	c.ended = true
	delete(j.waiters, c)
	if c.final >= 200 && c.final < 300 && c.byServer && !c.served {
		j.report.Unserved++
		j.report.problem("caller %s was let go without an agent", c.number)
	}
}

// visitEnds frees the agent. After a call that was talked, and when more callers
// wait than other agents are idle, the time until the next offer counts.
func (j *judge) visitEnds(at time.Time, v *visit, talked bool) {
	if v.ended {
		return
	}
	v.ended = true
	a := v.agent
	a.live = without(a.live, v)
	if len(a.live) == 0 {
		j.busy--
		if idle := len(j.agents) - j.busy - 1; talked && len(j.waiters) > idle {
			a.freeAt = at
		}
	}
	c := v.caller
	if c == nil {
		return
	}
	c.live = without(c.live, v)
	if len(c.live) == 0 && !c.leaving && !c.ended && !talked {
		j.waiters[c] = true
	}
}

func without(list []*visit, v *visit) []*visit {
	kept := list[:0]
	for _, other := range list {
		if other != v {
			kept = append(kept, other)
		}
	}
	return kept
}

// verdict closes the books: what has no end yet has none.
func (j *judge) verdict() *report {
	r := &j.report
	r.Agents = len(j.agents)
	for _, c := range j.callers {
		switch {
		case c.final == 0:
			r.Silent++
			r.problem("caller %s got no final answer", c.number)
		case !c.ended:
			r.Unfinished++
		}
		if !c.offered {
			continue
		}
		c.atOnce = c.others == 0 && c.othersBusy < len(j.agents)
		if c.atOnce {
			r.Free.add(c.delay)
		} else {
			r.Waited.add(c.delay)
		}
	}
	for _, v := range j.offers {
		if !v.replied {
			r.NoReply++
			r.problem("phone %s never replied to an INVITE", v.agent.address)
		}
	}
	return r
}

func (r *report) problem(format string, args ...any) {
	const most = 20
	if len(r.Problems) < most {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}
