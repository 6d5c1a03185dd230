package acd

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// carrier takes the calls of all callbacks for so long, but those to the numbers it refuses.
// It tells how often each number was dialled, and who was given up.
func (d *desk) carrier(lasts time.Duration, refuses ...string) (dialled map[string]int, givenUp []string) {
	d.Helper()
	refused := map[string]bool{}
	for _, number := range refuses {
		refused[number] = true
	}
	dialled = map[string]int{}
	for end := time.Now().Add(lasts); time.Now().Before(end); d.pass(time.Second) {
		select {
		case l := <-d.Launches():
			number := l.Callback.Number
			if l.GivenUp != "" {
				givenUp = append(givenUp, number+" "+l.GivenUp)
				continue
			}
			dialled[number]++
			call := fmt.Sprintf("%s-%d", number, dialled[number])
			if refused[number] {
				d.unreachedBy(l, call, UnreachedTrunk)
				continue
			}
			s := d.dials(l, call)
			d.must(d.Reached(d.ctx, l.Ticket.ID))
			d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		default:
		}
	}
	return dialled, givenUp
}

// TestNumbersThatNoCarrierTakesKeepNobodyElseWaiting: a carrier may answer 503 to a number
// that is none, and take all others. These are called, however many such numbers came before
// them and however soon each of those is dialled again.
func TestNumbersThatNoCarrierTakesKeepNobodyElseWaiting(t *testing.T) {
	for name, noAnswer := range map[string]time.Duration{"as usual": 0, "dialled again soon": time.Second} {
		t.Run(name, func(t *testing.T) {
			bubble(t, callable(func(c *CallbackSpec) { c.NoAnswer = noAnswer }), func(d *desk) {
				var none []string
				for i := range 6 {
					none = append(none, fmt.Sprintf("03066600%d", i))
					d.asked("n"+none[i], none[i])
				}
				for i := range 3 {
					d.asked(fmt.Sprint("c", i), fmt.Sprintf("03012340%d", i))
				}
				d.logIn("anna")
				dialled, _ := d.carrier(2*time.Hour, none...)
				for i := range 3 {
					if number := fmt.Sprintf("03012340%d", i); dialled[number] != 1 {
						t.Errorf("%s was called %d times; dialled %v", number, dialled[number], dialled)
					}
				}
			})
		})
	}
}

// TestANumberThatNoCarrierTakesIsGivenUp where the carrier takes others meanwhile: it is not the
// trunk that is down.
func TestANumberThatNoCarrierTakesIsGivenUp(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		d.logIn("anna")
		d.asked("none", "030666000")
		var dialled map[string]int
		var givenUp []string
		for i := range 8 { // every half an hour somebody else is called
			d.asked(fmt.Sprint("c", i), fmt.Sprintf("03012340%d", i))
			more, gone := d.carrier(30*time.Minute, "030666000")
			if dialled == nil {
				dialled = more
			} else {
				dialled["030666000"] += more["030666000"]
			}
			givenUp = append(givenUp, gone...)
		}
		if n := dialled["030666000"]; len(givenUp) != 1 || givenUp[0] != "030666000 tries" || n < 4 || n > 6 {
			t.Errorf("given up %q after %d calls; want it after 3 that were tries, and no more than 3 that were not", givenUp, n)
		}
	})
}

// TestATrunkThatFailsLaterIsNoFaultOfANumberDoubtedBefore: that one has taken another's call is
// held against a number once, and not from then on.
func TestATrunkThatFailsLaterIsNoFaultOfANumberDoubtedBefore(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.NoAnswer = 30 * time.Minute }), func(d *desk) {
		d.logIn("anna")
		d.asked("doubted", "030666000")
		d.asked("c0", "030123400")
		if dialled, _ := d.carrier(5*time.Minute, "030666000"); dialled["030123400"] != 1 {
			d.Fatalf("dialled %v", dialled)
		}
		if dialled, givenUp := d.carrier(4*time.Hour, "030666000"); len(givenUp) != 0 || dialled["030666000"] < 5 {
			d.Errorf("given up %q after %v calls, and no trunk has taken anybody's since the first", givenUp, dialled)
		}
	})
}

// TestACallTakenBeforeTheOutageSaysNothingOfIt: it rang on, and its end is no try of those that no trunk took
// since.
func TestACallTakenBeforeTheOutageSaysNothingOfIt(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		d.logIn("anna", "bert")
		d.asked("x", "030666000")
		d.asked("y", "030123400")
		d.pass(parkPause)
		x, y := d.launched(), d.launched()
		s := d.dials(y, "y1")
		d.unreachedBy(x, "x1", UnreachedTrunk)
		d.pass(time.Second)
		d.must(d.Reached(d.ctx, y.Ticket.ID))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		d.carrier(2*time.Hour, "030666000")
		if left, err := d.Callbacks(d.ctx); err != nil || len(left) != 1 || left[0].Tries != 0 {
			t.Errorf("%+v, %v; want no tries", left, err)
		}
	})
}

// TestANumberNotRefusedIsTriedFirst: whoever wishes to be called while those are tried that the carrier refuses
// waits for one pause, however many they are.
func TestANumberNotRefusedIsTriedFirst(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.Keep = 48 * time.Hour }), func(d *desk) {
		d.logIn("anna")
		var none []string
		for i := range 20 {
			none = append(none, fmt.Sprintf("0306660%02d", i))
			d.asked("n"+none[i], none[i])
		}
		d.carrier(12*time.Hour, none...)
		for again := map[string]int{}; again[none[0]] == 0; {
			again, _ = d.carrier(time.Second, none...)
		}
		d.asked("good", "030123400")
		if dialled, _ := d.carrier(outageMost+time.Second, none...); dialled["030123400"] != 1 || len(dialled) > 2 {
			t.Errorf("dialled %v", dialled)
		}
	})
}

// TestWhoCannotBeTriedKeepsNobodyRefusedWaiting: a callback wished for tomorrow, or one that nobody serves, was
// not refused either.
func TestWhoCannotBeTriedKeepsNobodyRefusedWaiting(t *testing.T) {
	plan := callable(func(c *CallbackSpec) { c.Keep = 48 * time.Hour })
	sales := plan.Queues["help"]
	sales.Name, sales.Agents = "sales", []string{"bert"}
	plan.Queues["sales"] = sales
	for name, e := range map[string]struct {
		queue string
		wish  Callback
	}{
		"tomorrow":       {"help", Callback{Number: "030123400", Kind: BackScheduled}},
		"nobody's queue": {"sales", Callback{Number: "030123400", Kind: BackAsked}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, plan, func(d *desk) {
				d.logIn("anna")
				for i := range 3 {
					d.asked(fmt.Sprint("x", i), fmt.Sprint("03066600", i))
				}
				d.carrier(time.Hour, "030666000", "030666001", "030666002") // the trunk is down
				wish := e.wish
				if wish.Kind == BackScheduled {
					wish.At = time.Now().Add(20 * time.Hour)
				}
				_, err := d.CallBack(d.ctx, Entry{Call: "s", Queue: e.queue, Caller: wish.Number}, wish)
				d.must(err)
				d.carrier(time.Hour, "030666000", "030666001", "030666002")
				if dialled, _ := d.carrier(2*time.Hour, "030666000"); dialled["030666001"] != 1 || dialled["030666002"] != 1 {
					t.Errorf("dialled %v once the trunk takes all but the first", dialled)
				}
			})
		})
	}
}

// TestOneWhoseTimeComesInAnOutageIsTriedSoon, however old its place is: it was not refused.
func TestOneWhoseTimeComesInAnOutageIsTriedSoon(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.Keep = 48 * time.Hour }), func(d *desk) {
		_, err := d.CallBack(d.ctx, Entry{Call: "s", Queue: "help", Caller: "030123400"}, Callback{Number: "030123400", Kind: BackScheduled, At: time.Now().Add(3 * time.Hour)})
		d.must(err)
		d.logIn("anna")
		none := []string{"030666000", "030666001", "030666002"}
		for _, n := range none {
			d.asked("n"+n, n)
		}
		d.carrier(3*time.Hour, none...)
		if dialled, _ := d.carrier(2*outageMost+time.Minute, none...); dialled["030123400"] != 1 {
			t.Errorf("dialled %v", dialled)
		}
	})
}

// TestTheCallerOfAMessageEndsAnOutage: the agent came on the line before it began, and called after it had.
func TestTheCallerOfAMessageEndsAnOutage(t *testing.T) {
	plan := speakable()
	plan.Dial = []string{"0"}
	q := plan.Queues["help"]
	q.Callback = callable().Queues["help"].Callback
	plan.Queues["help"] = q
	bubble(t, plan, func(d *desk) {
		d.logIn("anna", "bert")
		d.leaves("c1", "0301234")
		m := d.launched()
		s := d.dials(m, "m1")
		d.asked("x", "0301235")
		d.pass(parkPause)
		d.unreachedBy(d.launched(), "x1", UnreachedTrunk)
		d.asked("z", "0301236")
		d.pass(parkPause)
		d.notLaunched()
		d.must(d.Reached(d.ctx, m.Ticket.ID))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		d.pass(40 * time.Second)
		d.launched()
	})
}

// TestANumberHeldAgainstItselfIsLeftAlone for a quarter of an hour, however soon others are dialled again.
func TestANumberHeldAgainstItselfIsLeftAlone(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.NoAnswer = time.Second }), func(d *desk) {
		d.logIn("anna")
		d.asked("x", "030666000")
		d.asked("c", "030123400")
		dialled, _ := d.carrier(outageFirst+outageMost, "030666000")
		if dialled["030123400"] != 1 || dialled["030666000"] != 2 {
			t.Errorf("dialled %v; want once each, and the refused one again when the other was taken", dialled)
		}
	})
}

// TestARefusalThatIsNoTryWaitsNotAsLongAsOneThatIs: the trunk is asked again soon.
func TestARefusalThatIsNoTryWaitsNotAsLongAsOneThatIs(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.NoAnswer = 4 * time.Hour }), func(d *desk) {
		d.logIn("anna")
		d.asked("x", "030123400")
		if dialled, _ := d.carrier(outageMost+time.Minute, "030123400"); dialled["030123400"] != 2 {
			t.Errorf("dialled %v", dialled)
		}
	})
}

// TestAPictureKnowsWhatTheCarriersDid: else a log decides otherwise whose fault a refusal is.
func TestAPictureKnowsWhatTheCarriersDid(t *testing.T) {
	y := start(t, callable())
	y.logIn("anna", "bert")
	y.wish("c", time.Time{})
	y.pass(parkPause)
	y.inVain(UnreachedTrunk)
	before, after := sorted(y.b.picture()), sorted(y.pictured().Picture())
	if got, want := string(mustJSON(t, after)), string(mustJSON(t, before)); got != want || len(y.b.carriers) != 1 {
		t.Errorf("%d carriers; the picture is\n%s\nwant\n%s", len(y.b.carriers), got, want)
	}
}

// TestADoubtDoesNotOutliveThePlan: the trunk may have another address.
func TestADoubtDoesNotOutliveThePlan(t *testing.T) {
	plan := callable()
	bubble(t, plan, func(d *desk) {
		d.logIn("anna")
		d.asked("x", "030666000")
		d.pass(parkPause)
		d.unreachedBy(d.launched(), "x0", UnreachedTrunk)
		plan.Agents["dora"] = AgentSpec{}
		commit, err := d.Prepare(plan)
		d.must(err)
		commit()
		d.asked("y", "030123400")
		d.carrier(20*time.Minute, "030666000")
		if left, err := d.Callbacks(d.ctx); err != nil || len(left) != 1 || left[0].Tries != 0 {
			t.Errorf("%+v, %v; want no tries", left, err)
		}
	})
}

// unreachedBy dials a callback whose turn has come, and says how that went.
func (d *desk) unreachedBy(l Launch, call, why string) {
	d.Helper()
	s := d.dials(l, call)
	d.must(d.Unreached(d.ctx, l.Ticket.ID, why))
	d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
}

// TestATrunkThatIsDownTakesNoAgentForEachCallback: one is tried again, after pauses that grow, first who
// was not yet, and the others wait for how that goes. They are told why.
func TestATrunkThatIsDownTakesNoAgentForEachCallback(t *testing.T) {
	bubble(t, callable(func(c *CallbackSpec) { c.NoAnswer = time.Second }), func(d *desk) {
		d.logIn("anna", "bert")
		for i, number := range []string{"0301230", "0301231", "0301232", "0301233", "0301234"} {
			d.asked("c"+string(rune('0'+i)), number)
		}
		d.pass(parkPause)
		first, second := d.launched(), d.launched()
		d.unreachedBy(first, "b0", UnreachedTrunk)
		d.unreachedBy(second, "b1", UnreachedTrunk) // was dialled before it was known
		d.pass(30 * time.Second)
		d.notLaunched()
		for call, want := range map[string]string{"c4": "no trunk took the last call to a number that begins with 0: left alone for 30s", "b0": "no trunk took the last call"} {
			if lines, err := d.Why(d.ctx, Whom{Call: call}); err != nil || !strings.Contains(strings.Join(lines, "\n"), want) {
				t.Errorf("why %s: %q, %v", call, lines, err)
			}
		}
		for i, pause := range []time.Duration{30 * time.Second, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, outageMost, outageMost} {
			d.pass(pause - time.Second)
			d.notLaunched()
			d.pass(time.Second)
			probe := d.launched()
			d.pass(time.Second) // anna and bert are free, and one of them alone is rung
			d.notLaunched()
			if want := "030123" + strconv.Itoa((i+2)%5); probe.Callback.Number != want {
				t.Errorf("%s is tried, and it is the turn of %s", probe.Callback.Number, want)
			}
			if lines, err := d.Why(d.ctx, Whom{Call: "c4"}); i < 2 && (err != nil || !strings.Contains(strings.Join(lines, "\n"), "another callback tries")) {
				t.Errorf("why: %q, %v", lines, err)
			}
			d.unreachedBy(probe, "p"+string(rune('0'+i)), UnreachedTrunk)
		}
	})
}

// TestATrunkThatIsBackTakesAllCallbacksAgain whatever the one that was tried came to, and one
// that was not dialled is no trial.
func TestATrunkThatIsBackTakesAllCallbacksAgain(t *testing.T) {
	manned := callable()
	manned.Agents["dora"] = AgentSpec{}
	for name, back := range map[string]func(d *desk, probe Launch){
		"the caller is reached": func(d *desk, probe Launch) {
			s := d.dials(probe, "p")
			d.must(d.Reached(d.ctx, probe.Ticket.ID))
			d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		},
		"the line is busy":        func(d *desk, probe Launch) { d.unreachedBy(probe, "p", UnreachedBusy) },
		"nobody answers":          func(d *desk, probe Launch) { d.unreachedBy(probe, "p", UnreachedNoAnswer) },
		"there is no such number": func(d *desk, probe Launch) { d.unreachedBy(probe, "p", UnreachedUnreachable) },
		"a new plan": func(d *desk, _ Launch) {
			commit, err := d.Prepare(manned)
			d.must(err)
			commit()
		},
		"it is cancelled, and the next one is reached": func(d *desk, probe Launch) {
			d.must(d.CancelCallback(d.ctx, probe.Ticket.ID))
			next, over := d.launched(), d.launched()
			if next.GivenUp != "" {
				next, over = over, next
			}
			if over.GivenUp != "cancelled" {
				d.Errorf("%+v", over)
			}
			d.notLaunched()
			d.unreachedBy(next, "p2", UnreachedBusy)
		},
		"the agent puts down, and the next one is reached": func(d *desk, probe Launch) {
			d.unreachedBy(probe, "p", UnreachedAgentLeft)
			next := d.launched()
			d.notLaunched()
			d.unreachedBy(next, "p2", UnreachedBusy)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, manned, func(d *desk) {
				d.logIn("anna")
				d.asked("c0", "0301230")
				d.pass(parkPause)
				d.unreachedBy(d.launched(), "b0", UnreachedTrunk)
				d.logIn("bert", "carl", "dora")
				for i, number := range []string{"0301231", "0301232", "0301233", "0301234"} {
					d.asked("c"+string(rune('1'+i)), number)
				}
				d.pass(outageFirst)
				probe := d.launched()
				d.notLaunched()
				back(d, probe)
				d.launched()
				d.launched()
			})
		})
	}
}

func TestATrunkThatIsDownHoldsBackNoOtherTrunk(t *testing.T) {
	bubble(t, callable(), func(d *desk) {
		d.logIn("anna")
		d.asked("c0", "0301230")
		d.pass(parkPause)
		d.unreachedBy(d.launched(), "b0", UnreachedTrunk)
		d.logIn("bert")
		d.asked("c1", "+49301231")
		d.pass(parkPause)
		if l := d.launched(); l.Entry.Call != "c1" {
			t.Errorf("%+v", l)
		}
	})
}

// TestAMessageIsHeardWhileTheTrunkIsDown: only to call back is in vain then.
func TestAMessageIsHeardWhileTheTrunkIsDown(t *testing.T) {
	plan := speakable()
	plan.Dial = []string{"0"}
	bubble(t, plan, func(d *desk) {
		d.leaves("c1", "0301234")
		d.logIn("anna")
		d.unreachedBy(d.launched(), "b1", UnreachedTrunk)
		d.leaves("c2", "0305678")
		d.logIn("bert")
		if l := d.launched(); l.Entry.Call != "c2" {
			t.Errorf("%+v", l)
		}
	})
}
