package call

import (
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

func TestTheFloorIsToldWhatAConversationWasLike(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(5 * time.Second)
		agent.signal(Signal{Kind: Held})
		wait(4 * time.Second)
		agent.signal(Signal{Kind: Held}) // said twice
		wait(2 * time.Second)
		agent.signal(Signal{Kind: Resumed})
		agent.press("*1")
		wait(20 * time.Second)
		agent.signal(Signal{Kind: Held})
		wait(3 * time.Second)
		caller.hangUp()
		got := r.told.of(acd.KindFinished)
		if len(got) != 1 {
			t.Fatalf("%d conversations were told", len(got))
		}
		if is := got[0].Talk; is.Held != 9*time.Second || is.Warnings != 1 || !is.Protected {
			t.Errorf("told %+v; want 9s on hold and one warning, protected", is)
		}
	})
}

// warnedAndSentOn is a caller whom anna has warned once, and who talks to ben now.
func (r *room) warnedAndSentOn() (caller *fakeLeg) {
	r.logIn("anna", "1001")
	caller, agent := r.warned("8100", 1)
	agent.signal(Signal{Kind: Asked, Target: "8200"})
	synctest.Wait()
	r.do("anna", acd.Command{Verb: acd.GoNotReady, Reason: "lunch"})
	r.logIn("ben", "1002")
	r.rung().answer()
	wait(time.Second)
	return caller
}

func TestWarningsCountInTheConversationInWhichTheyWereHeard(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.warnedAndSentOn()
		caller.hangUp()
		got := r.told.of(acd.KindFinished)
		if len(got) != 2 || got[0].Talk.Warnings != 1 || got[1].Talk.Warnings != 0 || !got[1].Talk.Protected {
			t.Errorf("told %+v; want the warning with anna only, and both protected", got)
		}
	})
}

func TestTheFloorIsToldWhyACallComesAgain(t *testing.T) {
	for name, c := range map[string]struct {
		number string
		act    func(r *room, caller, agent *fakeLeg)
		want   string
	}{
		"the caller wants more": {"8100", func(_ *room, caller, agent *fakeLeg) {
			agent.hangUp()
			wait(time.Second)
			caller.press("1")
		}, acd.AgainWanted},
		"the queue never lets go of a caller": {"8200", func(_ *room, _, agent *fakeLeg) { agent.hangUp() }, acd.AgainRescued},
		"the agent's phone is lost":           {"8100", func(_ *room, _, agent *fakeLeg) { agent.lose() }, acd.AgainLost},
		"an agent sent the call on": {"8100", func(_ *room, _, agent *fakeLeg) {
			agent.signal(Signal{Kind: Asked, Target: "8200"})
		}, acd.AgainTransferred},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller, agent := r.talking(c.number)
				wait(5 * time.Second)
				c.act(r, caller, agent)
				wait(20 * time.Second)
				caller.hangUp()
				got := r.told.of(acd.KindEntered)
				if len(got) != 2 || got[0].Reason != "" || got[1].Reason != c.want {
					t.Errorf("entered %+v; want a first time, and again because of %s", got, c.want)
				}
			})
		})
	}
}
