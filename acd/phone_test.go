package acd

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPhoneThatIsNotRegisteredWaitsForItsRegistration(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		d.miss(d.offered(ticket).Seats[0], MissNotRegistered)
		d.pass(10 * time.Minute)
		d.notOffered(ticket)
		d.PhoneReachable("phone-anna", true)
		d.offered(ticket)
	})
}

func TestOneAgentAtAPhone(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.do("anna", Command{Verb: LogIn, Phone: "1"})
		if _, err := d.Do(d.ctx, "bert", Command{Verb: LogIn, Phone: "1"}); !errors.Is(err, ErrPhoneUsed) {
			t.Errorf("second agent at the phone: %v", err)
		}
		if v := d.do("anna", Command{Verb: LogIn, Phone: "2"}); v.Phone != "2" || v.State != Ready {
			t.Errorf("moved: %+v", v)
		}
		d.do("bert", Command{Verb: LogIn, Phone: "1"})
		if _, err := d.Do(d.ctx, "nobody", Command{Verb: LogIn, Phone: "3"}); !errors.Is(err, ErrNoAgent) {
			t.Errorf("unknown agent: %v", err)
		}
		d.do("bert", Command{Verb: LogOut})
		d.talk("c1")
		if _, err := d.Do(d.ctx, "anna", Command{Verb: LogIn, Phone: "3"}); !errors.Is(err, ErrNotNow) {
			t.Errorf("moved during a call: %v", err)
		}
	})
}

func TestAnotherCallOnThePhoneIsNoQueueCall(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		d.PhoneBusy("phone-anna", true)
		d.want("anna", OnCall)
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		d.notOffered(ticket)
		d.PhoneBusy("phone-anna", false)
		o := d.offered(ticket) // at once: no wrap-up, no gap
		d.PhoneBusy("phone-anna", true)
		d.want("anna", Offered) // an offer is not lost by it
		d.must(d.Answered(d.ctx, o.Seats[0].Assignment))
		d.PhoneBusy("phone-anna", false)
		d.finish(o.Seats[0], Outcome{})
		d.PhoneBusy("phone-anna", true)
		d.want("anna", WrapUp) // and a wrap-up keeps its clock
		d.pass(30 * time.Second)
		d.want("anna", OnCall)
		d.do("anna", Command{Verb: GoNotReady, Reason: "lunch"})
		d.PhoneBusy("phone-anna", false)
		d.want("anna", NotReady)
	})
}

func TestAPhoneOutOfReachIsNotOffered(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		d.PhoneReachable("phone-anna", false)
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		d.notOffered(ticket)
		d.PhoneReachable("phone-anna", true)
		d.offered(ticket)
	})
}

func TestRingAllHasOneWinner(t *testing.T) {
	p := help(func(p *Plan) { p.Queues["help"] = QueueSpec{Strategy: RingAll} })
	bubble(t, p, func(d *desk) {
		d.logIn("anna", "bert", "carl")
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		o := d.offered(ticket)
		if len(o.Seats) != 3 {
			t.Fatalf("%d seats", len(o.Seats))
		}
		d.miss(o.Seats[0], MissDeclined)
		d.notOffered(ticket) // the others still ring
		d.must(d.Answered(d.ctx, o.Seats[1].Assignment))
		if revoked(o.Seats[1]) || !revoked(o.Seats[2]) {
			t.Error("the winner keeps ringing, or the loser does")
		}
		if err := d.Answered(d.ctx, o.Seats[2].Assignment); !errors.Is(err, ErrStale) {
			t.Errorf("second answer: %v, want stale", err)
		}
		d.want(o.Seats[2].Agent, Ready)
	})
}

func TestAMissedCallerGoesToSomebodyElseFirst(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna", "bert")
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		first := d.offered(ticket).Seats[0]
		d.miss(first, MissNoAnswer)
		second := d.offered(ticket).Seats[0]
		if second.Agent == first.Agent {
			t.Fatalf("%s again", first.Agent)
		}
		d.pass(6 * time.Second)
		d.miss(second, MissNoAnswer)
		if again := d.offered(ticket).Seats[0]; again.Agent != first.Agent {
			t.Errorf("third offer to %s", again.Agent)
		}
	})
}

func TestTheLongestWaitEnds(t *testing.T) {
	p := help(func(p *Plan) { p.Queues["help"] = QueueSpec{MaxWait: time.Minute, OnWait: "goodbye"} })
	bubble(t, p, func(d *desk) {
		d.logIn("anna")
		d.do("anna", Command{Verb: GoNotReady})
		ticket := d.enter(Entry{Call: "c1", Queue: "help"})
		d.pass(time.Minute)
		var got Removal
		ticket.Removed.Hear(func(r Removal) { got = r })
		if got != (Removal{Limit: "wait", Target: "goodbye"}) {
			t.Errorf("removed %+v", got)
		}
		if _, err := d.Place(d.ctx, ticket.ID); !errors.Is(err, ErrNoTicket) {
			t.Errorf("place of a removed caller: %v", err)
		}
	})
}

func TestTheFloorStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{}
		d := open(t, help(), l)
		d.logIn("anna")
		d.stop()
		if _, err := d.Enter(d.ctx, Entry{Call: "c1", Queue: "help"}); !errors.Is(err, ErrStopped) {
			t.Errorf("enter after the end: %v", err)
		}
		if len(l.kinds("anna")) != 1 {
			t.Errorf("events %v", l.kinds("anna"))
		}
	})
}

func TestACallerWhoGivesUpBeforeTheFloorListensIsNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := NewFloor(t.Context(), help(), nil, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		gone, giveUp := context.WithCancel(t.Context())
		result := make(chan error)
		go func() {
			_, err := f.Do(gone, "anna", Command{Verb: LogIn, Phone: "1"})
			result <- err
		}()
		synctest.Wait()
		giveUp()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("given up: %v", err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.Run(ctx) }()
		views, err := f.Agents(t.Context())
		if err != nil || views[0].State != LoggedOut {
			t.Errorf("views %+v, %v", views, err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestWatchGivesTheNewestLook(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		ctx, stop := context.WithCancel(d.ctx)
		w := d.Watch(ctx, "anna")
		synctest.Wait()
		d.logIn("anna")
		seat := d.talk("c1")
		d.finish(seat, Outcome{})
		synctest.Wait()
		if v := <-w; v.State != WrapUp {
			t.Errorf("newest is %s", v.State)
		}
		d.pass(30 * time.Second)
		if v := <-w; v.State != Ready {
			t.Errorf("then %s", v.State)
		}
		stop()
		synctest.Wait()
		for range w { // closed
		}
	})
}

func TestAMissBesidesTheWordOfTheWire(t *testing.T) {
	for name, tc := range map[string]struct {
		before, during, after string // words from the wire around the miss
		delay                 time.Duration
	}{
		"the phone has come back meanwhile":            {"yes", "yes", "", 0},
		"the wire insists that it is there":            {"yes", "", "", 30 * time.Second},
		"the wire agrees, and the phone comes back":    {"yes", "", "no", time.Hour},
		"never heard of: only its registration counts": {"", "", "", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, help(), func(d *desk) {
				word := func(w string) {
					if w != "" {
						d.PhoneReachable("phone-anna", w == "yes")
						synctest.Wait()
					}
				}
				d.logIn("anna")
				word(tc.before)
				ticket := d.enter(Entry{Call: "c1", Queue: "help"})
				seat := d.offered(ticket).Seats[0]
				d.pass(time.Millisecond)
				word(tc.during)
				d.miss(seat, MissNotRegistered)
				word(tc.after)
				if tc.delay == time.Hour {
					d.pass(10 * time.Minute)
					d.notOffered(ticket)
					word("yes")
				} else if tc.delay > 0 {
					d.pass(tc.delay - time.Millisecond)
					d.notOffered(ticket)
					d.pass(time.Millisecond)
				}
				d.offered(ticket)
			})
		})
	}
}
