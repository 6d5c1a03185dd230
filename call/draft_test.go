package call

import (
	"testing"
	"time"
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
	j.drafts["A"] = Record{ID: "A", Start: time.Now(), Warnings: 1, Legs: []LegRecord{{Agent: "anna"}}}
	if err := sealTheDead(t.Context(), j, discard()); err != nil {
		t.Fatal(err)
	}
	if r := j.all()[0]; r.Legs[0].End.IsZero() || r.Legs[0].Cause.Metric != CauseServerDied || !r.Protected {
		t.Errorf("sealed %+v", r)
	}
}
