package call

import (
	"context"
	"testing"
	"time"

	"breakwater/acd"
)

func TestWhoHasBookedEnoughIsToldAndWaitsOn(t *testing.T) {
	later := func(r *room) { // two hours for the caller's number, asked for by another's
		for hours := 1; hours <= 2; hours++ {
			_, err := r.floor.CallBack(context.Background(), acd.Entry{Call: "before" + string(rune('0'+hours)), Queue: "orders", Caller: "0309999999"},
				acd.Callback{Number: "0301234567", Kind: acd.BackScheduled, At: time.Now().Add(time.Duration(hours) * time.Hour)})
			if err != nil {
				r.t.Fatalf("a booking: %v", err)
			}
		}
	}
	for name, c := range map[string]struct{ dialled, key string }{
		"while they wait": {"8100", "5"},
		"in a menu":       {"8500", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				later(r)
				caller := r.dial("0301234567", c.dialled)
				wait(3 * time.Second)
				caller.press(c.key)
				wait(10 * time.Second)
				caller.press("1")
				wait(15 * time.Second)
				if !caller.up() || !caller.playedTo("callback-enough") || caller.playedTo("callback-kept") || r.view().Phase != "waiting" {
					t.Errorf("up %v, phase %s, heard %v", caller.up(), r.view().Phase, caller.heard)
				}
				r.logIn("anna", "1001")
				if r.rung() == nil {
					t.Error("their place was lost")
				}
				caller.hangUp()
			}, withCallbacks)
		})
	}
}
