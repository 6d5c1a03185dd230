package call

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

func TestASupervisorHearsAConversationThatTheAgentKnowsOf(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := r.overheard()
		r.wantHears(c, listens)
		if c.agent.times(toneSupervisor) != 1 {
			t.Error("a supervisor listens in secret")
		}
		if got := r.agent("sofia"); got.State != acd.OnCall {
			t.Errorf("sofia is %s while she listens: a queue could ring into it", got.State)
		}
		wait(30 * time.Second)
		c.other.hangUp()
		wait(time.Second)
		if !c.agent.playedTo(toneSupervisorGone) || !c.agent.up() {
			t.Errorf("the agent heard %v", c.agent.heard)
		}
		c.caller.hangUp()
		wait(time.Second)
		for _, rec := range r.journal.all() {
			if rec.Dialled == "8100" && (!noted(rec, "supervisor.listens", "sofia") || !noted(rec, "supervisor.leaves", "sofia")) {
				t.Errorf("the listening is not in the record: %v", stepNames(rec))
			}
			if rec.Dialled != "8100" && !noted(rec, "code", "listen anna") {
				t.Errorf("the code's record says %v", stepNames(rec))
			}
		}
	})
}

func TestAListenersLineEndsWithTheConversation(t *testing.T) {
	for name, end := range map[string]func(c cast){
		"the caller hangs up": func(c cast) { c.caller.hangUp() },
		"the agent hangs up":  func(c cast) { c.agent.hangUp() },
		"the agent is lost":   func(c cast) { c.agent.lose() },
		"the caller is sent on": func(c cast) {
			c.agent.signal(Signal{Kind: Asked, Target: "1002"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				c := r.overheard()
				end(c)
				wait(time.Second)
				if c.other.up() {
					t.Error("the supervisor's line is up without a conversation")
				}
				if got := r.agent("sofia"); got.State != acd.Ready {
					t.Errorf("sofia is %s", got.State)
				}
				c.caller.hangUp()
			})
		})
	}
}

func TestWhoListensInHasTheSameKeys(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := r.overheard()
		c.other.press(keyWhisper)
		r.wantHears(c, whispers)
		wait(2 * time.Second)
		c.other.press(keyJoin)
		r.wantHears(c, joins)
		wait(2 * time.Second)
		c.other.press(keyTake)
		wait(time.Second)
		if c.agent.up() || !r.sounds.reaches(c.caller, c.other) {
			t.Error("the call was not taken")
		}
		c.other.press("*97") // an agent's key now
		wait(time.Second)
		if i := slices.IndexFunc(r.x.Calls(), func(v View) bool { return v.Dialled == "8100" && v.Agent == "sofia" && v.Stage == "CRISIS" }); i < 0 {
			t.Errorf("calls %+v", r.x.Calls())
		}
		c.caller.hangUp()
		wait(time.Second)
		if c.other.up() {
			t.Error("the supervisor's line is up after the call")
		}
	})
}

func TestWhoListensIsAskedForHelpFirst(t *testing.T) {
	for name, c := range map[string]struct {
		key   string
		twice bool
		heard []string
	}{
		"assist":                             {"*5", false, whispers},
		"crisis":                             {"*97", false, whispers},
		"assist, and the supervisor refuses": {"*5", true, listens},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				parts := r.overheard()
				parts.agent.press(c.key)
				if c.twice {
					parts.other.press(keyListen)
				}
				r.nobodyRung(10 * time.Second)
				if !parts.other.playedTo(sayPage) {
					t.Errorf("the supervisor was told %v", parts.other.heard)
				}
				r.wantHears(parts, c.heard)
				parts.caller.hangUp()
			})
		})
	}
}

func TestASupervisorWhoDialsInWhileAPageRingsIsTheHelp(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		r.logIn("tom", "1004")
		c := phases["while a supervisor rings"](r) // sofia's phone
		tom := r.dial("1004", codeListen+"7001")
		wait(10 * time.Second)
		if c.other.up() {
			t.Error("sofia's phone rings on")
		}
		c.other = tom
		r.wantHears(c, whispers)
		c.caller.hangUp()
	}, withTom)
}

// withTom adds a second supervisor at phone 1004.
func withTom(p *Plan, f *acd.Plan) {
	f.Agents["tom"] = acd.AgentSpec{Name: "tom", Number: "7008"}
	p.Agents["tom"] = AgentAccess{Supervisor: true}
	p.AgentNumbers["7008"] = "tom"
	p.Phones["1004"] = PhoneManners{}
	m := p.Queues["orders"]
	m.Supervisors = []string{"sofia", "tom"}
	p.Queues["orders"] = m
}

func TestListeningInIsRefusedInWords(t *testing.T) {
	for name, c := range map[string]struct {
		before func(r *room)
		from   string
		number string
		says   string
	}{
		"the agent is in no conversation":   {nil, "1003", "7001", "nobody-talks-there"},
		"the agent talks with a colleague":  {func(r *room) { r.dial("1001", "1002"); r.rung().answer() }, "1003", "7001", "nobody-talks-there"},
		"the agent's phone only rings":      {func(r *room) { r.dial("0123", "8100"); r.rung() }, "1003", "7001", "nobody-talks-there"},
		"another supervisor is there":       {func(r *room) { r.overheard() }, "1004", "7001", "not-possible-now"},
		"there is no such agent":            {nil, "1003", "7777", "invalid-choice"},
		"no number was dialled":             {nil, "1003", "", "invalid-choice"},
		"one's own conversation":            {nil, "1003", "7009", "nobody-talks-there"},
		"an agent is no supervisor":         {func(r *room) { r.talking("8100") }, "1002", "7001", "supervisors-only"},
		"the supervisor's caller is coming": {func(r *room) { r.dial("0456", "8200"); r.rung() }, "1003", "7001", "not-possible-now"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("tom", "1004")
				r.logIn("sofia", "1003")
				if c.from == "1002" {
					r.logIn("ben", "1002")
				}
				if c.before != nil {
					c.before(r)
				}
				wait(5 * time.Second)
				code := r.dial(c.from, codeListen+c.number)
				wait(10 * time.Second)
				if !code.playedTo(c.says) || code.up() {
					t.Errorf("heard %v, up %v, want %s", code.heard, code.up(), c.says)
				}
				for _, l := range r.callers {
					l.hangUp()
				}
			}, withTom, func(_ *Plan, f *acd.Plan) {
				q := f.Queues["gentle"]
				q.Agents = []string{"sofia"}
				f.Queues["gentle"] = q
			})
		})
	}
}

func TestAnOfferInTheMomentOfTheCodeTakesThePhone(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, _ := r.talking("8100")
		r.logIn("sofia", "1003")
		listener := r.dial("1003", codeListen+"7001")
		r.dial("0456", "8100")
		wait(time.Second)
		select { // whoever was first: never both
		case offer := <-r.dialer.dialled:
			<-r.dialer.targets
			wait(6 * time.Second) // a code that was dialled while the phone rang is refused in words
			if listener.up() || listener.playedTo(sayListening) {
				t.Error("an offer rings at the phone of a supervisor who listens")
			}
			offer.decline()
		default:
			if !listener.up() {
				t.Error("neither the offer nor the code has the phone")
			}
		}
		caller.hangUp()
	}, withoutNotice, func(_ *Plan, f *acd.Plan) {
		q := f.Queues["orders"]
		q.Agents = []string{"anna", "sofia"}
		f.Queues["orders"] = q
	})
}

func TestWhatAListenersEarGetsIsAccountedForOnce(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := r.overheard()
		r.sounds.hears(c.other, 0.5)
		c.other.press(keyTake)
		wait(3 * time.Minute)
		c.caller.hangUp()
		synctest.Wait()
		wait(time.Second)
		dose, err := r.x.Dose(t.Context(), "sofia")
		if err != nil || dose.Exposure == 0 {
			t.Fatalf("%+v, %v", dose, err)
		}
		if got := dose.Listened; got < 3*time.Minute || got > 4*time.Minute {
			t.Errorf("listened %s, want a little over three minutes, once", got)
		}
	})
}

func TestTheToneOfAListenerIsHeardAgainUntilItWasHeardWhole(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		caller, agent := r.talking("8100")
		sofia := r.dial("1003", "*607001")
		for agent.times(toneSupervisor) == 0 {
			wait(time.Millisecond)
		}
		agent.press("*3") // a beep takes the place of the tone
		wait(5 * time.Second)
		if got := agent.times(toneSupervisor); got != 2 {
			t.Errorf("the tone was begun %d times; it was cut once", got)
		}
		sofia.hangUp()
		caller.hangUp()
	})
}

func TestALineThatEndsBeforeAnybodyListensHasEnded(t *testing.T) {
	l := &loan{back: make(chan Cause, 1)}
	l.end(Cause{By: ByUs})
	var heard []SignalKind
	l.Listen(func(sig Signal) { heard = append(heard, sig.Kind) })
	l.tell(Signal{Kind: Pressed, Digit: '1'})
	l.end(Cause{By: ByUs})
	if !slices.Equal(heard, []SignalKind{Ended}) {
		t.Errorf("the borrower heard %v, want the end, once", heard)
	}
}

// Where nobody may listen in, no leg is answered for it, whoever dials, and help that an
// agent calls for comes in all the same.
func TestListeningInCanBeForbidden(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("sofia", "1003")
		c := r.overheard()
		if c.other.up() || c.agent.playedTo(toneSupervisor) || len(c.other.heard) > 0 {
			t.Errorf("the supervisor is up %v and heard %v, the agent heard %v", c.other.up(), c.other.heard, c.agent.heard)
		}
		rec := r.journal.all()[len(r.journal.all())-1]
		if rec.Cause.Status != 403 || rec.Cause.By != ByPolicy || !noted(rec, "code.refused", "nobody may listen in") {
			t.Errorf("refused with %+v, %v", rec.Cause, stepNames(rec))
		}
		c.agent.press("*5")
		r.rung().answer()
		wait(10 * time.Second)
		if !c.agent.playedTo(toneSupervisor) {
			t.Error("the supervisor who was called is not let in")
		}
		c.caller.hangUp()
	}, func(p *Plan, _ *acd.Plan) { p.Settings.ListenIn = new(bool) })
}
