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

func sumsOf(e *Engine, agent string, cuts Cuts, now time.Time) []ownSums {
	return e.tally(cuts, scope{people: []string{agent}}, now).people[agent]
}

// TestPromiseFiguresAreTheRawEvents compares everything that the engine says of queues and
// of the house with an independent computation from the events, and what agents' time went
// into with what was noted while the events were made.
func TestPromiseFiguresAreTheRawEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomDay(t, 300)
		e := engineOf(d.events)
		for _, queue := range queuesOfDay {
			if diff := cmp.Diff(recount(d.events, queue, Rules{}), e.Queue(queue, d.whole())[0]); diff != "" {
				t.Fatalf("figures of %s (-raw events +engine):\n%s", queue, diff)
			}
		}
		if diff := cmp.Diff(recountCare(d.events, Rules{}), e.Care(d.whole())[0]); diff != "" {
			t.Fatalf("protection of the house (-raw events +engine):\n%s", diff)
		}
		for _, a := range d.agents {
			if got, want := sumsOf(e, a.name, d.whole(), noon.Add(d.now))[0].times, d.own(a); got != want {
				t.Fatalf("%s: idle, ringing, talking, wrapping, away, private %v; want %v", a.name, got, want)
			}
		}
	})
}

// TestPromiseServiceLevelsStandOnTheOffered: once nobody waits any more, the people of SL-D
// are those offered and refused, and callbacks are among them once.
func TestPromiseServiceLevelsStandOnTheOffered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomDay(t, 200)
		for _, a := range d.agents {
			if a.state == acd.Offered {
				d.offered(t, a, 9)
			}
		}
		for _, c := range d.line {
			d.goes(c, 14)
		}
		e := engineOf(d.events)
		for _, queue := range queuesOfDay {
			f := e.Queue(queue, d.whole())[0]
			if n := float64(f.Callers.Offered + f.Callers.Refused); f.Level.D.Whole != n || f.Level.A.Whole > n {
				t.Fatalf("%s: SL-A stands on %v, SL-D on %v people; %v were offered or refused", queue, f.Level.A.Whole, f.Level.D.Whole, n)
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
		for _, queue := range queuesOfDay {
			var sum queueSums
			for _, s := range e.tally(parts, scope{queues: true}, now).row(queue) {
				sum.add(&s)
			}
			if all := e.tally(whole, scope{queues: true}, now).row(queue)[0]; sum != all {
				t.Fatalf("parts of %s are %+v, the whole %+v", queue, sum, all)
			}
		}
		for _, a := range d.agents {
			var sum agentSums
			for _, s := range sumsOf(e, a.name, parts, now) {
				sum.add(&s.agentSums)
			}
			if all := sumsOf(e, a.name, whole, now)[0].agentSums; sum != all {
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
			if d.shield[d.calls[ev.Assignment]] && ev.Kind == acd.KindFinished {
				worse[i].Talk.Length *= time.Duration(factor)
				worse[i].Talk.Held += time.Hour
				worse[i].Talk.Warnings += factor
				worse[i].Reason = transferredBy(factor)
			}
		}
		plain, bad := engineOf(d.events), engineOf(worse)
		for _, a := range d.agents {
			x, y := sumsOf(plain, a.name, d.whole(), noon.Add(d.now))[0].agentSums, sumsOf(bad, a.name, d.whole(), noon.Add(d.now))[0].agentSums
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
	for _, queue := range queuesOfDay {
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
