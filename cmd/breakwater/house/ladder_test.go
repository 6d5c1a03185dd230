package house_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/sip/siptest"
)

// The state table of the ladder (protection.md §1.2), row by row, by keys on a desk
// phone. What the meter sees cannot be made on the wire, for there is no meter yet;
// these rows are proved by synthetic observations:
//
//	CALM, meter raised or monologue → ELEVATED    acd/protect, TestStateTable "a hint raises a calm call …"
//	ELEVATED, 60 s without a hint → CALM          acd/protect, TestStateTable "… a minute without a hint calms it"
//	any live, 15 min of entanglement              not built: the config check refuses long_call

// stage is the ladder's, as the api shows it.
func (p *person) stage() string {
	for _, v := range p.s.house.Exchange.Calls() {
		switch {
		case v.Caller != p.number:
		case v.Stage == "" && v.Phase == "talking":
			return "CALM"
		default:
			return v.Stage
		}
	}
	return "no call"
}

// reaches waits until the call of a person has come to a stage.
func (p *person) reaches(stage string) {
	p.s.Helper()
	p.s.sees("the call of "+p.name+" is in "+stage, func() bool { return p.stage() == stage })
}

func (p *person) isIn(stage string) {
	p.s.Helper()
	if got := p.stage(); got != stage {
		p.s.Fatalf("the call of %s is in %s, want %s", p.name, got, stage)
	}
}

// warns presses for the next warning until the ladder takes it, and waits until the
// caller has heard it.
func (p *person) warns(caller *person, prompt string) (from, to time.Time) {
	p.s.Helper()
	p.beginsToWarn(caller, prompt)
	return caller.hears(prompt)
}

// lastWarns is warns, after which the caller says no word.
func (p *person) lastWarns(caller *person, prompt string) {
	p.s.Helper()
	p.beginsToWarn(caller, prompt)
	caller.isQuiet()
	caller.hears(prompt)
}

// beginsToWarn presses until the caller hears the begin of the warning. The server
// learns once a second how much the caller has spoken, so that it may refuse first.
func (p *person) beginsToWarn(caller *person, prompt string) {
	p.s.Helper()
	for begin := caller.sound(prompt)[:5*packet]; ; p.hears("tone-beep") {
		p.presses("*1")
		var begun, refused bool
		p.s.sees("a warning, or why not", func() bool {
			_, _, begun = caller.find(begin)
			_, _, refused = p.find(p.sound("tone-beep"))
			return begun || refused
		})
		if begun {
			return
		}
	}
}

// warned is a conversation with as many warnings behind it.
func (s *stage) warned(number string, agent *person, warnings ...string) *person {
	s.Helper()
	caller := s.connects(number, agent)
	for _, w := range warnings {
		agent.warns(caller, w)
	}
	return caller
}

// permitted is a conversation in PERMIT.
func (s *stage) permitted(agent *person) *person {
	s.Helper()
	caller := s.warned("8100", agent, "warning-1", "warning-2")
	agent.hears("tone-permit")
	caller.isIn("PERMIT")
	return caller
}

// stages are those of the ladder in a record, in order.
func stages(r call.Record) (names []string) {
	for _, step := range r.Steps {
		if name, ok := strings.CutPrefix(step.Name, "protect."); ok {
			names = append(names, name)
		}
	}
	return names
}

// wentThrough checks record and stages of a call that has ended.
func (p *person) wentThrough(cause string, warnings int, want ...string) call.Record {
	p.s.Helper()
	r := p.s.record(p)
	if r.Cause.Metric != cause {
		p.s.Errorf("cause %q, want %q", r.Cause.Metric, cause)
	}
	if r.Warnings != warnings {
		p.s.Errorf("%d warnings, want %d", r.Warnings, warnings)
	}
	if got := stages(r); !slices.Equal(got, want) {
		p.s.Errorf("stages %v, want %v", got, want)
	}
	if shielded := len(want) > 0 && (warnings > 0 || slices.Contains(want, "CRISIS") || cause == "one_strike"); r.Protected != shielded {
		p.s.Errorf("protected is %v, want %v", r.Protected, shielded)
	}
	last := time.Duration(0)
	for _, step := range r.Steps {
		if step.Mono < last || step.At.IsZero() {
			p.s.Errorf("step %s stands at %s (%s), after one at %s", step.Name, step.Mono, step.At, last)
		}
		last = step.Mono
	}
	return r
}

// rests waits for a rest of a level and checks its length. The rest runs from the end
// of the wrap-up, the state a moment later.
func (p *person) rests(level int, length time.Duration) acd.AgentView {
	p.s.Helper()
	v := p.s.becomes(p.name, acd.Resting)
	if got := v.Until.Sub(v.Since); v.Level != level || got > length || got < length-late {
		p.s.Errorf("%s rests %s at level %d, want %s at level %d", p.name, got, v.Level, length, level)
	}
	return v
}

// late is how long a busy machine may take to notice that a moment has come.
const late = time.Second

const (
	rest1 = 3 * time.Second // a sixtieth of three minutes
	rest2 = 10 * time.Second
	rest3 = 30 * time.Second
)

// path is what a stage has behind it.
var path = map[string][]string{
	"CALM":     nil,
	"W1":       {"W1"},
	"OBS1":     {"W1", "OBS1"},
	"W2":       {"W1", "OBS1", "W2"},
	"OBS2":     {"W1", "OBS1", "W2", "OBS2"},
	"PERMIT":   {"W1", "OBS1", "W2", "OBS2", "PERMIT"},
	"FAREWELL": {"W1", "OBS1", "W2", "OBS2", "PERMIT", "FAREWELL"},
}

// brought brings a conversation into a stage.
func (s *stage) brought(stage string, agent *person) *person {
	s.Helper()
	switch stage {
	case "CALM":
		return s.connects("8100", agent)
	case "W1":
		caller := s.connects("8100", agent)
		agent.beginsToWarn(caller, "warning-1")
		return caller
	case "OBS1":
		return s.warned("8100", agent, "warning-1")
	case "W2":
		caller := s.warned("8100", agent, "warning-1")
		agent.beginsToWarn(caller, "warning-2")
		return caller
	case "OBS2":
		caller := s.warned("8100", agent, "warning-1")
		agent.lastWarns(caller, "warning-2") // the permit stays closed
		return caller
	case "PERMIT":
		return s.permitted(agent)
	}
	caller := s.permitted(agent)
	agent.presses("*3")
	caller.hearsBeginOf("farewell")
	return caller
}

func TestTheCrisisKeyLeadsToCrisisFromEveryLiveStage(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"CALM", "W1", "OBS2", "PERMIT", "FAREWELL"} {
		t.Run(from, func(t *testing.T) {
			s := open(t, "warning-1", "2s", "warning-2", "2s", "farewell", "2s")
			crew := s.seats("anna", "sofia")
			anna, sofia := crew[0], crew[1]
			caller := s.brought(from, anna)
			caller.reaches(from)
			anna.presses("*97")
			pressed := time.Now()
			sofia.rings()
			if d := sofia.call.Began().Sub(pressed); d > time.Second {
				t.Errorf("the supervisor was paged %s after the key, want at most 1 s", d)
			}
			caller.isIn("CRISIS")
			s.talk(caller, anna) // a prompt that was playing has ended at once
			for _, keys := range []string{"*93", "*94", "*1"} {
				anna.presses(keys)
				anna.hears("tone-beep", "refused-crisis")
			}
			anna.presses("#")
			caller.isIn("CRISIS")
			s.talk(caller, anna)
			caller.hangsUp()
			anna.isCut()
			want := append(slices.Clone(path[from]), "CRISIS", "ENDED")
			warnings := strings.Count(strings.Join(path[from], " "), "OBS")
			cause := "caller_ended"
			if warnings > 0 {
				cause = "customer_after_warning"
			}
			caller.wentThrough(cause, warnings, want...)
			anna.rests(3, rest3)
			if end := sofia.isCut(); end.Status != 487 && end.Status != 0 {
				t.Errorf("the page ended with %s", end)
			}
		})
	}
}

func TestASupervisorReleasesACrisisAndTheAgentStillRestsLongest(t *testing.T) {
	s := open(t)
	crew := s.seats("anna", "sofia")
	anna, sofia := crew[0], crew[1]
	caller := s.connects("8100", anna)
	anna.presses("*97")
	sofia.rings()
	sofia.answers()
	sofia.hears("supervisor-page")
	anna.isCut()
	s.talk(caller, sofia)
	caller.isIn("CRISIS")
	anna.rests(3, rest3)
	sofia.presses("*93")
	sofia.hears("tone-beep", "refused-crisis")
	sofia.presses("*2")
	caller.reaches("CALM")
	s.talk(caller, sofia)
	sofia.warns(caller, "warning-1") // the ladder works again
	caller.hangsUp()
	sofia.isCut()
	caller.wentThrough("customer_after_warning", 1, "CRISIS", "CALM", "W1", "OBS1", "ENDED")
}

func TestOneStrikeIsConfirmedByHashAndEndsTheCall(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"CALM", "PERMIT"} {
		t.Run(from, func(t *testing.T) {
			s := open(t)
			anna := s.seat("anna")
			caller := s.brought(from, anna)
			anna.presses("*94")
			anna.hears("tone-confirm")
			caller.isUp()
			anna.presses("#")
			_, heard := caller.hears("one-strike")
			end := caller.isCut()
			if d := end.At.Sub(heard); d > 200*time.Millisecond {
				t.Errorf("BYE %s after the prompt, want at most 200 ms", d)
			}
			anna.isCut()
			warnings := strings.Count(strings.Join(path[from], " "), "OBS")
			caller.wentThrough("one_strike", warnings, append(slices.Clone(path[from]), "FAREWELL", "ENDED")...)
			anna.rests(3, rest3)
		})
	}
}

func TestOneStrikeWithoutHashInTimeIsForgotten(t *testing.T) {
	s := open(t, "confirm", "200ms")
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	caller.isQuiet()
	anna.presses("*94")
	anna.hears("tone-confirm")
	anna.hearsSilence(300 * time.Millisecond)
	anna.presses("#")
	s.talk(caller, anna)
	caller.isIn("CALM")
	caller.neverHeard("one-strike")
}

func TestAssistPagesASupervisorAndKeepsTheStage(t *testing.T) {
	t.Parallel()
	t.Run("nobody comes: counted as missed; pressed again: cancelled", func(t *testing.T) {
		s := open(t)
		crew := s.seats("anna", "sofia")
		anna, sofia := crew[0], crew[1]
		caller := s.warned("8100", anna, "warning-1")
		anna.presses("*5")
		sofia.rings()
		caller.isIn("OBS1")
		s.sees("the missed assist is counted", func() bool {
			return s.house.Exchange.Tally().Counts()["protect_assist_missed_total"] == 1
		})
		caller.isIn("OBS1")
		anna.presses("*95")
		sofia.isCut()
		s.talk(caller, anna)
		caller.hangsUp()
		caller.wentThrough("customer_after_warning", 1, "W1", "OBS1", "ENDED")
	})
	t.Run("a supervisor takes the call with its warnings", func(t *testing.T) {
		s := open(t)
		crew := s.seats("anna", "sofia")
		anna, sofia := crew[0], crew[1]
		caller := s.warned("8100", anna, "warning-1")
		anna.presses("*5")
		sofia.rings()
		if got := sofia.call.FromName(); !strings.Contains(got, "anna") || !strings.Contains(got, "sales") {
			t.Errorf("the supervisor's phone shows %q, want who needs help and where", got)
		}
		sofia.answers()
		sofia.hears("supervisor-page")
		anna.isCut()
		s.talk(caller, sofia)
		caller.isIn("OBS1")
		sofia.warns(caller, "warning-2")
		sofia.hears("tone-permit")
		sofia.presses("*3")
		caller.hears("farewell")
		caller.isCut()
		caller.wentThrough("protected_disconnect", 2, path["FAREWELL"][0], "OBS1", "W2", "OBS2", "PERMIT", "FAREWELL", "ENDED")
	})
	t.Run("the first does not answer: the next is rung", func(t *testing.T) {
		s := open(t, "page_ring", "500ms")
		crew := s.seats("anna", "sofia", "toni")
		anna, sofia, toni := crew[0], crew[1], crew[2]
		caller := s.connects("8100", anna)
		anna.presses("*5")
		sofia.rings()
		sofia.isCut()
		toni.rings()
		toni.answers()
		toni.hears("supervisor-page")
		s.talk(caller, toni)
	})
}

func TestTheFirstWarningNeedsTimeSinceTheAnswer(t *testing.T) {
	s := open(t, "after_answer", "30s")
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	anna.presses("*1")
	anna.hears("tone-beep", "refused-too-soon")
	anna.presses("*3")
	anna.hears("tone-beep", "refused-no-permit")
	caller.isIn("CALM")
	s.talk(caller, anna)
	caller.neverHeard("warning-1", "farewell")
}

func TestEveryWarnKeyIsTheNextWarningHoweverItIsSent(t *testing.T) {
	t.Parallel()
	for how, press := range map[string]func(*person){
		"*1 by RFC 4733":         func(p *person) { p.presses("*1") },
		"*91 by INFO dtmf-relay": func(p *person) { p.informs("*91", siptest.DTMFRelay) },
		"*92 by INFO dtmf":       func(p *person) { p.informs("*92", siptest.DTMFPlain) },
	} {
		t.Run(how, func(t *testing.T) {
			s := open(t)
			anna := s.seat("anna")
			caller := s.connects("8100", anna)
			s.sees("the first ten seconds, a sixtieth of them, are over", func() bool {
				return anna.call.Talked() > 300*time.Millisecond
			})
			press(anna)
			caller.hears("warning-1")
			caller.reaches("OBS1")
			caller.hangsUp()
			caller.wentThrough("customer_after_warning", 1, "W1", "OBS1", "ENDED")
		})
	}
}

func TestTheSecondWarningComesFromCalmToo(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.warned("8100", anna, "warning-1")
	anna.presses("*2")
	anna.hears("tone-confirm")
	caller.reaches("CALM")
	anna.lastWarns(caller, "warning-2")
	caller.hangsUp()
	caller.wentThrough("customer_after_warning", 2, "W1", "OBS1", "CALM", "W2", "OBS2", "ENDED")
}

func TestObservationCalmsDownByItself(t *testing.T) {
	s := open(t, "calm", "2s")
	anna := s.seat("anna")
	caller := s.warned("8100", anna, "warning-1")
	caller.reaches("CALM")
	anna.lastWarns(caller, "warning-2")
	caller.reaches("CALM")
	caller.hangsUp()
	caller.wentThrough("customer_after_warning", 2, "W1", "OBS1", "CALM", "W2", "OBS2", "CALM", "ENDED")
}

func TestSettledLeadsFromTheSecondObservationToCalmAndKeepsTheCount(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.brought("OBS2", anna)
	anna.presses("*90")
	anna.hears("tone-confirm")
	caller.reaches("CALM")
	caller.hangsUp()
	caller.wentThrough("customer_after_warning", 2, "W1", "OBS1", "W2", "OBS2", "CALM", "ENDED")
	anna.rests(1, rest1)
}

func TestAPermitNeedsAWordFromTheCaller(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.brought("OBS2", anna)
	anna.hearsSilence(3 * time.Second)
	caller.isIn("OBS2")
	anna.presses("*3")
	anna.hears("tone-beep", "refused-no-permit")
	caller.speaks()
	anna.hears("tone-permit")
	caller.isIn("PERMIT")
	anna.presses("*1")
	anna.hears("tone-beep", "refused-permit-open")
	caller.isIn("PERMIT")
}

func TestAPermitLapsesAndOneMoreWarningEarnsTheNext(t *testing.T) {
	s := open(t, "permit_ttl", "3s")
	anna := s.seat("anna")
	caller := s.permitted(anna)
	caller.reaches("OBS2")
	anna.presses("*3")
	anna.hears("tone-beep", "refused-no-permit")
	anna.hearsVoice(caller)
	caller.isIn("OBS2")
	anna.warns(caller, "warning-2")
	anna.hears("tone-permit")
	anna.presses("*93")
	caller.hears("farewell")
	caller.isCut()
	r := caller.wentThrough("protected_disconnect", 3,
		"W1", "OBS1", "W2", "OBS2", "PERMIT", "OBS2", "W2", "OBS2", "PERMIT", "FAREWELL", "ENDED")
	lapsed := when(r, "protect.OBS2", 2) - when(r, "protect.PERMIT", 1)
	if lapsed < 3*time.Second || lapsed > 3*time.Second+late {
		t.Errorf("the permit lapsed after %s, want 3 s (a sixtieth of 180)", lapsed)
	}
	anna.rests(2, rest2)
}

// when is the moment of the nth step of a name.
func when(r call.Record, name string, nth int) time.Duration {
	for _, step := range r.Steps {
		if step.Name == name {
			if nth--; nth == 0 {
				return step.Mono
			}
		}
	}
	return -1
}

func TestOnHookInAPermitIsThePermittedHangUp(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.permitted(anna)
	anna.hangsUp()
	_, heard := caller.hears("farewell")
	if d := caller.isCut().At.Sub(heard); d > 200*time.Millisecond {
		t.Errorf("BYE %s after the farewell, want at most 200 ms", d)
	}
	caller.wentThrough("protected_disconnect", 2, append(path["FAREWELL"], "ENDED")...)
	anna.rests(2, rest2)
}

func TestSettledWithinTheFarewellTakesTheCallBack(t *testing.T) {
	s := open(t, "farewell", "3s")
	anna := s.seat("anna")
	caller := s.brought("FAREWELL", anna)
	anna.presses("*2")
	caller.reaches("OBS2")
	s.talk(caller, anna)
	anna.presses("*3")
	anna.hears("tone-beep", "refused-no-permit")
	anna.lastWarns(caller, "warning-2")
	caller.hangsUp()
	caller.wentThrough("customer_after_warning", 3, append(path["FAREWELL"], "OBS2", "W2", "OBS2", "ENDED")...)
}

func TestAFarewellGoesOnWithoutTheAgent(t *testing.T) {
	s := open(t, "farewell", "2s")
	anna := s.seat("anna")
	caller := s.permitted(anna)
	anna.presses("*3")
	mark := caller.since
	caller.hearsBeginOf("farewell")
	anna.hangsUp()
	caller.since = mark
	caller.hears("farewell")
	caller.isCut()
	caller.wentThrough("protected_disconnect", 2, append(path["FAREWELL"], "ENDED")...)
	anna.rests(2, rest2)
}

func TestACallerWhoLeavesAfterAWarningGrantsTheShortRest(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"W2", "PERMIT"} {
		t.Run(from, func(t *testing.T) {
			s := open(t, "warning-2", "2s")
			anna := s.seat("anna")
			caller := s.brought(from, anna)
			caller.hangsUp()
			anna.isCut()
			warnings := strings.Count(strings.Join(path[from], " "), "OBS")
			r := caller.wentThrough("customer_after_warning", warnings, append(slices.Clone(path[from]), "ENDED")...)
			if r.Cause.By != call.ByCaller {
				t.Errorf("ended by %s, want the caller", r.Cause.By)
			}
			anna.rests(1, rest1)
		})
	}
}

func TestACallerWhoLeavesTheFirstWarningWasNotWarned(t *testing.T) {
	s := open(t, "warning-1", "2s")
	anna := s.seat("anna")
	caller := s.brought("W1", anna)
	caller.hangsUp()
	anna.isCut()
	s.becomes("anna", acd.Ready)
	r := s.record(caller)
	if r.Cause.Metric != "caller_ended" || r.Warnings != 0 {
		t.Errorf("cause %s with %d warnings, want caller_ended with 0", r.Cause.Metric, r.Warnings)
	}
}

func TestAnEmergencyQueueNeverDisconnects(t *testing.T) {
	t.Parallel()
	t.Run("the full ladder leads to the supervisor", func(t *testing.T) {
		s := open(t)
		crew := s.seats("anna", "sofia")
		anna, sofia := crew[0], crew[1]
		caller := s.warned("8800", anna, "warning-1", "warning-2-emergency")
		anna.hears("tone-permit")
		anna.presses("*3")
		sofia.rings()
		sofia.answers()
		s.talk(caller, sofia)
		caller.isUp()
		caller.neverHeard("farewell", "warning-2", "closing", "goodbye")
		anna.isCut()
		caller.hangsUp()
		r := s.record(caller)
		if r.Cause.By != call.ByCaller {
			t.Errorf("ended by %s, want the caller alone", r.Cause)
		}
	})
	t.Run("one strike is refused", func(t *testing.T) {
		s := open(t)
		anna := s.seat("anna")
		caller := s.connects("8800", anna)
		anna.presses("*94#")
		anna.hears("tone-beep", "refused-emergency")
		s.talk(caller, anna)
		caller.neverHeard("one-strike")
	})
	t.Run("on-hook is a rescue", func(t *testing.T) {
		s := open(t)
		crew := s.seats("anna", "sofia")
		anna, sofia := crew[0], crew[1]
		caller := s.connects("8800", anna)
		anna.hangsUp()
		caller.hears("crisis-hold")
		sofia.rings()
		caller.hearsMusic()
		sofia.answers()
		sofia.hears("supervisor-page")
		s.talk(caller, sofia)
		caller.neverHeard("closing", "goodbye")
	})
	t.Run("on-hook without a free supervisor leads back to the queue", func(t *testing.T) {
		s := open(t)
		anna := s.seat("anna")
		caller := s.connects("8800", anna)
		anna.hangsUp()
		caller.hears("crisis-hold")
		anna.rings() // after the wrap-up
		anna.answers()
		s.talk(caller, anna)
		caller.neverHeard("closing", "goodbye")
	})
}

func TestOnHookInACrisisIsARescue(t *testing.T) {
	s := open(t)
	crew := s.seats("anna", "sofia")
	anna, sofia := crew[0], crew[1]
	caller := s.connects("8100", anna)
	anna.presses("*97")
	sofia.rings()
	anna.hangsUp()
	caller.hears("crisis-hold")
	sofia.answers() // the page that was out goes on
	s.talk(caller, sofia)
	caller.isIn("CRISIS")
	caller.neverHeard("closing", "goodbye")
	anna.rests(3, rest3)
}
