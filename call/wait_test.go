package call

import (
	"slices"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/ivr"
)

func TestAQueueTakenOutOfTheConfigUnderACallerIsTold(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0123", "8000")
		wait(time.Second)
		commit, err := r.floor.Prepare(acd.Plan{})
		if err != nil {
			t.Fatal(err)
		}
		commit()
		caller.press("1")
		rec := r.record()
		if !caller.playedTo(sayQueueEnd) || rec.Cause.By != ByPolicy || !noted(rec, "queue.refused", "gone") {
			t.Errorf("heard %v, cause %+v", caller.heard, rec.Cause)
		}
	})
}

func TestACallerSentInCirclesHearsGoodbye(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0123", "8100")
		rec := r.record()
		if !caller.playedTo(sayGoodbye) || r.count("calls_in_circles_total") != 1 || rec.Cause.By != ByPolicy {
			t.Errorf("heard %v, cause %+v", caller.heard, rec.Cause)
		}
	}, func(_ *Plan, f *acd.Plan) {
		for name, q := range f.Queues {
			q.OnEmpty = map[string]string{"orders": "queue:gentle", "gentle": "queue:orders", "crisis": ""}[name]
			f.Queues[name] = q
		}
	})
}

func TestACallerInNeedSentInCirclesIsKept(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0123", "8800")
		wait(10 * time.Minute)
		if !caller.up() {
			t.Fatalf("cut off after %v", caller.heard)
		}
		r.logIn("ben", "1002")
		r.rung().answer()
		wait(time.Second)
		caller.hangUp()
	}, func(_ *Plan, f *acd.Plan) {
		for name, q := range f.Queues {
			q.OnEmpty = map[string]string{"orders": "queue:crisis", "gentle": "queue:orders", "crisis": "queue:gentle"}[name]
			f.Queues[name] = q
		}
	})
}

func TestAnOverflowedCallerKeepsTheAge(t *testing.T) {
	for name, way := range map[string]string{"straight": "queue:gentle", "through a menu": "menu:back"} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.do("anna", acd.Command{Verb: acd.GoNotReady})
				r.dial("0123", "8100") // into gentle after a minute
				wait(50 * time.Second)
				r.dial("0456", "8200") // straight into gentle, later
				wait(30 * time.Second)
				r.do("anna", acd.Command{Verb: acd.GoReady})
				agent := r.rung()
				agent.answer()
				wait(time.Second)
				if served := r.served(); served != "0123" {
					t.Errorf("%q was served before the caller who has waited longer", served)
				}
				agent.hangUp()
			}, func(p *Plan, f *acd.Plan) {
				q := f.Queues["orders"]
				q.MaxWait, q.OnWait = time.Minute, way
				f.Queues["orders"] = q
				p.Menus["back"] = ivr.Menu{Then: "queue:gentle"}.WithDefaults()
			}, withoutNotice)
		})
	}
}

func TestWhatIsTypedWhileWaitingAnswersNoLaterMenu(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.do("anna", acd.Command{Verb: acd.GoNotReady})
		caller := r.dial("0123", "8100")
		wait(10 * time.Second)
		caller.press("2") // would be phone 1002 in the menu to come
		wait(time.Minute)
		if got := r.view().Phase; got != "menu" {
			t.Errorf("phase %s, want the menu to ask", got)
		}
		r.nobodyRung(time.Second)
		caller.hangUp()
	}, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.MaxWait, q.OnWait = time.Minute, "menu:main"
		f.Queues["orders"] = q
	}, withoutNotice)
}

func TestAnAnnouncementIsNeverCutByTheNext(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.do("anna", acd.Command{Verb: acd.GoNotReady})
		caller := r.dial("0123", "8100")
		wait(20 * time.Second)
		if caller.cut != nil {
			t.Errorf("cut: %v", caller.cut)
		}
		if !caller.playedTo("position-after") {
			t.Errorf("heard %v", caller.heard)
		}
		caller.hangUp()
	}, withoutNotice, func(p *Plan, _ *acd.Plan) {
		m := p.Queues["orders"]
		m.AnnounceEvery = 500 * time.Millisecond
		p.Queues["orders"] = m
	})
}

func TestRingAllGivesTheCallToTheFirstAndStopsTheOthers(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		caller := r.dial("0123", "8100")
		first, second := r.rung(), r.rung()
		wait(time.Second)
		first.answer()
		second.answer() // in the same moment
		wait(time.Second)
		if first.up() == second.up() {
			t.Fatalf("up: %v and %v, want exactly one", first.up(), second.up())
		}
		free := map[string]string{"1001": "ben", "1002": "anna"}[first.party.Phone]
		if !first.up() {
			free = map[string]string{"1001": "ben", "1002": "anna"}[second.party.Phone]
		}
		if got := r.agent(free); got.State != acd.Ready {
			t.Errorf("%s, who was too late, is %s", free, got.State)
		}
		caller.hangUp()
		rec := r.record()
		var results []string
		for _, a := range rec.Attempts {
			results = append(results, a.Result)
		}
		slices.Sort(results)
		if !slices.Equal(results, []string{"answered", string(acd.MissOtherAnswered)}) {
			t.Errorf("attempts %v", results)
		}
	}, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Strategy = acd.RingAll
		f.Queues["orders"] = q
	})
}

// TestWhoAnswersFirstAndIsGoneAtOnceCostsNobodyAnything: not the caller their place, and
// not the others who rang their next call.
func TestWhoAnswersFirstAndIsGoneAtOnceCostsNobodyAnything(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		caller := r.dial("0123", "8100")
		first, second := r.rung(), r.rung()
		wait(time.Second)
		first.answer()
		first.hangUp() // both signals are in the inbox before the journey looks
		wait(time.Second)
		other := map[string]string{"1001": "anna", "1002": "ben"}[second.party.Phone]
		if v := r.agent(other); second.up() || !v.Offerable {
			t.Errorf("%s, who rang too, is up %v, and kept from calls: %q", other, second.up(), v.Blocked)
		}
		r.do(other, acd.Command{Verb: acd.GoNotReady})
		r.dial("0456", "8100")
		wait(time.Second)
		caller.press("1")
		wait(time.Second) // both are in the line
		r.do(other, acd.Command{Verb: acd.GoReady})
		r.rung().answer()
		wait(time.Second)
		if served := r.served(); served != "0123" {
			t.Errorf("%q is served before the caller who came first", served)
		}
	}, withoutNotice, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Strategy = acd.RingAll
		f.Queues["orders"] = q
	})
}

func TestRingAllGoesOnUntilNobodyIsLeft(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		caller := r.dial("0123", "8100")
		first, second := r.rung(), r.rung()
		first.decline()
		wait(time.Second)
		if !second.up() {
			t.Fatal("one declined, and the other stopped ringing")
		}
		second.signal(ended(LegBusy))
		wait(time.Second)
		if got := r.view().Phase; got != "waiting" || !caller.up() {
			t.Errorf("phase %s, caller up %v", got, caller.up())
		}
		caller.hangUp()
	}, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Strategy = acd.RingAll
		f.Queues["orders"] = q
	})
}

func TestAPhoneThatCannotBeDialledIsPassedOver(t *testing.T) {
	inRoom(t, func(r *room) {
		r.dialer.fail("1001", Cause{By: ByAgent, Metric: LegNoContact})
		r.logIn("anna", "1001")
		r.dial("0123", "8100")
		r.rung()
		r.logIn("ben", "1002")
		if next := r.rung(); next.party.Phone != "1002" {
			t.Errorf("phone %s rings", next.party.Phone)
		}
	})
}

func TestOneMorePhoneRingsUntilSomebodyAnswers(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		caller := r.dial("0123", "8100")
		first := r.rung()
		r.nobodyRung(2 * time.Second)
		second := r.rung()
		if first.party.Phone == second.party.Phone || !first.up() {
			t.Fatalf("%s rings, then %s", first.party.Phone, second.party.Phone)
		}
		second.answer()
		wait(time.Second)
		if first.up() || !second.up() {
			t.Errorf("up: %v and %v, want the second alone", first.up(), second.up())
		}
		caller.hangUp()
		if rec := r.record(); len(rec.Attempts) != 2 {
			t.Errorf("attempts %+v", rec.Attempts)
		}
	}, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Strategy, q.RingNext = acd.RingProgressively, 4*time.Second
		f.Queues["orders"] = q
	}, withoutNotice)
}

func TestTheEstimateIsAnnounced(t *testing.T) {
	for estimate, heard := range map[string]bool{EstimateP50: true, EstimateP90: true, EstimateNone: false} {
		t.Run(estimate, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.dial("0456", "8100")
				r.rung().answer()
				wait(time.Second)
				caller := r.dial("0123", "8100")
				wait(20 * time.Second)
				if got := caller.playedTo(sayExpectedWait); got != heard {
					t.Errorf("an estimate was announced: %v; heard %v", got, caller.heard)
				}
				if !caller.playedTo("position-after") {
					t.Errorf("no position: %v", caller.heard)
				}
			}, withoutNotice, func(p *Plan, _ *acd.Plan) {
				m := p.Queues["orders"]
				m.Estimate = estimate
				p.Queues["orders"] = m
			})
		})
	}
}

// TestAnEmergencyStaysOneInTheQueueItOverflowsTo: a rule that spares agents keeps a caller of
// orders waiting, and nobody whom the emergency queue could not serve.
func TestAnEmergencyStaysOneInTheQueueItOverflowsTo(t *testing.T) {
	for name, c := range map[string]struct {
		number string
		rings  bool
	}{
		"a caller of the queue waits":               {"8100", false},
		"one of the emergency queue is put through": {"8800", true},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				wait(2 * time.Minute) // asked about a break, for ten minutes
				caller := r.dial("0123", c.number)
				if c.rings {
					r.rung().answer()
				} else {
					r.nobodyRung(time.Minute)
				}
				caller.hangUp()
				wait(time.Minute)
			}, func(_ *Plan, p *acd.Plan) {
				p.Settings.Care = acd.Care{Break: time.Minute, BreakEvery: time.Minute, BreakAsk: 10 * time.Minute}
				q := p.Queues["crisis"]
				q.Agents, q.OnEmpty, q.Urgent = []string{"ben"}, "queue:orders", true
				p.Queues["crisis"] = q
			})
		})
	}
}

// served is the number of the caller whom an agent talks with, if there is one.
func (r *room) served() (caller string) {
	for _, v := range r.x.Calls() {
		if v.Phase == "talking" {
			caller = v.Caller
		}
	}
	return caller
}
