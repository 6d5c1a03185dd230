package acd

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// place tells where a caller stands.
func (b *board) place(id uint64) (Place, error) {
	t := b.tickets[id]
	if t == nil {
		return Place{}, fmt.Errorf("ticket %d: %w", id, ErrNoTicket)
	}
	q := t.class.queue
	at := q.ahead(t) + 1
	if t.told == 0 || at < t.told {
		t.told = at
	}
	return Place{Position: t.told, Waiting: q.waiting, Since: b.stamp(t.since).Wall}, nil
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
	oldest := map[*queue]time.Duration{}
	for _, t := range b.tickets {
		q := t.class.queue
		if since, ok := oldest[q]; !ok || t.since < since {
			oldest[q] = t.since
		}
	}
	out := make([]QueueView, 0, len(b.routes.order))
	for _, name := range b.routes.order {
		q := b.routes.queues[name]
		v := QueueView{Name: name, Waiting: q.waiting}
		if since, ok := oldest[q]; ok {
			v.Oldest = b.stamp(since).Wall
		}
		for _, c := range q.steps[0].conditions {
			v.Ready = max(v.Ready, len(c.offerable.items))
			v.Capable = max(v.Capable, c.present)
		}
		out = append(out, v)
	}
	return out
}

// whyMost bounds how many agents or queues an explanation names.
const whyMost = 50

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

// whyCall says why a caller still waits: for every agent, what stands in the way.
func (b *board) whyCall(t *ticket) []string {
	q, c := t.class.queue, t.condition()
	out := []string{fmt.Sprintf("call %s has waited %s in queue %s, %d ahead, for %s",
		t.entry.Call, b.waited(t).Round(time.Second), q.spec.Name, q.ahead(t), c.text())}
	if t.entry.Head {
		out = append(out, "goes first: came back from an agent")
	}
	if o := t.offer; o != nil {
		for _, s := range o.seats {
			if b.seats[s.id] == s {
				out = append(out, fmt.Sprintf("is offered to %s: %s", s.agent.Name, s.reason))
			}
		}
		return out
	}
	if t.pausedTil > b.now.Mono {
		out = append(out, "its call did not take the last offer in time; tried again in "+b.left(t.pausedTil))
	}
	if next := t.nextStep(); next != never {
		out = append(out, fmt.Sprintf("in %s the condition becomes %s", b.left(next), t.class.conds[t.step+1].text()))
	}
	var able, unable []string
	for rank, name := range b.routes.names {
		a := b.agents[name]
		if text := b.unable(c, rank); text != "" {
			unable = append(unable, name+" "+text)
			continue
		}
		text := b.hindrance(a)
		if text == "" {
			text = b.ineligible(t, a)
		}
		if text == "" {
			text = "is free and will be offered this call"
		}
		able = append(able, name+" "+text)
	}
	if len(able) == 0 {
		out = append(out, "nobody meets "+c.text())
	}
	return append(append(out, shorten(able)...), shorten(unable)...)
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

// unable says why an agent does not meet a condition; empty when he does.
func (b *board) unable(c *condition, rank int) string {
	switch {
	case c.able[rank]:
		return ""
	case c.order[rank] == outside:
		return "is not an agent of queue " + c.queue.spec.Name
	}
	if text := c.need.lacking(b.routes.envs[rank], c.data); text != "" {
		return "does not meet " + text
	}
	return "does not meet " + c.need.text
}

// whyAgent says why an agent gets no call: his own state, then every queue.
func (b *board) whyAgent(a *agent) []string {
	var out []string
	if a.seat != nil {
		out = append(out, fmt.Sprintf("%s has call %s of queue %s: %s", a.Name, a.seat.call, a.seat.queue, a.seat.reason))
	}
	if text := b.hindrance(a); text != "" {
		out = append(out, a.Name+" "+text)
	} else {
		out = append(out, a.Name+" is free since "+max(0, b.now.Mono-a.Idle).Round(time.Second).String())
	}
	if a.rank < 0 {
		return out
	}
	var queues []string
	for _, name := range b.routes.order {
		queues = append(queues, b.whyQueue(a, b.routes.queues[name]))
	}
	return append(out, shorten(queues)...)
}

// whyQueue says what a queue has for an agent.
func (b *board) whyQueue(a *agent, q *queue) string {
	name, waiting, serves := q.spec.Name, 0, false
	for _, c := range q.all {
		if !a.able(c) {
			continue
		}
		serves = true
		waiting += len(c.waiting.items)
		for _, w := range c.waiting.items {
			if text := b.ineligible(w.it, a); text != "" {
				return fmt.Sprintf("queue %s: %d wait whom %s can serve; %s %s", name, waiting, a.Name, a.Name, text)
			}
			break
		}
	}
	first := ""
	if c := q.steps[0].conditions[""]; c != nil {
		first = b.unable(c, a.rank)
	}
	switch {
	case serves && first == "":
		return fmt.Sprintf("queue %s: %d wait whom %s can serve", name, waiting, a.Name)
	case serves:
		return fmt.Sprintf("queue %s: %d wait whom %s can serve; before the condition relaxes %s %s", name, waiting, a.Name, a.Name, first)
	case first != "":
		return fmt.Sprintf("queue %s: %s %s", name, a.Name, first)
	}
	return fmt.Sprintf("queue %s: %s meets no caller's condition", name, a.Name)
}

// shorten keeps an explanation readable.
func shorten(lines []string) []string {
	if len(lines) <= whyMost {
		return lines
	}
	return append(lines[:whyMost:whyMost], fmt.Sprintf("and %d more", len(lines)-whyMost))
}
