package call

import (
	"context"
	"testing"
	"time"

	"breakwater/acd"
)

func TestWhoHangsUpWhenTheirAgentIsLostIsCalledBackByTheSameOne(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("ben", "1002")
		r.logIn("anna", "1001")
		caller := r.dial("0301234", "8100")
		agent := r.rung()
		phone := agent.party.Phone
		agent.answer()
		wait(time.Minute)
		agent.lose()
		wait(time.Second)
		caller.hangUp() // on hearing that the connection was lost
		wait(time.Second)
		if rec := r.record(); rec.Cause.Metric != CauseAgentLost {
			t.Errorf("cause %+v", rec.Cause)
		}
		again := r.rung()
		if again.party.Phone != phone {
			t.Errorf("phone %s rings, the caller was with %s", again.party.Phone, phone)
		}
		again.answer()
		customer := r.rung()
		customer.answer()
		wait(5 * time.Second)
		if !customer.playedTo("callback-sorry") {
			t.Errorf("heard %v", customer.heard)
		}
	}, withCallbacks, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Strategy, q.Agents, q.WrapUp = acd.LongestIdle, []string{"anna", "ben"}, -1
		f.Queues["orders"] = q
		f.Settings.Gap = -1
	})
}

func TestTheServerStopsInEveryPhaseOfACallback(t *testing.T) {
	for phase := range 5 {
		inRoom(t, func(r *room) {
			r.asks("0301234")
			r.logIn("anna", "1001")
			agent := r.rung()
			if phase > 0 {
				agent.answer()
			}
			if phase > 1 {
				customer := r.rung()
				wait(time.Second)
				if phase > 2 {
					customer.answer()
				}
				if phase > 3 {
					wait(10 * time.Second)
				}
			}
		}, withCallbacks)
	}
}

func TestTheCallerHangsUpWhileBeingGreeted(t *testing.T) {
	inRoom(t, func(r *room) {
		r.asks("0301234")
		r.logIn("anna", "1001")
		agent := r.rung()
		agent.answer()
		customer := r.rung()
		customer.answer()
		wait(500 * time.Millisecond)
		customer.hangUp()
		wait(time.Second)
		if agent.up() || r.agent("anna").State != acd.WrapUp {
			t.Errorf("anna is %s, on the line %v", r.agent("anna").State, agent.up())
		}
		if left, _ := r.floor.Callbacks(context.Background()); len(left) > 0 {
			t.Errorf("callbacks %+v: they have been reached", left)
		}
	}, withCallbacks)
}
