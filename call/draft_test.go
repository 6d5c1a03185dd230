package call

import (
	"testing"
	"time"

	"breakwater/acd"
)

func TestTheDraftTellsWhoTalksAndWhatWasWarned(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.warned("8100", 1)
		r.journal.mu.Lock()
		defer r.journal.mu.Unlock()
		if len(r.journal.drafts) != 1 {
			t.Fatalf("%d drafts", len(r.journal.drafts))
		}
		for _, d := range r.journal.drafts {
			if d.Agent != "anna" || d.Queue != "orders" || d.Warnings != 1 || len(d.Legs) != 2 || d.Answered.IsZero() {
				t.Errorf("draft: agent %q, queue %q, %d warnings, %d legs, answered %s", d.Agent, d.Queue, d.Warnings, len(d.Legs), d.Answered)
			}
		}
	})
}

func TestARecordSealedAfterACrashHasNoOpenLegs(t *testing.T) {
	j := newFakeJournal()
	began := time.Now().Add(-9 * time.Hour) // the server was down over night
	warned := began.Add(time.Minute)
	j.drafts["A"] = Record{
		ID: "A", Start: began, Warnings: 1, Legs: []LegRecord{{Agent: "anna"}}, Steps: []Step{{At: warned, Name: "protect.OBS1"}},
	}
	if err := sealTheDead(t.Context(), j, discard()); err != nil {
		t.Fatal(err)
	}
	if r := j.all()[0]; r.Legs[0].End.IsZero() || r.Legs[0].Cause.Metric != CauseServerDied || !r.Protected {
		t.Errorf("sealed %+v", r)
	}
	if r := j.all()[0]; !r.End.Equal(warned) {
		t.Errorf("the call ended %s after its begin, want the last moment that is known", r.End.Sub(began))
	}
}

func TestReadyTellsWhetherTheNextCallWouldBeTaken(t *testing.T) {
	inRoom(t, func(r *room) {
		if err := r.x.Ready(); err != nil {
			t.Fatalf("an idle exchange is not ready: %v", err)
		}
		r.logIn("anna", "1001")
		caller, _ := r.talking("8100")
		if err := r.x.Ready(); err == nil {
			t.Error("ready although max_calls is reached")
		}
		caller.hangUp()
		r.record()
		if err := r.x.Ready(); err != nil {
			t.Errorf("not ready after the call: %v", err)
		}
	}, func(p *Plan, _ *acd.Plan) { p.Settings.MaxCalls = 1 })
}
