package figures

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"breakwater/acd"
)

func engineOf(events []acd.Event) *Engine {
	e := New(Rules{})
	for _, ev := range events {
		e.Add(ev)
	}
	return e
}

// TestPromiseFiguresAreTheRawEvents compares the engine with the account that was kept
// while the events were made.
func TestPromiseFiguresAreTheRawEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomDay(t, 300)
		e := engineOf(d.events)
		for queue, want := range d.queue {
			s := e.sums(queue, d.whole())[0]
			got := account{
				s.visits[entered], s.visits[refused], s.visits[answered], s.visits[abandoned], s.short, s.visits[removed], s.within,
				s.waited, s.work.talks, s.work.talk, s.work.wrap,
			}
			for _, a := range d.agents { // whose wrap-up is over and whose rest goes on
				if a.state == acd.Resting && a.with.queue == queue {
					got.talks++
					got.talk += a.talk
					got.wrap += a.since - a.wraps
				}
			}
			if got != *want {
				t.Fatalf("queue %s: %+v, want %+v", queue, got, *want)
			}
		}
		for _, a := range d.agents {
			sums := e.own(a.name, d.whole(), noon.Add(d.now))[0]
			want := d.own(a.name)
			open := map[acd.AgentState]time.Duration{a.state: d.now - a.since}
			got := [3]time.Duration{sums.times[0], sums.times[4], sums.times[1] + sums.times[2] + sums.times[3]}
			is := [3]time.Duration{
				want[acd.Ready] + open[acd.Ready], want[acd.NotReady] + open[acd.NotReady],
				want[acd.Offered] + want[acd.OnCall] + want[acd.WrapUp],
			}
			if got != is {
				t.Fatalf("%s was ready, away, at work for %v; want %v", a.name, got, is)
			}
		}
	})
}

// TestPromiseFiguresLiveAreARecomputation: an engine that was told everything as it
// happened, in pieces that overlap, and forgot what is old, knows of the last hours the
// same as one that reads all of it now.
func TestPromiseFiguresLiveAreARecomputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomDay(t, 300)
		live := New(Rules{})
		kept := noon.Add(d.now / 2)
		for i := 0; i < len(d.events); {
			n := min(len(d.events), i+rapid.IntRange(1, 20).Draw(t, "piece"))
			for _, ev := range d.events[max(0, i-3):n] {
				live.Add(ev)
			}
			i = n
			if at := d.events[i-1].At.Wall; at.Before(kept) {
				live.Forget(at)
			} else {
				live.Forget(kept)
			}
		}
		now := noon.Add(d.now + time.Second)
		cuts, err := Cut(kept.Add(time.Second), now, Quarter)
		if err != nil {
			return // the day was a moment
		}
		if diff := cmp.Diff(said(engineOf(d.events), d, cuts, now), said(live, d, cuts, now)); diff != "" {
			t.Fatalf("live is not a recomputation (-recomputed +live):\n%s", diff)
		}
	})
}

// TestPromiseFiguresOfADayAreThoseOfItsParts adds quarter hours up.
func TestPromiseFiguresOfADayAreThoseOfItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomDay(t, 200)
		e, now := engineOf(d.events), noon.Add(d.now)
		whole := d.whole()
		parts, err := Cut(whole.From(), whole.To(), rapid.SampledFrom([]string{Quarter, Hour, Day}).Draw(t, "step"))
		if err != nil {
			t.Fatal(err)
		}
		for queue := range d.queue {
			var sum queueSums
			for _, s := range e.sums(queue, parts) {
				sum.add(&s)
			}
			if all := e.sums(queue, whole)[0]; sum != all {
				t.Fatalf("parts of %s are %+v, the whole %+v", queue, sum, all)
			}
		}
		for _, a := range d.agents {
			var sum agentSums
			for _, s := range e.own(a.name, parts, now) {
				sum.add(&s)
			}
			if all := e.own(a.name, whole, now)[0]; sum != all {
				t.Fatalf("parts of %s are %+v, the whole %+v", a.name, sum, all)
			}
		}
	})
}

// TestPromiseFiguresOfAnAgentDoNotMoveByProtectedWork: whatever happens within protected
// work, how long and how bad, the agent's figures stay the same.
func TestPromiseFiguresOfAnAgentDoNotMoveByProtectedWork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomDay(t, 200)
		worse := make([]acd.Event, len(d.events))
		factor := rapid.IntRange(2, 50).Draw(t, "worse")
		for i, ev := range d.events {
			worse[i] = ev
			if d.shield[ev.Call] && ev.Kind == acd.KindFinished {
				worse[i].Talk.Length *= time.Duration(factor)
				worse[i].Talk.Held += time.Hour
				worse[i].Talk.Warnings += factor
				worse[i].Reason = transferredBy(factor)
			}
		}
		plain, bad := engineOf(d.events), engineOf(worse)
		for _, a := range d.agents {
			x, y := plain.own(a.name, d.whole(), noon.Add(d.now))[0], bad.own(a.name, d.whole(), noon.Add(d.now))[0]
			if x != y {
				t.Fatalf("%s is held to protected work: %+v, without %+v", a.name, y, x)
			}
		}
	})
}

func transferredBy(n int) string { return []string{"one_strike", "transferred", "agent_finished"}[n%3] }

// said is everything an engine says, as an answer holds it.
func said(e *Engine, d *theDay, cuts Cuts, now time.Time) string {
	all := map[string]any{"care": e.Care(cuts)}
	for queue := range d.queue {
		all[queue] = e.Queue(queue, cuts)
	}
	for _, a := range d.agents {
		all[a.name] = e.Own(a.name, cuts, now)
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		panic(err)
	}
	return string(text)
}
