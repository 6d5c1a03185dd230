package call

import (
	"cmp"
	"context"
	"math"
	"sync"
	"time"

	"breakwater/media/guard"
)

// EarShift is what an agent's ears got in one shift, in calls of queues and from phone to
// phone: an estimate of the line side, for the device of the agent's profile. It belongs to the agent. It is kept by agent and
// day, no list of agents by dose exists, and nothing in routing or figures reads it.
type EarShift struct {
	Agent    string        `json:"agent"`
	Began    time.Time     `json:"began,omitzero"`
	Last     time.Time     `json:"last,omitzero"` // when sound was added last
	Listened time.Duration `json:"listened_ns"`   // time in conversations
	Exposure float64       `json:"exposure_pa2h"` // Pa²·h, A-weighted
	Limited  uint64        `json:"frames_limited"`
}

// Exposures keeps what agents' ears got. store implements it.
type Exposures interface {
	// KeepExposure replaces the shift of the same agent and begin, unless what is kept
	// holds more: exposure only grows, and words may arrive out of order.
	KeepExposure(ctx context.Context, s EarShift) error
	// Exposures gives the agent's newest shifts first, at most limit.
	Exposures(ctx context.Context, agent string, limit int) ([]EarShift, error)
}

// Dose is an agent's own view of a shift.
type Dose struct {
	EarShift
	LEX8h   float64 `json:"lex_8h_dba"` // dB(A) over eight hours so far; 0 before any sound
	Percent float64 `json:"percent"`    // of the budget's energy
	Budget  float64 `json:"budget_dba"` // dB(A) LEX,8h
}

// betweenShifts without a call end a shift: also one that runs over midnight.
const betweenShifts = 6 * time.Hour

// earsEvery is how often a long call is accounted for.
const earsEvery = time.Minute

// doses adds up what ears get. It is safe for concurrent use.
type doses struct {
	keep Exposures

	mu      sync.Mutex // protects all following fields, never held while the store is asked
	shifts  map[string]EarShift
	owed    map[string]portion // not yet added: the store could not tell what was before
	loudest float64            // dBm0 A of any 5 ms given to an ear since the start
}

func newDoses(keep Exposures) *doses {
	return &doses{keep: keep, shifts: map[string]EarShift{}, owed: map[string]portion{}, loudest: math.Inf(-1)}
}

// loud notes the loudest that an ear got.
func (d *doses) loud(dBm0 float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.loudest = max(d.loudest, dBm0)
}

// Loudest is the loudest 5 ms given to any ear since the start, dBm0 A-weighted; −Inf
// before any.
func (x *Exchange) Loudest() float64 {
	x.doses.mu.Lock()
	defer x.doses.mu.Unlock()
	return x.doses.loudest
}

// portion is what one leg gave to an ear.
type portion struct {
	agent    string
	energy   float64 // A-weighted power × seconds, 1 = 0 dBm0 (guard.Account)
	listened time.Duration
	limited  uint64
	at       time.Time
}

// and is both portions as one.
func (p portion) and(q portion) portion {
	q.energy, q.listened, q.limited = q.energy+p.energy, q.listened+p.listened, q.limited+p.limited
	if p.at.After(q.at) {
		q.at = p.at
	}
	return q
}

// add adds a portion to the agent's shift and keeps the sum.
func (d *doses) add(ctx context.Context, p portion, s guard.DoseSettings) error {
	d.mu.Lock()
	d.owed[p.agent] = d.owed[p.agent].and(p)
	d.mu.Unlock()
	if err := d.remember(ctx, p.agent); err != nil {
		return err // it stays owed
	}
	d.mu.Lock()
	p, shift := d.owed[p.agent], d.shifts[p.agent]
	if p.at.IsZero() { // another leg's end has added it
		d.mu.Unlock()
		return nil
	}
	delete(d.owed, p.agent)
	if p.at.Sub(shift.Last) > betweenShifts {
		shift = EarShift{Agent: p.agent, Began: p.at.Add(-p.listened).Truncate(time.Millisecond)}
	}
	dose := guard.NewDose(s)
	dose.Exposure = shift.Exposure
	dose.Add(p.energy)
	shift.Exposure = dose.Exposure
	shift.Listened += p.listened
	shift.Limited += p.limited
	shift.Last = p.at
	d.shifts[p.agent] = shift
	d.mu.Unlock()
	return d.keep.KeepExposure(ctx, shift)
}

// remember reads what the process before knew of the agent's shift.
func (d *doses) remember(ctx context.Context, agent string) error {
	d.mu.Lock()
	_, known := d.shifts[agent]
	d.mu.Unlock()
	if known {
		return nil
	}
	kept, err := d.keep.Exposures(ctx, agent, 1)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.shifts[agent]; !known {
		d.shifts[agent] = EarShift{Agent: agent}
		if len(kept) > 0 {
			d.shifts[agent] = kept[0]
		}
	}
	return nil
}

// now is the agent's present shift; false when there was no call in the last hours.
func (d *doses) now(ctx context.Context, agent string, at time.Time) (EarShift, bool, error) {
	if err := d.remember(ctx, agent); err != nil {
		return EarShift{}, false, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	shift := d.shifts[agent]
	return shift, at.Sub(shift.Last) <= betweenShifts, nil
}

// lendEars makes a leg count for the dose of whoever is logged in at its phone. Nothing but
// the dose knows of it: a call from phone to phone is nobody's figure.
func (c *Call) lendEars(ctx context.Context, s *side) error {
	phone := s.Party().Phone
	if phone == "" {
		return nil
	}
	at, err := c.x.agentAt(ctx, phone)
	s.ears = at.Name
	return err
}

// keepListening accounts for what ears get while they do, until stop; the rest is accounted
// for then.
func (c *Call) keepListening(sides ...*side) (stop func()) {
	account := func() {
		for _, s := range sides {
			if !s.gone {
				c.listened(s)
			}
		}
	}
	var cancel func()
	var look func()
	look = func() {
		account()
		cancel = c.after(earsEvery, look)
	}
	cancel = c.after(earsEvery, look)
	return func() { cancel(); account() }
}

// listened accounts for what an agent's ear got on a leg that has ended, or so far.
func (c *Call) listened(s *side) {
	got := c.x.parts.Ears.Exposure(s)
	if s.lent || got.At.IsZero() {
		return // whose leg it is accounts for it; or not protected: nothing is known
	}
	p := portion{
		agent: cmp.Or(s.agent, s.ears), energy: got.Energy - s.heard.Energy, limited: c.countLimited(got.Account, s.heard), at: time.Now(),
	}
	if p.listened = p.at.Sub(s.answered); !s.told.IsZero() {
		p.listened = p.at.Sub(s.told)
	}
	s.heard, s.told = got.Account, p.at
	if p.agent == "" || c.plan.Hearing.Off {
		return
	}
	settings := c.plan.doseOf(p.agent)
	c.inbox.helpers.Go(func() {
		ctx, cancel := detached()
		defer cancel()
		if err := c.x.doses.add(ctx, p, settings); err != nil {
			c.x.tally.Add("exposures_failed_total")
			c.log.Error("what an agent's ears got was not kept; it is kept with the next call", "err", err)
		}
	})
}

// countLimited tells the metrics what the guard did since it was looked at before, and
// gives how many frames it limited.
func (c *Call) countLimited(is, was guard.Account) (limited uint64) {
	c.x.tally.AddMany(is.Frames-was.Frames, "guard_frames_total")
	for r := range is.Limited {
		rule := guard.Rule(r).String()
		limited += is.Limited[r] - was.Limited[r]
		c.x.tally.AddMany(is.Limited[r]-was.Limited[r], "guard_frames_limited_total", "rule", rule)
		c.x.tally.AddMany(is.Events[r]-was.Events[r], "guard_events_total", "rule", rule)
	}
	c.x.doses.loud(is.MaxOut)
	return limited
}

// doseOf is what an agent's dose is reckoned by: with the headset that they wear.
func (p *Plan) doseOf(agent string) guard.DoseSettings {
	s := p.Hearing.Dose
	if worn, ok := p.Hearing.Headsets[p.Agents[agent].Headset]; ok {
		s.Profile = worn.WithDefaults()
	}
	return s
}

// Dose is what an agent's ears got in the present shift, for the agent's own eyes.
func (x *Exchange) Dose(ctx context.Context, agent string) (Dose, error) {
	settings := x.plan.Load().doseOf(agent)
	shift, present, err := x.doses.now(ctx, agent, time.Now())
	if err != nil || !present {
		return Dose{EarShift: EarShift{Agent: agent}, Budget: settings.Budget}, err
	}
	reckoned := guard.NewDose(settings)
	reckoned.Exposure = shift.Exposure
	d := Dose{EarShift: shift, Percent: reckoned.Percent(), Budget: settings.Budget}
	if shift.Exposure > 0 {
		d.LEX8h = reckoned.LEX8h()
	}
	return d, nil
}
