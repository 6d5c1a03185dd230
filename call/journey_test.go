package call

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

func TestAPlainQueueCall(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller := r.dial("0123", "8100")
		agent := r.rung()
		if !caller.answered || !caller.playedTo(sayNotice) {
			t.Fatal("the caller must be answered and hear the notice before an agent is called")
		}
		agent.signal(Signal{Kind: Answered})
		synctest.Wait()
		if got := r.agent("anna").State; got != acd.OnCall {
			t.Errorf("anna is %s while talking, want on-call", got)
		}
		wait(30 * time.Second)
		agent.hangUp()
		wait(30 * time.Second)
		rec := r.record()
		if rec.Cause.Metric != CauseAgentFinished || rec.Agent != "anna" || rec.Queue != "orders" {
			t.Errorf("record says %+v agent %q queue %q", rec.Cause, rec.Agent, rec.Queue)
		}
		if !caller.playedTo("closing") || caller.ended() == nil {
			t.Error("without a permit the caller hears the closing, then the call ends")
		}
		if len(rec.Attempts) != 1 || rec.Attempts[0].Result != "answered" {
			t.Errorf("attempts %+v", rec.Attempts)
		}
	})
}

func TestACallerWhoHangsUpWhileWaitingAbandons(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.do("anna", acd.Command{Verb: acd.GoNotReady, Reason: "lunch"})
		caller := r.dial("0123", "8100")
		wait(time.Minute)
		caller.hangUp()
		if rec := r.record(); rec.Cause.Metric != CauseAbandoned {
			t.Errorf("cause %+v, want abandoned", rec.Cause)
		}
		r.do("anna", acd.Command{Verb: acd.GoReady})
		r.nobodyRung(time.Minute)
	})
}

func TestAQueueWithoutAgentsSaysSo(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0123", "8100")
		if rec := r.record(); !caller.playedTo(sayNoAgents) || rec.Cause.By != ByPolicy {
			t.Errorf("heard %v, cause %+v", caller.heard, rec.Cause)
		}
	})
}

func TestAWaitingCallerHearsThePositionAndComfort(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.do("anna", acd.Command{Verb: acd.GoNotReady, Reason: "lunch"})
		caller := r.dial("0123", "8100")
		wait(time.Minute + 30*time.Second)
		for _, want := range []string{"music-default", "position-before", "comfort-1", "comfort-2"} {
			if !caller.playedTo(want) {
				t.Errorf("did not hear %s: %v", want, caller.heard)
			}
		}
		caller.hangUp()
	}, func(p *Plan, _ *acd.Plan) {
		m := p.Queues["orders"]
		m.Comfort = []string{"comfort-1", "comfort-2"}
		p.Queues["orders"] = m
	})
}

func TestACallerWhoHangsUpWhileThePhoneRingsFreesTheAgent(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller := r.dial("0123", "8100")
		agent := r.rung()
		caller.hangUp()
		rec := r.record()
		if agent.ended() == nil {
			t.Error("the agent's phone still rings")
		}
		if got := r.agent("anna"); got.State != acd.Ready {
			t.Errorf("anna is %s, want ready: the caller gave up, not she", got.State)
		}
		if rec.Attempts[0].Result != string(acd.MissCallerLeft) {
			t.Errorf("attempt says %q", rec.Attempts[0].Result)
		}
	})
}

func TestADeclinedOfferGoesToAnotherAgentAndKeepsThePlace(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		r.dial("0123", "8100")
		first := r.rung()
		first.signal(Signal{Kind: Ended, Cause: Cause{By: ByAgent, Status: 603, Metric: LegDeclined}})
		second := r.rung()
		if first.party.Phone == second.party.Phone {
			t.Fatalf("phone %s was rung again right after it declined", second.party.Phone)
		}
		second.signal(Signal{Kind: Answered})
		synctest.Wait()
		second.hangUp()
		rec := r.record()
		if len(rec.Attempts) != 2 || rec.Attempts[0].Result != string(acd.MissDeclined) || rec.Attempts[1].Result != "answered" {
			t.Errorf("attempts %+v", rec.Attempts)
		}
	})
}

func TestOneAfterTheClosingLeadsBackToTheOriginalPlaceOnce(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(20 * time.Second)
		r.logIn("ben", "1002")
		agent.hangUp()
		wait(time.Second)
		caller.press("1")
		again := r.rung()
		again.signal(Signal{Kind: Answered})
		synctest.Wait()
		wait(20 * time.Second)
		again.hangUp()
		wait(time.Second)
		caller.press("1") // the way back is open once a call
		rec := r.record()
		if !rec.WantedMore || rec.Cause.Metric != CauseAgentFinished || len(rec.Attempts) != 2 {
			t.Errorf("wanted more %v, cause %s, %d attempts", rec.WantedMore, rec.Cause.Metric, len(rec.Attempts))
		}
	})
}

func TestAQueueMayAlwaysRescue(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		_, agent := r.talking("8200")
		wait(20 * time.Second)
		agent.hangUp()
		if again := r.rung(); again.party.Phone == agent.party.Phone {
			t.Error("the agent who has just hung up is in wrap-up and must not be rung")
		}
	})
}

func TestALostAgentIsNotTheCallersProblem(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(20 * time.Second)
		agent.signal(Signal{Kind: Ended, Cause: Cause{By: ByNetwork, Metric: LegLost}})
		wait(time.Second)
		if caller.ended() != nil {
			t.Fatal("the caller was cut off")
		}
		r.logIn("ben", "1002")
		r.rung().signal(Signal{Kind: Answered})
		synctest.Wait()
		caller.hangUp()
		if rec := r.record(); !rec.Protected || !slices.Contains(stepNames(rec), "rescue") {
			t.Errorf("a lost agent shields the call; steps %v", stepNames(rec))
		}
	})
}

func TestWrapUpIsKeptBeforeTheNextCall(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, _ := r.talking("8100")
		wait(20 * time.Second)
		caller.hangUp()
		synctest.Wait()
		began := time.Now()
		r.dial("0456", "8100")
		r.rung()
		if waited := time.Since(began); waited < 29*time.Second {
			t.Errorf("the next call came %s after the conversation, wrap-up is 30 s", waited)
		}
	})
}

func TestALateAnswerIsHungUpAgain(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller := r.dial("0123", "8100")
		agent := r.rung()
		caller.hangUp()
		agent.signal(Signal{Kind: Answered})
		r.record()
		if agent.ended() == nil {
			t.Error("the agent sits in a call without a caller")
		}
	})
}

func TestEveryCallHasExactlyOneSealedRecord(t *testing.T) {
	inRoom(t, func(r *room) {
		r.journal.setFail(errors.New("disk full"))
		caller := r.dial("0123", "8100")
		wait(time.Minute)
		caller.hangUp()
		wait(time.Minute)
		if n := len(r.journal.all()); n != 0 {
			t.Fatalf("%d records on a disk that is full", n)
		}
		r.journal.setFail(nil)
		wait(2 * time.Minute)
		if n := len(r.journal.all()); n != 1 {
			t.Errorf("%d records after the disk came back, want 1", n)
		}
	})
}

func TestCallsThatDiedWithTheServerAreSealedAtTheNextStart(t *testing.T) {
	j := newFakeJournal()
	j.drafts["A"] = Record{ID: "A", Start: time.Now().Add(-time.Hour)}
	if err := sealTheDead(t.Context(), j, discard()); err != nil {
		t.Fatal(err)
	}
	all := j.all()
	if len(all) != 1 || all[0].Cause.Metric != CauseServerDied || all[0].End.IsZero() {
		t.Errorf("sealed %+v", all)
	}
}

func TestANumberThatLeadsNowhereIsRefused(t *testing.T) {
	inRoom(t, func(r *room) {
		l := r.dial("0123", "9999")
		if rec := r.record(); rec.Cause.Status != 404 || l.answered {
			t.Errorf("cause %+v, answered %v", rec.Cause, l.answered)
		}
	})
}

func TestPhonesCallEachOther(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("ben", "1002")
		caller := r.dial("1001", "1002")
		callee := r.rung()
		callee.signal(Signal{Kind: Ringing})
		synctest.Wait()
		if !caller.rang || caller.answered {
			t.Errorf("rang %v, answered %v before the other side answered", caller.rang, caller.answered)
		}
		if got := r.agent("ben"); got.State != acd.OnCall {
			t.Errorf("ben is %s during a direct call, want on-call", got.State)
		}
		callee.signal(Signal{Kind: Answered})
		synctest.Wait()
		if !caller.answered {
			t.Error("the caller was not answered")
		}
		callee.hangUp()
		r.record()
		if got := r.agent("ben"); got.State != acd.Ready {
			t.Errorf("ben is %s after a direct call, want ready: wrap-up follows queue calls only", got.State)
		}
	})
}

func TestWhoeverHoldsADirectCallTheOtherHearsMusic(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("1001", "1002")
		callee := r.rung()
		callee.signal(Signal{Kind: Answered})
		synctest.Wait()
		caller.signal(Signal{Kind: Held})
		synctest.Wait()
		if !callee.playedTo("music-default") || caller.playedTo("music-default") {
			t.Error("the party that is held hears the music")
		}
		caller.signal(Signal{Kind: Resumed})
		callee.signal(Signal{Kind: Held})
		synctest.Wait()
		if !caller.playedTo("music-default") {
			t.Error("held by the callee, the caller hears the music")
		}
		caller.hangUp()
		r.record()
		if callee.ended() == nil {
			t.Error("the callee sits alone in the call")
		}
	})
}

func TestABlindTransferSendsTheCallerOn(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(20 * time.Second)
		agent.signal(Signal{Kind: Asked, Target: "1002"})
		next := r.rung()
		if next.party.Phone != "1002" || agent.ended() == nil {
			t.Fatalf("rang %s, agent ended %v", next.party.Phone, agent.ended())
		}
		next.signal(Signal{Kind: Answered})
		synctest.Wait()
		caller.hangUp()
		r.record()
		if got := r.agent("anna").State; got != acd.WrapUp {
			t.Errorf("anna is %s after a transfer, want wrap-up", got)
		}
	})
}

func TestABusyPhoneIsToldAsBusy(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("1001", "1002")
		r.rung().signal(Signal{Kind: Ended, Cause: Cause{By: ByAgent, Status: 486, Metric: LegBusy}})
		r.record()
		if c := caller.ended(); c == nil || c.Status != 486 {
			t.Errorf("the caller got %+v, want 486", c)
		}
	})
}
