package acd

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// taught is a queue that knows its calls take so long.
func (y *play) taught(queue string, length time.Duration) {
	for range 100 {
		y.b.paces.of(queue).Handles.add(length)
	}
}

// TestEstimatesByHand: cases small enough to be worked out on paper.
func TestEstimatesByHand(t *testing.T) {
	for name, tc := range map[string]struct {
		agents, ahead int
		low, high     time.Duration // of P50, nobody losing patience to speak of
	}{
		"one agent, next in line: what is left of a call of 4 minutes": {1, 0, time.Second, 5 * time.Minute},
		"one agent, three ahead: three calls more":                     {1, 3, 11 * time.Minute, 17 * time.Minute},
		"four agents, eight ahead: two rounds more":                    {4, 8, 7 * time.Minute, 12 * time.Minute},
		"a hundred agents, 300 ahead: three rounds":                    {100, 300, 9 * time.Minute, 16 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			y := busy(t, tc.agents)
			y.b.paces.of("q").Patience = patience{Waited: 10_000 * time.Hour}
			e := y.b.forecast(y.b.routes.queues["q"].all[0], tc.ahead, 1)
			if e.P50 < tc.low || e.P50 > tc.high || e.P90 < e.P50 {
				t.Errorf("P50 %s, P90 %s; want P50 between %s and %s", e.P50, e.P90, tc.low, tc.high)
			}
		})
	}
}

// busy is a floor where everybody talks since a minute, and calls take about four.
func busy(t *testing.T, agents int) *play {
	t.Helper()
	names := make([]string, agents)
	for i := range names {
		names[i] = fmt.Sprintf("a%03d", i)
	}
	y := start(t, team(map[string]QueueSpec{"q": {WrapUp: -1}}, names...))
	y.taught("q", 4*time.Minute)
	y.logIn(names...)
	for _, name := range names {
		y.enter(Entry{Call: name, Queue: "q"})
		y.talk(name)
	}
	y.pass(time.Minute)
	return y
}

func TestWhatMakesAnEstimate(t *testing.T) {
	base := func(y *play) estimate { return y.b.forecast(y.b.routes.queues["q"].all[0], 12, 1) }
	for name, tc := range map[string]struct {
		change func(*play)
		longer int // −1: shorter
	}{
		"who is not ready does not serve": {func(y *play) {
			y.must(func(b *board) error { return b.command("a000", Command{Verb: GoNotReady}) })
			y.end("a000")
		}, 1},
		"impatient callers ahead make room":             {func(y *play) { y.b.paces.of("q").Patience = patience{Abandoned: 100, Waited: time.Hour} }, -1},
		"the occupancy cap keeps people free":           {func(y *play) { y.b.routes.settings.Care.Occupancy = 50 }, 1},
		"longer calls":                                  {func(y *play) { y.b.paces["q"].Handles = histogram{}; y.taught("q", 20*time.Minute) }, 1},
		"who talks for three minutes will soon be free": {func(y *play) { y.pass(2 * time.Minute) }, -1},
		"nothing to learn from yet: 5 minutes a call":   {func(y *play) { y.b.paces["q"].Handles = histogram{} }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			y := busy(t, 4)
			before := base(y)
			tc.change(y)
			after := base(y)
			if got := int(math.Copysign(1, float64(after.P50-before.P50))); got != tc.longer || after.P50 == before.P50 {
				t.Errorf("was %s, is %s", before.P50, after.P50)
			}
		})
	}
}

// TestAnAgentOfTwoQueuesCountsByHalf: where as many wait in each, each gets half of him.
func TestAnAgentOfTwoQueuesCountsByHalf(t *testing.T) {
	p := team(map[string]QueueSpec{"q": {WrapUp: -1}, "other": {WrapUp: -1, Weight: 3}}, "anna")
	y := start(t, p)
	y.logIn("anna")
	y.enter(Entry{Call: "busy", Queue: "q"})
	y.talk("busy")
	a, q := y.b.agents["anna"], y.b.routes.queues["q"]
	for i, want := range []float64{1, 0.25, 1. / 7, 0.25} {
		if got := a.partFor(q); math.Abs(got-want) > 1e-9 {
			t.Errorf("%d: part %v, want %v", i, got, want)
		}
		queue := []string{"other", "other", "q", "q"}[i]
		y.enter(Entry{Call: fmt.Sprint(i), Queue: queue})
		if i == 2 {
			y.enter(Entry{Call: "more", Queue: "q"})
		}
	}
}

// TestPromiseNoWordGetsWorse: whatever happens, a caller is never told a greater position
// or a longer wait than before.
func TestPromiseNoWordGetsWorse(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := newDay(r)
		heard := map[uint64]Place{}
		for range rapid.IntRange(10, 80).Draw(r, "length") {
			d.live()
			for _, t := range d.b.inOrder() {
				p, err := d.b.place(t.id)
				if err != nil {
					r.Fatal(err)
				}
				before, told := heard[t.id]
				if told && (p.Position > before.Position || before.P90 > 0 && (p.P50 > before.P50 || p.P90 > before.P90)) {
					r.Fatalf("ticket %d was told %+v, then %+v", t.id, before, p)
				}
				if p.P90 < p.P50 {
					r.Fatalf("ticket %d was told %+v", t.id, p)
				}
				heard[t.id] = p
			}
		}
	})
}

// TestEstimatesComeTrue plays a long day with random arrivals, lengths and patience and
// asks that about half of the answered waited no longer than P50 said, and about nine of
// ten no longer than P90. Those who give up are not seen, and would have waited longest.
func TestEstimatesComeTrue(t *testing.T) {
	for name, tc := range map[string]struct {
		agents   int
		every    time.Duration // between callers on average
		patience time.Duration
	}{
		"three agents":   {3, 75 * time.Second, 10 * time.Minute},
		"twelve agents":  {12, 18 * time.Second, 6 * time.Minute},
		"hundred agents": {100, 2200 * time.Millisecond, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			kept := playDay(t, tc.agents, tc.every, tc.patience)
			p50, p90 := float64(kept.WithinP50)/float64(kept.Judged), float64(kept.WithinP90)/float64(kept.Judged)
			t.Logf("%d judged: %.1f %% within P50, %.1f %% within P90", kept.Judged, 100*p50, 100*p90)
			if kept.Judged < 200 || p50 < 0.33 || p50 > 0.7 || p90 < 0.78 {
				t.Errorf("%d judged, %.2f within P50, %.2f within P90", kept.Judged, p50, p90)
			}
		})
	}
}

// playDay is eight hours of calls of four minutes on average, each told its estimate once.
func playDay(t *testing.T, agents int, every, patience time.Duration) Accuracy {
	t.Helper()
	names := make([]string, agents)
	for i := range names {
		names[i] = fmt.Sprintf("a%03d", i)
	}
	p := team(map[string]QueueSpec{"q": {WrapUp: 15 * time.Second}}, names...)
	p.Settings.Care = Care{Occupancy: -1, Break: -1}
	r, err := prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	b, luck := newBoard(), dice(7)
	exp := func(mean time.Duration) time.Duration { return time.Duration(-math.Log(1-luck.next()) * float64(mean)) }
	now := Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "b", Mono: time.Hour}
	do(t, b, now, func(b *board) error { b.adopt(r); return nil })
	var due []event
	at := func(d time.Duration, act func(*board) error) { due = append(due, event{now.Mono + d, act}) }
	step := func(act func(*board) error) {
		turn := do(t, b, now, act)
		for _, o := range turn.offers {
			id := o.offer.seats[0].id
			talk := exp(2*time.Minute) + exp(2*time.Minute)
			at(0, func(b *board) error { return b.answered(id) })
			at(talk, func(b *board) error { return b.finish(id, Outcome{}) })
		}
	}
	for _, name := range names {
		step(func(b *board) error { return b.command(name, Command{Verb: LogIn, Phone: name}) })
	}
	end := now.Mono + 8*time.Hour
	calls := 0
	var arrive func(*board) error
	arrive = func(b *board) error {
		calls++
		id, err := b.enter(Entry{Call: fmt.Sprint(calls), Queue: "q"})
		at(exp(every), arrive)
		at(exp(patience), func(b *board) error { b.leave(id, leftAbandoned); return nil })
		at(time.Second, func(b *board) error {
			if b.tickets[id] != nil {
				_, err := b.place(id)
				return err
			}
			return nil
		})
		return err
	}
	at(0, arrive)
	for now.Mono < end {
		first := 0
		for i := range due {
			if due[i].at < due[first].at {
				first = i
			}
		}
		e := due[first]
		due[first] = due[len(due)-1]
		due = due[:len(due)-1]
		if next := b.alarms.next(); next < e.at { // wrap-ups end on their own
			due = append(due, e)
			e = event{next, nil}
		}
		now.Wall, now.Mono = now.Wall.Add(max(0, e.at-now.Mono)), max(now.Mono, e.at)
		step(e.act)
	}
	return b.kept["q"]
}

// event is something to come.
type event struct {
	at  time.Duration
	act func(*board) error
}
