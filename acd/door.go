package acd

import (
	"fmt"
	"time"
)

// Door is what a queue asks before it lets a caller in, besides QueueSpec.MaxSize and
// QueueSpec.LeaveOn. Who comes back from an agent (Entry.Head) passes all but JoinWhen. Who
// waits is not asked again (decision 0031).
type Door struct {
	JoinWhen []AgentState  `yaml:"join_when"` // join when a capable agent is in one of these; default: in none of leave_on
	MaxEWT   time.Duration `yaml:"max_ewt"`   // join when half of those in this place would wait no longer, asked once, at the door; 0 = no limit
	MaxRatio float64       `yaml:"max_ratio"` // join when no more than so many wait for each staffed agent, callbacks whose turn may come now included, asked once, at the door; 0 = no limit
	OnEWT    string        `yaml:"on_ewt"`    // target when MaxEWT keeps a caller out
	OnRatio  string        `yaml:"on_ratio"`  // target when MaxRatio does
}

// Check says what is wrong, by dotted key.
func (d Door) Check() map[string]string {
	w := wrongs{}
	for i, s := range d.JoinWhen {
		w.word(fmt.Sprintf("join_when.%d", i), string(s), agentStates...)
	}
	w.length("max_ewt", d.MaxEWT, 24*time.Hour)
	if !(d.MaxRatio >= 0 && d.MaxRatio <= 10_000) {
		w["max_ratio"] = fmt.Sprintf("%v is not between 0 (no limit) and 10000 callers an agent", d.MaxRatio)
	}
	return w
}

// Boost is a head start for callers whose data fits.
type Boost struct {
	When    string `yaml:"when"`    // about the call's data, e.g. data.tier == "gold"
	Minutes int    `yaml:"minutes"` // added to the score, as if the caller had come so much earlier; may be negative
}

// boosted is a compiled Boost.
type boosted struct {
	when    *need
	minutes int
}

// boosts compiles a queue's boosts. at is the one that is wrong.
func (d dictionary) boosts(q QueueSpec) (list []boosted, at int, err error) {
	for i, b := range q.Boosts {
		n, err := d.compile(b.When)
		switch {
		case err != nil:
			return nil, i, err
		case !n.usesData() || len(n.skills) > 0:
			return nil, i, fmt.Errorf("%q must be about the call alone: data.NAME", b.When)
		case b.Minutes < -1440 || b.Minutes > 1440:
			return nil, i, fmt.Errorf("%d minutes are more than a day", b.Minutes)
		}
		list = append(list, boosted{n, b.Minutes})
	}
	return list, 0, nil
}

// boost is the sum of the boosts that fit a call.
func (q *queue) boost(data map[string]any) int {
	sum := 0
	for _, b := range q.boosts {
		if b.when.met(map[string]any{}, data) {
			sum += b.minutes
		}
	}
	return sum
}

// The limits of a queue, as Refused and Removal name them.
const (
	limitEmpty = "empty"
	limitFull  = "full"
	limitEWT   = "ewt"
	limitRatio = "ratio"
	limitWait  = "wait"
)

// keepsOut says by which limit a caller may not join, and where to go instead; empty =
// may join.
func (b *board) keepsOut(q *queue, e Entry, age time.Duration) (limit, target string) {
	class, step, spec := b.classFor(q, e.Data, e.kind()), q.stepAt(age), &q.spec
	switch {
	case !class.joinable(step):
		return limitEmpty, spec.OnEmpty
	case e.Head:
		return "", ""
	case spec.MaxSize > 0 && q.waiting-q.parked >= spec.MaxSize:
		return limitFull, spec.OnFull
	case spec.MaxRatio > 0 && float64(q.wanting()-q.messagesDue+1) > spec.MaxRatio*float64(class.staffed(step)):
		return limitRatio, spec.OnRatio
	case spec.MaxEWT > 0 && b.forecast(class.conds[step], q.lined, b.ids.Ticket+1).P50 > spec.MaxEWT:
		return limitEWT, spec.OnEWT
	}
	return "", ""
}

// joinable tells whether anybody able from the step on is in a state that callers
// join on.
func (c *class) joinable(from int) bool {
	if c.queue.join == nil {
		return c.served(from)
	}
	for _, k := range c.conds[from:] {
		if k.joinable() > 0 {
			return true
		}
	}
	return false
}

// staffed is how many agents at work could serve at the best step from here on.
func (c *class) staffed(from int) int {
	most := 0
	for _, k := range c.conds[from:] {
		most = max(most, k.staffed())
	}
	return most
}

// isStaffed tells whether an agent in the state is at work: who is not logged in, not
// ready or set aside takes no calls for an unknown time.
func isStaffed(s AgentState) bool {
	return s != LoggedOut && s != NotReady && s != Missed && s != ""
}

// forget ends a ticket.
func (b *board) forget(t *ticket) {
	b.unlist(t)
	t.offer = nil
	b.alarms.set(&t.alarm, never)
	delete(b.tickets, t.id)
	if b.calls[t.entry.Call] == t {
		delete(b.calls, t.entry.Call)
	}
	if t.prefer != nil {
		t.prefer.drop(t)
	}
	if t.isBack() {
		b.apart(t)
		t.class.queue.park(t, -1)
	}
	t.class.leave()
	b.turn.gone = append(b.turn.gone, t.id)
}
