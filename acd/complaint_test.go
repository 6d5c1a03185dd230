package acd

import (
	"fmt"
	"testing"
	"time"
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

// TestACallerWhomNobodyCanServeHoldsNobodyUp, however long that caller waits.
func TestACallerWhomNobodyCanServeHoldsNobodyUp(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"rare": {Needs: "x >= 5", LeaveOn: []AgentState{}}, "q": {LeaveOn: []AgentState{}}}, "anna: x=1", "zoe: x=5"))
	y.logIn("anna")
	y.enter(Entry{Call: "rare", Queue: "rare"})
	y.pass(10 * time.Minute)
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.want("c1>anna")
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
