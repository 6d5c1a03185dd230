package acd

import (
	"encoding/json"
	"testing"

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
		}
	})
}

func (d *day) same(from string, p *past) {
	want, got := map[string]person{}, map[string]person{}
	for name, a := range d.b.agents {
		if who := p.people[name]; who != nil {
			want[name], got[name] = a.person, *who
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
	if diff := cmp.Diff(d.b.recent, p.recent); diff != "" {
		d.Fatalf("%s: round robin differs:\n%s", from, diff)
	}
}
