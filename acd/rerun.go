package acd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Rerun is the floor without goroutine, clock and ledger: the same board, told the
// time and what happens. It makes the decisions of a log again, tries a plan on a
// past day, and answers why at any moment of one. It is not safe for several
// goroutines.
type Rerun struct{ b *board }

// NewRerun begins with an empty floor.
func NewRerun(p Plan, at Stamp) (*Rerun, error) {
	r, err := prepare(p)
	if err != nil {
		return nil, err
	}
	b := newBoard()
	if _, err := b.apply(at, func(b *board) error { b.adopt(r); return nil }); err != nil {
		return nil, err
	}
	return &Rerun{b}, nil
}

// Resume begins with the floor of a picture.
func Resume(p *Picture) (*Rerun, error) {
	b, err := p.restore()
	if err != nil {
		return nil, fmt.Errorf("picture of %s: %w", p.At.Wall.Format(time.RFC3339), err)
	}
	return &Rerun{b}, nil
}

// Apply lets something happen at a moment and tells what the floor decides. Clocks
// that ran out before are let run out at that moment, as on a floor that slept. An
// input without a kind only lets time pass.
func (r *Rerun) Apply(at Stamp, phones *PhoneWords, in Input) *Turn {
	if in.Entry != nil { // numbers of a log come back as float64
		entry := *in.Entry
		entry.Data = plain(entry.Data)
		in.Entry = &entry
	}
	e := &errand{in: in}
	if in.Kind == "" {
		e = nil
	}
	_, err := r.b.apply(at, e.acts(phones))
	return r.b.noted(phones, e.input(), err)
}

// Again lets the same happen as in a turn of a log.
func (r *Rerun) Again(t *Turn) *Turn { return r.Apply(t.At, t.Phones, t.In) }

// Next is when the next clock runs out, on Stamp.Mono; false when none runs.
func (r *Rerun) Next() (time.Duration, bool) {
	at := r.b.alarms.next()
	return at, at != never
}

// Why explains a caller or an agent as Floor.Why does.
func (r *Rerun) Why(w Whom) ([]string, error) { return r.b.why(w) }

// Audit says which promises are broken now, as Floor.Audit does.
func (r *Rerun) Audit() []string { return r.b.audit() }

// Counters gives the promise counters.
func (r *Rerun) Counters() Counters { return r.b.count }

// Agents gives every agent, by name.
func (r *Rerun) Agents() []AgentView { return r.b.agentViews() }

// Queues gives every queue, by name.
func (r *Rerun) Queues() []QueueView { return r.b.queueViews() }

// Picture copies the whole floor.
func (r *Rerun) Picture() *Picture { return r.b.picture() }

// Decisions is what of a turn is a decision, in the form of a log: two turns with
// equal decisions came out the same. The time and the inputs are no part of it.
func (t *Turn) Decisions() ([]byte, error) {
	d := *t
	d.At, d.Phones, d.In = Stamp{}, nil, Input{}
	return json.Marshal(&d)
}

// Same tells whether two turns came to the same decisions.
func (t *Turn) Same(o *Turn) (bool, error) {
	mine, err := t.Decisions()
	if err != nil {
		return false, err
	}
	theirs, err := o.Decisions()
	return bytes.Equal(mine, theirs), err
}
