package call

import (
	"slices"
	"testing"
	"time"

	"breakwater/acd"
)

// whoHears asks the bridge of a conversation who hears whom: "caller<agent" is the caller
// hearing the agent.
func (r *room) whoHears(c cast) (pairs []string) {
	names := []string{"caller", "agent", "other"}
	legs := []*fakeLeg{c.caller, c.agent, c.other}
	for i, ear := range legs {
		for j, mouth := range legs {
			if i != j && ear != nil && mouth != nil && r.sounds.reaches(ear, mouth) {
				pairs = append(pairs, names[i]+"<"+names[j])
			}
		}
	}
	return pairs
}

var (
	listens  = []string{"caller<agent", "agent<caller", "other<caller", "other<agent"}
	whispers = []string{"caller<agent", "agent<caller", "agent<other", "other<caller", "other<agent"}
	joins    = []string{"caller<agent", "caller<other", "agent<caller", "agent<other", "other<caller", "other<agent"}
)

func (r *room) wantHears(c cast, want []string) {
	r.t.Helper()
	if got := r.whoHears(c); !slices.Equal(got, want) {
		r.t.Errorf("heard is %v, want %v", got, want)
	}
}

func TestASupervisorWhoIsAskedForHelpWhispersAndOneInACrisisJoins(t *testing.T) {
	for phase, c := range map[string]struct {
		heard []string
		told  string
	}{
		"with a supervisor who whispers": {whispers, sayPage},
		"with a supervisor in a crisis":  {joins, sayPageCrisis},
		"with a supervisor who listens":  {listens, ""},
	} {
		t.Run(phase, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				parts := phases[phase](r)
				r.wantHears(parts, c.heard)
				if c.told != "" && !parts.other.playedTo(c.told) {
					t.Errorf("the supervisor was told %v, want %s", parts.other.heard, c.told)
				}
				if parts.agent.times(toneSupervisor) != 1 || parts.caller.playedTo(toneSupervisor) {
					t.Error("the agent alone hears by a tone that a supervisor is here")
				}
				parts.caller.hangUp()
			})
		})
	}
}

func TestTheKeysOfASupervisorChangeWhoHearsThemAndSaySo(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["with a supervisor who whispers"](r)
		for _, k := range []struct {
			key, says string
			heard     []string
		}{
			{keyListen, sayListening, listens},
			{keyJoin, sayJoining, joins},
			{keyWhisper, sayWhispering, whispers},
			{keyJoin, sayJoining, joins},
			{keyListen, sayListening, listens},
			{keyWhisper, sayWhispering, whispers},
		} {
			before := c.other.times(k.says)
			c.other.press(k.key)
			r.wantHears(c, k.heard)
			if c.other.times(k.says) != before+1 {
				t.Errorf("%s is not said after %s", k.says, k.key)
			}
			wait(3 * time.Second)
		}
		c.other.press("*97")
		wait(time.Second)
		if !c.other.playedTo("refused-unknown-key") || r.view().Stage != "" {
			t.Error("an agent's code has a meaning on a supervisor's leg")
		}
		c.caller.hangUp()
		rec := r.record()
		if !noted(rec, "supervisor.whispers", "sofia") || !noted(rec, "supervisor.joins", "sofia") || !noted(rec, "supervisor.listens", "sofia") {
			t.Errorf("steps %v", stepNames(rec))
		}
	})
}

func TestTheKeysOfAnAgentStayTheAgentsWhileASupervisorIsThere(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["with a supervisor who whispers"](r)
		c.agent.press("*1")
		c.other.press("*3")
		c.agent.press("*2")
		wait(time.Second)
		if got := r.view().Stage; got != "W1" || !c.agent.playedTo("refused-speaking") {
			t.Errorf("stage %s, the agent heard %v", got, c.agent.heard)
		}
		if r.sounds.gain(c.other, c.caller) != 0 || r.sounds.gain(c.agent, c.caller) != duck {
			t.Error("the caller is softer for the agent alone")
		}
		if r.sounds.reaches(c.caller, c.agent) || !r.sounds.reaches(c.other, c.agent) {
			t.Error("the agent is muted to the caller alone")
		}
		c.caller.hangUp()
	})
}

func TestASupervisorWhoTakesTheCallReleasesTheAgent(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["with a supervisor who whispers"](r)
		c.other.press(keyTake)
		wait(time.Second)
		if c.agent.up() || r.agent("anna").State != acd.WrapUp {
			t.Errorf("the agent's line is up %v, anna is %s", c.agent.up(), r.agent("anna").State)
		}
		if !r.sounds.reaches(c.caller, c.other) || !r.sounds.reaches(c.other, c.caller) || r.view().Supervisor != "" {
			t.Errorf("the supervisor has the call: %+v", r.view())
		}
		c.caller.hangUp()
		rec := r.record()
		if got := talked(rec); !slices.Equal(got, []string{"anna", "sofia"}) || rec.Agent != "sofia" {
			t.Errorf("talked %v, last %s", got, rec.Agent)
		}
	})
}

func TestWhoOnlyHelpsIsNobodysAgent(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["with a supervisor who whispers"](r)
		wait(time.Minute)
		c.other.hangUp()
		wait(time.Second)
		if !c.agent.playedTo(toneSupervisorGone) || !c.agent.up() || r.view().Supervisor != "" {
			t.Errorf("the talk goes on and the agent knows: %+v, heard %v", r.view(), c.agent.heard)
		}
		if got := r.agent("sofia"); got.State != acd.Ready {
			t.Errorf("sofia is %s", got.State)
		}
		c.caller.hangUp()
		rec := r.record()
		if rec.Agent != "anna" || !slices.Equal(talked(rec), []string{"anna"}) || rec.Protected {
			t.Errorf("agent %s, talked %v, protected %v", rec.Agent, talked(rec), rec.Protected)
		}
		last := rec.Segments[len(rec.Segments)-1]
		if last.Kind != "supervise" || last.Agent != "sofia" || last.To.Sub(last.From) < time.Minute {
			t.Errorf("the supervisor's part is %+v", last)
		}
		if i := slices.IndexFunc(rec.Legs, func(l LegRecord) bool { return l.Agent == "sofia" }); i < 0 || rec.Legs[i].Answer.IsZero() {
			t.Errorf("legs %+v", rec.Legs)
		}
		if !noted(rec, "supervisor.leaves", "sofia") {
			t.Errorf("steps %v", stepNames(rec))
		}
	})
}

func TestASupervisorWhoIsLostInACrisisIsReplacedAndOneWhoLeavesIsNot(t *testing.T) {
	for name, c := range map[string]struct {
		leave func(*fakeLeg)
		again bool
	}{
		"lost": {(*fakeLeg).lose, true}, "put down": {(*fakeLeg).hangUp, false},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				parts := phases["with a supervisor in a crisis"](r)
				c.leave(parts.other)
				if c.again {
					r.rung()
				} else {
					r.nobodyRung(time.Minute)
					parts.agent.press("*97") // but the agent has a key
					r.rung()
				}
				parts.caller.hangUp()
			})
		})
	}
}

func TestACrisisIsToldToWhoIsInTheCallAlready(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["with a supervisor who whispers"](r)
		c.agent.press("*97")
		r.nobodyRung(6 * time.Second)
		if !c.other.playedTo(sayCrisisHere) {
			t.Errorf("the supervisor was told %v", c.other.heard)
		}
		r.wantHears(c, whispers) // to be heard by the caller is their own choice
		c.other.press(keyJoin)
		r.wantHears(c, joins)
		c.other.press(keyRelease)
		wait(time.Second)
		if got := r.view().Stage; got != "CALM" {
			t.Errorf("stage %s after the release", got)
		}
		c.agent.press("*5") // help is here
		r.nobodyRung(time.Second)
		c.caller.hangUp()
	})
}

func TestAPageThatBecomesACrisisWhileItIsToldOpensNoMouth(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["while a supervisor is told"](r)
		c.agent.press("*97")
		wait(10 * time.Second)
		r.wantHears(c, whispers) // as was said
		if !c.other.playedTo(sayPage) || !c.other.playedTo(sayCrisisHere) {
			t.Errorf("the supervisor was told %v", c.other.heard)
		}
		c.caller.hangUp()
	})
}

func TestMusicStopsForASupervisorWhoTalksWithTheCaller(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["with a supervisor who whispers"](r)
		c.agent.signal(Signal{Kind: Held})
		wait(time.Second)
		hears(t, c.caller, "music-default")
		c.other.press(keyJoin)
		wait(time.Second)
		hears(t, c.caller)
		c.other.hangUp()
		wait(time.Second)
		hears(t, c.caller, "music-default")
		c.caller.hangUp()
	})
}

func TestASupervisorWhoCannotBeLetInIsHungUp(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["while a supervisor is told"](r)
		r.sounds.unjoinable(1)
		wait(10 * time.Second)
		if c.other.up() || !c.agent.up() || r.agent("sofia").State != acd.Ready {
			t.Errorf("sofia's line is up %v, anna's %v, sofia is %s", c.other.up(), c.agent.up(), r.agent("sofia").State)
		}
		c.caller.hangUp()
	})
}

func TestASupervisorsPhoneMayNotSendTheCallerElsewhere(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["with a supervisor who whispers"](r)
		granted := true
		c.other.signal(Signal{Kind: Asked, Target: "1002", Decide: func(yes bool) { granted = yes }})
		wait(time.Second)
		if granted || !c.agent.up() {
			t.Error("a supervisor who helps has transferred the caller")
		}
		c.caller.hangUp()
	})
}

func TestASupervisorOnTheWayInIsNotCutByOneWhoDialsIn(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		r.logIn("tom", "1004")
		c := phases["while a supervisor is told"](r)
		tom := r.dial("1004", codeListen+"7001")
		wait(10 * time.Second)
		if !tom.playedTo(sayNotNow) || tom.up() {
			t.Errorf("tom heard %v", tom.heard)
		}
		r.wantHears(c, whispers)
		c.caller.hangUp()
	}, withTom)
}

func TestACrisisWhoseSupervisorCannotBeLetInPagesAgain(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.talking("8100")
		agent.press("*97")
		sofia := r.rung()
		sofia.answer()
		r.sounds.unjoinable(1)
		wait(10 * time.Second)
		if sofia.up() {
			t.Error("sofia's line is up, and she hears nothing")
		}
		again := r.rung()
		again.answer()
		wait(15 * time.Second)
		if !again.up() || !agent.up() {
			t.Error("nobody helps in the crisis")
		}
		caller.hangUp()
	})
}
