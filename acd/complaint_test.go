package acd

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What users of other queue systems complain of (docs/complaints.md), where no other
// test says just that.

// TestAWrapUpCountsInEveryQueueOfAnAgent: six queues with a caller each, and a wrap-up
// of 30 s. The next of them is not offered after 3 s.
func TestAWrapUpCountsInEveryQueueOfAnAgent(t *testing.T) {
	queues := map[string]QueueSpec{}
	for q := range 6 {
		queues[fmt.Sprintf("q%d", q)] = QueueSpec{WrapUp: 30 * time.Second}
	}
	y := start(t, team(queues, "anna"))
	y.logIn("anna")
	for q := range 6 {
		y.enter(Entry{Call: fmt.Sprintf("c%d", q), Queue: fmt.Sprintf("q%d", q)})
		y.want([]string{"c0>anna", "", "", "", "", ""}[q])
	}
	y.talk("c0")
	y.pass(time.Minute)
	y.end("c0")
	y.pass(30*time.Second - time.Millisecond)
	y.want("")
	y.pass(time.Millisecond)
	y.want("c1>anna")
}

// TestEachQueueHasItsOwnWrapUp: the same agent after a call of either.
func TestEachQueueHasItsOwnWrapUp(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"short": {WrapUp: 5 * time.Second}, "long": {WrapUp: time.Minute}, "none": {WrapUp: -1}}, "anna"))
	y.logIn("anna")
	for queue, want := range map[string]time.Duration{"short": 5 * time.Second, "long": time.Minute, "none": 0} {
		y.enter(Entry{Call: queue, Queue: queue})
		y.talk(queue)
		y.end(queue)
		if got := y.b.agents["anna"].WrapEnd - y.now.Mono; got != want {
			t.Errorf("%s after a call of the queue %s, want %s", got, queue, want)
		}
		y.pass(time.Minute)
	}
}

// TestAPauseAskedForInTheWrapUpBeginsAtItsEnd, and takes nothing from the wrap-up.
func TestAPauseAskedForInTheWrapUpBeginsAtItsEnd(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {WrapUp: 30 * time.Second}}, "anna"))
	y.bring(WrapUp)
	y.pass(10 * time.Second)
	y.say("anna", GoNotReady)
	y.pass(20*time.Second - time.Millisecond)
	if got := y.b.agents["anna"].State; got != WrapUp {
		t.Errorf("anna is %s before the wrap-up is over", got)
	}
	y.pass(time.Millisecond)
	if got := y.b.agents["anna"]; got.State != NotReady || got.Reason != "lunch" {
		t.Errorf("anna is %s (%s) when the wrap-up is over", got.State, got.Reason)
	}
}

// TestEveryWrapUpEndsByItsOwnClock: ten agents end their calls a second apart. The
// first does not wait for the last.
func TestEveryWrapUpEndsByItsOwnClock(t *testing.T) {
	const agents = 10
	var names []string
	for a := range agents {
		names = append(names, fmt.Sprintf("agent%d", a))
	}
	y := start(t, team(map[string]QueueSpec{"q": {WrapUp: 30 * time.Second}}, names...))
	y.logIn(names...)
	for a := range agents {
		call := fmt.Sprintf("c%d", a)
		y.enter(Entry{Call: call, Queue: "q"})
		y.talk(call)
	}
	y.pass(time.Minute)
	for a := range agents {
		y.end(fmt.Sprintf("c%d", a))
		y.pass(time.Second)
	}
	y.pass(20 * time.Second) // the first wrap-up ends now
	for a := range agents {
		ready := 0
		for _, one := range y.b.agents {
			if one.State == Ready {
				ready++
			}
		}
		if ready != a+1 {
			t.Fatalf("%d agents are ready %d s after the first wrap-up, want %d", ready, a, a+1)
		}
		y.pass(time.Second)
	}
}

// TestACallerWhomNobodyCanServeHoldsNobodyUp, however long that caller waits, and also
// where both are looked at in one turn.
func TestACallerWhomNobodyCanServeHoldsNobodyUp(t *testing.T) {
	p := team(map[string]QueueSpec{"rare": {Needs: "x >= 5", LeaveOn: []AgentState{}}, "q": {LeaveOn: []AgentState{}}}, "anna: x=1", "zoe: x=5")
	p.Settings = Settings{Gap: -1, Care: carefree()}
	again, err := prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	for name, free := range map[string]func(*board) error{
		"an agent becomes free":           func(b *board) error { return b.command("anna", Command{Verb: GoReady}) },
		"a new plan lets both stand anew": func(b *board) error { b.adopt(again); return b.command("anna", Command{Verb: GoReady}) },
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, p)
			y.logIn("anna")
			y.say("anna", GoNotReady)
			y.enter(Entry{Call: "rare", Queue: "rare"})
			y.pass(10 * time.Minute)
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.must(free)
			y.want("c1>anna")
		})
	}
}

// TestAQueueGoesOnWhenItsLastAgentIsNotThere: linear order, the last of the list is
// not ready and the others still get their callers.
func TestAQueueGoesOnWhenItsLastAgentIsNotThere(t *testing.T) {
	spec := QueueSpec{Strategy: "linear", Agents: []string{"anna", "bert", "carl"}, WrapUp: -1}
	y := start(t, team(map[string]QueueSpec{"q": spec}, "anna", "bert", "carl"))
	y.logIn("anna", "bert", "carl")
	y.say("carl", GoNotReady)
	for _, offer := range []string{"c1>anna", "c2>bert"} {
		y.enter(Entry{Call: offer[:2], Queue: "q"})
		y.want(offer)
		y.talk(offer[:2])
	}
	y.enter(Entry{Call: "c3", Queue: "q"})
	y.want("")
	y.pass(time.Minute)
	y.end("c1")
	y.want("c3>anna")
}

// TestLongestIdleDoesNotRingTheSameAgentAgain: three agents, nine callers one after
// the other, three for each.
func TestLongestIdleDoesNotRingTheSameAgentAgain(t *testing.T) {
	names := []string{"anna", "bert", "carl"}
	y := start(t, team(map[string]QueueSpec{"q": {WrapUp: -1}}, names...))
	for _, name := range names {
		y.logIn(name)
		y.pass(time.Second)
	}
	for n := range 9 {
		call := fmt.Sprintf("c%d", n)
		y.enter(Entry{Call: call, Queue: "q"})
		y.want(call + ">" + names[n%3])
		y.talk(call)
		y.pass(time.Minute)
		y.end(call)
		y.pass(20 * time.Second)
	}
}

// TestWhoMissesACallIsNotTheNextToBeRung: a miss of their own doing is an end of idle
// time, too, for whoever comes then.
func TestWhoMissesACallIsNotTheNextToBeRung(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {WrapUp: -1}}, "anna", "bert", "carl"))
	y.logIn("anna", "bert", "carl")
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.want("c1>anna")
	y.miss("c1", MissDeclined)
	y.want("c1>bert")
	y.talk("c1")
	y.pass(10 * time.Second) // anna is left alone no longer
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.want("c2>carl")
}

// TestACallerGoesToEverybodyElseBeforeWhoMissedThem, also where the order of the queue and
// the end of the agent's delay say otherwise.
func TestACallerGoesToEverybodyElseBeforeWhoMissedThem(t *testing.T) {
	names := []string{"anna", "bert", "carl"}
	y := start(t, team(map[string]QueueSpec{"q": {Strategy: Linear, Agents: names}}, names...))
	y.logIn(names...)
	y.enter(Entry{Call: "c1", Queue: "q"})
	for _, offer := range []string{"c1>anna", "c1>bert", "c1>carl", "c1>anna", "c1>bert"} {
		y.want(offer)
		y.pass(15 * time.Second) // whoever declined before is left alone no longer
		y.miss("c1", MissDeclined)
	}
}

// TestACallThatHearsNothingHoldsNobodyUp: it takes none of its offers and hears of none
// of their ends. The floor waits for it no more than for anybody.
func TestACallThatHearsNothingHoldsNobodyUp(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		d.enter(Entry{Call: "deaf", Queue: "help"})
		d.pass(10 * time.Minute)
		if c := d.Counters(); c.Untaken < 10 {
			t.Fatalf("offered in vain %d times in 10 minutes", c.Untaken)
		}
		next := d.enter(Entry{Call: "c1", Queue: "help"})
		d.pass(takeWithin) // where anna is offered the deaf one just now
		synctest.Wait()
		select {
		case <-next.Offers:
		default:
			t.Error("nobody is offered the next caller")
		}
	})
}

// TestAnEditOfAQueueChangesNobody: whatever an agent is doing goes on, its clock too, when
// the queue is another by the new plan.
func TestAnEditOfAQueueChangesNobody(t *testing.T) {
	for _, state := range []AgentState{LoggedOut, Ready, Offered, OnCall, WrapUp, Resting, NotReady, Missed} {
		t.Run(string(state), func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
			y.bring(state)
			y.pass(time.Second)
			before := y.b.agents["anna"].person
			next := team(map[string]QueueSpec{"q": {Strategy: RoundRobin, WrapUp: time.Hour, Ring: time.Second}, "new": {}}, "anna", "bert")
			next.Settings.Gap = -1
			y.plan(next)
			after := y.b.agents["anna"].person
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("-before +after:\n%s", diff)
			}
		})
	}
}
