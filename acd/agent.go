package acd

import (
	"fmt"
	"slices"
	"time"

	"breakwater/acd/shift"
)

// agent is a person at work: what outlives the process, and what serves routing.
type agent struct {
	person
	alarm
	rank    int // by name among the plan's agents; -1 = not in the plan
	spec    AgentSpec
	career  career
	posts   []*condition // the conditions this agent meets
	pools   []*pool      // the pools they are in
	seat    *seat        // the offer or conversation
	listed  bool         // stands in lines
	apart   bool         // in those of his posts; else of his pools
	ranked  ranked
	counted AgentState // the state the pools have counted
	touched bool
	wanted  []*ticket    // callers who prefer this agent
	shifts  []shift.Span // planned time of the next days, as last told
	spared  spared       // what the rules of care say now
}

// ranked is by what strategies compare agents, as it was when the agent was listed: it
// must not change while he stands in lines.
type ranked struct {
	Idle   time.Duration `json:"idle,omitempty"`
	Load   int64         `json:"load,omitempty"`  // occupancy of today, permille
	Calls  int64         `json:"calls,omitempty"` // answered today
	Talk   time.Duration `json:"talk,omitempty"`
	Strain time.Duration `json:"strain,omitempty"` // of the last two hours
}

// rankedAt works out what strategies compare.
func (p person) rankedAt(now Stamp) ranked {
	p.Load.until(p.State, now.Mono, now.Wall)
	return ranked{p.Idle, p.Load.permille(), int64(p.Load.Calls), p.Load.Talk, p.Strain.sum(now.Mono)}
}

// phone is a desk phone as far as routing cares.
type phone struct {
	away  bool          // not registered, or does not answer
	told  bool          // the last word from the wire was that it is reachable
	heard time.Duration // when that word came, repeated or not
	busy  bool          // in a call that is not from a queue
	since time.Duration // busy or not, for so long
	agent *agent
}

func newAgent(p person) *agent {
	a := &agent{person: p, rank: -1}
	a.ring = func(b *board) { b.agentDue(a) }
	return a
}

// standing is where the agent stands among those who meet a condition.
func (a *agent) standing(c *condition) key {
	switch c.queue.spec.Strategy {
	case LeastOccupied:
		return key{a.ranked.Load, int64(a.ranked.Idle), int64(a.rank)}
	case FewestCalls:
		return key{a.ranked.Calls, int64(a.ranked.Idle), int64(a.rank)}
	case LeastTalk:
		return key{int64(a.ranked.Talk.Round(time.Second)), int64(a.ranked.Idle), int64(a.rank)}
	case Gentlest:
		return key{int64(a.ranked.Strain.Round(time.Second)), int64(a.ranked.Idle), int64(a.rank)}
	case WeightedRandom:
		return key{c.queue.lots.drawn[a.rank], int64(a.ranked.Idle), int64(a.rank)}
	case Linear, RoundRobin, BestSkill:
		return key{c.order[a.rank], int64(a.ranked.Idle), int64(a.rank)}
	default: // LongestIdle, RingAll, RingProgressively
		return key{0, int64(a.ranked.Idle), int64(a.rank)}
	}
}

// able tells whether the agent meets a condition.
func (a *agent) able(c *condition) bool { return a.rank >= 0 && c.able[a.rank] }

// shown is the state as others see it: a private call on the phone makes an agent
// who would be free OnCall. A wrap-up or rest keeps its clock and its name.
func (b *board) shown(a *agent) AgentState {
	free := a.State == Ready || a.State == NotReady || a.State == Missed
	if p := b.phones[a.Phone]; free && p != nil && p.busy {
		return OnCall
	}
	return a.State
}

// hindrance is what stands between an agent and the next call.
type hindrance int

const (
	nothing hindrance = iota
	isNotReady
	wrapsUp
	rests
	struckOut
	rings
	talks
	loggedOut
	unknown
	inOtherCall
	unreachable
	inGap
	leftAlone
	// What follows keeps only some callers from an agent: the first two all but those of
	// urgent queues.
	askedForBreak
	overLoad
	afterHard
	isNewcomer
	onRamp
	offHostile
	inReserve
	beforeBreak
	beforeHome
)

// hindrance says what keeps an agent from being offered any call now. It is the one
// place that decides this; what keeps some callers away is decided by keeps.
func (b *board) hindrance(a *agent) hindrance {
	p := b.phones[a.Phone]
	switch {
	case a.State != Ready:
		return notFree[a.State]
	case a.rank < 0:
		return unknown
	case p != nil && p.busy:
		return inOtherCall
	case p != nil && p.away:
		return unreachable
	case a.gapEnd(b) > b.now.Mono:
		return inGap
	case a.Pause > b.now.Mono:
		return leftAlone
	}
	return nothing
}

// blocked is what keeps all calls from an agent now, those of urgent queues aside.
func (b *board) blocked(a *agent) hindrance {
	if h := b.hindrance(a); h != nothing {
		return h
	}
	return a.spared.bars.pause
}

// notFree is what a state by itself means for the next call.
var notFree = map[AgentState]hindrance{
	LoggedOut: loggedOut, Offered: rings, OnCall: talks, WrapUp: wrapsUp, Resting: rests, NotReady: isNotReady, Missed: struckOut,
}

// gapEnd is when the gap between calls is over: it runs from the end of talk.
func (a *agent) gapEnd(b *board) time.Duration { return a.Gap + b.routes.settings.Gap }

// hindered says in a sentence about the agent what keeps calls away; empty = nothing.
func (b *board) hindered(a *agent) string {
	switch b.blocked(a) {
	case isNotReady:
		if a.Reason == "" {
			return "is not ready"
		}
		return "is not ready: " + a.Reason
	case wrapsUp:
		return "is in wrap-up for " + b.left(a.WrapEnd)
	case rests:
		return "rests for " + b.left(a.Rest.until())
	case struckOut:
		return fmt.Sprintf("missed %d calls and must say ready", a.Strikes)
	case rings, talks:
		return fmt.Sprintf("is %s (call %s)", a.State, a.Call)
	case loggedOut:
		return "is logged-out"
	case unknown:
		return "is no longer in the config"
	case inOtherCall:
		return "is in another call on phone " + a.Phone
	case unreachable:
		return "cannot be reached: phone " + a.Phone + " is not registered or does not answer"
	case inGap:
		return "has the gap between calls for " + b.left(a.gapEnd(b))
	case leftAlone:
		return "missed a call and is left alone for " + b.left(a.Pause)
	case askedForBreak:
		return "is asked to take the break that is due"
	case overLoad:
		return "has had enough calls lately and is free for more in " + b.left(a.spared.load)
	case nothing, afterHard, isNewcomer, onRamp, offHostile, inReserve, beforeBreak, beforeHome: // all but the first are about some callers only
	}
	return ""
}

// left is the time until a moment, in whole seconds, never less than 1s.
func (b *board) left(until time.Duration) string {
	return max(time.Second, (until - b.now.Mono).Round(time.Second)).String()
}

// due is the next moment at which something changes for the agent by itself.
func (b *board) due(a *agent) time.Duration {
	next := never
	if a.State == WrapUp {
		next = a.WrapEnd
	}
	if a.Rest.Running && (a.State == Resting || a.State == LoggedOut) {
		next = min(next, a.Rest.until())
	}
	next = min(next, b.turnOfShift(a))
	if a.State != Ready {
		return next
	}
	for _, m := range []time.Duration{a.gapEnd(b), a.Pause, b.askedTil(a), a.spared.next} {
		if m > b.now.Mono {
			next = min(next, m)
		}
	}
	if a.spared.ask {
		return b.now.Mono
	}
	return next
}

// agentDue lets an agent's clock do what is due.
func (b *board) agentDue(a *agent) {
	now := b.now.Mono
	switch {
	case a.State == WrapUp && a.WrapEnd <= now:
		b.sure(a, Event{Kind: KindWrapUpOver})
	case a.can(KindRestOver) && a.Rest.Running && a.Rest.until() <= now:
		b.sure(a, Event{Kind: KindRestOver})
	case b.breakIsDue(a):
		b.askBreak(a)
	}
	b.touch(a)
}

// sure is change for what the table allows. Were it ever wrong, the agent would be
// stuck, and that is counted.
func (b *board) sure(a *agent, e Event) {
	if err := b.change(a, e); err != nil {
		b.count.StuckAgents++
	}
}

// change makes an event of an agent true and puts it on the record.
func (b *board) change(a *agent, e Event) error {
	e.At, e.Agent = b.now, a.Name
	if e.Phone == "" {
		e.Phone = a.Phone
	}
	if a.seat != nil {
		e.Queue, e.Call, e.Assignment, e.Ticket = a.seat.queue, a.seat.call, a.seat.id, a.seat.number
	}
	b.careFacts(a, &e)
	before := promised{a.State, a.WrapEnd, a.Rest}
	phone := a.Phone
	if err := a.happen(&e, b.now.Mono); err != nil {
		return err
	}
	b.guard(before, &a.person, &e)
	if a.State == WrapUp {
		e.Until = b.stamp(a.WrapEnd)
	}
	if a.State == Resting {
		e.Until = b.stamp(a.Rest.until())
	}
	b.settlePhone(phone, a)
	b.record(e)
	b.touch(a)
	return nil
}

// settlePhone keeps who sits at which phone.
func (b *board) settlePhone(before string, a *agent) {
	if before == a.Phone {
		return
	}
	if p := b.phones[before]; p != nil && p.agent == a {
		p.agent = nil
	}
	if a.Phone != "" {
		b.phone(a.Phone).agent = a
	}
}

// phone finds or notes a phone. One never heard of is taken to be reachable: who
// logs in at a phone has just used it.
func (b *board) phone(name string) *phone {
	p := b.phones[name]
	if p == nil {
		p = &phone{}
		b.phones[name] = p
	}
	return p
}

// phoneReachable notes the word from the wire that a phone can be called, or not.
func (b *board) phoneReachable(name string, yes bool) {
	p := b.phone(name)
	p.told, p.heard = yes, b.now.Mono
	b.setAway(p, !yes)
}

func (b *board) setAway(p *phone, away bool) {
	if p.away == away {
		return
	}
	p.away = away
	if p.agent != nil {
		b.touch(p.agent)
	}
}

// notRegistered judges a call that found its phone not registered. The agent waits
// for the next registration. But one that came while the phone was tried counts, and
// where the wire insists that the phone is there, the agent must not wait for a word
// that will not come: it is tried again after the delay of an unreachable one.
func (b *board) notRegistered(name string, offered time.Duration) (delay time.Duration) {
	p := b.phone(name)
	switch {
	case !p.told:
		b.setAway(p, true)
		return 0
	case p.heard > offered:
		return 0
	}
	return b.routes.settings.DelayUnreached
}

// phoneBusy notes that a phone is in a call that is not from a queue, or no longer.
func (b *board) phoneBusy(name string, yes bool) {
	p := b.phone(name)
	if p.busy == yes {
		return
	}
	began := p.since
	p.busy, p.since = yes, b.now.Mono
	if p.agent == nil {
		return
	}
	kind := KindPhoneFree
	if yes {
		kind = KindPhoneBusy
	}
	b.record(Event{At: b.now, Kind: kind, Agent: p.agent.Name, Phone: name, State: b.shown(p.agent)})
	if ask := b.askedTil(p.agent); !yes && p.agent.State == Ready && began < ask && ask <= b.now.Mono {
		b.askBreak(p.agent) // the agent talked while the clock of the question ran out
	}
	b.touch(p.agent)
}

// view is an agent as others may see it.
func (b *board) view(a *agent) AgentView {
	v := AgentView{
		Name: a.Name, State: b.shown(a), Reason: a.Reason, Phone: a.Phone,
		Since: b.stamp(a.Since).Wall, Call: a.Call, Next: a.Wish.To,
	}
	if p := b.phones[a.Phone]; v.State != a.State && p != nil {
		v.Since = b.stamp(max(a.Since, p.since)).Wall
	}
	b.viewShift(a, &v)
	v.Blocked, v.Lifted, v.Talk = b.hindered(a), b.lifts(a), a.Care.Talk
	v.Offerable = v.Blocked == ""
	until := never
	switch {
	case a.State == WrapUp:
		until = a.WrapEnd
	case a.Rest.Running:
		until, v.Level = a.Rest.until(), a.Rest.Level
	}
	if until != never {
		v.Until, v.Left = b.stamp(until).Wall, max(0, until-b.now.Mono)
	}
	if a.State == WrapUp && a.Rest.Level > 0 {
		v.Next = Resting
	}
	return v
}

// drop takes a ticket out of the list of those who prefer the agent.
func (a *agent) drop(t *ticket) {
	a.wanted = slices.DeleteFunc(a.wanted, func(o *ticket) bool { return o == t })
}
