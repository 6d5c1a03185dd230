package figures

import (
	"fmt"
	"testing"
	"time"

	"breakwater/acd"
)

// busyDay is a day of plain calls, 7 events each, of 200 agents and 20 queues.
func busyDay(events int) []acd.Event {
	var out []acd.Event
	tell := func(at time.Duration, e acd.Event) {
		e.Seq, e.At = uint64(len(out)+1), acd.Stamp{Wall: noon.Add(at), Boot: "b", Mono: at}
		out = append(out, e)
	}
	const agents = 200
	for i := range agents {
		tell(0, acd.Event{Kind: acd.KindLogIn, Agent: fmt.Sprint("a", i), State: acd.Ready})
	}
	for i := 0; len(out) < events; i++ {
		at := time.Duration(i) * 2 * time.Second
		call, queue, agent, n := fmt.Sprint("c", i), fmt.Sprint("q", i%20), fmt.Sprint("a", i%agents), uint64(i+1)
		tell(at, acd.Event{Kind: acd.KindEntered, Call: call, Queue: queue, Ticket: n, Caller: fmt.Sprint(i % 5000)})
		tell(at, acd.Event{Kind: acd.KindOffered, Agent: agent, Call: call, Queue: queue, Ticket: n, State: acd.Offered})
		tell(at+time.Second, acd.Event{Kind: acd.KindAnswered, Agent: agent, Call: call, Queue: queue, Ticket: n, State: acd.OnCall, Length: time.Second})
		tell(at+2*time.Second, acd.Event{Kind: acd.KindFinished, Agent: agent, Call: call, Queue: queue, State: acd.WrapUp, Length: time.Second, Talk: acd.Talk{Length: time.Second}})
		tell(at+3*time.Second, acd.Event{Kind: acd.KindWrapUpOver, Agent: agent, State: acd.Ready})
	}
	return out
}

// BenchmarkFigures computes everything of a day of 200,000 events in quarter hours.
func BenchmarkFigures(b *testing.B) {
	events := busyDay(200_000)
	to := events[len(events)-1].At.Wall
	cuts, err := Cut(noon, to, Quarter)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		computeAll(events, cuts)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(events)), "ns/event")
}

// computeAll is a report of everything.
func computeAll(events []acd.Event, cuts Cuts) {
	e := New(Rules{})
	for i := range events {
		e.Add(events[i])
	}
	for _, q := range e.Queues() {
		e.Queue(q, cuts)
	}
	e.Care(cuts)
}

// TestTakingAnEventAllocatesLittle: a call of five events its work, what is known while that
// goes on, its conversation and its contact, and the growth of what they are kept in.
func TestTakingAnEventAllocatesLittle(t *testing.T) {
	events := busyDay(20_000)
	calls := float64(len(events)) / 5
	if n := testing.AllocsPerRun(3, func() { engineOf(events) }) / calls; n > 6 {
		t.Errorf("a call takes %.1f allocations", n)
	} else {
		t.Logf("a call takes %.1f allocations", n)
	}
}
