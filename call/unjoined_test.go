package call

import (
	"sync"
	"testing"
	"time"

	"breakwater/acd"
)

func TestAnAgentWhoseSoundCannotBeJoinedIsReplaced(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		r.sounds.unjoinable(1)
		caller := r.dial("0123", "8100")
		first := r.rung()
		first.answer()
		second := r.rung()
		if first.up() {
			t.Error("the first agent sits in a call without sound")
		}
		second.answer()
		wait(10 * time.Second)
		if !caller.up() || len(r.view().Agent) == 0 {
			t.Error("the caller talks to nobody")
		}
		caller.hangUp()
	})
}

// A caller who leaves while two are being joined has left: that is no fault of the sound, and
// they are not taken for one whose agent was lost.
func TestACallerWhoLeavesWhileTheyAreJoinedHasLeft(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		caller := r.dial("0123", "8100")
		agent := r.rung()
		r.whileJoining(caller.hangUp)
		agent.answer()
		rec := r.record()
		if rec.Cause.Metric != CauseCallerEnded || rec.Cause.By != ByCaller || rec.Protected || agent.up() {
			t.Errorf("cause %+v, protected %v, the agent up %v", rec.Cause, rec.Protected, agent.up())
		}
	})
}

func TestAnAgentLostWhileTheyAreJoinedIsReplaced(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		caller := r.dial("0123", "8100")
		first := r.rung()
		r.whileJoining(first.lose)
		first.answer()
		r.rung().answer()
		wait(10 * time.Second)
		if !caller.up() || first.up() || r.view().Phase != "talking" || !caller.playedTo(sayLost) {
			t.Errorf("caller up %v, the first agent %v, phase %s, heard %v", caller.up(), first.up(), r.view().Phase, caller.heard)
		}
		caller.hangUp()
		if rec := r.record(); !rec.Protected {
			t.Errorf("record %+v", rec)
		}
	})
}

// An agent who answers and puts down before the sound is there has put down, as one who does
// so a second later: nothing was lost, and nobody is shielded for it.
func TestAnAgentWhoPutsDownWhileTheyAreJoinedHasFinished(t *testing.T) {
	for name, c := range map[string]struct {
		number string
		before string // the agent's keys
		then   func(r *room, caller *fakeLeg)
		cause  string
		says   string
	}{
		"and the caller has the way back": {"8100", "", func(r *room, caller *fakeLeg) {
			caller.press("1")
			next := r.rung()
			next.answer()
			wait(10 * time.Second)
			if r.view().Phase != "talking" {
				r.t.Errorf("phase %s", r.view().Phase)
			}
			next.hangUp()
			wait(time.Minute)
		}, CauseAgentFinished, sayClosing},
		"and the caller wants no more":                  {"8100", "", func(*room, *fakeLeg) { wait(time.Minute) }, CauseAgentFinished, sayClosing},
		"where a queue rescues":                         {"8200", "", nextHelps, CauseCallerEnded, sayHolding},
		"in an emergency queue":                         {"8800", "", nextHelps, CauseCallerEnded, sayHolding},
		"and has called it a crisis before":             {"8100", "*97", nextHelps, CauseCallerEnded, sayHolding},
		"and has ended it by a confirmed strike before": {"8100", "*94#", func(*room, *fakeLeg) { wait(time.Minute) }, CauseOneStrike, "one-strike"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller := r.dial("0123", c.number)
				agent := r.rung()
				r.logIn("ben", "1002")
				r.whileJoining(func() { agent.press(c.before); agent.hangUp() })
				agent.answer()
				wait(time.Second)
				if agent.up() || r.agent("anna").State == acd.Ready {
					t.Errorf("the agent up %v, anna is %s", agent.up(), r.agent("anna").State)
				}
				c.then(r, caller)
				rec := r.record()
				if caller.up() || rec.Cause.Metric != c.cause || !caller.playedTo(c.says) || caller.playedTo(sayLost) {
					t.Errorf("caller up %v, cause %+v, heard %v", caller.up(), rec.Cause, caller.heard)
				}
				if shielded := c.before != ""; rec.Protected != shielded || rec.Agent == "" {
					t.Errorf("protected %v, agent %q", rec.Protected, rec.Agent)
				}
			})
		})
	}
}

// nextHelps lets whoever rings next talk with the caller, who then puts down.
func nextHelps(r *room, caller *fakeLeg) {
	r.t.Helper()
	r.rung().answer()
	wait(30 * time.Second)
	if !caller.up() {
		r.t.Errorf("the caller was left; heard %v", caller.heard)
	}
	caller.hangUp()
}

// whileJoining lets something happen when the next two are about to be joined.
func (r *room) whileJoining(happens func()) {
	r.sounds.mu.Lock()
	defer r.sounds.mu.Unlock()
	r.sounds.joining = sync.OnceFunc(happens)
}

func TestACallWithoutAnySoundIsGivenUpAfterThreeAgents(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		r.sounds.unjoinable(100)
		r.dial("0123", "8100")
		for range mostUnjoined {
			r.rung().answer()
		}
		if rec := r.record(); rec.Cause.By != ByUs || len(rec.Attempts) != mostUnjoined {
			t.Errorf("cause %+v after %d attempts", rec.Cause, len(rec.Attempts))
		}
	})
}
