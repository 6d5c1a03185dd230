package call

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

func TestEachPartyOfADirectCallIsHeldOnItsOwn(t *testing.T) {
	inRoom(t, func(r *room) {
		c := phases["in a direct call"](r)
		c.caller.signal(Signal{Kind: Held})
		c.other.signal(Signal{Kind: Held})
		synctest.Wait()
		hears(t, c.caller, "music-default")
		hears(t, c.other, "music-default")
		c.caller.signal(Signal{Kind: Resumed})
		synctest.Wait()
		hears(t, c.other)
		hears(t, c.caller, "music-default")
		c.other.signal(Signal{Kind: Resumed})
		synctest.Wait()
		hears(t, c.caller)
		c.caller.hangUp()
	})
}

func TestMusicOfAHoldDoesNotFollowATransfer(t *testing.T) {
	inRoom(t, func(r *room) {
		c := phases["in a direct call"](r)
		c.other.signal(Signal{Kind: Held}) // as phones do before they transfer
		synctest.Wait()
		c.other.signal(Signal{Kind: Asked, Target: "1003"})
		third := r.rung()
		synctest.Wait()
		hears(t, c.caller)
		third.signal(Signal{Kind: Ringing})
		synctest.Wait()
		hears(t, c.caller, toneRinging)
		third.answer()
		wait(time.Second)
		hears(t, c.caller)
		if c.other.up() || r.sounds.bridges() != 1 {
			t.Errorf("the one who sent the caller on is up %v, %d bridges", c.other.up(), r.sounds.bridges())
		}
		third.hangUp()
		if got := r.record().Cause.Metric; got != CauseTransferred {
			t.Errorf("cause %s", got)
		}
	})
}

func TestThePhoneThatSentACallerOnIsFreeAtOnce(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("ben", "1002")
		c := phases["in a direct call"](r)
		c.other.signal(Signal{Kind: Asked, Target: "1003"})
		r.rung().answer()
		wait(time.Second)
		if got := r.agent("ben"); got.State != acd.Ready || !got.Offerable {
			t.Errorf("ben is %s, offerable %v, while others talk", got.State, got.Offerable)
		}
		c.caller.hangUp()
	})
}

func TestADirectCallNeverRingsIntoAQueueCall(t *testing.T) {
	for name, answered := range map[string]bool{"ringing": false, "talking": true} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller := r.dial("0123", "8100")
				agent := r.rung()
				if answered {
					agent.answer()
				}
				wait(time.Second)
				direct := r.dial("1002", "1001")
				r.nobodyRung(time.Second)
				if c := direct.ended(); c == nil || c.Status != 486 {
					t.Errorf("the second caller got %+v, want 486", c)
				}
				if !agent.up() {
					t.Error("the queue call was disturbed")
				}
				caller.hangUp()
			})
		})
	}
}

func TestADirectCallReachesAnAgentInWrapUpWithoutShorteningIt(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, _ := r.talking("8100")
		caller.hangUp()
		wait(time.Second)
		until := r.agent("anna").Until
		direct := r.dial("1002", "1001")
		r.rung().answer()
		wait(time.Second)
		direct.hangUp()
		wait(time.Second)
		if got := r.agent("anna"); got.State != acd.WrapUp || !got.Until.Equal(until) {
			t.Errorf("anna is %s until %s, want wrap-up until %s", got.State, got.Until, until)
		}
	})
}

func TestAPhoneThatCallsItselfIsNotFreedTwice(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("ben", "1002")
		c := r.dial("1002", "1002")
		r.rung().decline()
		wait(time.Second)
		if c.up() {
			t.Error("the call goes on")
		}
		if got := r.agent("ben"); got.State != acd.Ready {
			t.Errorf("ben is %s", got.State)
		}
	})
}

func TestACallerWhoHearsUsIsToldInWordsThatNobodyAnswers(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0123", "8000")
		wait(2 * time.Second)
		caller.press("2") // the menu leads to phone 1002
		r.rung().signal(ended(LegBusy))
		rec := r.record()
		if !caller.playedTo(sayUnanswered) || rec.Cause.Metric != CauseCallerEnded || rec.Cause.By != ByPolicy {
			t.Errorf("heard %v, cause %+v", caller.heard, rec.Cause)
		}
	})
}

func TestATransferToAPhoneThatDoesNotAnswerIsTold(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		agent.signal(Signal{Kind: Asked, Target: "1002"})
		r.rung()
		rec := r.record()
		if !caller.playedTo(sayUnanswered) || rec.Cause.Metric != CauseTransferred {
			t.Errorf("heard %v, cause %s", caller.heard, rec.Cause.Metric)
		}
	})
}

func TestOutsideNumbersAreForThePhonesThatMayDialThem(t *testing.T) {
	edit := func(p *Plan, _ *acd.Plan) {
		p.Phones["1001"] = PhoneManners{External: true}
		p.Trunks = map[string]TrunkManners{"far": {Dial: []string{"00"}}, "near": {Dial: []string{"0", "+49"}}}
		p.Numbers["8300"] = NumberSpec{External: "0049123"}
		p.Numbers["8400"] = NumberSpec{External: "555"}
	}
	for name, c := range map[string]struct {
		from, dialled string
		trunk         string
		status        int
	}{
		"the longest prefix wins":         {"1001", "0049301234", "far", 0},
		"a shorter prefix":                {"1001", "0301234", "near", 0},
		"a plus":                          {"1001", "+49301234", "near", 0},
		"no trunk dials it":               {"1001", "12345", "", 404},
		"a phone that may not":            {"1002", "0301234", "", 404},
		"a stranger":                      {"0999", "0301234", "", 404},
		"a number of the config leads on": {"0999", "8300", "far", 0},
		"a number that no trunk dials":    {"0999", "8400", "", 404},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				caller := r.dial(c.from, c.dialled)
				if c.trunk == "" {
					r.record()
					if got := caller.ended(); got == nil || got.Status != c.status {
						t.Errorf("got %+v, want %d", got, c.status)
					}
					return
				}
				other := r.rung()
				if other.party.Trunk != c.trunk {
					t.Errorf("went out through %q, want %q", other.party.Trunk, c.trunk)
				}
				caller.hangUp()
			}, edit)
		})
	}
}

func TestABrokenPeerWhoSaysMoreThanCanBeHeardEndsItsCall(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	d := &direct{c: &Call{cancel: cancel}, news: make(chan heardSignal, 1)}
	d.hear(nil, Signal{Kind: Held})
	if ctx.Err() != nil {
		t.Fatal("ended although it was heard")
	}
	d.hear(nil, Signal{Kind: Resumed})
	if cause := (Cause{}); !errors.As(context.Cause(ctx), &cause) || cause.By != ByUs {
		t.Errorf("ended by %v", context.Cause(ctx))
	}
}

func TestDigitsOfADirectCallNeverFillItsNews(t *testing.T) {
	inRoom(t, func(r *room) {
		c := phases["in a direct call"](r)
		stuck := make(chan struct{})
		r.x.Post(r.view().ID, func(*Call) { <-stuck })
		synctest.Wait()
		for range 2 * directRoom {
			c.other.signal(Signal{Kind: Pressed, Digit: '1'})
		}
		close(stuck)
		wait(time.Second)
		if !c.caller.up() || !c.other.up() {
			t.Error("digits have ended the call")
		}
		c.caller.hangUp()
	})
}

func TestADirectCallNeverRingsIntoTheCallOfAPagedSupervisor(t *testing.T) {
	for _, phase := range []string{"while a supervisor rings", "while a supervisor is told", "with a supervisor who whispers", "with a supervisor who has taken the call"} {
		t.Run(phase, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				c := phases[phase](r)
				direct := r.dial("1002", "1003")
				r.nobodyRung(time.Second)
				if e := direct.ended(); e == nil || e.Status != 486 {
					t.Errorf("the second caller got %+v, want 486", e)
				}
				c.caller.hangUp()
			})
		})
	}
}

func TestTheHopsOfACallArePassedOnSoThatACircleEnds(t *testing.T) {
	for name, c := range map[string]struct{ from, dialled string }{
		"to a phone": {"0999", "1002"}, "to the world": {"0999", "8300"}, "to an agent": {"0999", "8100"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller := r.dial(c.from, c.dialled)
				if got := r.rung().target.Hops; got != 42 {
					t.Errorf("%d hops are left, want 42", got)
				}
				caller.hangUp()
			}, func(p *Plan, _ *acd.Plan) {
				p.Trunks = map[string]TrunkManners{"far": {Dial: []string{"00"}}}
				p.Numbers["8300"] = NumberSpec{External: "0049123"}
			})
		})
	}
}
