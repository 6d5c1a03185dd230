package house

import (
	"context"
	"fmt"
	"time"

	"breakwater/acd"
	"breakwater/acd/adherence"
	"breakwater/acd/shift"
)

// What an agent is shown of the own shifts: so many days ahead and back. A day more is
// read of the past, to know what the agent did when the first of them began.
const (
	planShown = 14
	keptShown = 7
)

// ownShift is the JSON of /v1/own/shift. It is shown to the agent and nobody else.
type ownShift struct {
	Shift     string         `json:"shift,omitempty"` // the entry of shifts:; empty = no plan
	Zone      string         `json:"time_zone,omitempty"`
	At        time.Time      `json:"at"`
	On        bool           `json:"on"`                  // at work by the plan
	End       time.Time      `json:"end,omitzero"`        // of this stretch of work
	Break     *shift.Span    `json:"break,omitempty"`     // that goes on, or the next before the end
	Next      time.Time      `json:"next,omitzero"`       // when the next stretch of work begins
	Plan      []plannedDay   `json:"plan"`                // the days ahead
	Kept      []keptDay      `json:"kept"`                // the days before, today included
	Hardships []shift.Series `json:"hardships,omitempty"` // what in the weeks ahead wears you out
}

type plannedDay struct {
	Date  shift.Date   `json:"date"`
	Kind  string       `json:"kind,omitempty"`
	Spans []shift.Span `json:"spans"`
}

// keptDay is how closely one day's plan was kept. Lengths are in seconds.
type keptDay struct {
	Date      shift.Date `json:"date"`
	Formula   string     `json:"formula"`
	Scheduled float64    `json:"scheduled"`
	Adherent  float64    `json:"adherent"`
	Granted   float64    `json:"granted"` // part of adherent: rests, breaks earned or owed
	Over      float64    `json:"over"`    // worked outside the plan
	Share     float64    `json:"share"`   // 0 to 1
}

// ownShift is an agent's plan, what of it comes next, and how it was kept.
func (h *House) ownShift(ctx context.Context, agent string) (any, error) {
	now := time.Now()
	view := ownShift{At: now, Plan: []plannedDay{}, Kept: []keptDay{}}
	p, ok := h.shifts.roster.Load().Of(agent)
	if !ok {
		return view, nil
	}
	m := p.At(now)
	view.Shift, view.Zone, view.At = p.Shift, p.Zone().String(), now.In(p.Zone())
	view.On, view.End, view.Next = m.On, m.End, m.Next
	if !m.Pause.To.IsZero() {
		view.Break = &m.Pause
	}
	today := shift.DateOf(view.At)
	for _, d := range p.Duties(today, today+planShown) {
		view.Plan = append(view.Plan, plannedDay{d.Date, d.Kind, d.Spans})
	}
	c := h.Keeper.Current()
	view.Hardships = shift.Repeated(p.Lint(c.ShiftRules, today.Monday(), planShown/7+1))
	kept, err := h.lastDays(ctx, p, today, now)
	view.Kept = append(view.Kept, kept...)
	return view, err
}

// lastDays holds the last days against what the floor's events tell.
func (h *House) lastDays(ctx context.Context, p shift.Pattern, today shift.Date, now time.Time) ([]keptDay, error) {
	care := h.Keeper.Current().Floor.Care
	from := (today - keptShown).At(0, p.Zone())
	reader := adherence.NewReader(p.Agent, from, care.BreakReasons)
	for e, err := range h.Store.Events(ctx, from, now.Add(time.Second)) {
		if err != nil {
			return nil, fmt.Errorf("read the floor's past: %w", err)
		}
		reader.Add(e)
	}
	return keptDays(p.Duties(today-keptShown+1, today+1), reader.Stretches(now), care, now), nil
}

// keptDays holds each day by itself: who made up for one on another has kept both.
func keptDays(duties []shift.Duty, did []shift.Stretch, care acd.Care, now time.Time) []keptDay {
	credit := shift.Credit{Break: max(0, care.Break), Every: care.BreakEvery}
	var out []keptDay
	for i, d := range duties {
		until := now
		if i+1 < len(duties) && duties[i+1].From().Before(now) {
			until = duties[i+1].From()
		}
		a := shift.Adhere(d.Spans, did, credit, until)
		if a.Scheduled == 0 {
			continue
		}
		out = append(out, keptDay{
			Date: d.Date, Formula: a.Formula, Scheduled: a.Scheduled.Seconds(), Adherent: a.Adherent.Seconds(),
			Granted: a.Granted.Seconds(), Over: a.Over.Seconds(), Share: a.Share(),
		})
	}
	return out
}
