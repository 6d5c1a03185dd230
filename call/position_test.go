package call

import (
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
)

func TestAPositionNeverGoesBackwardsInAnotherQueue(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.do("anna", acd.Command{Verb: acd.GoNotReady})
		var older []*fakeLeg
		for _, from := range []string{"0301", "0302", "0303"} {
			older = append(older, r.dial(from, "8200"))
			wait(time.Second)
		}
		caller := r.dial("0123", "8100") // the first in orders, and after a minute the fourth in gentle
		wait(90 * time.Second)
		for _, leg := range older {
			leg.hangUp()
		}
		wait(time.Minute)
		caller.hangUp()
		all := r.records(4)
		i := slices.IndexFunc(all, func(rec Record) bool { return rec.Caller == "0123" })
		var heard []string
		moved := false
		for _, s := range all[i].Steps {
			moved = moved || s.Name == "queue.removed"
			if s.Name == "queue.position" {
				heard = append(heard, s.Note)
			}
		}
		if got := strings.Trim(strings.Join(heard, ""), "1"); got != "" || len(heard) < 3 || !moved {
			t.Errorf("positions %v, moved %v; want 1 only, in both queues", heard, moved)
		}
	}, func(p *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.MaxWait, q.OnWait = time.Minute, "queue:gentle"
		f.Queues["orders"] = q
		for name, m := range p.Queues {
			m.Position, m.AnnounceEvery = true, 15*time.Second
			p.Queues[name] = m
		}
	}, withoutNotice)
}
