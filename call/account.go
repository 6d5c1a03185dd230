package call

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"
)

// mostSteps bounds a record: somebody who presses keys for hours fills no disk.
const mostSteps = 5000

// account is the record in the making. Only the call's goroutine writes it.
type account struct {
	r       Record
	started time.Time // with its monotonic reading
	unnoted int       // steps beyond mostSteps

	beside []Segment // of supervisors: they run beside the others
}

func newAccount(id, version string, p Party) account {
	now := time.Now()
	return account{started: now, r: Record{
		ID: id, Version: version, Start: now,
		Caller: p.Number, Dialled: p.Dialled, Trunk: p.Trunk, Phone: p.Phone,
		Data: map[string]string{},
	}}
}

func (a *account) policy(hash string) { a.r.Policy = hash }

// step notes that something happens, on both clocks.
func (a *account) step(name, note string) { a.stepAt(time.Now(), name, note) }

// stepAt notes that something happened, no earlier than what was noted before it.
func (a *account) stepAt(at time.Time, name, note string) {
	if len(a.r.Steps) >= mostSteps {
		a.unnoted++
		return
	}
	if n := len(a.r.Steps); n > 0 && at.Before(a.r.Steps[n-1].At) {
		at = a.r.Steps[n-1].At
	}
	a.r.Steps = append(a.r.Steps, Step{At: at, Mono: at.Sub(a.started), Name: name, Note: note})
}

// segment begins a stretch of the call and ends the one before.
func (a *account) segment(kind, queue, agent string) {
	now := time.Now()
	a.endSegment(now)
	a.r.Segments = append(a.r.Segments, Segment{Kind: kind, Queue: queue, Agent: agent, From: now})
	if queue != "" {
		a.r.Queue = queue
	}
	if kind == "talk" && agent != "" {
		a.r.Agent = agent
	}
}

func (a *account) endSegment(now time.Time) {
	if n := len(a.r.Segments); n > 0 && a.r.Segments[n-1].To.IsZero() {
		a.r.Segments[n-1].To = now
	}
}

// supervised notes that a supervisor was in a conversation. It makes nobody the agent.
func (a *account) supervised(s Segment) {
	s.Kind = "supervise"
	a.beside = append(a.beside, s)
}

// attempt notes that a seat is being rung; the result is written by its index.
func (a *account) attempt(t Attempt) int {
	a.r.Attempts = append(a.r.Attempts, t)
	return len(a.r.Attempts) - 1
}

func (a *account) result(i int, word string) {
	t := &a.r.Attempts[i]
	t.Result, t.Rang = word, time.Since(t.At)
}

// leg writes the account of a side that has ended.
func (a *account) leg(c *Call, s *side) {
	r := LegRecord{Party: s.Party(), Agent: s.agent, Answer: s.answered, End: s.ended, Cause: s.cause, Lent: s.lent}
	if !s.answered.IsZero() {
		r.Codec, r.Quality = c.x.parts.Sounds.Account(s)
	}
	a.r.Legs = append(a.r.Legs, r)
}

// close finishes the record.
func (a *account) close(c *Call, cause Cause) {
	now := time.Now()
	a.endSegment(now)
	if _, nobody := c.caller.Leg.(*absent); !nobody && !c.caller.gone {
		c.caller.gone, c.caller.ended, c.caller.cause = true, now, cause
		a.leg(c, c.caller)
	}
	if a.unnoted > 0 {
		a.r.Steps = append(a.r.Steps, Step{At: now, Mono: now.Sub(a.started), Name: "steps.unnoted", Note: strconv.Itoa(a.unnoted)})
	}
	a.r.Segments = append(a.r.Segments, a.beside...)
	a.r.End, a.r.Cause, a.r.Language = now, cause, c.story.language
}

// draft is the record so far, sharing nothing with the account that goes on.
func (a *account) draft() Record {
	r := a.r
	r.Data = maps.Clone(r.Data)
	r.Legs, r.Attempts = slices.Clone(r.Legs), slices.Clone(r.Attempts)
	r.Steps, r.Segments = slices.Clone(r.Steps), slices.Concat(r.Segments, a.beside)
	r.Recordings = slices.Clone(r.Recordings)
	return r
}

// draft is the account's, and who talks and where it is recorded, should it be the
// last that is heard of the call.
func (c *Call) draft() Record {
	r := c.account.draft()
	live := []*side{c.caller}
	if c.talk != nil {
		r.Protected = r.Protected || c.talk.ladder.Protected()
		live = append(live, c.talk.conv.agent)
		if sup := c.talk.sup; sup != nil {
			live = append(live, sup.agent)
		}
	}
	for _, s := range live {
		if !s.gone {
			r.Legs = append(r.Legs, LegRecord{Party: s.Party(), Agent: s.agent, Answer: s.answered, Lent: s.lent})
		}
	}
	if c.held.tape != nil {
		r.Recordings = append(r.Recordings, c.held.tape.file)
	}
	return r
}

// begin makes the draft durable, before the caller is answered. A journal that is
// too slow does not keep the caller waiting: the call goes on and the failure is
// told.
func (c *Call) begin(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, beginWait)
	defer cancel()
	err := c.x.parts.Journal.Begin(limited, c.draft())
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrSealed) {
		return // a caller who has left needs no draft
	}
	c.x.tally.Add("journal_failures_total")
	c.log.Error("call begins without a durable draft", "err", err)
}

// remember makes the draft durable again while the call goes on: when an agent has
// answered and after a warning, so that it is known even if the server dies in the
// next second. Nothing waits for it; the desk brings a call's drafts and its record to
// the journal in their order.
func (c *Call) remember() { c.x.desk.draft(c.draft()) }
