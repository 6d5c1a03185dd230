package acd

import (
	"context"
	"time"
)

// Outlook is what lies before the callers of a queue.
type Outlook struct {
	Queue    string
	Staffed  bool          // somebody is at work who can serve whoever comes; without that there is no estimate
	P50, P90 time.Duration // of callers who came now half, nine of ten, wait no longer
	// Held are the callers who wait although somebody capable is ready and nothing but a
	// cap or the gap keeps the call away, by the rule. Whom two rules keep waiting counts
	// for both.
	Held map[Cap]int
}

// Rules that keep callers waiting and are no cap a supervisor could lift.
const (
	ruleGap   Cap = "gap"         // Settings.Gap
	ruleBreak Cap = "break"       // Care.Break: asked whether to take it
	ruleGuard Cap = "break-guard" // Care.BreakGuard
)

// holding are the rules that make callers wait for the sake of the agents.
var holding = map[hindrance]Cap{
	inGap: ruleGap, askedForBreak: ruleBreak, overLoad: CapLoad, afterHard: CapRow, isNewcomer: CapNewcomer, onRamp: CapRamp,
	offHostile: CapHostile, beforeBreak: ruleGuard, beforeHome: CapShift,
}

// HoldingRules are the names of the rules that Outlook.Held may tell of.
func HoldingRules() []Cap {
	out := []Cap{ruleGap, ruleBreak, ruleGuard}
	return append(out, caps...)
}

// Outlook looks at every queue, in the order of their names. Each is an errand of its
// own: no offer waits for more than one estimate, a fraction of a millisecond.
func (f *Floor) Outlook(ctx context.Context) ([]Outlook, error) {
	var names []string
	if err := f.do(ctx, &errand{act: func(b *board) error { names = b.routes.order; return nil }}); err != nil {
		return nil, err
	}
	out := make([]Outlook, 0, len(names))
	for _, name := range names {
		look := func(b *board) error {
			if q := b.routes.queues[name]; q != nil { // else it went with an edit meanwhile
				out = append(out, b.outlook(q))
			}
			return nil
		}
		if err := f.do(ctx, &errand{act: look}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (b *board) outlook(q *queue) Outlook {
	o := Outlook{Queue: q.spec.Name, Held: map[Cap]int{}}
	if c := q.widest(); c != nil {
		e := b.forecast(c, q.lined, b.ids.Ticket+1)
		if e.P50 != never {
			o.Staffed, o.P50, o.P90 = true, e.P50, e.P90
		}
	}
	for _, c := range q.all {
		for rule := range b.holds(c) {
			o.Held[rule] += len(c.waiting.items)
		}
	}
	return o
}

// widest is the queue's first condition as most agents meet it, whatever the call's data.
func (q *queue) widest() *condition {
	var best *condition
	sign := ""
	for s, c := range q.steps[0].conditions {
		if best == nil || c.present() > best.present() || c.present() == best.present() && s < sign {
			best, sign = c, s
		}
	}
	return best
}

// holds are the rules that keep the waiting callers of a condition from agents who are
// ready; none when nobody waits or somebody is free for them.
func (b *board) holds(c *condition) map[Cap]bool {
	if len(c.waiting.items) == 0 {
		return nil
	}
	rules := map[Cap]bool{}
	for rank, able := range c.able {
		if !able {
			continue
		}
		h := b.hindranceTo(b.agents[b.routes.names[rank]], c)
		if h == nothing {
			return nil
		}
		if rule, known := holding[h]; known {
			rules[rule] = true
		}
	}
	return rules
}
