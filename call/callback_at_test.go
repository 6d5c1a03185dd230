package call

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
)

func TestACallerChoosesWhenToBeCalledBack(t *testing.T) {
	for name, c := range map[string]struct {
		typed string        // after the number is confirmed; a space is a pause
		in    time.Duration // from midnight of today; 0 = they wait in the queue
	}{
		"tomorrow at nine":                  {"1 09 1", 33 * time.Hour},
		"a week ahead":                      {"7 14 1", 7*24*time.Hour + 14*time.Hour},
		"again, then another":               {"1 09 2 2 15 1", 63 * time.Hour},
		"an hour in which nobody is called": {"1 03 1 10 1", 34 * time.Hour},
		"yesterday is not offered":          {"9 10 1 10 1", 34 * time.Hour},
		"no hour of the day":                {"1 29 1 10 1", 34 * time.Hour},
		"nothing":                           {"", 0},
		"nothing sensible three times":      {"1 03 1 03 1 03 1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				caller := r.dial("0301234", "8501")
				wait(time.Second)
				caller.press("1")
				wait(10 * time.Second)
				caller.press("1") // the own number
				wait(8 * time.Second)
				for _, keys := range strings.Fields(c.typed) {
					caller.press(keys)
					wait(9500 * time.Millisecond)
				}
				wait(10 * time.Second)
				left, _ := r.floor.Callbacks(context.Background())
				if c.in == 0 {
					if len(left) > 0 || !caller.up() || r.view().Phase != "waiting" {
						t.Errorf("callbacks %+v, phase %s", left, r.view().Phase)
					}
					caller.hangUp()
					return
				}
				now := time.Now()
				want := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location()).Add(c.in)
				if len(left) != 1 || left[0].Kind != acd.BackScheduled || !left[0].Since.Round(time.Second).Equal(want) {
					t.Fatalf("callbacks %+v, want %s; heard %v", left, want, caller.heard)
				}
				if caller.up() || !caller.playedTo("callback-kept") {
					t.Errorf("up %v, heard %v", caller.up(), caller.heard)
				}
				kept := func(s Step) bool { return s.Name == "callback.kept" && s.Note == acd.BackScheduled }
				if rec := r.record(); !slices.ContainsFunc(rec.Steps, kept) {
					t.Errorf("the record does not tell what was kept: %+v", rec.Steps)
				}
			}, withCallbacks, func(p *Plan, f *acd.Plan) {
				spec := p.Callbacks["orders"]
				spec.Hours = "08:00-21:00"
				q := f.Queues["orders"]
				q.Callback = spec
				f.Queues["orders"], p.Callbacks["orders"] = q, spec
				m := mainMenu()
				m.Keys = map[string]string{"1": "callback-at:orders"}
				p.Menus["later"] = m
				p.Numbers["8501"] = NumberSpec{Menu: "later"}
			})
		})
	}
}
