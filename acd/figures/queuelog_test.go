package figures

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
)

var update = flag.Bool("update", false, "write the golden files anew")

// logDay has everything that the queue log knows, and much that it must not tell.
func logDay() []acd.Event {
	s := &story{}
	s.says(0, "anna", acd.KindLogIn, acd.Ready)
	s.says(time.Second, "ben", acd.KindLogIn, acd.Ready)
	s.call(time.Minute, "anna", "orders", 1, 3*time.Minute, acd.Talk{}, "caller_ended")
	s.call(6*time.Minute, "ben", "orders", 2, time.Minute, acd.Talk{}, "agent_finished")
	s.call(10*time.Minute, "anna", "refunds", 3, time.Minute, acd.Talk{}, "transferred")
	s.says(15*time.Minute, "anna", acd.KindNotReady, acd.NotReady)
	s.says(20*time.Minute, "anna", acd.KindReady, acd.Ready)
	// a protected call, with a rest
	hard := acd.Event{Queue: "orders", Call: "hard", Ticket: 4, Assignment: 4, Caller: "secret-caller"}
	tell := func(at time.Duration, kind string, state acd.AgentState, change func(*acd.Event)) {
		e := hard
		e.Kind, e.State = kind, state
		if state != "" {
			e.Agent = "ben"
		}
		if change != nil {
			change(&e)
		}
		s.at(at, e)
	}
	m := time.Minute
	tell(30*m, acd.KindEntered, "", nil)
	tell(30*m+5*time.Second, acd.KindOffered, acd.Offered, nil)
	tell(30*m+9*time.Second, acd.KindAnswered, acd.OnCall, func(e *acd.Event) { e.Length = 9 * time.Second })
	tell(35*m, acd.KindRestGranted, acd.OnCall, func(e *acd.Event) { e.Level, e.Length, e.Reason = 2, 10*m, "protected_disconnect" })
	tell(35*m, acd.KindFinished, acd.WrapUp, func(e *acd.Event) {
		e.Reason, e.Talk = "protected_disconnect", acd.Talk{Length: 5 * m, Protected: true, Warnings: 2}
	})
	s.says(36*m, "ben", acd.KindWrapUpOver, acd.Resting)
	s.says(46*m, "ben", acd.KindRestOver, acd.Ready)
	// who is not answered
	wait := func(n uint64, at time.Duration, kind, reason string) {
		s.at(at, acd.Event{Kind: acd.KindEntered, Queue: "orders", Call: string(rune('a' + n)), Ticket: n})
		s.at(at+40*time.Second, acd.Event{Kind: kind, Queue: "orders", Call: string(rune('a' + n)), Ticket: n, Reason: reason})
	}
	wait(10, 50*m, acd.KindLeft, "abandoned")
	wait(11, 51*m, acd.KindLeft, "menu")
	wait(12, 52*m, acd.KindRemoved, "wait")
	wait(13, 53*m, acd.KindRemoved, "empty")
	wait(14, 54*m, acd.KindParked, "asked")
	s.at(55*m, acd.Event{Kind: acd.KindEntered, Queue: "orders", Call: "z", Ticket: 20})
	s.at(55*m, acd.Event{Kind: acd.KindOffered, Agent: "anna", State: acd.Offered, Queue: "orders", Call: "z", Ticket: 20, Assignment: 20})
	s.at(56*m, acd.Event{
		Kind: acd.KindMissed, Agent: "anna", State: acd.Ready, Queue: "orders", Call: "z", Ticket: 20, Assignment: 20,
		Reason: string(acd.MissNoAnswer),
	})
	s.says(57*m, "ben", acd.KindLogOut, acd.LoggedOut)
	return s.events
}

// logOf gives the log of events.
func logOf(events []acd.Event, names bool, members map[string][]string) (lines []LogLine) {
	l := newQueueLog(names, members, func(line LogLine) { lines = append(lines, line) })
	if names {
		l.foretell(slices.Values(events))
	}
	for i := range events {
		if !l.take(&events[i]) {
			break
		}
	}
	return lines
}

func TestTheQueueLogReadsAsAsterisksDoes(t *testing.T) {
	members := map[string][]string{"anna": {"orders", "refunds"}, "ben": {"orders"}}
	for file, names := range map[string]bool{"testdata/queue_log.names": true, "testdata/queue_log.anonymous": false} {
		t.Run(file, func(t *testing.T) {
			var out strings.Builder
			for _, l := range logOf(logDay(), names, members) {
				out.WriteString(l.String() + "\n")
			}
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("queue log (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheQueueLogTellsNothingPrivateOrProtected(t *testing.T) {
	members := map[string][]string{"anna": {"orders"}, "ben": {"orders"}}
	for _, l := range logOf(logDay(), true, members) {
		line := l.String()
		for _, secret := range []string{"toilet", "secret-caller", "protected", "rest"} {
			if strings.Contains(strings.ToLower(line), secret) {
				t.Errorf("%s tells %s", line, secret)
			}
		}
		if l.Call == "hard" && l.Agent == "ben" {
			t.Errorf("%s names who had the protected call", line)
		}
	}
	for _, l := range logOf(logDay(), false, members) {
		if l.Agent == "anna" || l.Agent == "ben" || strings.Contains(l.Verb, "MEMBER") || strings.Contains(l.Verb, "PAUSE") {
			t.Errorf("%s tells of a person in a log without names", l)
		}
	}
}

func TestTheQueueLogWaitsUntilItKnowsWhetherAConversationIsProtected(t *testing.T) {
	events := logDay()
	for i, e := range events {
		if e.Call == "hard" && e.Kind == acd.KindAnswered {
			events = events[:i+1]
			break
		}
	}
	events = append(events, acd.Event{Seq: 1000, At: acd.Stamp{Wall: noon.Add(31 * time.Minute)}, Kind: acd.KindNotReady, Agent: "anna", State: acd.NotReady})
	lines := logOf(events, true, map[string][]string{"anna": {"orders"}, "ben": {"orders"}})
	for _, l := range lines {
		if l.Agent == "ben" && l.Call == "hard" || l.At.After(noon.Add(30*time.Minute+5*time.Second)) {
			t.Errorf("%s is told while the conversation goes on", l)
		}
	}
	if len(lines) == 0 {
		t.Error("nothing is told at all")
	}
}

// TestACallbackIsInTheQueueLogOnlyOnceSomebodyIsCalledBack: the first try is in vain, the
// second reaches the caller.
func TestACallbackIsInTheQueueLogOnlyOnceSomebodyIsCalledBack(t *testing.T) {
	s := &story{}
	try := func(at time.Duration, seat uint64, reached bool) {
		e := acd.Event{Queue: "orders", Call: "back", Ticket: 1, Assignment: seat}
		as := func(after time.Duration, kind, agent string, state acd.AgentState, reason string) {
			e := e
			e.Kind, e.Agent, e.State, e.Reason = kind, agent, state, reason
			s.at(at+after, e)
		}
		as(0, acd.KindOffered, "anna", acd.Offered, "")
		as(2*time.Second, acd.KindAnswered, "anna", acd.OnCall, "")
		if reached {
			as(10*time.Second, acd.KindReached, "", "", "")
			as(70*time.Second, acd.KindFinished, "anna", acd.WrapUp, "caller_ended")
		} else {
			as(30*time.Second, acd.KindUnreached, "", "", acd.UnreachedNoAnswer)
			as(30*time.Second, acd.KindFinished, "anna", acd.WrapUp, "unreached")
		}
		as(2*time.Minute, acd.KindWrapUpOver, "anna", acd.Ready, "")
	}
	s.says(0, "anna", acd.KindLogIn, acd.Ready)
	s.at(time.Minute, acd.Event{Kind: acd.KindParked, Queue: "orders", Call: "web", Ticket: 1, Reason: "asked"})
	try(2*time.Minute, 1, false)
	try(12*time.Minute, 2, true)
	for who, names := range map[string]bool{"AGENT": false, "anna": true} {
		var got []string
		for _, l := range logOf(s.events, names, nil) {
			got = append(got, strings.TrimPrefix(l.String(), "1772367"))
		}
		want := []string{
			"130|back|orders|NONE|ENTERQUEUE|||1", "130|back|orders|" + who + "|CONNECT|0|back|0",
			"190|back|orders|" + who + "|COMPLETECALLER|0|60|1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("names %v (-want +got):\n%s", names, diff)
		}
	}
}
