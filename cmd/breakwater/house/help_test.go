package house_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/call"
	"breakwater/loadtest/referee"
)

// The rows of the state table in which somebody helps: crisis, assist, emergency.

func TestTheCrisisKeyLeadsToCrisisFromEveryLiveStage(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"CALM", "W1", "OBS2", "PERMIT", "FAREWELL"} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			referee.Judge(t, bearable, func(t testing.TB) {
				s := alone(t, "warning-1", "2s", "warning-2", "2s", "farewell", "2s")
				crew := s.seats("anna", "sofia")
				anna, sofia := crew[0], crew[1]
				caller := s.brought(from, anna)
				caller.reaches(from)
				anna.presses("*97")
				pressed := time.Now()
				sofia.rings()
				if d := sofia.call.Began().Sub(pressed); d > time.Second+late {
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
	sofia.hears("supervisor-page-crisis")
	anna.hears("tone-supervisor")
	s.talk(caller, sofia) // they have joined, and anna is still there
	s.talk(anna, sofia)
	caller.hearsVoice(anna)
	sofia.presses("*4")
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
	t.Run("a supervisor whispers, joins and takes the call with its warnings", func(t *testing.T) {
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
		s.talk(anna, sofia)
		caller.hearsOnly(anna)
		sofia.hearsOnly(anna, caller)
		sofia.presses("*3")
		sofia.hears("supervisor-joins")
		s.talk(caller, sofia)
		caller.isIn("OBS1")
		sofia.presses("*4")
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
		s := open(t, "page_ring", "3s") // a busy machine needs some of it to answer
		crew := s.seats("anna", "sofia", "toni")
		anna, sofia, toni := crew[0], crew[1], crew[2]
		caller := s.connects("8100", anna)
		anna.presses("*5")
		sofia.rings()
		sofia.isCut()
		toni.rings()
		toni.answers()
		toni.hears("supervisor-page")
		toni.hearsVoice(caller)
	})
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
		sofia.hears("supervisor-page-rescue")
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
