package figures

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
)

func TestACallbackCountsOnceAndIsNoAbandon(t *testing.T) {
	s := &story{}
	s.at(0, acd.Event{Kind: acd.KindEntered, Queue: "q", Ticket: 1, Call: "a"})
	s.at(time.Minute, acd.Event{Kind: acd.KindParked, Queue: "q", Ticket: 1, Call: "a"})
	s.at(time.Minute, acd.Event{Kind: acd.KindParked, Queue: "q", Ticket: 2, Call: "b"})
	s.at(2*time.Minute, acd.Event{Kind: acd.KindAnswered, Agent: "anna", State: acd.OnCall, Queue: "q", Ticket: 1, Call: "a", Length: time.Minute})
	s.at(3*time.Minute, acd.Event{Kind: acd.KindReached, Queue: "q", Ticket: 1, Call: "a", Length: 3 * time.Minute})
	s.at(4*time.Minute, acd.Event{Kind: acd.KindRemoved, Queue: "q", Ticket: 2, Call: "b", Reason: "callback-tries"})
	f := engineOf(s.events).Queue("q", Cuts{noon, noon.Add(time.Hour)})[0].Callers
	want := Callers{Entered: 2, Offered: 2, Parked: 2, Direct: 1, Back: 1, NotBack: 1}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
}

func TestAMessageIsNoCallerAndNoConversation(t *testing.T) {
	s := &story{}
	message := func(at time.Duration, ticket uint64, said bool) {
		s.at(at, acd.Event{Kind: acd.KindParked, Queue: "q", Ticket: ticket, Call: "m", Reason: acd.BackMessage})
		if said {
			s.at(at+time.Minute, acd.Event{Kind: acd.KindSaid, Queue: "q", Ticket: ticket, Call: "m", Length: time.Minute})
		}
	}
	message(0, 1, true)
	message(0, 2, true)
	message(0, 3, true)
	message(0, 4, false)
	s.at(2*time.Minute, acd.Event{Kind: acd.KindLeft, Queue: "q", Ticket: 4, Call: "m", Reason: "said-nothing"})
	s.says(0, "anna", acd.KindLogIn, acd.Ready)
	s.at(10*time.Minute, acd.Event{Kind: acd.KindOffered, Agent: "anna", State: acd.Offered, Queue: "q", Ticket: 1, Assignment: 7})
	s.at(10*time.Minute, acd.Event{Kind: acd.KindAnswered, Agent: "anna", State: acd.OnCall, Queue: "q", Ticket: 1, Assignment: 7})
	s.at(11*time.Minute, acd.Event{Kind: acd.KindReached, Queue: "q", Ticket: 1, Reason: acd.ReachedHeard, Length: 11 * time.Minute})
	s.at(11*time.Minute, acd.Event{Kind: acd.KindFinished, Agent: "anna", State: acd.WrapUp, Queue: "q", Ticket: 1, Assignment: 7, Reason: "message_heard", Length: 30 * time.Second})
	s.at(12*time.Minute, acd.Event{Kind: acd.KindWrapUpOver, Agent: "anna", State: acd.Ready, Assignment: 7})
	s.at(20*time.Minute, acd.Event{Kind: acd.KindRemoved, Queue: "q", Ticket: 2, Call: "m", Reason: "message-expired"})
	f := engineOf(s.events).Queue("q", Cuts{noon, noon.Add(time.Hour)})[0]
	if diff := cmp.Diff(Callers{Messages: 3, Heard: 1, Unheard: 1}, f.Callers); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
	if f.Waits.Message.Text() != "600" || f.Waits.Longest.Text() != "0" || f.Handling.Handled != 0 {
		t.Errorf("messages waited %s, callers at most %s, %d conversations", f.Waits.Message.Text(), f.Waits.Longest.Text(), f.Handling.Handled)
	}
}

// TestWhoHasWaitedForDaysIsCountedAsWhatTheyAre: a message of Friday evening is heard on
// Monday, and a callback that was booked last week is made. Only the events of the last
// day are read to answer for Monday, and none of these was an answer on the line.
func TestWhoHasWaitedForDaysIsCountedAsWhatTheyAre(t *testing.T) {
	s := &story{}
	const day = 24 * time.Hour
	park := func(ticket uint64, kind string) {
		s.at(-3*day, acd.Event{Kind: acd.KindParked, Queue: "q", Ticket: ticket, Call: "c", Reason: kind})
		if kind == acd.BackMessage {
			s.at(-3*day+time.Minute, acd.Event{Kind: acd.KindSaid, Queue: "q", Ticket: ticket, Call: "c", Length: time.Minute})
		}
	}
	take := func(at time.Duration, ticket uint64, kind, reached string) {
		e := acd.Event{Queue: "q", Ticket: ticket, Call: "back", Assignment: ticket, Agent: "anna"}
		e.Kind, e.State = acd.KindOffered, acd.Offered
		s.at(at, e)
		e.Kind, e.State, e.Reason = acd.KindAnswered, acd.OnCall, kind
		s.at(at+time.Second, e)
		s.at(at+time.Minute, acd.Event{Kind: acd.KindReached, Queue: "q", Ticket: ticket, Call: "back", Reason: reached, Length: 3*day + at + time.Minute})
		e.Kind, e.State, e.Reason = acd.KindFinished, acd.WrapUp, "caller_ended"
		s.at(at+2*time.Minute, e)
		s.at(at+2*time.Minute, acd.Event{Kind: acd.KindWrapUpEnded, Agent: "anna", State: acd.Ready})
	}
	for ticket, kind := range []string{acd.BackScheduled, acd.BackMessage, acd.BackMessage, acd.BackScheduled, acd.BackMessage} {
		park(uint64(ticket+1), kind)
	}
	take(10*time.Minute, 1, acd.BackScheduled, "")
	take(20*time.Minute, 2, acd.BackMessage, acd.ReachedHeard)
	take(30*time.Minute, 3, acd.BackMessage, acd.BackMessage)
	s.at(40*time.Minute, acd.Event{Kind: acd.KindRemoved, Queue: "q", Ticket: 4, Call: "c", Reason: "callback-tries"})
	s.at(40*time.Minute, acd.Event{Kind: acd.KindRemoved, Queue: "q", Ticket: 5, Call: "c", Reason: "message-expired"})
	now := noon.Add(time.Hour)
	r, err := opened(t, past(s.events), Settings{}, now).Queues(t.Context(), Ask{From: noon, To: now}, now)
	if err != nil {
		t.Fatal(err)
	}
	f := r.Periods[0].Figures[0]
	if diff := cmp.Diff(Callers{Back: 1, NotBack: 1, Heard: 2, Unheard: 1}, f.Callers); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
	if f.Waits.ASA.Text() != "" || f.Level.D.Text() != "" || f.Waits.Longest != 0 {
		t.Errorf("ASA %q, SL-D %q, longest %s; nobody waited on the line", f.Waits.ASA.Text(), f.Level.D.Text(), f.Waits.Longest.Text())
	}
	if got, want := f.Waits.Message.Text(), "260760"; got != want { // three days and 26 minutes
		t.Errorf("messages waited %s s, want %s", got, want)
	}
}

// TestAWorkedHourStandsOnTheSamePeople is the example of docs/figures.md: ten callers and
// what became of each. When nobody waits any more, those of SL-D are the offered and the
// refused, and those of SL-A are among them.
func TestAWorkedHourStandsOnTheSamePeople(t *testing.T) {
	s := &story{}
	line := func(n uint64, kind, reason string, wait time.Duration) {
		s.at(time.Duration(n)*time.Minute, acd.Event{Kind: acd.KindEntered, Queue: "q", Ticket: n, Call: fmt.Sprint(n)})
		s.at(time.Duration(n)*time.Minute+wait, acd.Event{Kind: kind, Queue: "q", Ticket: n, Call: fmt.Sprint(n), Reason: reason, Length: wait})
	}
	for n := range uint64(4) {
		line(n+1, acd.KindAnswered, "", 10*time.Second)
	}
	line(5, acd.KindAnswered, "", 50*time.Second)
	line(6, acd.KindLeft, "abandoned", 2*time.Second)
	line(7, acd.KindLeft, "abandoned", 30*time.Second)
	line(8, acd.KindParked, acd.BackAsked, 40*time.Second)
	s.at(10*time.Minute, acd.Event{Kind: acd.KindParked, Queue: "q", Ticket: 9, Call: "9", Reason: acd.BackScheduled}) // by the web
	s.at(11*time.Minute, acd.Event{Kind: acd.KindRefused, Queue: "q", Call: "10", Reason: "full"})
	for n := range uint64(2) { // both are called back: no second answer, and no second entry
		s.at(20*time.Minute, acd.Event{Kind: acd.KindAnswered, Queue: "q", Ticket: n + 8, Call: "b", Length: 10 * time.Minute})
		s.at(21*time.Minute, acd.Event{Kind: acd.KindReached, Queue: "q", Ticket: n + 8, Call: "b", Length: 11 * time.Minute})
	}
	f := engineOf(s.events).Queue("q", Cuts{noon, noon.Add(time.Hour)})[0]
	want := Callers{Entered: 9, Offered: 8, Refused: 1, Answered: 5, Abandoned: 2, Short: 1, Parked: 2, Direct: 1, Back: 2}
	if diff := cmp.Diff(want, f.Callers); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
	level := Level{Within: Span(20 * time.Second), A: share(4, 6), B: share(5, 7), C: share(4, 5), D: share(4, 9)}
	if diff := cmp.Diff(level, f.Level); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
	if load := f.Load(time.Hour); load.Calls != 9 {
		t.Errorf("staffing reckons with %v calls, want everybody who came for an answer", load.Calls)
	}
}

// TestWhoLostTheirAgentAndIsCalledBackCameAgain: as who waits on the line for it.
func TestWhoLostTheirAgentAndIsCalledBackCameAgain(t *testing.T) {
	s := &story{}
	s.call(0, "anna", "q", 1, time.Minute, acd.Talk{}, "agent_lost")
	s.at(2*time.Minute, acd.Event{Kind: acd.KindParked, Queue: "q", Ticket: 2, Call: "B", Reason: acd.BackLost})
	f := engineOf(s.events).Queue("q", Cuts{noon, noon.Add(time.Hour)})[0].Callers
	if diff := cmp.Diff(Callers{Entered: 2, Offered: 2, Answered: 1, Parked: 1, Direct: 1, Again: 1}, f); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
}

// TestFirstContactResolution: of the callers somebody talked to, who did not call again
// within the week after; and not before that week is over.
func TestFirstContactResolution(t *testing.T) {
	s := &story{}
	const day = 24 * time.Hour
	tickets := map[string]uint64{}
	tell := func(at time.Duration, kind, call, who, reason string) {
		if kind == acd.KindEntered {
			tickets[call] = s.tick + 1
		}
		s.at(at, acd.Event{Kind: kind, Queue: "q", Ticket: tickets[call], Call: call, Caller: who, Reason: reason, Length: time.Second})
	}
	talk := func(at time.Duration, call, who, reason string) {
		tell(at, acd.KindEntered, call, who, reason)
		tell(at, acd.KindAnswered, call, "", "")
	}
	talk(0, "1", "x", "")                                 // calls again
	talk(time.Hour, "2", "y", "")                         // settled, for
	talk(2*time.Hour, "2", "y", acd.AgainWanted)          // this is the same call
	talk(3*time.Hour, "3", "", "")                        // withheld: not known
	tell(4*time.Hour, acd.KindEntered, "4", "z", "")      // hangs up:
	tell(4*time.Hour, acd.KindLeft, "4", "", "abandoned") // nobody talked to z
	tell(5*time.Hour, acd.KindEntered, "5", "v", "")      // is called back
	tell(5*time.Hour, acd.KindParked, "5", "v", "asked")  //
	tell(6*time.Hour, acd.KindAnswered, "5", "", "")      // by an agent, who waits
	s.at(6*time.Hour, acd.Event{Kind: acd.KindReached, Queue: "q", Ticket: tickets["5"], Call: "back"})
	tell(day, acd.KindEntered, "6", "z", "")               //
	talk(6*day, "7", "x", "")                              // x again, and in vain
	tell(8*day+time.Minute, acd.KindRefused, "8", "y", "") // too late to speak against call 2
	tell(12*day, acd.KindRefused, "9", "x", "full")        // whoever is refused called, too
	for name, tc := range map[string]struct {
		day  time.Duration
		told time.Duration
		want string
	}{
		"of x, y and v, x called again":       {0, 30 * day, "0.6667"},
		"the week is not over":                {0, 8*day - time.Hour, ""},
		"the week is just over":               {0, 8 * day, "0.6667"},
		"a day on which nobody was talked to": {day, 30 * day, ""},
		"x did, and was refused":              {6 * day, 30 * day, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			b := opened(t, past(s.events), Settings{}, noon.Add(tc.told))
			a := Ask{From: noon.Add(tc.day), To: noon.Add(tc.day + day), Queue: "q", Repeats: true}
			b.history = past(slices.DeleteFunc(slices.Clone(s.events), func(e acd.Event) bool { return e.At.Wall.After(noon.Add(tc.told)) }))
			r, err := b.Queues(t.Context(), a, noon.Add(tc.told))
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Periods[0].Figures[0].Callers.FCR.Text(); got != tc.want || r.Formula != Formula {
				t.Errorf("fcr %q, want %q", got, tc.want)
			}
		})
	}
}

func TestWhoCallsAgainWithinAWeek(t *testing.T) {
	s := &story{}
	enter := func(at time.Duration, call, who, again string) {
		s.at(at, acd.Event{Kind: acd.KindEntered, Queue: "q", Ticket: uint64(at), Call: call, Caller: who, Reason: again})
	}
	day := 24 * time.Hour
	enter(0, "1", "x", "")
	enter(8*day, "2", "x", "")                          // too late
	enter(9*day, "3", "x", "")                          // again
	enter(9*day+time.Minute, "3", "x", acd.AgainWanted) // the same call
	enter(9*day+time.Hour, "4", "y", "")
	enter(9*day+2*time.Hour, "5", "", "") // withheld
	got := engineOf(s.events).Queue("q", Cuts{noon.Add(8 * day), noon.Add(10 * day)})[0].Callers
	if got.Repeats.Text() != "0.3333" || got.Again != 1 || got.Wanted != 1 {
		t.Errorf("callers %+v", got)
	}
}
