package call

import (
	"testing"
	"time"

	"breakwater/acd"
)

func TestWhoWasReplacedKeepsConversationsAndLetsGoOfAllElse(t *testing.T) {
	for name, c := range map[string]struct {
		stays bool
		begin func(r *room) []*fakeLeg
	}{
		"two who talk": {true, func(r *room) []*fakeLeg {
			r.logIn("anna", "1001")
			caller, agent := r.talking("8100")
			return []*fakeLeg{caller, agent}
		}},
		"who waits": {false, func(r *room) []*fakeLeg { return []*fakeLeg{r.dial("0123", "8100")} }},
		"an agent for whom a callback is dialled": {false, func(r *room) []*fakeLeg {
			r.asks("0301234")
			r.logIn("anna", "1001")
			agent := r.rung()
			agent.answer()
			return []*fakeLeg{agent, r.rung()}
		}},
		"a supervisor who is asked to talk with an agent": {false, func(r *room) []*fakeLeg {
			r.logIn("anna", "1001")
			r.hardCall("orders", acd.Outcome{})
			r.logIn("sofia", "1003")
			leader := r.rung()
			leader.answer()
			return []*fakeLeg{leader}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				legs := c.begin(r)
				wait(3 * time.Second)
				r.x.StandDown()
				wait(time.Second)
				for _, l := range legs {
					if l.up() != c.stays {
						t.Errorf("%s is up: %v", l.party.ID, l.up())
					}
				}
			}, withCallbacks, oneIsEnough)
		})
	}
}
