package call

import (
	"testing"
	"time"
)

// What becomes of a caller whose agent leaves while a supervisor is in the conversation.

func TestWhoHasTheCallerWhenTheAgentLeaves(t *testing.T) {
	const closing, supervisor, queue = "closing", "supervisor", "queue"
	for name, c := range map[string]struct {
		number string
		key    string // of the supervisor, to take the part
		leave  func(*fakeLeg)
		want   string
	}{
		"on-hook, the supervisor has joined":                 {"8100", keyJoin, (*fakeLeg).hangUp, supervisor},
		"on-hook, the supervisor whispers":                   {"8100", keyWhisper, (*fakeLeg).hangUp, closing},
		"on-hook, the supervisor listens":                    {"8100", keyListen, (*fakeLeg).hangUp, closing},
		"lost, the supervisor has joined":                    {"8100", keyJoin, (*fakeLeg).lose, supervisor},
		"lost, the supervisor whispers":                      {"8100", keyWhisper, (*fakeLeg).lose, supervisor},
		"lost, the supervisor listens":                       {"8100", keyListen, (*fakeLeg).lose, queue},
		"on-hook in an emergency, the supervisor listens":    {"8800", keyListen, (*fakeLeg).hangUp, supervisor},
		"lost in an emergency, the supervisor listens":       {"8800", keyListen, (*fakeLeg).lose, supervisor},
		"on-hook in an emergency, the supervisor whispers":   {"8800", keyWhisper, (*fakeLeg).hangUp, supervisor},
		"on-hook in an emergency, the supervisor has joined": {"8800", keyJoin, (*fakeLeg).hangUp, supervisor},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				parts := at(r.pair(c.number), 20*time.Second)
				parts.agent.press("*5")
				parts.other = r.rung()
				parts.other.answer()
				wait(10 * time.Second)
				parts.other.press(c.key)
				wait(3 * time.Second)
				c.leave(parts.agent)
				wait(100 * time.Millisecond)
				got := ""
				switch {
				case r.sounds.reaches(parts.caller, parts.other) && r.sounds.reaches(parts.other, parts.caller):
					got = supervisor
				case parts.caller.playedTo(sayClosing):
					got = closing
				case parts.caller.playedTo(sayLost):
					got = queue
				}
				if got != c.want {
					t.Errorf("the caller goes to %q, want %q; heard %v", got, c.want, parts.caller.heard)
				}
				if v := r.view(); c.want == supervisor && (v.Agent != "sofia" || v.Phase != "talking") {
					t.Errorf("the call is %+v", v)
				}
				if c.want != supervisor && parts.other.up() {
					t.Error("a supervisor hears on without a conversation")
				}
				parts.caller.hangUp()
			})
		})
	}
}

func TestAPermittedHangUpStaysOneWithASupervisorInTheCall(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.permitted("8100")
		agent.press("*5")
		page := r.rung()
		page.answer()
		wait(10 * time.Second)
		page.press(keyJoin)
		wait(3 * time.Second)
		agent.hangUp()
		wait(time.Second)
		hears(t, caller, "farewell")
		page.press(keyTake)
		wait(time.Second)
		if !page.playedTo("refused-speaking") {
			t.Error("what the agent has ended can be taken over")
		}
		if rec := r.record(); rec.Cause.Metric != CauseProtectedDisconnect {
			t.Errorf("cause %s", rec.Cause.Metric)
		}
		if page.up() {
			t.Error("the supervisor's line is up without a call")
		}
	})
}

func TestAnAgentWhoLeavesInAWarningPassesTheCallOnWhenItHasEnded(t *testing.T) {
	for name, c := range map[string]struct {
		then   func(parts cast)
		stages string
		rung   bool // the supervisors are asked again
	}{
		"and the supervisor has the call":    {func(cast) {}, "W1 OBS1 ENDED", false},
		"and the supervisor leaves, too":     {func(p cast) { p.other.hangUp() }, "W1 ENDED", true},
		"and the caller leaves before":       {func(p cast) { p.caller.hangUp() }, "W1 ENDED", false},
		"and the supervisor wants to listen": {func(p cast) { p.other.press(keyListen) }, "W1 OBS1 ENDED", false},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				parts := at(r.pair("8800"), 20*time.Second)
				parts.agent.press("*5")
				parts.other = r.rung()
				parts.other.answer()
				wait(10 * time.Second)
				r.warn(parts.caller, parts.agent)
				wait(time.Second)
				parts.agent.hangUp()
				wait(time.Second)
				hears(t, parts.caller, "warning-1")
				c.then(parts)
				if c.rung {
					wait(20 * time.Second)
					if again := r.rung(); again.party.Phone != "1003" {
						t.Errorf("phone %s rings", again.party.Phone)
					}
				} else if parts.caller.up() {
					wait(12 * time.Second)
					if !r.sounds.reaches(parts.caller, parts.other) {
						t.Error("the caller is not with the supervisor")
					}
				}
				parts.caller.hangUp()
				if got := stages(r.record()); got != c.stages {
					t.Errorf("stages %s, want %s", got, c.stages)
				}
			})
		})
	}
}

func TestWhoHasAskedForTheCallHasItAlsoWhenTheAgentLeavesBefore(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["while a supervisor waits for the end of a warning"](r)
		c.agent.hangUp()
		wait(12 * time.Second)
		if !r.sounds.reaches(c.caller, c.other) || c.caller.playedTo(sayClosing) {
			t.Errorf("the caller heard %v", c.caller.heard)
		}
		c.caller.hangUp()
		if got := stages(r.record()); got != "W1 OBS1 ENDED" {
			t.Errorf("stages %s", got)
		}
	})
}
