package call

import (
	"testing"
	"time"

	"breakwater/acd"
)

// sealed puts a record of a call that is over into the journal.
func (r *room) sealed(ago time.Duration, agent string, protected bool) {
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	at := time.Now().Add(-ago)
	r.journal.sealed = append(r.journal.sealed, Record{
		ID: newID(at), Caller: "0301234", Queue: "orders", Agent: agent, Protected: protected, Start: at, End: at,
		Cause: Cause{By: ByCaller, Metric: CauseCallerEnded}, Callback: "before this test",
	})
}

func TestWhoCallsAgainIsGivenToTheAgentTheyKnow(t *testing.T) {
	for name, c := range map[string]struct {
		before func(r *room)
		from   string
		want   string // phone; anna at 1001 is longer idle
	}{
		"the agent of the last call":     {func(r *room) { r.sealed(time.Hour, "ben", false) }, "0301234", "1002"},
		"the newest counts":              {func(r *room) { r.sealed(2*time.Hour, "anna", false); r.sealed(time.Hour, "ben", false) }, "0301234", "1002"},
		"one without an agent does not":  {func(r *room) { r.sealed(2*time.Hour, "ben", false); r.sealed(time.Hour, "", false) }, "0301234", "1002"},
		"too long ago":                   {func(r *room) { r.sealed(5*time.Hour, "ben", false) }, "0301234", "1001"},
		"after a protected call":         {func(r *room) { r.sealed(time.Hour, "ben", true) }, "0301234", "1001"},
		"after one before the last, too": {func(r *room) { r.sealed(2*time.Hour, "ben", true); r.sealed(time.Hour, "ben", false) }, "0301234", "1001"},
		"somebody else":                  {func(r *room) { r.sealed(time.Hour, "ben", false) }, "0305678", "1001"},
		"a withheld number":              {func(r *room) { r.sealed(time.Hour, "ben", false) }, "anonymous", "1001"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				c.before(r)
				r.logIn("anna", "1001")
				wait(time.Minute)
				r.logIn("ben", "1002")
				caller := r.dial(c.from, "8100")
				if got := r.rung().party.Phone; got != c.want {
					t.Errorf("phone %s rings, want %s", got, c.want)
				}
				caller.hangUp()
			}, withoutNotice, sameAgent)
		})
	}
}

func TestNobodyWaitsForTheAgentTheyKnow(t *testing.T) {
	inRoom(t, func(r *room) {
		r.sealed(time.Hour, "ben", false)
		r.logIn("ben", "1002")
		r.do("ben", acd.Command{Verb: acd.GoNotReady})
		r.logIn("anna", "1001")
		began := time.Now()
		caller := r.dial("0301234", "8100")
		if got := r.rung().party.Phone; got != "1001" || time.Since(began) > time.Second {
			t.Errorf("phone %s rings after %s", got, time.Since(began))
		}
		caller.hangUp()
	}, withoutNotice, sameAgent)
}

func sameAgent(p *Plan, f *acd.Plan) {
	m := p.Queues["orders"]
	m.LastAgent = 4 * time.Hour
	p.Queues["orders"] = m
	q := f.Queues["orders"]
	q.Strategy = acd.LongestIdle
	f.Queues["orders"] = q
}
