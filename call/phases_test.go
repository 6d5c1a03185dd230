package call

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

// warn lets a caller say enough for the gates and the agent play the next warning.
func (r *room) warn(caller, agent *fakeLeg) {
	r.t.Helper()
	wait(11 * time.Second)
	caller.speak(4 * time.Second)
	wait(2 * time.Second)
	agent.press("*1")
	synctest.Wait()
}

// warned brings a conversation to OBS1 or OBS2 with default values, over the
// agent's keys.
func (r *room) warned(number string, times int) (caller, agent *fakeLeg) {
	r.t.Helper()
	caller, agent = r.talking(number)
	for range times {
		r.warn(caller, agent)
		wait(11 * time.Second) // the prompt is at most 10 s
	}
	return caller, agent
}

// permitted brings a conversation to PERMIT.
func (r *room) permitted(number string) (caller, agent *fakeLeg) {
	r.t.Helper()
	caller, agent = r.warned(number, 2)
	wait(11 * time.Second)
	caller.speak(4 * time.Second)
	wait(2 * time.Second)
	return caller, agent
}

// cast is who takes part in a call at the moment in which something happens to it.
// Whoever is not there yet is nil.
type cast struct{ caller, agent, other *fakeLeg }

// phases are the moments of a call in which something can happen, each brought about
// the way it comes about in life.
var phases = map[string]func(r *room) cast{
	"in the menu": func(r *room) cast { return at(cast{caller: r.dial("0123", "8000")}, time.Second) },
	"in the notice": func(r *room) cast {
		return at(cast{caller: r.dial("0123", "8100")}, time.Second)
	},
	"waiting": func(r *room) cast {
		r.do("anna", acd.Command{Verb: acd.GoNotReady, Reason: "lunch"})
		return at(cast{caller: r.dial("0123", "8100")}, 40*time.Second)
	},
	"ringing": func(r *room) cast {
		c := r.dial("0123", "8100")
		return at(cast{caller: c, agent: r.rung()}, 3*time.Second)
	},
	"talking": func(r *room) cast { return at(r.pair("8100"), 20*time.Second) },
	"on hold": func(r *room) cast {
		c := at(r.pair("8100"), 20*time.Second)
		c.agent.signal(Signal{Kind: Held})
		return at(c, time.Second)
	},
	"in the first warning": func(r *room) cast {
		c := r.pair("8100")
		r.warn(c.caller, c.agent)
		return at(c, time.Second)
	},
	"in the second warning": func(r *room) cast {
		caller, agent := r.warned("8100", 1)
		r.warn(caller, agent)
		return at(cast{caller: caller, agent: agent}, time.Second)
	},
	"with a permit": func(r *room) cast {
		caller, agent := r.permitted("8100")
		return cast{caller: caller, agent: agent}
	},
	"in the farewell": func(r *room) cast {
		caller, agent := r.permitted("8100")
		agent.press("*3")
		return at(cast{caller: caller, agent: agent}, time.Second)
	},
	"in the closing": func(r *room) cast {
		c := at(r.pair("8100"), 20*time.Second)
		c.agent.hangUp()
		return at(cast{caller: c.caller}, time.Second)
	},
	"while a supervisor rings": func(r *room) cast {
		c := at(r.pair("8100"), 20*time.Second)
		c.agent.press("*5")
		c.other = r.rung()
		return at(c, time.Second)
	},
	"while a supervisor is told": func(r *room) cast {
		c := at(r.pair("8100"), 20*time.Second)
		c.agent.press("*5")
		c.other = r.rung()
		c.other.answer()
		return at(c, time.Second)
	},
	"while a supervisor waits for the end of a warning": func(r *room) cast {
		c := r.helped("*5")
		c.agent.press("*1")
		c.other.press(keyTake)
		return at(c, time.Second)
	},
	"with a supervisor who whispers": func(r *room) cast { return r.helped("*5") },
	"with a supervisor in a crisis":  func(r *room) cast { return r.helped("*97") },
	"with a supervisor who listens":  func(r *room) cast { return r.overheard() },
	"with a supervisor who listened and has joined": func(r *room) cast {
		c := r.overheard()
		c.other.press(keyJoin)
		return at(c, time.Second)
	},
	"with a supervisor who has taken the call": func(r *room) cast {
		c := r.helped("*97")
		c.other.press(keyTake)
		return at(cast{caller: c.caller, agent: c.other}, 10*time.Second)
	},
	"with a supervisor who listened and has taken the call": func(r *room) cast {
		c := r.overheard()
		c.other.press(keyTake)
		return at(cast{caller: c.caller, agent: c.other}, 10*time.Second)
	},
	"in a crisis": func(r *room) cast {
		c := at(r.pair("8100"), 20*time.Second)
		c.agent.press("*97")
		c.other = r.rung()
		return at(c, time.Second)
	},
	"in a rescue while a supervisor rings": func(r *room) cast {
		c := at(r.pair("8800"), 20*time.Second)
		c.agent.hangUp()
		return at(cast{caller: c.caller, other: r.rung()}, 8*time.Second)
	},
	"in a rescue while a supervisor is told": func(r *room) cast {
		c := at(r.pair("8800"), 20*time.Second)
		c.agent.hangUp()
		other := r.rung()
		other.answer()
		return at(cast{caller: c.caller, other: other}, time.Second)
	},
	"while a direct call rings": func(r *room) cast {
		c := r.dial("1001", "1002")
		return at(cast{caller: c, other: r.rung()}, time.Second)
	},
	"in a direct call": func(r *room) cast {
		c := r.dial("1001", "1002")
		other := r.rung()
		other.answer()
		return at(cast{caller: c, other: other}, time.Second)
	},
	"in a direct call on hold": func(r *room) cast {
		c := r.dial("1001", "1002")
		other := r.rung()
		other.answer()
		c.signal(Signal{Kind: Held})
		other.signal(Signal{Kind: Held})
		return at(cast{caller: c, other: other}, time.Second)
	},
	"while a code asks for digits": func(r *room) cast {
		c := at(cast{caller: r.dial("1002", codeLogIn)}, 4*time.Second)
		c.caller.press("70")
		return at(c, time.Second)
	},
}

func at(c cast, d time.Duration) cast {
	wait(d)
	return c
}

// helped is a conversation with a supervisor in it, for whom the agent has pressed a key.
func (r *room) helped(key string) cast {
	r.t.Helper()
	c := at(r.pair("8100"), 20*time.Second)
	c.agent.press(key)
	c.other = r.rung()
	c.other.answer()
	return at(c, 10*time.Second)
}

// overheard is a conversation in which a supervisor listens who has dialled *60.
func (r *room) overheard() cast {
	r.t.Helper()
	c := at(r.pair("8100"), 20*time.Second)
	c.other = r.dial("1003", codeListen+"7001")
	return at(c, time.Second)
}

func (r *room) pair(number string) cast {
	caller, agent := r.talking(number)
	return cast{caller: caller, agent: agent}
}

// blows are what can happen to a call in every phase. After any of them, and after
// the time for everything that follows, the room must be as if nothing had been.
var blows = map[string]func(r *room, c cast){
	"the caller hangs up":  func(_ *room, c cast) { c.caller.hangUp() },
	"the caller is lost":   func(_ *room, c cast) { c.caller.lose() },
	"the server stops":     func(*room, cast) {},
	"the agent hangs up":   func(_ *room, c cast) { c.agent.hangUp() },
	"the agent is lost":    func(_ *room, c cast) { c.agent.lose() },
	"the other hangs up":   func(_ *room, c cast) { c.other.hangUp() },
	"the other is lost":    func(_ *room, c cast) { c.other.lose() },
	"the other answers":    func(_ *room, c cast) { c.other.answer() },
	"the other joins":      func(_ *room, c cast) { c.other.press(keyJoin) },
	"the other takes over": func(_ *room, c cast) { c.other.press(keyTake) },
	"agent, then other":    func(_ *room, c cast) { hangUp(c.agent); hangUp(c.other) },
	"all hang up at once":  func(_ *room, c cast) { c.caller.hangUp(); hangUp(c.agent); hangUp(c.other) },
	"agent, then caller":   func(_ *room, c cast) { hangUp(c.agent); c.caller.hangUp() },
	"other, then caller":   func(_ *room, c cast) { answer(c.other); c.caller.hangUp() },
	"the agent transfers":  func(_ *room, c cast) { c.agent.signal(Signal{Kind: Asked, Target: "1002"}) },
	"a one-strike":         func(_ *room, c cast) { c.agent.press("*94#") },
	"a crisis":             func(_ *room, c cast) { c.agent.press("*97") },
	"a cancelled page":     func(_ *room, c cast) { c.agent.press("*5*5") },
	"a hold and a resume":  func(_ *room, c cast) { c.agent.signal(Signal{Kind: Held}); c.agent.signal(Signal{Kind: Resumed}) },
	"a config edit":        func(r *room, _ cast) { r.edit() },
	"a queue call":         func(r *room, _ cast) { r.dial("0999", "8100") },
	"another code":         func(r *room, _ cast) { r.dial("1002", "*17") },
	"a broken program":     func(r *room, _ cast) { r.breakAll() },
	"too many signals":     func(r *room, c cast) { r.flood(c) },
	"every agent goes":     func(r *room, _ cast) { r.allLogOut() },
	"a phone unregistered": func(r *room, _ cast) { r.x.PhoneReachable("1001", false) },
}

func hangUp(l *fakeLeg) {
	if l != nil {
		l.hangUp()
	}
}

func answer(l *fakeLeg) {
	if l != nil {
		l.answer()
	}
}

// edit takes every queue and number out of the config.
func (r *room) edit() {
	commit, err := r.x.Prepare(Plan{})
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	floorCommit, err := r.floor.Prepare(acd.Plan{})
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	commit()
	floorCommit()
}

func (r *room) breakAll() {
	r.means("call_panics_total")
	for _, v := range r.x.Calls() {
		r.x.Post(v.ID, func(*Call) { panic("broken on purpose") })
	}
}

// flood sends more signals than an inbox holds while the call does not look.
func (r *room) flood(c cast) {
	r.means("call_inbox_full_total")
	for _, v := range r.x.Calls() {
		stuck := make(chan struct{})
		r.x.Post(v.ID, func(*Call) { <-stuck })
		synctest.Wait()
		for range 2 * inboxRoom {
			c.caller.signal(Signal{Kind: Pressed, Digit: '5'})
		}
		close(stuck)
	}
}

func (r *room) allLogOut() {
	for _, name := range []string{"anna", "ben", "sofia"} {
		r.do(name, acd.Command{Verb: acd.LogOut})
	}
}

func TestWhateverHappensWheneverNothingIsLeftBehind(t *testing.T) {
	for _, phase := range slices.Sorted(maps.Keys(phases)) {
		t.Run(phase, func(t *testing.T) {
			for _, blow := range slices.Sorted(maps.Keys(blows)) {
				t.Run(blow, func(t *testing.T) {
					inRoom(t, func(r *room) {
						r.sounds.record()
						r.logIn("anna", "1001")
						r.logIn("sofia", "1003")
						c := phases[phase](r)
						for _, l := range []*fakeLeg{c.caller, c.agent, c.other} {
							if l != nil && !l.up() {
								t.Fatalf("leg %s is down before it begins", l.party.ID)
							}
						}
						if c.agent == nil {
							c.agent = &fakeLeg{} // nobody: what it does has no effect
						}
						if c.other == nil {
							c.other = &fakeLeg{}
						}
						blows[blow](r, c)
						if blow != "the server stops" {
							r.settle()
						}
					}, func(p *Plan, f *acd.Plan) {
						// ben's phone is there, but only anna takes calls unless she is gone
						q := f.Queues["orders"]
						q.MaxWait = 10 * time.Minute
						f.Queues["orders"] = q
					})
				})
			}
		})
	}
}

// settle lets everything that follows come about: whoever rings is answered, talks
// for a minute and hangs up; callers leave after an hour.
func (r *room) settle() {
	for range 60 {
		wait(time.Minute)
		select {
		case l := <-r.dialer.dialled:
			<-r.dialer.targets
			l.answer()
			wait(time.Minute)
			l.hangUp()
		default:
		}
		if len(r.x.Calls()) == 0 {
			return
		}
	}
	for _, l := range r.callers {
		l.hangUp()
	}
	wait(10 * time.Second)
	if n := len(r.x.Calls()); n > 0 {
		r.t.Errorf("%d calls go on after everybody has left", n)
	}
}
