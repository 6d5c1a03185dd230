package acd

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestPromiseWhatWasEarnedOutlivesACrash kills the process at any moments of any day, with
// or without a snapshot: who was in a conversation gets the rest that it had come to, and
// its warnings count for what spares the agent. That no rest and no wrap-up is short
// afterwards either, the witness of the day sees.
func TestPromiseWhatWasEarnedOutlivesACrash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDay(t)
		var blob []byte
		for range rapid.IntRange(10, 120).Draw(t, "length") {
			switch rapid.IntRange(0, 19).Draw(t, "house") {
			case 0:
				d.crash(blob)
			case 1:
				blob = mustJSON(t, d.b.snapshot())
			default:
				d.live()
			}
		}
		d.crash(blob)
		d.home()
	})
}

// crash ends the process and starts the next, from the snapshot, if there is one, and
// the events.
func (d *day) crash(blob []byte) {
	d.chosen = ""
	before, promised := d.conversations(), d.earned
	d.earned = map[string]Outcome{}
	if down := rapid.IntRange(0, 60).Draw(d.T, "seconds down"); down > 0 {
		d.now.Mono += time.Duration(down) * time.Second
		d.now.Wall = d.now.Wall.Add(time.Duration(down) * time.Second)
	}
	var events []Event
	if err := json.Unmarshal(mustJSON(d, d.events), &events); err != nil {
		d.Fatal(err)
	}
	p, err := recall(blob, events, d.now)
	if err != nil {
		d.Fatal(err)
	}
	r, err := prepare(d.plan)
	if err != nil {
		d.Fatal(err)
	}
	clear(d.places)  // callers who waited on the line are called back
	clear(d.private) // a phone that is busy says so when it is rung
	d.b = newBoard()
	t, err := d.b.apply(d.now, func(b *board) error { b.adopt(r); b.resume(p); return nil })
	if err != nil {
		d.Fatal(err)
	}
	told := slices.Clone(t.events)
	for _, e := range told {
		d.witness(e)
	}
	for _, o := range t.offers {
		d.offered(o)
	}
	d.check()
	for name, of := range before {
		d.got(name, of, promised[name], told)
	}
}

// conversations are those that go on, by agent.
func (d *day) conversations() map[string]uint64 {
	out := map[string]uint64{}
	for _, id := range d.talking {
		out[d.agent[id]] = id
	}
	return out
}

// got checks what the start after a crash gave to somebody who was in a conversation.
func (d *day) got(name string, id uint64, o Outcome, told []Event) {
	type gift struct {
		Level     int
		Long, Max time.Duration
		Protected bool
		Event     bool
	}
	got, n := gift{}, 0
	for _, e := range told {
		switch {
		case e.Agent != name:
		case e.Kind == KindRestGranted:
			got.Level, got.Long, got.Max = e.Level, e.Length, e.Max
		case e.Kind == KindRecovered:
			n++
			got.Protected, got.Event = e.Talk.Protected, e.Care.Event
		}
	}
	want := gift{o.Rest, o.RestFor, o.RestMax, o.Protected, o.Event}
	if diff := cmp.Diff(want, got); diff != "" || n != 1 {
		d.Fatalf("%s had assignment %d when the process died, and came back %d times (-earned +got):\n%s", name, id, n, diff)
	}
}
