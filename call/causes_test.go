package call

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

// expectation is what the record says when the call ends in a phase in one of three
// ways: the caller hangs up, the caller's line is lost, the server stops.
type expectation struct{ hangs, lost, stopped Cause }

func TestTheCauseOfACallIsTheTruthInEveryPhase(t *testing.T) {
	by := func(b By, metric string) Cause { return Cause{By: b, Metric: metric} }
	plain := expectation{by(ByCaller, CauseCallerEnded), by(ByNetwork, CauseNetwork), by(ByUs, CauseServerDied)}
	warnedBefore := plain
	warnedBefore.hangs = by(ByCaller, CauseCustomerAfterWarning)
	finished := expectation{by(ByAgent, CauseAgentFinished), by(ByAgent, CauseAgentFinished), by(ByAgent, CauseAgentFinished)}
	for phase, want := range map[string]expectation{
		"in the menu":   plain,
		"in the notice": plain,
		"waiting":       {by(ByCaller, CauseAbandoned), plain.lost, plain.stopped},
		"ringing":       {by(ByCaller, CauseAbandoned), plain.lost, plain.stopped},
		"talking":       plain,
		"on hold":       plain,
		// n counts completed warnings: in the first there is none yet
		"in the first warning":  plain,
		"in the second warning": warnedBefore,
		"with a permit":         warnedBefore,
		"in the farewell": {
			by(ByCaller, CauseProtectedDisconnect), by(ByNetwork, CauseProtectedDisconnect), by(ByUs, CauseProtectedDisconnect),
		},
		"in the closing":                           finished,
		"while a supervisor rings":                 plain,
		"with a supervisor who whispers":           plain,
		"with a supervisor in a crisis":            plain,
		"with a supervisor who has taken the call": plain,
		"in a crisis":                              plain,
		"in a rescue while a supervisor rings":     plain,
		"in a rescue while a supervisor is told":   plain,
		"while a direct call rings":                plain,
		"in a direct call":                         plain,
		"while a code asks for digits":             plain,
	} {
		for name, end := range map[string]struct {
			how  func(r *room, c cast)
			want Cause
		}{
			"the caller hangs up": {func(_ *room, c cast) { c.caller.hangUp() }, want.hangs},
			"the caller is lost":  {func(_ *room, c cast) { c.caller.lose() }, want.lost},
			"the server stops":    {func(r *room, _ cast) { _ = r.x.Close(context.Background()) }, want.stopped},
		} {
			t.Run(phase+": "+name, func(t *testing.T) {
				inRoom(t, func(r *room) {
					r.logIn("anna", "1001")
					r.logIn("sofia", "1003")
					end.how(r, phases[phase](r))
					if got := r.record().Cause; got.By != end.want.By || got.Metric != end.want.Metric {
						t.Errorf("cause %s by %s, want %s by %s", got.Metric, got.By, end.want.Metric, end.want.By)
					}
				})
			})
		}
	}
}

func TestAnAgentIsGivenTheRestThatWasEarnedHoweverTheCallEnds(t *testing.T) {
	for _, c := range []struct {
		phase, how string
		level      int
	}{
		{"talking", "the caller hangs up", 0},
		{"in the first warning", "the caller hangs up", 0},
		{"in the second warning", "the caller hangs up", 1},
		{"in the second warning", "the caller is lost", 1},
		{"in the second warning", "the agent is lost", 1},
		{"in the second warning", "the agent hangs up", 0},
		{"with a permit", "the caller hangs up", 1},
		{"with a permit", "the agent hangs up", 2},
		{"in the farewell", "the caller hangs up", 2},
		{"in the farewell", "the agent is lost", 2},
		{"with a permit", "the agent transfers", 1},
		{"in a crisis", "the caller hangs up", 3},
		{"in a crisis", "the agent is lost", 3},
		{"in a crisis", "the agent hangs up", 3},
		{"talking", "a one-strike", 3},
		{"with a supervisor in a crisis", "the agent hangs up", 3},
		{"with a supervisor in a crisis", "the other takes over", 3},
		{"with a supervisor who whispers", "the other takes over", 0},
		{"while a supervisor waits for the end of a warning", "the agent is lost", 1},
	} {
		t.Run(c.phase+": "+c.how, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				blows[c.how](r, phases[c.phase](r))
				wait(20 * time.Second) // a farewell is heard out
				anna := r.agent("anna")
				if anna.State != acd.WrapUp {
					t.Fatalf("anna is %s, want wrap-up", anna.State)
				}
				wait(31 * time.Second)
				if anna = r.agent("anna"); anna.Level != c.level {
					t.Errorf("anna is %s with a rest of level %d, want %d", anna.State, anna.Level, c.level)
				}
			})
		})
	}
}

func TestOnlyTheRightCallsAreShieldedFromTheAgentsFigures(t *testing.T) {
	for _, c := range []struct {
		phase, how string
		protected  bool
	}{
		{"talking", "the caller hangs up", false},
		{"talking", "the agent hangs up", false},
		{"talking", "the agent is lost", true},
		{"talking", "a one-strike", true},
		{"in the first warning", "the caller hangs up", true},
		{"in a crisis", "the caller hangs up", true},
		{"while a supervisor rings", "the caller hangs up", false},
		{"waiting", "the caller hangs up", false},
		{"with a supervisor who whispers", "the caller hangs up", false},
		{"with a supervisor who whispers", "the agent is lost", true},
		{"with a supervisor who whispers", "the other takes over", false},
	} {
		t.Run(c.phase+": "+c.how, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				parts := phases[c.phase](r)
				blows[c.how](r, parts)
				wait(20 * time.Second)
				parts.caller.hangUp()
				if got := r.record().Protected; got != c.protected {
					t.Errorf("protected %v, want %v", got, c.protected)
				}
			})
		})
	}
}

func TestADirectCallEndsForTheReasonThatItEnded(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(other *fakeLeg)
		want Cause
	}{
		"hung up by the called party": {(*fakeLeg).hangUp, Cause{By: ByAgent, Metric: CauseCallerEnded}},
		"lost by the called party":    {(*fakeLeg).lose, Cause{By: ByNetwork, Metric: CauseNetwork}},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				parts := phases["in a direct call"](r)
				c.end(parts.other)
				if got := r.record().Cause; got.By != c.want.By || got.Metric != c.want.Metric {
					t.Errorf("cause %+v, want %+v", got, c.want)
				}
			})
		})
	}
}

func TestARingingPhoneIsAccountedForAsWhatItDid(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(r *room, agent *fakeLeg)
		want acd.Miss
	}{
		"declined":        {func(_ *room, l *fakeLeg) { l.decline() }, acd.MissDeclined},
		"did not answer":  {func(*room, *fakeLeg) { wait(25 * time.Second) }, acd.MissNoAnswer},
		"busy":            {func(_ *room, l *fakeLeg) { l.signal(ended(LegBusy)) }, acd.MissBusy},
		"no contact":      {func(_ *room, l *fakeLeg) { l.signal(ended(LegNoContact)) }, acd.MissNotRegistered},
		"lost":            {func(_ *room, l *fakeLeg) { l.lose() }, acd.MissUnreachable},
		"a strange error": {func(_ *room, l *fakeLeg) { l.signal(ended(LegRefused)) }, acd.MissUnreachable},
		"taken back":      {func(r *room, _ *fakeLeg) { r.takeBack() }, missRevoked},
		"the caller left": {func(r *room, _ *fakeLeg) { r.callers[0].hangUp() }, acd.MissCallerLeft},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller := r.dial("0123", "8100")
				agent := r.rung()
				wait(time.Second)
				c.do(r, agent)
				synctest.Wait()
				if agent.up() {
					t.Error("the phone still rings")
				}
				caller.hangUp()
				rec := r.record()
				if got := rec.Attempts[0].Result; got != string(c.want) {
					t.Errorf("the attempt says %q, want %q", got, c.want)
				}
				if rec.Attempts[0].Rang < time.Second {
					t.Errorf("it rang %s, which is too short", rec.Attempts[0].Rang)
				}
			})
		})
	}
}

func ended(metric string) Signal {
	return Signal{Kind: Ended, Cause: Cause{By: ByAgent, Metric: metric}}
}

// takeBack lets the floor take the first caller's offer back.
func (r *room) takeBack() {
	if err := r.floor.Leave(context.Background(), 1, "test"); err != nil {
		r.t.Fatalf("%v", err)
	}
}

func TestTheTalkSegmentIsTheTalkAndNothingElse(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		_, agent := r.talking("8100")
		wait(30 * time.Second)
		agent.hangUp()
		rec := r.record()
		i := slices.IndexFunc(rec.Segments, func(s Segment) bool { return s.Kind == "talk" })
		if got := rec.Segments[i].To.Sub(rec.Segments[i].From); got != 30*time.Second {
			t.Errorf("the talk lasted 30 s, the record says %s", got)
		}
		var kinds []string
		for _, s := range rec.Segments {
			kinds = append(kinds, s.Kind)
		}
		if want := []string{"greeting", "wait", "ring", "talk", "closing"}; !slices.Equal(kinds, want) {
			t.Errorf("segments %v, want %v", kinds, want)
		}
	})
}
