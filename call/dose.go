package call

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"slices"
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
	// KeepExposure replaces each shift of the same agent and begin, unless what is kept
	// holds more: exposure only grows, and words may arrive out of order. After an error
	// some may have been kept.
	KeepExposure(ctx context.Context, shifts ...EarShift) error
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

// doses adds up what ears get. It is safe for concurrent use. What legs report is added
// and kept by one goroutine, for all agents together, while their calls go on or are over.
type doses struct {
	keep    Exposures
	tally   *Tally
	log     *slog.Logger
	news    chan struct{} // capacity 1: something is owed
	closing chan struct{}
	shut    sync.Once     // closes it
	done    chan struct{} // run has ended
	stop    context.CancelFunc

	mu      sync.Mutex // protects all following fields, never held while the store is asked
	shifts  map[string]EarShift
	owed    map[string]portion // not yet added; also while the store cannot tell what was before
	loudest float64            // dBm0 A of any 5 ms given to an ear since the start
}

func newDoses(keep Exposures, t *Tally, log *slog.Logger) *doses {
	ctx, stop := context.WithCancel(context.Background()) // lives until close, longer than any call
	d := &doses{
		keep: keep, tally: t, log: log,
		news: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}), stop: stop,
		shifts: map[string]EarShift{}, owed: map[string]portion{}, loudest: math.Inf(-1),
	}
	go d.run(ctx)
	return d
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
	settings guard.DoseSettings // of the ear
}

// and is both portions as one; q is the newer word about the ear.
func (p portion) and(q portion) portion {
	q.energy, q.listened, q.limited = q.energy+p.energy, q.listened+p.listened, q.limited+p.limited
	if p.at.After(q.at) {
		q.at = p.at
	}
	return q
}

// add adds a portion to the agent's shift. It does not wait.
func (d *doses) add(p portion) {
	d.mu.Lock()
	d.owed[p.agent] = d.owed[p.agent].and(p)
	d.mu.Unlock()
	select {
	case d.news <- struct{}{}:
	default:
	}
}

// run adds and keeps what is owed, until close.
func (d *doses) run(ctx context.Context) {
	defer close(d.done)
	for closing := false; !closing; {
		select {
		case <-d.news:
		case <-d.closing:
			closing = true
		}
		if err := d.settle(ctx); err != nil {
			d.tally.Add("exposures_failed_total")
			d.log.Error("what agents' ears got was not kept; it is kept with their next calls", "err", err)
		}
	}
}

// settle adds what is owed to the agents' shifts and keeps the sums. What cannot be added,
// for nobody can tell what was before, stays owed.
func (d *doses) settle(ctx context.Context) (wrong error) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	d.mu.Lock()
	agents := slices.Collect(maps.Keys(d.owed))
	d.mu.Unlock()
	sums := make([]EarShift, 0, len(agents))
	for _, agent := range agents {
		if err := d.remember(ctx, agent); err != nil {
			wrong = err
			continue
		}
		sums = append(sums, d.sum(agent))
	}
	if len(sums) == 0 {
		return wrong
	}
	return errors.Join(wrong, d.keep.KeepExposure(ctx, sums...))
}

// sum adds what is owed to an agent's shift.
func (d *doses) sum(agent string) EarShift {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, shift := d.owed[agent], d.shifts[agent]
	delete(d.owed, agent)
	if p.at.Sub(shift.Last) > betweenShifts {
		shift = EarShift{Agent: agent, Began: p.at.Add(-p.listened).Truncate(time.Millisecond)}
	}
	dose := guard.NewDose(p.settings)
	dose.Exposure = shift.Exposure
	dose.Add(p.energy)
	shift.Exposure = dose.Exposure
	shift.Listened += p.listened
	shift.Limited += p.limited
	shift.Last = p.at
	d.shifts[agent] = shift
	return shift
}

// close keeps what is owed, until ctx ends. Closing again is harmless.
func (d *doses) close(ctx context.Context) {
	defer d.stop()
	d.shut.Do(func() { close(d.closing) })
	select {
	case <-d.done:
	case <-ctx.Done():
		d.stop()
		<-d.done
	}
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
	p.settings = c.plan.doseOf(p.agent)
	c.x.doses.add(p)
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
