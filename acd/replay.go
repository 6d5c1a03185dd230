package acd

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// snapshot is everything of the floor that outlives the process. Moments are on
// the clock of At.
type snapshot struct {
	At      Stamp             `json:"at"`
	IDs     ids               `json:"ids"`
	People  []person          `json:"people"`
	Waiting []waitingCaller   `json:"waiting,omitempty"`
	Recent  map[string]string `json:"recent,omitempty"`
	Paces   map[string]pace   `json:"paces,omitempty"`
}

// waitingCaller is a place in a queue, as the ledger knows it.
type waitingCaller struct {
	Ticket uint64    `json:"ticket"`
	Call   string    `json:"call"`
	Queue  string    `json:"queue"`
	Since  time.Time `json:"since"`
	Caller *Caller   `json:"caller,omitempty"`
	Next   time.Time `json:"next,omitzero"` // a callback is left alone until then
}

// snapshot copies the state. It is cheap: the writing is done elsewhere.
func (b *board) snapshot() snapshot {
	s := snapshot{
		At: b.now, IDs: b.ids, Recent: maps.Clone(b.recent),
		People: make([]person, 0, len(b.agents)), Paces: b.paces.copied(),
	}
	for _, a := range b.agents {
		s.People = append(s.People, a.person)
	}
	for _, t := range b.tickets {
		s.Waiting = append(s.Waiting, b.waitingCaller(t))
	}
	return s
}

// past is a floor as the ledger tells it.
type past struct {
	ids     ids
	people  map[string]*person
	waiting map[uint64]waitingCaller
	recent  map[string]string
	paces   paces
}

// recall rebuilds the past from the newest snapshot and the events after it, with
// every moment on the clock of now.
func recall(blob []byte, events []Event, now Stamp) (*past, error) {
	p := &past{
		people: map[string]*person{}, waiting: map[uint64]waitingCaller{}, recent: map[string]string{}, paces: paces{},
	}
	var s snapshot
	if len(blob) > 0 {
		if err := json.Unmarshal(blob, &s); err != nil {
			return nil, fmt.Errorf("read the floor's snapshot: %w", err)
		}
	}
	stamps := []Stamp{s.At}
	for _, e := range events {
		stamps = append(stamps, e.At)
	}
	times := newTimeline(stamps, now)
	p.load(s, times)
	for i := range events {
		e := &events[i]
		if e.Seq <= p.ids.Seq {
			continue // in the snapshot
		}
		p.ids.Seq = e.Seq
		p.replay(e, times.moment(e.At))
	}
	return p, nil
}

func (p *past) load(s snapshot, times timeline) {
	p.ids = s.IDs
	by := times.moment(s.At) - s.At.Mono
	for _, who := range s.People {
		who.shift(by)
		p.people[who.Name] = &who
	}
	for _, w := range s.Waiting {
		p.waiting[w.Ticket] = w
	}
	maps.Copy(p.recent, s.Recent)
	for name, pace := range s.Paces {
		p.paces[name] = &pace
	}
}

// replay makes one event true again. An event that no longer fits (written by
// another version) is followed as far as its state goes.
func (p *past) replay(e *Event, at time.Duration) {
	p.ids.Ticket, p.ids.Seat = max(p.ids.Ticket, e.Ticket), max(p.ids.Seat, e.Assignment)
	p.paces.happen(e)
	switch e.Kind {
	case KindEntered, KindParked:
		p.waiting[e.Ticket] = waitingCaller{
			Ticket: e.Ticket, Call: e.Call, Queue: e.Queue, Since: e.At.Wall.Add(-e.Length), Caller: e.Who, Next: e.Until.Wall,
		}
	case KindLeft, KindRemoved, KindOrphaned, KindReached:
		delete(p.waiting, e.Ticket)
	case KindAnswered:
		if w := p.waiting[e.Ticket]; !w.isBack() { // a callback is over when it is reached
			delete(p.waiting, e.Ticket)
		}
	case KindSaid:
		p.waiting[e.Ticket] = p.waiting[e.Ticket].said(e)
	case KindUnreached:
		p.waiting[e.Ticket] = p.waiting[e.Ticket].after(e)
	case KindOffered:
		p.recent[e.Queue] = e.Agent
	}
	if e.Agent == "" || e.Kind == KindPhoneBusy || e.Kind == KindPhoneFree {
		return
	}
	who := p.people[e.Agent]
	if who == nil {
		who = &person{Name: e.Agent, State: LoggedOut, Since: at, Gap: longAgo, Pause: longAgo} // of before, nothing is known
		p.people[e.Agent] = who
	}
	if err := who.happen(e, at); err != nil && e.State != "" {
		who.facts(e, at)
		who.enter(e, at)
	}
}

// resume puts the past on the board after the process before this one died, and
// gives the callers who were waiting then. Who was on a call or offer comes back in
// wrap-up: the call is gone, and how it was is not known.
func (b *board) resume(p *past) []Orphan {
	b.ids = p.ids
	b.recent = p.recent
	for name, pace := range p.paces { // the queues hold theirs already
		*b.paces.of(name) = *pace
	}
	for _, name := range slices.Sorted(maps.Keys(p.people)) {
		a := b.agents[name]
		if who := p.people[name]; a == nil && who.idleForGood() {
			continue // gone from the config, and nothing runs on
		}
		if a == nil {
			a = newAgent(*p.people[name])
			b.agents[name] = a
		}
		a.person = *p.people[name]
		if moves[a.State] == nil { // of another version: let him log in again
			a.State, a.Phone = LoggedOut, ""
		}
		if a.Phone != "" {
			b.phone(a.Phone).agent = a
		}
		if a.can(KindRecovered) {
			b.comeBack(a)
		}
		b.touch(a)
	}
	b.orderRest()
	return b.resumeWaiting(p)
}

// resumeWaiting puts the callers who were waiting back, and gives those who cannot be.
func (b *board) resumeWaiting(p *past) []Orphan {
	var out []Orphan
	for _, id := range slices.Sorted(maps.Keys(p.waiting)) {
		w := p.waiting[id]
		if b.takeOver(w) {
			continue
		}
		b.record(Event{At: b.now, Kind: KindOrphaned, Queue: w.Queue, Call: w.Call, Ticket: id})
		out = append(out, Orphan{Ticket: id, Call: w.Call, Queue: w.Queue, Since: w.Since})
	}
	return out
}
