package call

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

func TestATransferWaitsForTheEndOfAnAnnouncement(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(11 * time.Second)
		agent.press("*1")
		wait(time.Second)
		agent.signal(Signal{Kind: Asked, Target: "1002"})
		synctest.Wait()
		if !agent.up() || !agent.playedTo("refused-speaking") {
			t.Fatalf("agent up %v, heard %v; want the transfer refused in words", agent.up(), agent.heard)
		}
		hears(t, caller, "warning-1")
		wait(11 * time.Second)
		agent.signal(Signal{Kind: Asked, Target: "1002"})
		next := r.rung()
		if agent.up() || next.party.Phone != "1002" {
			t.Errorf("agent up %v, rang %s", agent.up(), next.party.Phone)
		}
		next.answer()
		synctest.Wait()
		next.hangUp()
		if rec := r.record(); rec.Cause.Metric != CauseTransferred || rec.Warnings != 1 {
			t.Errorf("cause %s with %d warnings, want a transferred call with the one it had", rec.Cause.Metric, rec.Warnings)
		}
	})
}

func TestATransferToAQueueKeepsTheAgeAndTheWarnings(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.warned("8100", 1)
		agent.signal(Signal{Kind: Asked, Target: "8200"})
		synctest.Wait()
		r.do("anna", acd.Command{Verb: acd.GoNotReady, Reason: "lunch"})
		r.logIn("ben", "1002")
		next := r.rung()
		next.answer()
		wait(11 * time.Second)
		caller.speak(4 * time.Second)
		wait(2 * time.Second)
		next.press("*1")
		wait(time.Second)
		if !caller.playedTo("warning-2") {
			t.Error("the next warning after a transfer is the second")
		}
		caller.hangUp()
		rec := r.record()
		if got := talked(rec); !slices.Equal(got, []string{"anna", "ben"}) {
			t.Errorf("talked with %v", got)
		}
		if caller.times(sayNotice) != 1 {
			t.Error("the notice is given once a call")
		}
	})
}

func TestATransferIsRefusedWhereNobodyMayBeSentOn(t *testing.T) {
	for name, c := range map[string]struct {
		number string
		before string // keys
		target string
	}{
		"in a crisis":                {"8100", "*97", "1002"},
		"in an emergency queue":      {"8800", "", "1002"},
		"to a number that is not":    {"8100", "", "4711"},
		"to nothing":                 {"8100", "", ""},
		"to a feature code":          {"8100", "", "*12"},
		"to the world outside of us": {"8100", "", "004930123"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller, agent := r.talking(c.number)
				agent.press(c.before)
				agent.signal(Signal{Kind: Asked, Target: c.target})
				wait(time.Second)
				if !agent.up() || !agent.playedTo("refused-not-possible") {
					t.Errorf("agent up %v, heard %v", agent.up(), agent.heard)
				}
				caller.hangUp()
				if !noted(r.record(), "transfer.refused", c.target) {
					t.Error("the refusal does not stand in the record")
				}
			})
		})
	}
}

func TestACallerWhoAsksForATransferIsNotServed(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		caller.signal(Signal{Kind: Asked, Target: "1002"})
		wait(time.Second)
		if !agent.up() || !caller.up() {
			t.Error("the caller's phone has moved the call")
		}
		caller.hangUp()
	})
}

func TestWhoAsksForATransferIsToldWhetherItIsGranted(t *testing.T) {
	for name, c := range map[string]struct {
		who    func(cast) *fakeLeg
		phase  string
		target string
		want   bool
	}{
		"an agent, to one of our numbers": {func(c cast) *fakeLeg { return c.agent }, "talking", "1002", true},
		"an agent, to nobody":             {func(c cast) *fakeLeg { return c.agent }, "talking", "4711", false},
		"a caller who talks to an agent":  {func(c cast) *fakeLeg { return c.caller }, "talking", "1002", false},
		"who was called directly":         {func(c cast) *fakeLeg { return c.other }, "in a direct call", "1003", true},
		"the same, to nobody":             {func(c cast) *fakeLeg { return c.other }, "in a direct call", "4711", false},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				cast := phases[c.phase](r)
				var told []bool
				c.who(cast).signal(Signal{Kind: Asked, Target: c.target, Decide: func(granted bool) { told = append(told, granted) }})
				synctest.Wait()
				if len(told) == 0 || told[0] != c.want || slices.Contains(told, !c.want) {
					t.Errorf("told %v, want %v", told, c.want)
				}
				cast.caller.hangUp()
			})
		})
	}
}

// TestWhoSentTheCallerOnTalksNoLonger: an hour at the next phone is none of the agent's,
// neither in the record nor in what figures are made of.
func TestWhoSentTheCallerOnTalksNoLonger(t *testing.T) {
	for target, next := range map[string]string{"1002": "at no queue: 1h0m0s", "8200": "ben at gentle: 1h0m0s"} {
		t.Run(target, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller, agent := r.talking("8100")
				wait(20 * time.Second)
				agent.signal(Signal{Kind: Asked, Target: target})
				synctest.Wait()
				r.do("anna", acd.Command{Verb: acd.GoNotReady})
				if target == "8200" {
					r.logIn("ben", "1002")
				}
				r.rung().answer()
				wait(time.Hour)
				caller.hangUp()
				rec := r.record()
				var talks []string
				for _, s := range rec.Segments {
					if s.Kind == "talk" {
						talks = append(talks, strings.TrimSpace(s.Agent+" at "+cmp.Or(s.Queue, "no queue")+": "+s.To.Sub(s.From).String()))
					}
				}
				if want := []string{"anna at orders: 20s", next}; !slices.Equal(talks, want) {
					t.Errorf("talks %q, want %q", talks, want)
				}
				ends := r.told.of(acd.KindFinished)
				if len(ends) == 0 || ends[0].Agent != "anna" || ends[0].Talk.Length != 20*time.Second {
					t.Errorf("figures are told %+v, want anna's 20 s", ends)
				}
			})
		})
	}
}

func TestABookmarkSaysWhetherItFoundARecording(t *testing.T) {
	for name, recorded := range map[string]bool{"recorded": true, "not recorded": false} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				if recorded {
					r.sounds.record()
				}
				r.logIn("anna", "1001")
				caller, agent := r.talking("8100")
				wait(90 * time.Second)
				agent.press("*98")
				wait(time.Second)
				if agent.playedTo(toneConfirm) != recorded || agent.playedTo(toneBeep) == recorded {
					t.Errorf("the agent heard %v", agent.heard)
				}
				caller.hangUp()
				rec := r.record()
				want := "no recording"
				if recorded {
					want = "30.2-90.2 s of " + rec.ID + ".wav"
				}
				if !noted(rec, "bookmark.evidence", want) {
					t.Errorf("steps %+v, want a bookmark %q", rec.Steps, want)
				}
			})
		})
	}
}

func TestARecordingStoppedAndBegunAgainIsTwoFiles(t *testing.T) {
	inRoom(t, func(r *room) {
		r.sounds.record()
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(time.Second)
		agent.signal(Signal{Kind: Asked, Target: "8200"}) // not recorded
		synctest.Wait()
		r.do("anna", acd.Command{Verb: acd.EndWrapUp})
		agent = r.rung()
		agent.answer()
		wait(time.Second)
		agent.signal(Signal{Kind: Asked, Target: "8100"})
		synctest.Wait()
		r.do("anna", acd.Command{Verb: acd.EndWrapUp})
		r.rung().answer()
		wait(time.Second)
		caller.hangUp()
		rec := r.record()
		if len(rec.Recordings) != 2 || rec.Recordings[0] == rec.Recordings[1] {
			t.Errorf("recordings %v, want two files", rec.Recordings)
		}
	}, func(p *Plan, _ *acd.Plan) {
		m := p.Queues["gentle"]
		m.Record = RecordNever
		p.Queues["gentle"] = m
	})
}
