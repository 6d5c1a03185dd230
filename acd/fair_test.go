package acd

import (
	"errors"
	"testing"
	"time"
)

// TestOnlyATrueNoAnswerIsAStrike: the phone that could not ring, or was in the agent's
// other call, says nothing about the agent.
func TestOnlyATrueNoAnswerIsAStrike(t *testing.T) {
	for name, tc := range map[string]struct {
		during func(*board)
		strike int
		pause  time.Duration
	}{
		"it rang, and nobody came":               {func(*board) {}, 1, 5 * time.Second},
		"the phone went away while it rang":      {func(b *board) { b.phoneReachable("p-anna", false) }, 0, 30 * time.Second},
		"it went away and came back":             {func(b *board) { b.phoneReachable("p-anna", false); b.phoneReachable("p-anna", true) }, 1, 5 * time.Second},
		"the agent took another call meanwhile":  {func(b *board) { b.phoneBusy("p-anna", true) }, 0, 20 * time.Second},
		"another call that was over by then":     {func(b *board) { b.phoneBusy("p-anna", true); b.phoneBusy("p-anna", false) }, 1, 5 * time.Second},
		"another agent's phone is of no concern": {func(b *board) { b.phoneBusy("p-bert", true) }, 1, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}}, "anna", "bert"))
			y.logIn("anna")
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.must(func(b *board) error { tc.during(b); return nil })
			y.pass(20 * time.Second)
			y.miss("c1", MissNoAnswer)
			a := y.b.agents["anna"]
			if a.Strikes != tc.strike || a.Pause-y.now.Mono != tc.pause {
				t.Errorf("%d strikes, left alone for %s", a.Strikes, a.Pause-y.now.Mono)
			}
		})
	}
}

// TestAPhoneThatDialsIsThere: an agent whose phone was found not registered comes back
// by using it, also when nothing else changes by that.
func TestAPhoneThatDialsIsThere(t *testing.T) {
	for _, verb := range []Verb{LogIn, GoReady} {
		t.Run(string(verb), func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
			y.logIn("anna")
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.miss("c1", MissNotRegistered)
			y.pass(10 * time.Minute)
			y.want("")
			y.say("anna", verb)
			y.want("c1>anna")
		})
	}
}

func TestThreeStrikesAndWhatFollows(t *testing.T) {
	strikeOut := func(y *play) {
		y.enter(Entry{Call: "c1", Queue: "q"})
		for range 3 {
			y.pass(20 * time.Second)
			y.miss("c1", MissNoAnswer)
			y.pass(5 * time.Second)
		}
	}
	for name, tc := range map[string]struct {
		during Verb // pressed while it rings for the third time
		after  Verb
		then   AgentState
	}{
		"ready brings back":                           {"", GoReady, Ready},
		"log-in at the phone brings back":             {"", LogIn, Ready},
		"not ready is a state of its own":             {"", GoNotReady, NotReady},
		"log-out ends it":                             {"", LogOut, LoggedOut},
		"it lasts":                                    {"", "", Missed},
		"who has asked for a pause gets it":           {GoNotReady, "", NotReady},
		"who has asked to go home goes":               {LogOut, "", LoggedOut},
		"a wish that was taken back is no excuse now": {GoReady, "", Missed},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {LeaveOn: []AgentState{}}}, "anna"))
			y.logIn("anna")
			y.enter(Entry{Call: "c1", Queue: "q"})
			for i := range 3 {
				if i == 2 && tc.during == GoReady {
					y.say("anna", GoNotReady)
				}
				if i == 2 && tc.during != "" {
					y.say("anna", tc.during)
				}
				y.pass(20 * time.Second)
				y.miss("c1", MissNoAnswer)
				y.pass(5 * time.Second)
			}
			y.must(func(b *board) error { b.leave(y.ids["c1"], "abandoned"); return nil })
			if tc.after != "" {
				y.say("anna", tc.after)
			}
			if got := y.b.agents["anna"].State; got != tc.then {
				t.Errorf("anna is %s, want %s", got, tc.then)
			}
		})
	}
	t.Run("back, the count begins anew", func(t *testing.T) {
		y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
		y.logIn("anna")
		strikeOut(y)
		y.say("anna", GoReady)
		y.pass(20 * time.Second)
		y.miss("c1", MissNoAnswer)
		if a := y.b.agents["anna"]; a.State != Ready || a.Strikes != 1 {
			t.Errorf("anna is %s with %d strikes", a.State, a.Strikes)
		}
	})
}

// TestAllThatIsDueHappensBeforeAnybodyIsOffered: a machine that slept finds a wrap-up over,
// and the rest after it. Who missed a caller is no choice before an agent who is free by then.
func TestAllThatIsDueHappensBeforeAnybodyIsOffered(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {WrapUp: 10 * time.Second}}, "anna", "bert"))
	y.logIn("bert")
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.talk("c1")
	y.logIn("anna")
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.miss("c2", MissDeclined)
	id := y.seat("c1")
	y.must(func(b *board) error {
		return b.finish(id, Outcome{Rest: 2, RestFor: time.Minute, RestMax: 2 * time.Minute})
	})
	y.pass(5 * time.Minute)
	y.want("c2>bert")
}

// TestRingAllRaces plays the orders in which two phones and the caller can speak.
func TestRingAllRaces(t *testing.T) {
	for name, tc := range map[string]struct {
		words []string // "seat:word", or "leave"
		want  map[string]AgentState
	}{
		"two answer, the first wins":           {[]string{"anna:answer", "bert:stale-answer"}, map[string]AgentState{"anna": OnCall, "bert": Ready}},
		"the loser's phone says no afterwards": {[]string{"anna:answer", "bert:stale-no-answer"}, map[string]AgentState{"anna": OnCall, "bert": Ready}},
		"the winner's answer after a decline":  {[]string{"bert:declined", "anna:answer"}, map[string]AgentState{"anna": OnCall, "bert": Ready}},
		"the caller left before the answer":    {[]string{"leave", "anna:stale-answer", "bert:stale-answer"}, map[string]AgentState{"anna": Ready, "bert": Ready}},
		"the caller leaves after the answer":   {[]string{"anna:answer", "leave"}, map[string]AgentState{"anna": OnCall, "bert": Ready}},
		"the loser logs out while it rings":    {[]string{"bert:log-out", "anna:answer"}, map[string]AgentState{"anna": OnCall, "bert": LoggedOut}},
		"the loser is not ready while it rings": {
			[]string{"bert:not-ready", "anna:answer"}, map[string]AgentState{"anna": OnCall, "bert": NotReady},
		},
		"all miss": {[]string{"anna:no-answer", "bert:busy"}, map[string]AgentState{"anna": Ready, "bert": Ready}},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {Strategy: RingAll}}, "anna", "bert"))
			y.logIn("anna", "bert")
			y.enter(Entry{Call: "c1", Queue: "q"})
			seats := map[string]uint64{}
			for id, s := range y.b.seats {
				seats[s.agent.Name] = id
			}
			for _, word := range tc.words {
				y.ringAllWord(seats, word)
			}
			for name, want := range tc.want {
				if a := y.b.agents[name]; a.State != want || a.Strikes > 0 && want == OnCall {
					t.Errorf("%s is %s, want %s", name, a.State, want)
				}
			}
		})
	}
}

func (y *play) ringAllWord(seats map[string]uint64, word string) {
	y.Helper()
	if word == "leave" {
		y.must(func(b *board) error { b.leave(y.ids["c1"], "abandoned"); return nil })
		return
	}
	who, what := word[:4], word[5:]
	id := seats[who]
	var err error
	stale := false
	switch what {
	case "answer":
		err = y.step(func(b *board) error { return b.answered(id) })
	case "stale-answer":
		stale = true
		err = y.step(func(b *board) error { return b.answered(id) })
	case "stale-no-answer":
		stale = true
		err = y.step(func(b *board) error { return b.missed(id, MissNoAnswer) })
	case string(LogOut), string(GoNotReady):
		err = y.step(func(b *board) error { return b.command(who, Command{Verb: Verb(what), Reason: "lunch"}) })
	default:
		err = y.step(func(b *board) error { return b.missed(id, Miss(what)) })
	}
	if errors.Is(err, ErrStale) != stale || err != nil && !stale {
		y.Errorf("%s: %v", word, err)
	}
}

// TestAnOldCallerIsJudgedByHisStepAtTheDoor: who comes with an age is refused when
// nobody can serve him from there on, and not let in to be thrown out.
func TestAnOldCallerIsJudgedByHisStepAtTheDoor(t *testing.T) {
	spec := QueueSpec{Needs: "x >= 1", Relax: []Relax{{After: time.Minute, Needs: "y >= 1"}}, OnEmpty: "goodbye"}
	y := start(t, team(map[string]QueueSpec{"q": spec}, "anna: x=1", "bert: y=1"))
	y.logIn("anna")
	old := Entry{Call: "c1", Queue: "q", Since: y.now.Wall.Add(-time.Hour)}
	var refused *Refused
	err := y.step(func(b *board) error { _, err := b.enter(old); return err })
	if !errors.As(err, &refused) || refused.Limit != "empty" || refused.Target != "goodbye" {
		t.Errorf("let in: %v", err)
	}
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.want("c2>anna")
}
