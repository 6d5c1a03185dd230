package call

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"breakwater/acd"
)

func TestWhoWaitsMayLeaveAMessageInstead(t *testing.T) {
	inRoom(t, func(r *room) {
		r.taped(time.Minute)
		caller := r.dial("0301234", "8100")
		wait(time.Minute)
		if !caller.playedTo("voicemail-offer") {
			t.Errorf("heard %v", caller.heard)
		}
		caller.press("6")
		for r.sounds.running() == 0 {
			wait(100 * time.Millisecond)
		}
		caller.says(5 * time.Second)
		caller.hangUp()
		wait(time.Second)
		if age := time.Since(r.message().Since); age < time.Minute {
			t.Errorf("the message is %s old, its caller came more than a minute ago", age)
		}
		for _, e := range r.told.of(acd.KindLeft) {
			if e.Reason != "voicemail" {
				t.Errorf("left the queue as %s", e.Reason)
			}
		}
	}, withVoicemail)
}

// Who waits and would rather leave a message has waited for nothing if there is no room for
// it and they were sent away: they keep their place.
func TestWhoWaitsAndFindsNoRoomForAMessageWaitsOn(t *testing.T) {
	for name, c := range map[string]struct {
		goes  string
		agent bool // becomes free while the caller is told
	}{
		"on no target":                           {"", false},
		"whatever the target":                    {"goodbye:no-answer", false},
		"and an agent who becomes free has them": {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.taped(time.Minute)
				caller := r.dial("0305678", "8100")
				wait(time.Minute)
				first := r.atTheTone("0301234")
				first.says(5 * time.Second)
				first.hangUp()
				wait(time.Second)
				for range 2 { // asking again changes nothing
					caller.press("6")
					wait(100 * time.Millisecond)
					if c.agent {
						break
					}
					wait(15 * time.Second)
				}
				if !caller.up() || !caller.playedTo(sayNotNow) || !caller.playedTo(sayPlaceKept) || caller.playedTo("voicemail-leave") || r.view().Phase != "waiting" {
					t.Fatalf("up %v, heard %v", caller.up(), caller.heard)
				}
				if !c.agent {
					hears(t, caller, "music-default")
				}
				if left := r.told.of(acd.KindLeft); len(left) > 0 {
					t.Errorf("left the queue: %+v", left)
				}
				r.logIn("anna", "1001")
				agent := r.rung()
				if agent.target.From != "0305678" {
					t.Errorf("rung for %+v", agent.target)
				}
				agent.answer()
				wait(time.Second)
				caller.hangUp()
				if rec := r.records(2)[1]; rec.Caller != "0305678" || rec.Agent != "anna" || len(rec.Attempts) != 1 {
					t.Errorf("record %+v", rec)
				}
			}, withVoicemail, func(p *Plan, f *acd.Plan) {
				q := f.Queues["orders"]
				q.Voicemail.Most, q.Voicemail.OnFull = 1, c.goes
				f.Queues["orders"], p.Voicemails["orders"] = q, q.Voicemail
			})
		})
	}
}

// Who waits and asks for a message when the disk is full keeps their place: it is tried
// before they give it up, and where it fills up in that moment they come back at their age.
func TestAFullDiskCostsNobodyThePlace(t *testing.T) {
	for name, c := range map[string]struct {
		fill  func(r *room) error
		stays bool // on the same ticket
	}{
		"full when they ask": {func(r *room) error {
			return errors.Join(os.MkdirAll(r.folder, 0o750), os.WriteFile(filepath.Join(r.folder, time.Now().UTC().Format("2006")), nil, 0o600)) // where folders should be
		}, true},
		"full when they speak": {func(r *room) error {
			r.sounds.mu.Lock()
			defer r.sounds.mu.Unlock()
			r.sounds.noTape = errors.New("no space")
			return nil
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				first := r.dial("0301234", "8100")
				wait(time.Minute)
				if err := c.fill(r); err != nil {
					t.Fatal(err)
				}
				second := r.dial("0305678", "8100")
				wait(10 * time.Second)
				first.press("6")
				wait(time.Minute)
				if !first.up() || !first.playedTo(sayNotNow) || first.playedTo("voicemail-leave") == c.stays {
					t.Fatalf("up %v, heard %v", first.up(), first.heard)
				}
				if left := r.told.of(acd.KindLeft); c.stays && len(left) > 0 {
					t.Errorf("left the queue: %+v", left)
				}
				if all, _ := r.floor.Callbacks(context.Background()); len(all) != 0 {
					t.Errorf("messages %+v", all)
				}
				r.logIn("anna", "1001")
				agent := r.rung()
				if agent.target.From != "0301234" {
					t.Errorf("rung for %s, who came later", agent.target.From)
				}
				agent.answer()
				wait(time.Second)
				first.hangUp()
				second.hangUp()
			}, withVoicemail)
		})
	}
}
