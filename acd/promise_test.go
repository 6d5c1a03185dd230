package acd

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestPromisesHoldOnAnyDay is all promises of the queue page at once: single
// offer, no short wrap-up or rest, gap, one offer per ticket and agent per delay,
// best caller first, nobody starved, nobody stuck.
func TestPromisesHoldOnAnyDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDay(t)
		for range rapid.IntRange(10, 120).Draw(t, "length") {
			d.live()
		}
		d.home()
	})
}

// TestPromiseReplayIsTheSame rebuilds the floor from its events, from any snapshot
// on, and finds everybody as they were.
func TestPromiseReplayIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDay(t)
		length := rapid.IntRange(5, 80).Draw(t, "length")
		cut := rapid.IntRange(0, length).Draw(t, "snapshot after")
		var blob []byte
		for i := range length {
			if i == cut {
				var err error
				if blob, err = json.Marshal(d.b.snapshot()); err != nil {
					t.Fatal(err)
				}
			}
			d.live()
		}
		wire, err := json.Marshal(d.events)
		if err != nil {
			t.Fatal(err)
		}
		for name, from := range map[string][]byte{"all events": nil, "snapshot and events": blob} {
			var events []Event
			if err := json.Unmarshal(wire, &events); err != nil {
				t.Fatal(err)
			}
			p, err := recall(from, events, d.now)
			if err != nil {
				t.Fatal(err)
			}
			d.same(name, p)
			d.sameCallers(name, from, p)
		}
	})
}

// sameCallers: a replay knows all that it needs of callers from the events that StillWait
// names.
func (d *day) sameCallers(name string, from []byte, want *past) {
	var events []Event
	if err := json.Unmarshal(mustJSON(d, d.events), &events); err != nil {
		d.Fatal(err)
	}
	if from != nil { // a ledger has only those after the snapshot
		var s snapshot
		if err := json.Unmarshal(from, &s); err != nil {
			d.Fatal(err)
		}
		events = slices.DeleteFunc(events, func(e Event) bool { return e.Seq <= s.IDs.Seq })
	}
	who := map[int]*Caller{}
	for _, i := range StillWait(events) {
		who[i] = events[i].Who
	}
	for i := range events {
		events[i].Who = who[i]
	}
	got, err := recall(from, events, d.now)
	if err != nil {
		d.Fatal(err)
	}
	if diff := cmp.Diff(want.waiting, got.waiting); diff != "" {
		d.Fatalf("%s: callers as a ledger reads them (-all +those who wait):\n%s", name, diff)
	}
}

func (d *day) same(from string, p *past) {
	want, got := map[string]person{}, map[string]person{}
	for name, a := range d.b.agents {
		if who := p.people[name]; who != nil {
			want[name], got[name] = a.person, *who
			if !slices.ContainsFunc(d.events, func(e Event) bool { return e.Agent == name && e.Kind == KindLogIn }) {
				got[name] = since(*who, a.Since) // when the process began is in no event
			}
		} else if !a.idleForGood() {
			d.Fatalf("%s: %s is forgotten", from, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Fatalf("%s: replay differs (-before +after):\n%s", from, diff)
	}
	waiting := map[uint64]bool{}
	for id := range p.waiting {
		waiting[id] = true
	}
	now := map[uint64]bool{}
	for id := range d.b.tickets {
		now[id] = true
	}
	if diff := cmp.Diff(now, waiting); diff != "" {
		d.Fatalf("%s: callers differ:\n%s", from, diff)
	}
	ids := d.b.ids
	ids.Turn = 0
	if p.ids != ids && from == "all events" && len(d.events) > 0 {
		d.Fatalf("%s: ids %+v, want %+v", from, p.ids, ids)
	}
	if diff := cmp.Diff(lived(d.b.paces), lived(p.paces)); diff != "" {
		d.Fatalf("%s: handle times and patience differ:\n%s", from, diff)
	}
	if diff := cmp.Diff(d.b.recent, p.recent); diff != "" {
		d.Fatalf("%s: round robin differs:\n%s", from, diff)
	}
}

func since(p person, at time.Duration) person {
	p.Since = at
	return p
}

// lived are the paces of queues where something happened.
func lived(all paces) paces {
	out := maps.Clone(all)
	maps.DeleteFunc(out, func(_ string, p *pace) bool { return *p == pace{} })
	return out
}

// told checks what a caller may hear: a place that never grows, and why he waits.
func (d *day) told(t *ticket) {
	place, err := d.b.place(t.id)
	if before, told := d.places[t.id]; err != nil || told && place.Position > before || place.Position < 1 {
		d.Fatalf("ticket %d was at %d and is at %+v, %v", t.id, before, place, err)
	}
	d.places[t.id] = place.Position
	lines, err := d.b.why(Whom{Call: t.entry.Call})
	if err != nil || len(lines) < 2 {
		d.Fatalf("why %s: %q, %v", t.entry.Call, lines, err)
	}
	if t.isBack() {
		if _, held := d.b.held(t); held != "" {
			return
		}
	}
	for _, line := range lines[1:] {
		if t.offer == nil && t.pausedTil <= d.now.Mono && strings.Contains(line, " free: ") {
			d.Fatalf("%s waits although it is said: %s", t.entry.Call, line)
		}
	}
}

// TestPromiseNoQueueStarves runs random floors under more callers than they can serve.
// A caller of the lightest queue is passed only by callers with a higher score, so the
// wait is bounded by the longest wait of those who passed:
// W ≤ (60·(their priority − ours) + their weight·their wait) / our weight, and then
// one more conversation until somebody is free.
func TestPromiseNoQueueStarves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		heavy := QueueSpec{WrapUp: -1, LeaveOn: []AgentState{}, MaxWait: 24 * time.Hour}
		light := heavy
		heavy.Weight = rapid.SampledFrom([]float64{1, 2, 5}).Draw(t, "heavy weight")
		heavy.Priority = rapid.IntRange(0, 10).Draw(t, "heavy priority")
		light.Weight = rapid.SampledFrom([]float64{0.2, 0.5, 1}).Draw(t, "light weight")
		talk := time.Duration(rapid.IntRange(5, 120).Draw(t, "talk")) * time.Second
		lightEvery := rapid.IntRange(2, 20).Draw(t, "one light caller in")
		backlog := rapid.IntRange(1, 20).Draw(t, "backlog")

		r, err := prepare(Plan{
			Settings: Settings{Gap: -1, Care: carefree()}, Agents: map[string]AgentSpec{"anna": {}},
			Queues: map[string]QueueSpec{"heavy": heavy, "light": light},
		})
		if err != nil {
			t.Fatal(err)
		}
		b, now := newBoard(), Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "b", Mono: time.Hour}
		var seat *seat
		waited := map[string]time.Duration{} // the longest wait served, by queue
		run := func(act func(*board) error) {
			turn, err := b.apply(now, act)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range turn.offers {
				seat = o.offer.seats[0]
				waited[seat.queue] = max(waited[seat.queue], now.Mono-seat.ticket.since)
			}
		}
		calls := 0
		call := func() {
			calls++
			queue := map[bool]string{true: "light", false: "heavy"}[calls%lightEvery == 0]
			run(func(b *board) error { _, err := b.enter(Entry{Call: fmt.Sprint(calls), Queue: queue}); return err })
		}
		run(func(b *board) error { b.adopt(r); return nil })
		run(func(b *board) error { return b.command("anna", Command{Verb: LogIn, Phone: "1"}) })
		for range backlog {
			call()
		}
		for range 200 {
			call()
			id := seat.id
			run(func(b *board) error { return b.answered(id) })
			now.Mono, now.Wall = now.Mono+talk, now.Wall.Add(talk)
			run(func(b *board) error { return b.finish(id, Outcome{}) })
		}
		bound := (60*float64(heavy.Priority) + heavy.Weight*waited["heavy"].Seconds()) / light.Weight
		if got := (waited["light"] - talk).Seconds(); got > bound {
			t.Fatalf("a caller of the light queue waited %.0fs, the bound is %.0fs", got, bound)
		}
		for _, w := range b.inOrder() {
			if got := (now.Mono - w.since - talk).Seconds(); w.entry.Queue == "light" && got > bound {
				t.Fatalf("a caller of the light queue has waited %.0fs, the bound is %.0fs", got, bound)
			}
		}
	})
}
