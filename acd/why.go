package acd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// place tells where a caller stands.
func (b *board) place(id uint64) (Place, error) {
	t := b.tickets[id]
	if t == nil {
		return Place{}, fmt.Errorf("ticket %d: %w", id, ErrNoTicket)
	}
	q := t.class.queue
	said := b.tell(t)
	return Place{
		Position: said.position, Waiting: q.waiting, Since: b.stamp(t.since).Wall, P50: said.estimate.P50, P90: said.estimate.P90,
	}, nil
}

// agentViews gives every agent, by name. Who left the config is shown while something
// of him runs on.
func (b *board) agentViews() []AgentView {
	out := make([]AgentView, 0, len(b.agents))
	for _, name := range slices.Sorted(maps.Keys(b.agents)) {
		if a := b.agents[name]; a.rank >= 0 || !a.idleForGood() {
			out = append(out, b.view(a))
		}
	}
	return out
}

// queueViews gives every queue, by name. A queue whose condition depends on the
// call shows the call's data that most agents can serve.
func (b *board) queueViews() []QueueView {
	oldest, message := map[*queue]time.Duration{}, map[*queue]time.Duration{}
	for _, t := range b.tickets {
		q, first := t.class.queue, oldest
		switch {
		case t.isMessage():
			first = message
		case t.isBack():
			continue
		}
		if since, ok := first[q]; !ok || t.since < since {
			first[q] = t.since
		}
	}
	out := make([]QueueView, 0, len(b.routes.order))
	for _, name := range b.routes.order {
		q := b.routes.queues[name]
		v := QueueView{Name: name, Waiting: q.waiting - q.parked, Callbacks: q.parked - q.messages, Messages: q.messages, Estimates: b.kept[name]}
		if q.reserve != nil {
			v.ServiceLevel, v.Reserve = q.reserve.level.Last, q.reserve.level.Called
		}
		if since, ok := oldest[q]; ok {
			v.Oldest = b.stamp(since).Wall
		}
		if since, ok := message[q]; ok {
			v.OldestMessage = b.stamp(since).Wall
		}
		for _, c := range q.steps[0].conditions {
			v.Ready = max(v.Ready, c.free())
			v.Capable = max(v.Capable, c.present())
		}
		out = append(out, v)
	}
	return out
}

// namesMost bounds how many agents or queues one sentence names.
const namesMost = 5

// why explains a caller or an agent.
func (b *board) why(w Whom) ([]string, error) {
	switch {
	case w.Agent != "":
		a := b.agents[w.Agent]
		if a == nil {
			return nil, fmt.Errorf("agent %s: %w", w.Agent, ErrNoAgent)
		}
		return b.whyAgent(a), nil
	case b.calls[w.Call] != nil:
		return b.whyCall(b.calls[w.Call]), nil
	}
	for _, id := range slices.Sorted(maps.Keys(b.seats)) {
		if s := b.seats[id]; s.call == w.Call && w.Call != "" {
			return []string{fmt.Sprintf("call %s talks with %s of queue %s: %s", s.call, s.agent.Name, s.queue, s.reason)}, nil
		}
	}
	return nil, fmt.Errorf("call %s: %w", w.Call, ErrNoTicket)
}

// whyCall says why a caller still waits: the condition asked for, and what stands in
// the way of those who meet it, counted. Whoever is not of the queue is not named.
func (b *board) whyCall(t *ticket) []string {
	q, c := t.class.queue, t.condition()
	out := []string{fmt.Sprintf("call %s has waited %s in queue %s, %d ahead, for %s",
		t.entry.Call, b.waited(t).Round(time.Second), q.spec.Name, q.ahead(t), c.text())}
	if t.isBack() {
		out = append(out, b.whyBack(t)...)
		if t.back.seat != nil {
			return out
		}
	}
	if t.first() {
		out = append(out, "goes first: came back from an agent")
	}
	if t.offer != nil {
		return append(out, b.whyOffered(t.offer)...)
	}
	if t.pausedTil > b.now.Mono {
		out = append(out, "its call did not take the last offer in time; tried again in "+b.left(t.pausedTil))
	}
	if next := t.nextStep(); next != never {
		out = append(out, fmt.Sprintf("in %s the condition becomes %s", b.left(next), t.class.conds[t.step+1].text()))
	}
	return append(out, b.whyNobody(t)...)
}

// whyOffered says who is rung, and why they.
func (b *board) whyOffered(o *offer) []string {
	var who []named
	reason := ""
	for _, s := range o.seats {
		if b.seats[s.id] == s {
			who, reason = append(who, named{name: s.agent.Name}), s.reason
		}
	}
	out := []string{fmt.Sprintf("is offered to %s: %s", list(who), reason)}
	if o.taken && o.more != never {
		out = append(out, "one more agent rings in "+b.left(o.more)+" unless somebody answers")
	}
	return out
}

// whyNobody counts the agents of the queue by the first condition that fails: first
// those who meet what the call needs, then those who do not.
func (b *board) whyNobody(t *ticket) []string {
	c := t.condition()
	var able, unable tally
	for rank, name := range b.routes.names {
		switch {
		case c.able[rank]:
			what, who := b.whyNot(t, b.agents[name])
			able.add(what, who)
		case t.class.knows(rank):
			lack, has := c.need.firstLack(b.routes.envs[rank], c.data)
			unable.add(lack, named{name: name, detail: has})
		}
	}
	queue := "queue " + c.queue.spec.Name
	var out []string
	switch {
	case able.size == 0 && unable.size == 0:
		return []string{"nobody meets " + c.text()}
	case able.size == 0:
		out = append(out, fmt.Sprintf("none of the %d agents of %s meets %s", unable.size, queue, c.text()))
	}
	for _, g := range able.groups {
		out = append(out, fmt.Sprintf("%d of %d capable agents %s %s: %s", len(g.who), able.size, g.be(), g.what, list(g.who)))
	}
	of := fmt.Sprintf("of %d agents of %s", able.size+unable.size, queue)
	for _, g := range unable.groups {
		out = append(out, fmt.Sprintf("%d %s %s not meet %s: %s", len(g.who), of, g.do(), g.what, list(g.who)))
	}
	return out
}

// knows tells whether an agent belongs to the queue as this caller sees it: who is
// named by it, or, where nobody is named, who could serve at some step.
func (c *class) knows(rank int) bool {
	if len(c.queue.spec.Agents) > 0 {
		return c.conds[0].order[rank] != outside
	}
	return slices.ContainsFunc(c.conds, func(k *condition) bool { return k.able[rank] })
}

// hindrances are the words for several agents, after "are".
var hindrances = map[hindrance]string{
	isNotReady: "not ready", wrapsUp: "in wrap-up", rests: "resting", rings: "being offered a call", talks: "on a call",
	struckOut: "set aside after missed calls until they say ready", loggedOut: "logged out", unknown: "no longer in the config",
	inOtherCall: "in a call that is not from a queue", unreachable: "at a phone that is not registered or does not answer",
	inGap: "in the gap between calls", leftAlone: "left alone after a miss",
	askedForBreak: "being asked to take the break that is due", overLoad: "held back by the occupancy cap",
	afterHard:   "spared another hard call after so many in a row (hard_in_row)",
	isNewcomer:  "new here and spared callers of tier T2 or above (newcomer)",
	onRamp:      "coming back to work and spared callers of tier T2 or above (ramp)",
	offHostile:  "spared hostile queues for the rest of the day after hard calls (off_hostile_after)",
	beforeBreak: "too close to a break for a call of this queue (break_guard)",
	beforeHome:  "too close to the end of the shift for a call of this queue (shift_guard)",
}

// whyNot says what keeps a waiting caller from an agent who meets the condition.
func (b *board) whyNot(t *ticket, a *agent) (what string, who named) {
	who = named{name: a.Name}
	clock := func(until time.Duration) { who.until, who.detail = until, b.left(until) }
	h := b.hindranceTo(a, t.condition())
	switch h {
	case wrapsUp:
		clock(a.WrapEnd)
	case rests:
		clock(a.Rest.until())
	case inGap:
		clock(a.gapEnd(b))
	case leftAlone:
		clock(a.Pause)
	case overLoad:
		clock(a.spared.load)
	case askedForBreak:
		clock(b.askedTil(a))
	case beforeBreak:
		clock(a.spared.edges.rest)
	case beforeHome:
		clock(a.spared.edges.home)
	case afterHard:
		clock(a.Gap + b.routes.settings.Care.HardRelief)
	case isNotReady:
		who.detail = a.Reason
	case inReserve:
		return t.class.queue.whyHeld(), who
	case nothing:
		if b.ineligible(t, a) != "" {
			return "free, but missed this caller, and others did not", who
		}
		return "free", who
	default: // the word says it all
	}
	return hindrances[h], who
}

// tally is agents by what they have in common, the largest group first.
type tally struct {
	size   int
	groups []group
}

type group struct {
	what string
	who  []named
}

// named is an agent or queue in a list, with what is special about it.
type named struct {
	name, detail string
	until        time.Duration // of a clock: the first to end is named first
}

func (c *tally) add(what string, who named) {
	c.size++
	i := slices.IndexFunc(c.groups, func(g group) bool { return g.what == what })
	if i < 0 {
		i = len(c.groups)
		c.groups = append(c.groups, group{what: what})
	}
	c.groups[i].who = append(c.groups[i].who, who)
	for ; i > 0 && len(c.groups[i].who) > len(c.groups[i-1].who); i-- {
		c.groups[i], c.groups[i-1] = c.groups[i-1], c.groups[i]
	}
}

func (g group) be() string { return map[bool]string{true: "is", false: "are"}[len(g.who) == 1] }
func (g group) do() string { return map[bool]string{true: "does", false: "do"}[len(g.who) == 1] }

// list names the first few.
func list(all []named) string {
	slices.SortStableFunc(all, func(x, y named) int { return cmp.Compare(x.until, y.until) })
	var out []string
	for _, n := range all[:min(namesMost, len(all))] {
		if n.detail != "" {
			n.name += " (" + n.detail + ")"
		}
		out = append(out, n.name)
	}
	text := strings.Join(out, ", ")
	if more := len(all) - len(out); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// text is the condition as the config says it.
func (c *condition) text() string {
	if c.need.text == "" {
		return "any agent of the queue"
	}
	if c.step == 0 {
		return c.need.text
	}
	return fmt.Sprintf("%s (relaxed, step %d)", c.need.text, c.step)
}

// whyAgent says why an agent gets no call: his own state, then every queue he can
// serve where somebody waits, and what keeps him from the others, counted.
func (b *board) whyAgent(a *agent) []string {
	var out []string
	if a.seat != nil {
		out = append(out, fmt.Sprintf("%s has call %s of queue %s: %s", a.Name, a.seat.call, a.seat.queue, a.seat.reason))
	}
	if text := b.hindered(a); text != "" {
		out = append(out, a.Name+" "+text)
	} else {
		out = append(out, a.Name+" is free since "+max(0, b.now.Mono-a.Idle).Round(time.Second).String())
	}
	if talk := a.whyTalk(); talk != "" {
		out = append(out, talk)
	}
	if a.rank < 0 {
		return out
	}
	var idle, unmet, outsideOf []named
	for _, name := range b.routes.order {
		q := b.routes.queues[name]
		switch waiting := b.waitingFor(a, q); {
		case q.steps[0].order[a.rank] == outside:
			outsideOf = append(outsideOf, named{name: name})
		case waiting > 0:
			out = append(out, b.whyQueue(a, q, waiting))
		case b.lackOf(a, q) != "":
			unmet = append(unmet, named{name: name, detail: b.lackOf(a, q)})
		default:
			idle = append(idle, named{name: name})
		}
	}
	for _, l := range []struct {
		who  []named
		text string
	}{
		{idle, "nobody waits whom %[1]s can serve in %[2]s"},
		{unmet, "%[1]s does not meet what is asked by %[2]s"},
		{outsideOf, "%[1]s is not an agent of %[2]s"},
	} {
		if len(l.who) > 0 {
			out = append(out, fmt.Sprintf(l.text, a.Name, queueList(l.who)))
		}
	}
	return out
}

func queueList(all []named) string {
	if len(all) == 1 {
		return "queue " + list(all)
	}
	return fmt.Sprintf("%d queues: %s", len(all), list(all))
}

// waitingFor counts the callers of a queue whom an agent can serve.
func (b *board) waitingFor(a *agent, q *queue) int {
	n := 0
	for _, c := range q.all {
		if a.able(c) {
			n += len(c.waiting.items)
		}
	}
	return n
}

// lackOf says what an agent lacks for a queue before its condition relaxes; empty when
// it depends on the caller.
func (b *board) lackOf(a *agent, q *queue) string {
	s := &q.steps[0]
	if s.need.usesData() || s.able[a.rank] {
		return ""
	}
	lack := s.need.lacking(b.routes.envs[a.rank], nil)
	if slices.ContainsFunc(q.steps[1:], func(s step) bool { return s.able != nil && s.able[a.rank] }) {
		lack += ", until it relaxes"
	}
	return lack
}

// whyQueue says what a queue has for an agent, and what stands between them.
func (b *board) whyQueue(a *agent, q *queue, waiting int) string {
	text := fmt.Sprintf("queue %s: %d wait whom %s can serve", q.spec.Name, waiting, a.Name)
	if q.holdsBack(a) {
		return text + "; " + a.Name + " is " + q.whyHeld()
	}
	for _, c := range q.all {
		if !a.able(c) || len(c.waiting.items) == 0 {
			continue
		}
		if h := b.keeps(a, c); h != nothing {
			return text + "; " + a.Name + " " + sparing[h]
		}
		if bar := b.ineligible(c.waiting.items[0].it, a); bar != "" {
			return text + "; " + a.Name + " " + bar
		}
	}
	if lack := b.lackOf(a, q); lack != "" {
		text += ", not those who ask for " + lack
	}
	return text
}
