package acd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Cap is a rule of care that keeps calls from an agent and that a supervisor may lift
// for a while. A rest, a wrap-up, the gap and a break are none.
type Cap string

// The caps.
const (
	CapLoad     Cap = "occupancy"   // Care.Occupancy
	CapRow      Cap = "hard-in-row" // Care.HardInRow
	CapNewcomer Cap = "newcomer"    // Care.Newcomer
	CapRamp     Cap = "ramp"        // Care.Ramp
	CapHostile  Cap = "off-hostile" // Care.OffHostileAfter
	CapShift    Cap = "shift-guard" // Care.ShiftGuard
)

var caps = []Cap{CapLoad, CapRow, CapNewcomer, CapRamp, CapHostile, CapShift}

const (
	// liftUsual and liftMost bound how long a cap stays lifted.
	liftUsual, liftMost = 30 * time.Minute, 4 * time.Hour
	// reasonMost bounds the reason, in bytes: it is shown on a phone.
	reasonMost = 200
)

// Lift is a supervisor's wish to take a cap from an agent for a while.
type Lift struct {
	Agent  string        `json:"agent"`
	Cap    Cap           `json:"cap"`
	By     string        `json:"by"`     // the supervisor; the agent sees it
	Reason string        `json:"reason"` // at most 200 bytes; the agent sees it
	For    time.Duration `json:"for"`    // zero = 30m, at most 4h
}

// Lifted is a cap that is lifted now, as the agent and others see it.
type Lifted struct {
	Cap    Cap       `json:"cap"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"`
}

// lift is a lifted cap as the ledger knows it.
type lift struct {
	Cap    Cap           `json:"cap"`
	Until  time.Duration `json:"until"`
	By     string        `json:"by"`
	Reason string        `json:"reason"`
}

// lift takes a cap away until a moment. What has ended is forgotten.
func (c *careState) lift(l lift, at time.Duration) {
	var lifts []lift
	for _, o := range c.Lifts {
		if o.Cap != l.Cap && o.Until > at {
			lifts = append(lifts, o)
		}
	}
	c.Lifts = append(lifts, l)
}

// lifted tells whether a supervisor has lifted a cap of an agent.
func (b *board) lifted(a *agent, c Cap) bool {
	for _, l := range a.Care.Lifts {
		if l.Cap == c && l.Until > b.now.Mono {
			return true
		}
	}
	return false
}

// lifts is what of an agent is lifted now.
func (b *board) lifts(a *agent) []Lifted {
	var out []Lifted
	for _, l := range a.Care.Lifts {
		if l.Until > b.now.Mono {
			out = append(out, Lifted{l.Cap, l.By, l.Reason, b.stamp(l.Until).Wall})
		}
	}
	return out
}

// lift carries out a supervisor's wish.
func (b *board) lift(l Lift) error {
	a := b.agents[l.Agent]
	switch {
	case a == nil || a.rank < 0:
		return fmt.Errorf("agent %s: %w", l.Agent, ErrNoAgent)
	case !slices.Contains(caps, l.Cap):
		return fmt.Errorf("%q is no cap that can be lifted; caps are %s: %w", l.Cap, capList(), ErrBadLift)
	case l.By == "" || strings.TrimSpace(l.Reason) == "":
		return fmt.Errorf("a cap is lifted by somebody and for a reason, which the agent sees: %w", ErrBadLift)
	case l.By == l.Agent:
		return fmt.Errorf("%s cannot lift a cap of their own; it takes another supervisor: %w", l.By, ErrBadLift)
	case len(l.Reason) > reasonMost:
		return fmt.Errorf("the reason is longer than %d bytes: %w", reasonMost, ErrBadLift)
	case l.For < 0 || l.For > liftMost:
		return fmt.Errorf("%s is not between 0 and %s: %w", l.For, liftMost, ErrBadLift)
	}
	setDefault(&l.For, liftUsual)
	b.count.Care.Lifted++
	return b.change(a, Event{Kind: KindCapLifted, Length: l.For, Reason: l.Reason, Care: CareFact{Cap: l.Cap, By: l.By}})
}

func capList() string {
	words := make([]string, len(caps))
	for i, c := range caps {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}

// Lift takes a cap from an agent for a while; it returns when that is durable. Nothing
// lifts a rest, a wrap-up, the gap or a break. Errors: ErrNoAgent, ErrBadLift,
// ErrNotDurable (see Do).
func (f *Floor) Lift(ctx context.Context, l Lift) (AgentView, error) {
	return f.change(ctx, l.Agent, Input{Kind: InLift, Lift: &l})
}

// CareView is what an agent may see of the own load, and nobody else.
type CareView struct {
	Break  time.Duration `json:"-"`                 // earned and not taken
	Asked  bool          `json:"asked"`             // whether it is due and asked about now
	Held   []string      `json:"held,omitempty"`    // what keeps calls away now, a sentence each
	Lifted []Lifted      `json:"lifted,omitempty"`  // by whom, until when and why
	Talk   bool          `json:"talk,omitempty"`    // a talk with a team leader is asked for
	TalkBy string        `json:"talk_by,omitempty"` // who has taken it on; empty = nobody yet

	ShiftEnd time.Time `json:"shift_end,omitzero"` // see AgentView
	BreakAt  time.Time `json:"break_at,omitzero"`
}

// Care tells an agent about the own load. Errors: ErrNoAgent.
func (f *Floor) Care(ctx context.Context, agent string) (CareView, error) {
	var v CareView
	err := f.do(ctx, &errand{act: func(b *board) error {
		a := b.agents[agent]
		if a == nil {
			return fmt.Errorf("agent %s: %w", agent, ErrNoAgent)
		}
		v = CareView{Break: b.credit(a).Round(time.Second), Asked: b.askedTil(a) > b.now.Mono, Lifted: b.lifts(a), Talk: a.Care.Talk, TalkBy: a.Care.TalkBy}
		v.Held = b.heldBack(a)
		m := b.moment(a)
		v.ShiftEnd, v.BreakAt = m.End, m.Pause.From
		return nil
	}})
	return v, err
}

// sparing says of an agent which callers are kept away.
var sparing = map[hindrance]string{
	afterHard:   "gets no hard call after so many in a row",
	isNewcomer:  "is new here and gets no caller of tier T2 or above",
	onRamp:      "is coming back to work and gets no caller of tier T2 or above",
	beforeBreak: "has a break soon, and a call would likely run into it",
	beforeHome:  "goes home soon, and a call would likely take longer",
	offHostile:  "gets no call of hostile queues for the rest of the day, after hard ones",
}

// heldBack says what the rules of care keep from an agent now.
func (b *board) heldBack(a *agent) []string {
	var out []string
	if h := b.blocked(a); h == overLoad || h == askedForBreak {
		out = append(out, b.hindered(a))
	}
	by := a.spared.bars
	for _, r := range []struct {
		on bool
		h  hindrance
	}{{by.newcomer, isNewcomer}, {by.ramp, onRamp}, {by.row, afterHard}, {by.hostile, offHostile}} {
		if r.on {
			out = append(out, sparing[r.h])
		}
	}
	return out
}
