package acd

import (
	"fmt"
	"testing"
	"time"

	"breakwater/acd/shift"
)

// crowd is a floor of a size: agents with three of the queues' skills each.
func crowd(tb testing.TB, agents, queues int, s Strategy) (*board, *Stamp) {
	tb.Helper()
	return crowdUnder(tb, agents, queues, s, Care{Occupancy: 100, Break: -1})
}

// crowdUnder is a crowd with rules of care.
func crowdUnder(tb testing.TB, agents, queues int, s Strategy, care Care) (*board, *Stamp) {
	tb.Helper()
	p := Plan{Settings: Settings{Gap: -1, Care: care}, Queues: map[string]QueueSpec{}, Agents: map[string]AgentSpec{}}
	for i := range queues {
		p.Queues[fmt.Sprintf("q%d", i)] = QueueSpec{
			Strategy: s, Needs: fmt.Sprintf("s%d >= 2", i), WrapUp: -1,
			Relax: []Relax{{After: time.Minute, Needs: fmt.Sprintf("s%d >= 1", i)}},
		}
	}
	for i := range agents {
		p.Agents[fmt.Sprintf("a%04d", i)] = AgentSpec{Skills: map[string]int{
			fmt.Sprintf("s%d", i%queues): 3, fmt.Sprintf("s%d", (i+7)%queues): 2, fmt.Sprintf("s%d", (i+19)%queues): 1,
		}}
	}
	r, err := prepare(p)
	if err != nil {
		tb.Fatal(err)
	}
	now := &Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "boot", Mono: time.Hour}
	b := newBoard()
	do(tb, b, *now, func(b *board) error { b.adopt(r); return nil })
	for name := range p.Agents {
		do(tb, b, *now, func(b *board) error { return b.command(name, Command{Verb: LogIn, Phone: "p" + name}) })
	}
	return b, now
}

func do(tb testing.TB, b *board, now Stamp, act func(*board) error) *turn {
	tb.Helper()
	t, err := b.apply(now, act)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// BenchmarkFreeAgents is a call through an idle floor: enter, offer, taken,
// answered, finished. BenchmarkWaitingCallers is the same with a full queue: every
// agent who ends a call gets the next caller. The cost is per event.
func BenchmarkFreeAgents(b *testing.B) {
	for _, s := range []Strategy{LongestIdle, LeastOccupied, RoundRobin} {
		for _, n := range []int{20, 200, 2000} {
			b.Run(fmt.Sprintf("%s/agents=%d", s, n), func(b *testing.B) { throughput(b, n, 0, s) })
		}
	}
}

func BenchmarkWaitingCallers(b *testing.B) {
	for _, n := range []int{50, 500, 5000} {
		b.Run(fmt.Sprintf("waiting=%d", n), func(b *testing.B) { throughput(b, 2000, n, LongestIdle) })
	}
}

// BenchmarkCare is what sparing people costs an event: no rule at all, every rule by its
// default with a tenth of the callers hard, and the same with everybody on shift.
func BenchmarkCare(b *testing.B) {
	for _, rules := range []string{"off", "on", "on, with shifts"} {
		b.Run(rules, func(b *testing.B) {
			care := carefree()
			if rules != "off" {
				care = Care{}
			}
			floor, now := crowdUnder(b, 2000, benchQueues, LongestIdle, care)
			if rules == "on, with shifts" {
				day := Shifts{}
				at := func(h int) time.Time { return time.Date(2026, 3, 2, h, 0, 0, 0, time.UTC) }
				for name := range floor.agents {
					day[name] = []shift.Span{{From: at(7), To: at(12), Kind: shift.Work}, {From: at(12), To: at(13), Kind: shift.Break}, {From: at(13), To: at(17), Kind: shift.Work}}
				}
				do(b, floor, *now, func(f *board) error { f.roster(day); return nil })
			}
			flow(b, floor, now, 0)
		})
	}
}

// benchQueues is how many queues a benchmark has.
const benchQueues = 20

func throughput(b *testing.B, agents, waiting int, s Strategy) {
	floor, now := crowd(b, agents, benchQueues, s)
	flow(b, floor, now, waiting)
}

// flow lets calls come and go, four events each.
func flow(b *testing.B, floor *board, now *Stamp, waiting int) {
	var talking []uint64
	calls := 0
	take := func(t *turn) {
		for _, o := range append([]outgoing(nil), t.offers...) {
			do(b, floor, *now, func(f *board) error { return f.taken(o.ticket) })
			id := o.offer.seats[0].id
			do(b, floor, *now, func(f *board) error { return f.answered(id) })
			talking = append(talking, id)
		}
	}
	enter := func() {
		calls++
		e := Entry{Call: fmt.Sprint(calls), Queue: fmt.Sprintf("q%d", calls%benchQueues)}
		if calls%10 == 0 {
			e.Tier = hardTier
		}
		take(do(b, floor, *now, func(f *board) error { _, err := f.enter(e); return err }))
	}
	for len(floor.tickets) < waiting {
		now.Mono += time.Millisecond
		enter()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N { // each round is four events: enter, taken, answered, finished
		now.Mono, now.Wall = now.Mono+5*time.Millisecond, now.Wall.Add(5*time.Millisecond)
		enter()
		id := talking[0]
		talking = talking[1:]
		take(do(b, floor, *now, func(f *board) error { return f.finish(id, Outcome{}) }))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(4*b.N), "ns/event")
}

// BenchmarkNoted is what the decision log costs the floor's goroutine for a turn: the
// copy of an enter with its event and its offer.
func BenchmarkNoted(b *testing.B) {
	floor, now := crowd(b, 200, 20, LongestIdle)
	e := Entry{Call: "c1", Queue: "q1"}
	in := Input{Kind: InEnter, Entry: &e}
	do(b, floor, *now, func(f *board) error { _, err := f.carry(&in); return err })
	if len(floor.turn.offers) != 1 {
		b.Fatalf("%d offers", len(floor.turn.offers))
	}
	b.ReportAllocs()
	for b.Loop() {
		kept = floor.noted(nil, &in, nil)
	}
}

// kept keeps the compiler from leaving the copy out.
var kept *Turn

// BenchmarkAudit is the most that the floor's look at itself can cost: 2,000 agents idle
// and 5,000 callers waiting, whom none of them can serve.
func BenchmarkAudit(b *testing.B) {
	floor, now := crowd(b, 2000, 50, LongestIdle)
	p := Plan{Settings: floor.routes.settings, Queues: floor.plan(), Agents: floor.people()}
	p.Queues["rare"] = QueueSpec{Needs: "s0 >= 9 && s1 >= 9", LeaveOn: []AgentState{}}
	r, err := prepare(p)
	if err != nil {
		b.Fatal(err)
	}
	do(b, floor, *now, func(b *board) error { b.adopt(r); return nil })
	for i := range 5000 {
		e := Entry{Call: fmt.Sprint(i), Queue: "rare"}
		do(b, floor, *now, func(b *board) error { _, err := b.enter(e); return err })
	}
	var from pair
	for b.Loop() {
		_, from = floor.auditFrom(from, auditMost)
	}
}
