package call

import (
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

func TestAPageGoesFromSupervisorToSupervisor(t *testing.T) {
	for name, how := range map[string]func(page *fakeLeg){
		"declines":        (*fakeLeg).decline,
		"does not answer": func(*fakeLeg) { wait(15 * time.Second) },
		"hangs up while being told": func(l *fakeLeg) {
			l.answer()
			wait(500 * time.Millisecond)
			l.hangUp()
		},
	} {
		t.Run("the first "+name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				r.logIn("tom", "1004")
				caller, agent := r.talking("8100")
				agent.press("*5")
				first := r.rung()
				how(first)
				second := r.rung()
				if first.party.Phone != "1003" || second.party.Phone != "1004" {
					t.Errorf("rang %s, then %s", first.party.Phone, second.party.Phone)
				}
				if got := r.agent("sofia"); got.State != acd.Ready || !got.Offerable {
					t.Errorf("sofia is %s, offerable %v, after her phone has stopped ringing", got.State, got.Offerable)
				}
				second.decline()
				wait(pagePause / 2)
				again := r.rung() // and all over again
				if again.party.Phone != "1003" {
					t.Errorf("rang %s in the second round", again.party.Phone)
				}
				caller.hangUp()
			}, withTom)
		})
	}
}

func TestASupervisorInACallOrAtRestIsNotPaged(t *testing.T) {
	for name, occupy := range map[string]func(r *room){
		"in a direct call": func(r *room) {
			other := r.dial("1003", "1002")
			r.rung().answer()
			_ = other
			synctest.Wait()
		},
		"logged out": func(r *room) { r.do("sofia", acd.Command{Verb: acd.LogOut}) },
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				caller, agent := r.talking("8100")
				occupy(r)
				agent.press("*5")
				r.nobodyRung(30 * time.Second)
				caller.hangUp()
			})
		})
	}
}

func TestAPageNeverRingsIntoAQueueCall(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		r.logIn("sofia", "1003")
		agent.press("*5")
		r.dial("0456", "8100") // for sofia, in the same moment
		first := r.rung()
		wait(time.Second)
		r.nobodyRung(time.Second)
		if got := first.party.Phone; got != "1003" {
			t.Fatalf("rang %s", got)
		}
		caller.hangUp()
	}, withoutNotice, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Agents = []string{"anna", "sofia"}
		f.Queues["orders"] = q
	})
}

func TestASupervisorStopsRingingWhenTheCallerIsSentOn(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := phases["while a supervisor rings"](r)
		c.agent.signal(Signal{Kind: Asked, Target: "1002"})
		next := r.rung()
		next.answer()
		wait(time.Second)
		if c.other.up() || !r.agent("sofia").Offerable {
			t.Errorf("sofia's phone rings %v, offerable %v", c.other.up(), r.agent("sofia").Offerable)
		}
		c.caller.hangUp()
	})
}

func TestASupervisorWhoIsOfferedACallInTheSameMomentIsNotRung(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		r.logIn("sofia", "1003")
		begin, stuck := make(chan struct{}), make(chan struct{})
		id := r.view().ID
		r.x.Post(id, func(*Call) { <-begin })
		agent.signal(Signal{Kind: Pressed, Digit: '*'})
		agent.signal(Signal{Kind: Pressed, Digit: '5'})
		r.x.Post(id, func(*Call) { <-stuck }) // the floor has said that sofia is free …
		close(begin)
		synctest.Wait()
		r.dial("0456", "8100") // … and now gives her a call
		offer := r.rung()
		close(stuck)
		wait(2 * time.Second)
		if offer.party.Phone != "1003" || !offer.up() {
			t.Fatalf("phone %s up %v", offer.party.Phone, offer.up())
		}
		r.nobodyRung(10 * time.Second)
		caller.hangUp()
		offer.decline()
	}, withoutNotice, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Agents = []string{"anna", "sofia"}
		f.Queues["orders"] = q
	})
}

func TestAnOfferBetweenTwoLooksIsSeen(t *testing.T) {
	view := func(s acd.AgentState, call string) acd.AgentView { return acd.AgentView{State: s, Call: call} }
	for name, c := range map[string]struct {
		before, now acd.AgentView
		want        bool
	}{
		"free, and engaged by us":             {view(acd.Ready, ""), view(acd.OnCall, ""), false},
		"free, and offered":                   {view(acd.Ready, ""), view(acd.Offered, "A"), true},
		"free, and in a queue call":           {view(acd.Ready, ""), view(acd.OnCall, "A"), true},
		"not ready":                           {view(acd.NotReady, ""), view(acd.OnCall, ""), false},
		"in wrap-up":                          {view(acd.WrapUp, "A"), view(acd.WrapUp, "A"), false},
		"missed a call, and engaged by us":    {view(acd.Missed, "A"), view(acd.OnCall, "A"), false},
		"nobody is logged in":                 {acd.AgentView{}, acd.AgentView{}, false},
		"wrap-up that ended in a queue call":  {view(acd.WrapUp, "A"), view(acd.OnCall, "B"), true},
		"somebody logged in, and was offered": {acd.AgentView{}, view(acd.Offered, "A"), true},
	} {
		if got := tookOffer(c.before, c.now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestAnAssistThatNobodyAnswersIsCountedAndTold(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		agent.press("*5")
		wait(61 * time.Second)
		if r.count("protect_assist_missed_total") != 1 || !agent.playedTo("assist-missed") {
			t.Errorf("counted %d, the agent heard %v", r.count("protect_assist_missed_total"), agent.heard)
		}
		caller.hangUp()
	})
}

func TestTheServerNeverRingsForASupervisorWhoIsTheAgent(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("sofia", "1003")
		caller, agent := r.talking("8800")
		agent.press("*97")
		r.nobodyRung(20 * time.Second)
		agent.press("*90") // a supervisor releases the own crisis
		wait(time.Second)
		if got := r.view().Stage; got != "CALM" {
			t.Errorf("stage %s", got)
		}
		caller.hangUp()
	}, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["crisis"]
		q.Agents = []string{"sofia"}
		f.Queues["crisis"] = q
	})
}
