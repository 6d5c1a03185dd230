package acd

import (
	"context"
	"slices"
	"strings"
	"time"

	"breakwater/acd/shift"
)

// Shifts is the planned time of agents, by name, in order and without overlap. It
// reaches some days ahead and is told anew before it runs out: the floor knows no
// calendar, so that a log of what it was told decides the same again.
type Shifts map[string][]shift.Span

// Shifts tells the floor who is to work when, in the next 48 hours or so. It
// replaces what was told before; who is not named has no plan. The spans are the
// floor's from then on.
func (f *Floor) Shifts(ctx context.Context, s Shifts) error {
	return f.do(ctx, &errand{in: Input{Kind: InShifts, Shifts: s}})
}

// roster takes over what is planned.
func (b *board) roster(s Shifts) {
	for name, a := range b.agents {
		if next := s[name]; !slices.EqualFunc(a.shifts, next, sameSpan) {
			a.shifts = next
			b.touch(a)
		}
	}
	b.planned = len(s) > 0
	b.reckonReaches()
	slices.SortFunc(b.touched, func(x, y *agent) int { return strings.Compare(x.Name, y.Name) }) // the order of a map must decide nothing
}

func sameSpan(x, y shift.Span) bool {
	return x.Kind == y.Kind && x.From.Equal(y.From) && x.To.Equal(y.To)
}

// moment is what the plan says of the agent now.
func (b *board) moment(a *agent) shift.Moment { return shift.Look(a.shifts, b.now.Wall) }

// turnOfShift is the next moment at which work or a break begins or ends by the plan.
func (b *board) turnOfShift(a *agent) time.Duration {
	for _, s := range a.shifts {
		for _, t := range []time.Time{s.From, s.To} {
			if t.After(b.now.Wall) {
				return b.now.Mono + t.Sub(b.now.Wall)
			}
		}
	}
	return never
}

// viewShift shows the end of the shift and the next break.
func (b *board) viewShift(a *agent, v *AgentView) {
	m := b.moment(a)
	v.ShiftEnd, v.BreakAt = m.End, m.Pause.From
}
