package call

import (
	"sync"
	"testing"
	"time"
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

// Who leaves while two are being joined has left: that is no fault of the sound, and a
// caller who does is not taken for one whose agent was lost.
func TestWhoLeavesWhileTheyAreJoinedHasLeft(t *testing.T) {
	for name, c := range map[string]struct {
		leaves string
		cause  string
		agent  bool // the next one is rung
	}{
		"the caller": {"caller", CauseCallerEnded, false},
		"the agent":  {"agent", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("ben", "1002")
				caller := r.dial("0123", "8100")
				first := r.rung()
				r.sounds.mu.Lock()
				r.sounds.joining = sync.OnceFunc(map[string]*fakeLeg{"caller": caller, "agent": first}[c.leaves].hangUp)
				r.sounds.mu.Unlock()
				first.answer()
				if c.agent {
					r.rung().answer()
					wait(10 * time.Second)
					if !caller.up() || first.up() || r.view().Phase != "talking" {
						t.Errorf("caller up %v, the first agent %v, phase %s", caller.up(), first.up(), r.view().Phase)
					}
					caller.hangUp()
					r.record()
					return
				}
				rec := r.record()
				if rec.Cause.Metric != c.cause || rec.Cause.By != ByCaller || rec.Protected || first.up() {
					t.Errorf("cause %+v, protected %v, the agent up %v", rec.Cause, rec.Protected, first.up())
				}
			})
		})
	}
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
