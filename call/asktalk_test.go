package call

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

// hardCall gives an agent one protected call of a queue, as the floor sees it.
func (r *room) hardCall(queue string, o acd.Outcome) {
	r.t.Helper()
	ctx := context.Background()
	t, err := r.floor.Enter(ctx, acd.Entry{Call: "hard-" + newID(time.Now()), Queue: queue})
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	offer := <-t.Offers
	seat := offer.Seats[0].Assignment
	o.Event, o.Protected = true, true
	for _, err := range []error{r.floor.Taken(ctx, t.ID), r.floor.Answered(ctx, seat), r.floor.Finish(ctx, seat, o)} {
		if err != nil {
			r.t.Fatalf("%v", err)
		}
	}
}

// wished is what the floor says of the talk with anna.
func (r *room) wished() (w acd.TalkWish, open bool) {
	r.t.Helper()
	all, err := r.floor.Talks(context.Background())
	if err != nil || len(all) > 1 {
		r.t.Fatalf("%+v, %v", all, err)
	}
	if len(all) == 0 {
		return w, false
	}
	return all[0], true
}

// oneIsEnough asks for a talk after the first protected call.
func oneIsEnough(_ *Plan, f *acd.Plan) { f.Settings.Care.TalkAfter = 1 }

// anna's hard day; sofia can be asked.
func afterHardCalls(t *testing.T, f func(r *room), change ...func(*Plan, *acd.Plan)) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.hardCall("orders", acd.Outcome{})
		r.logIn("sofia", "1003")
		f(r)
	}, append(change, oneIsEnough)...)
}

func TestASupervisorIsAskedToTalkAndTakesItOn(t *testing.T) {
	afterHardCalls(t, func(r *room) {
		asked := r.rung()
		if asked.party.Phone != "1003" {
			t.Fatalf("rang %s", asked.party.Phone)
		}
		if got := r.agent("sofia"); got.Offerable {
			t.Error("a queue could ring into it")
		}
		asked.answer()
		wait(time.Second)
		if !asked.playedTo(sayTalkWanted) || asked.playedTo(sayTalkConnect) {
			t.Errorf("sofia heard %v", asked.heard)
		}
		asked.press("1")
		wait(10 * time.Second)
		if w, open := r.wished(); !open || w.By != "sofia" {
			t.Errorf("the floor has %+v, %v", w, open)
		}
		if !asked.playedTo(sayTalkTaken) || asked.playedTo(sayTalkConnect) || asked.up() {
			t.Errorf("sofia heard %v, up %v: anna is in her wrap-up", asked.heard, asked.up())
		}
		if got := r.agent("sofia"); got.State != acd.Ready || !got.Offerable {
			t.Errorf("afterwards sofia is %s", got.State)
		}
		r.nobodyRung(3 * time.Hour)
		if n := r.count("talk_calls_total"); n != 1 || r.count("calls_total") != 0 {
			t.Errorf("%d calls asked, %d counted as calls", n, r.count("calls_total"))
		}
		for _, rec := range r.journal.all() {
			if rec.Agent != "" || !noted(rec, "talk.taken", "sofia") {
				t.Errorf("the record is agent %q's and says %v", rec.Agent, stepNames(rec))
			}
		}
	})
}

func TestWhoDoesNotTakeItOnIsAskedAgainLaterAndNotSooner(t *testing.T) {
	for name, refuse := range map[string]func(l *fakeLeg){
		"declines":        (*fakeLeg).decline,
		"does not answer": func(*fakeLeg) { wait(15 * time.Second) },
		"hangs up":        func(l *fakeLeg) { l.answer(); wait(time.Second); l.hangUp() },
		"presses nothing": func(l *fakeLeg) { l.answer(); wait(90 * time.Second) },
		"presses another key": func(l *fakeLeg) {
			l.answer()
			wait(time.Second)
			l.press("9")
			wait(time.Second)
			l.press("0")
			wait(time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			afterHardCalls(t, func(r *room) {
				asked := r.rung()
				began := time.Now()
				refuse(asked)
				wait(time.Second)
				if w, open := r.wished(); !open || w.By != "" || asked.up() {
					t.Fatalf("the floor has %+v, %v; the line is up: %v", w, open, asked.up())
				}
				again := r.rung()
				if after := time.Since(began); after < 10*time.Minute || after > 10*time.Minute+10*time.Second {
					t.Errorf("asked again after %s", after)
				}
				again.answer()
				wait(time.Second)
				again.press("1")
				wait(time.Minute)
				r.nobodyRung(time.Hour)
			})
		})
	}
}

func TestTheNextSupervisorIsAskedWhereTheFirstIsNotThere(t *testing.T) {
	afterHardCalls(t, func(r *room) {
		r.logIn("tom", "1004")
		r.rung().decline()
		second := r.rung()
		if second.party.Phone != "1004" {
			t.Errorf("then rang %s", second.party.Phone)
		}
		second.answer()
		wait(time.Second)
		second.press("1")
		wait(time.Second)
		if w, _ := r.wished(); w.By != "tom" {
			t.Errorf("taken by %q", w.By)
		}
	}, withTom)
}

func TestNobodyIsAskedToTalkWhoIsBusyOrRestsOrIsNotNamed(t *testing.T) {
	for name, change := range map[string]struct {
		now  func(r *room)
		plan func(*Plan, *acd.Plan)
	}{
		"logged out":       {func(r *room) { r.do("sofia", acd.Command{Verb: acd.LogOut}) }, oneIsEnough},
		"in a direct call": {func(r *room) { r.dial("1003", "1002"); r.rung().answer(); wait(time.Second) }, oneIsEnough},
		"switched off":     {func(*room) {}, func(p *Plan, _ *acd.Plan) { p.Settings.TalkAgain = -1 }},
		"not the leader of this agent": {func(*room) {}, func(p *Plan, f *acd.Plan) {
			withTom(p, f)
			a := p.Agents["anna"]
			a.Leaders = []string{"tom"}
			p.Agents["anna"] = a
		}},
		"the agent went home": {func(r *room) {
			r.do("anna", acd.Command{Verb: acd.LogOut})
			wait(time.Minute)
			r.do("anna", acd.Command{Verb: acd.LogOut})
		}, oneIsEnough},
		"somebody said so by the api": {func(r *room) { _, _ = r.floor.TakeTalk(context.Background(), "anna", "tom") }, oneIsEnough},
	} {
		t.Run(name, func(t *testing.T) {
			afterHardCalls(t, func(r *room) {
				change.now(r)
				r.nobodyRung(30 * time.Minute)
			}, change.plan)
		})
	}
}

func TestAnAgentAtRestIsNotCalledAndOneWhoIsFreeIsWhereTheSupervisorWishes(t *testing.T) {
	afterHardCalls(t, func(r *room) {
		asked := r.rung()
		wait(10 * time.Second)
		r.do("anna", acd.Command{Verb: acd.EndWrapUp})
		asked.answer()
		wait(time.Second)
		asked.press("1")
		wait(time.Second)
		asked.press("2")
		anna := r.rung()
		if anna.party.Phone != "1001" {
			t.Fatalf("rang %s", anna.party.Phone)
		}
		anna.answer()
		wait(time.Minute)
		anna.hangUp()
		synctest.Wait()
		wait(time.Second)
		if w, open := r.wished(); open {
			t.Errorf("they have talked, and the floor has %+v", w)
		}
		if got := r.agent("anna"); got.State != acd.Ready {
			t.Errorf("anna is %s after a talk that is no call of a queue", got.State)
		}
	})
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.hardCall("orders", acd.Outcome{Rest: 3, RestFor: 30 * time.Minute})
		r.do("anna", acd.Command{Verb: acd.EndWrapUp})
		r.logIn("sofia", "1003")
		asked := r.rung()
		asked.answer()
		wait(time.Second)
		asked.press("1")
		wait(time.Second)
		asked.press("2")
		r.nobodyRung(29 * time.Minute)
		if got := r.agent("anna"); got.State != acd.Resting {
			t.Errorf("anna is %s", got.State)
		}
	}, oneIsEnough)
}

func TestTheAgentHearsThatATalkIsAskedFor(t *testing.T) {
	afterHardCalls(t, func(r *room) {
		asks := func(want, not string) {
			t.Helper()
			l := r.dial("1001", "*17")
			wait(20 * time.Second)
			if !l.playedTo(want) || l.playedTo(not) {
				t.Errorf("anna heard %v", l.heard)
			}
		}
		asked := r.rung()
		asks("why-talk", "why-talk-taken")
		_ = asked
		if _, err := r.floor.TakeTalk(context.Background(), "anna", "tom"); err != nil {
			t.Fatal(err)
		}
		asks("why-talk-taken", "why-talk")
	})
}
