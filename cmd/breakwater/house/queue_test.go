package house_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/loadtest/referee"
	"breakwater/sip/siptest"
)

// attempts are the offers of a call and what became of them.
func (p *person) attempts() (results []string) {
	p.s.Helper()
	for _, a := range p.s.record(p).Attempts {
		results = append(results, a.Agent+" "+a.Result)
	}
	return results
}

// wasOffered checks the offers of a call that has ended.
func (p *person) wasOffered(want ...string) {
	p.s.Helper()
	if got := p.attempts(); !slices.Equal(got, want) {
		p.s.Errorf("offers %v, want %v", got, want)
	}
}

func TestACallerReachesAnAgentAndBothHearEachOther(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]func(*siptest.Options){
		"over UDP":              func(*siptest.Options) {},
		"over TCP":              func(o *siptest.Options) { o.Transport = "tcp" },
		"with digits elsewhere": func(o *siptest.Options) { o.Event = 97 },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			anna := s.desk("anna", way)
			s.logIn(anna)
			caller := s.connects("8100", anna)
			if got := anna.call.From(); got != caller.number {
				t.Errorf("anna's phone shows %s, want %s", got, caller.number)
			}
			if got := anna.call.FromName(); got != "sales" {
				t.Errorf("anna's phone shows %q, want the queue", got)
			}
			anna.presses("*98") // also by this payload type
			anna.hears("tone-beep")
			caller.hangsUp()
			anna.isCut()
			r := s.record(caller)
			if r.Cause.Metric != "caller_ended" || r.Agent != "anna" || r.Queue != "sales" || r.Protected {
				t.Errorf("cause %s, agent %s, queue %s, protected %v", r.Cause.Metric, r.Agent, r.Queue, r.Protected)
			}
			caller.wasOffered("anna answered")
			s.becomes("anna", acd.WrapUp)
			s.becomes("anna", acd.Ready)
		})
	}
}

func TestAMenuLeadsToTheQueue(t *testing.T) {
	s := open(t, "notice", "played")
	anna := s.seat("anna")
	caller := s.caller("8000")
	caller.hears("welcome")
	caller.presses("1")
	caller.hears("notice")
	anna.rings()
	anna.answers()
	s.talk(caller, anna)
}

func TestADeclinedOfferGoesToTheNextAgent(t *testing.T) {
	t.Parallel()
	for status, result := range map[int]string{603: "declined", 486: "busy"} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s := open(t, "delay", "60s")
			crew := s.seats("anna", "ben")
			anna, ben := crew[0], crew[1]
			caller := s.caller("8100")
			anna.rings()
			caller.hearsMusic()
			anna.declines(status)
			ben.rings()
			ben.answers()
			s.talk(caller, ben)
			if v := s.agent("anna"); v.State != acd.Ready || v.Offerable {
				t.Errorf("anna is %s, offerable %v: want ready, and left alone for a while", v.State, v.Offerable)
			}
			caller.hangsUp()
			caller.wasOffered("anna "+result, "ben answered")
		})
	}
}

func TestAnUnansweredOfferIsTakenBackAndGoesToTheNextAgent(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, anUnansweredOfferIsTakenBackAndGoesToTheNextAgent)
}

func anUnansweredOfferIsTakenBackAndGoesToTheNextAgent(t testing.TB) {
	s := alone(t, "ring", "2s", "delay", "60s")
	crew := s.seats("anna", "ben")
	anna, ben := crew[0], crew[1]
	caller := s.caller("8100")
	anna.rings()
	end := anna.isCut()
	if rang := end.At.Sub(anna.call.Began()); rang < 2*time.Second-late || rang > 2*time.Second+late {
		t.Errorf("anna's phone rang %s, want 2 s", rang)
	}
	ben.rings()
	ben.answers()
	s.talk(caller, ben)
	caller.hangsUp()
	caller.wasOffered("anna no-answer", "ben answered")
}

func TestAPhoneThatHasVanishedIsPassedOver(t *testing.T) {
	s := open(t, "t1", "20ms", "delay", "60s")
	crew := s.seats("anna", "ben")
	anna, ben := crew[0], crew[1]
	anna.phone.Vanish()
	caller := s.caller("8100")
	ben.rings()
	ben.answers()
	s.talk(caller, ben)
	if v := s.agent("anna"); v.State != acd.Ready || v.Offerable {
		t.Errorf("anna is %s, offerable %v: want ready, and no offers", v.State, v.Offerable)
	}
	caller.hangsUp()
	caller.wasOffered("anna unreachable", "ben answered")
}

func TestWhoNeverAnswersIsSetToMissedAndComesBackWithOneKey(t *testing.T) {
	s := open(t, "ring", "300ms")
	anna := s.seat("anna")
	caller := s.caller("8100")
	for range 3 {
		anna.rings()
		anna.isCut()
	}
	s.becomes("anna", acd.Missed)
	caller.hearsMusic()
	s.configure("ring", "10s") // now there is time to answer, also on a busy machine
	s.does("reload", func(ctx context.Context) error { _, err := s.house.Keeper.Reload(ctx); return err })
	if err := anna.dialsCode("*13", ""); err != nil {
		t.Fatal(err)
	}
	anna.rings()
	anna.answers()
	s.talk(caller, anna)
	caller.hangsUp()
	caller.wasOffered("anna no-answer", "anna no-answer", "anna no-answer", "anna answered")
}

func TestACallerWhoLeavesWhileItRingsIsNobodysMiss(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.caller("8100")
	anna.rings()
	caller.isAnswered()
	caller.hangsUp()
	anna.isCut()
	s.becomes("anna", acd.Ready)
	if v := s.agent("anna"); !v.Offerable {
		t.Errorf("anna is not offerable: %s", v.Blocked)
	}
	if r := s.record(caller); r.Cause.Metric != "abandoned" {
		t.Errorf("cause %s, want abandoned", r.Cause.Metric)
	}
	caller.wasOffered("anna caller-left")
	s.connects("8100", anna)
}

func TestRingAllHasOneWinner(t *testing.T) {
	t.Parallel()
	t.Run("the other phone stops ringing", func(t *testing.T) {
		s := open(t)
		crew := s.seats("anna", "ben")
		anna, ben := crew[0], crew[1]
		caller := s.caller("8200")
		anna.rings()
		ben.rings()
		ben.answers()
		anna.isCut()
		s.talk(caller, ben)
		s.becomes("anna", acd.Ready)
		caller.hangsUp()
		if r := s.record(caller); r.Agent != "ben" {
			t.Errorf("record says %s, want ben", r.Agent)
		}
	})
	t.Run("both answer at once", func(t *testing.T) {
		s := open(t)
		crew := s.seats("anna", "ben")
		for range 3 {
			s.bothAnswer(crew)
			s.becomes("anna", acd.Ready)
			s.becomes("ben", acd.Ready)
		}
	})
}

// bothAnswer lets two agents answer the same call at the same moment.
func (s *stage) bothAnswer(crew []*person) {
	s.Helper()
	caller := s.caller("8200")
	for _, p := range crew {
		p.rings()
	}
	var both sync.WaitGroup
	for _, p := range crew {
		both.Go(func() {
			ctx, cancel := context.WithTimeout(s.ctx, patience)
			defer cancel()
			_ = p.call.Answer(ctx) // who comes second is hung up, before or after the answer
		})
	}
	both.Wait()
	s.sees("one of them is cut", func() bool {
		return (crew[0].call.End() != siptest.End{}) != (crew[1].call.End() != siptest.End{})
	})
	winner, loser := crew[0], crew[1]
	if crew[0].call.End() != (siptest.End{}) {
		winner, loser = loser, winner
	}
	s.talk(caller, winner)
	if v := s.agent(loser.name); v.State != acd.Ready {
		s.Errorf("%s, who came second, is %s", loser.name, v.State)
	}
	caller.hangsUp()
	winner.isCut()
	answered := 0
	for _, a := range caller.attempts() {
		if strings.HasSuffix(a, " answered") {
			answered++
		}
	}
	if answered != 1 {
		s.Errorf("answered by %d agents: %v", answered, caller.attempts())
	}
}

func TestWaitingCallersHearTheirPosition(t *testing.T) {
	s := open(t, "position", "true")
	anna := s.seat("anna")
	first := s.connects("8100", anna)
	second := s.caller("8100")
	second.hearsMusic()
	second.hears("position-before", "number-1", "position-after")
	second.hearsMusic()
	third := s.caller("8100")
	third.hears("position-before", "number-2", "position-after")
	first.hangsUp()
	anna.isCut()
	anna.rings()
	anna.answers()
	s.talk(second, anna)
	third.hears("position-before", "number-1", "position-after")
}

func TestAConfigEditInTheMiddleOfACallKeepsIt(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	s.configure("wrap_up", "60s", "on_agent_hangup", "end", "tea", "9")
	s.does("reload", func(ctx context.Context) error { _, err := s.house.Keeper.Reload(ctx); return err })
	s.talk(caller, anna)
	anna.presses("*1") // the ladder goes on, too
	caller.hears("warning-1")
	s.configure("wrap_up", "sixty")
	if _, err := s.house.Keeper.Reload(s.ctx); err == nil {
		t.Error("a broken edit was taken")
	}
	if s.house.Keeper.Status().Refusal == nil {
		t.Error("the refusal is not visible")
	}
	s.talk(caller, anna)
	anna.hangsUp()
	caller.hears("closing") // as it was when the call began
	caller.hangsUp()
	next := s.connectsAfterWrapUp(anna)
	anna.hangsUp()
	next.isCut()
	if v := s.becomes("anna", acd.WrapUp); v.Until.Sub(v.Since) < 50*time.Second {
		t.Errorf("wrap-up of %s after the edit, want 60 s", v.Until.Sub(v.Since))
	}
}

// connectsAfterWrapUp waits until an agent is ready again.
func (s *stage) connectsAfterWrapUp(agent *person) *person {
	s.Helper()
	s.becomes(agent.name, acd.Ready)
	return s.connects("8100", agent)
}

func TestACallerWithoutAgentsHearsSo(t *testing.T) {
	s := open(t)
	caller := s.caller("8100")
	caller.hears("no-agents")
	caller.isCut()
}
