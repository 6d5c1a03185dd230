package acd

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

const (
	// auditSlack is how late a clock of the board may be before an agent is stuck.
	auditSlack = time.Second
	// auditEvery is how often a floor checks itself.
	auditEvery = 10 * time.Second
	// auditMost is how many pairs of a waiting caller and a free agent it looks at then, a
	// few ms of its time. Where there are more it goes on from there the next time.
	auditMost = 500
)

// Audit looks at the whole floor from first principles, without the lines and counts
// that routing uses, and says which promises are broken now: a waiting caller
// forgotten while a capable agent is offerable, an agent stuck, anybody with two.
// Each finding is counted. It costs waiting callers × free agents.
func (f *Floor) Audit(ctx context.Context) ([]string, error) {
	var out []string
	err := f.do(ctx, &errand{look: func(b *board) { out = b.audit() }, act: func(*board) error { return nil }})
	return out, err
}

// EventsWaiting counts the events that are not yet in the ledger.
func (f *Floor) EventsWaiting() int { return f.journal.waiting() }

// audit must be called on a settled board.
func (b *board) audit() []string {
	found, _ := b.auditFrom(pair{}, math.MaxInt)
	return found
}

// pair is a waiting caller and a free agent; zero = the first.
type pair struct {
	ticket uint64
	rank   int
}

// auditFrom is an audit of which the look at waiting callers begins with a pair and ends
// after so many; next is where it goes on.
func (b *board) auditFrom(from pair, most int) (found []string, next pair) {
	starved, next := b.starved(from, most)
	stuck, double := b.stuck(), b.doubled()
	b.count.StarvedCallers += uint64(len(starved))
	b.count.StuckAgents += uint64(len(stuck))
	b.count.DoubleOffers += uint64(len(double))
	return slices.Concat(starved, stuck, double), next
}

// starved finds callers who wait although somebody could take them; see auditFrom.
func (b *board) starved(from pair, most int) (out []string, next pair) {
	var free []int
	for rank, name := range b.routes.names {
		a := b.agents[name]
		p := b.phones[a.Phone]
		reachable := p == nil || !p.busy && !p.away
		rested := b.now.Mono >= a.Gap+b.routes.settings.Gap && b.now.Mono >= a.Pause
		if a.State == Ready && reachable && rested {
			free = append(free, rank)
		}
	}
	if len(free) == 0 {
		return nil, from
	}
	for _, t := range b.inOrder() {
		if t.id < from.ticket || t.offer != nil || t.pausedTil > b.now.Mono {
			continue
		}
		if t.isBack() {
			if _, why := b.held(t); why != "" {
				continue
			}
		}
		those := free
		if t.id == from.ticket {
			i, _ := slices.BinarySearch(free, from.rank)
			those = free[i:]
		}
		n := min(len(those), most)
		if name := b.couldTake(t, those[:n]); name != "" {
			out = append(out, fmt.Sprintf("call %s waits in queue %s while %s is free for it", t.entry.Call, t.entry.Queue, name))
		}
		if most -= n; n < len(those) {
			return out, pair{t.id, those[n]}
		}
	}
	return out, pair{}
}

// couldTake names a free agent who may be offered the caller.
func (b *board) couldTake(t *ticket, free []int) string {
	q := b.routes.queues[t.entry.Queue]
	if q == nil {
		return ""
	}
	need := q.steps[0].need
	for _, s := range q.steps[1:] {
		if s.after <= b.now.Mono-t.since {
			need = s.need
		}
	}
	for _, rank := range free {
		name := b.routes.names[rank]
		reserve := slices.Contains(q.spec.Reserve, name)
		if len(q.spec.Agents) > 0 && !slices.Contains(q.spec.Agents, name) && !reserve || reserve && !q.reserve.level.Called {
			continue
		}
		bar, missed := t.missed[b.agents[name]]
		if missed && bar.until > b.now.Mono {
			continue
		}
		if need.met(b.routes.envs[rank], t.entry.Data) && !b.spares(b.agents[name], t) {
			return name
		}
	}
	return ""
}

// stuck finds agents whose offer, conversation or clock is gone.
func (b *board) stuck() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(b.agents)) {
		a := b.agents[name]
		late := func(until time.Duration) bool { return until+auditSlack < b.now.Mono }
		switch {
		case (a.State == Offered || a.State == OnCall) && (a.seat == nil || b.seats[a.seat.id] != a.seat):
			out = append(out, fmt.Sprintf("agent %s is %s without an assignment", name, a.State))
		case a.State == Offered && (a.seat.ticket == nil || b.tickets[a.seat.number] != a.seat.ticket || a.seat.ticket.offer == nil):
			out = append(out, fmt.Sprintf("agent %s is offered a caller who has left", name))
		case a.State == WrapUp && late(a.WrapEnd), a.State == Resting && late(a.Rest.until()):
			out = append(out, fmt.Sprintf("agent %s is %s beyond its end", name, a.State))
		case a.State != Offered && a.State != OnCall && a.seat != nil:
			out = append(out, fmt.Sprintf("agent %s is %s with an assignment", name, a.State))
		}
	}
	return out
}

// doubled finds agents with two assignments and callers with two offers.
func (b *board) doubled() []string {
	var out []string
	agents, answered, calls := map[*agent]uint64{}, map[uint64]uint64{}, map[*ticket]*offer{}
	for _, id := range slices.Sorted(maps.Keys(b.seats)) {
		s := b.seats[id]
		if other, two := agents[s.agent]; two {
			out = append(out, fmt.Sprintf("agent %s has assignments %d and %d", s.agent.Name, other, id))
		}
		agents[s.agent] = id
		if s.answered {
			if other, two := answered[s.number]; two {
				out = append(out, fmt.Sprintf("call %s was answered by assignments %d and %d", s.call, other, id))
			}
			answered[s.number] = id
			continue
		}
		if o := s.ticket.offer; o == nil || !slices.Contains(o.seats, s) || calls[s.ticket] != nil && calls[s.ticket] != o {
			out = append(out, fmt.Sprintf("call %s has two offers", s.call))
		}
		calls[s.ticket] = s.ticket.offer
	}
	return out
}

// promised is what of an agent must not be cut short.
type promised struct {
	State   AgentState
	WrapEnd time.Duration
	Rest    rest
}

// guard counts broken promises: it looks at what happened, not at why.
func (b *board) guard(before promised, after *person, e *Event) {
	chosen := e.Kind == KindWrapUpEnded || e.Kind == KindLogOut
	if before.State == WrapUp && after.State != WrapUp && b.now.Mono < before.WrapEnd && !chosen {
		b.count.WrapUpsCutShort++
	}
	if before.Rest.Running && after.Rest.Level == 0 && b.now.Mono < before.Rest.until() && e.Kind != KindRestDeclined {
		b.count.RestsCutShort++
	}
	if e.Kind == KindOffered && b.oneTooMany(after, e) {
		b.count.Care.RowsBroken++
	}
}

// oneTooMany tells whether an offer breaks the promise of hard_in_row. It looks at the
// event and at the agent as the ledger has him, not at what his lines were drawn by.
func (b *board) oneTooMany(a *person, e *Event) bool {
	c, q := &b.routes.settings.Care, b.routes.queues[e.Queue]
	if q == nil || q.spec.Urgent || e.Care.Urgent || c.HardInRow <= 0 || !e.Care.Tier.hard() && !e.Care.Event && !q.hostile() {
		return false
	}
	lifted := slices.ContainsFunc(a.Care.Lifts, func(l lift) bool { return l.Cap == CapRow && l.Until > b.now.Mono })
	return !lifted && a.Care.Row >= c.HardInRow && b.now.Mono-a.Gap < c.HardRelief
}
