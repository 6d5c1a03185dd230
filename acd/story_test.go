package acd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// story is a board that keeps the events as lines.
func (y *play) story(act func()) []string {
	from := y.b.ids.Seq
	var lines []string
	inner := y.heard
	y.heard = func(e Event) {
		if e.Seq <= from {
			return
		}
		line := e.Kind
		for _, part := range []string{e.Agent, e.Call, string(e.State), e.Reason} {
			if part != "" {
				line += " " + part
			}
		}
		if e.Length > 0 {
			line += " " + e.Length.String()
		}
		lines = append(lines, line)
	}
	act()
	y.heard = inner
	return lines
}

// TestWhatTheLedgerTells reads like the day that figures and history are made of.
func TestWhatTheLedgerTells(t *testing.T) {
	for name, tc := range map[string]struct {
		spec QueueSpec
		act  func(*play)
		want []string
	}{
		"a plain call": {
			act: func(y *play) {
				y.enter(Entry{Call: "c1", Queue: "q"})
				y.talk("c1")
				y.end("c1")
				y.pass(30 * time.Second)
			},
			want: []string{
				"entered c1",
				"offered anna c1 offered longest idle of 2 free: 2s 20s",
				"answered anna c1 on-call",
				"finished anna c1 wrap-up 30s",
				"wrap-up-over anna ready",
			},
		},
		"a protected call": {
			act: func(y *play) {
				y.enter(Entry{Call: "c1", Queue: "q"})
				y.talk("c1")
				id := y.seat("c1")
				o := Outcome{Cause: "protected_disconnect", Protected: true, Rest: 2, RestFor: 10 * time.Minute, RestMax: 30 * time.Minute}
				y.must(func(b *board) error { return b.finish(id, o) })
				y.say("anna", EndWrapUp)
				y.say("anna", ExtendRest)
				y.pass(30 * time.Minute)
			},
			want: []string{
				"entered c1",
				"offered anna c1 offered longest idle of 2 free: 2s 20s",
				"answered anna c1 on-call",
				"rest-granted anna c1 on-call protected_disconnect 10m0s",
				"finished anna c1 wrap-up protected_disconnect 30s",
				"wrap-up-ended anna resting",
				"rest-extended anna resting 30m0s",
				"rest-over anna ready",
			},
		},
		"a miss, and another agent": {
			act: func(y *play) {
				y.enter(Entry{Call: "c1", Queue: "q"})
				y.miss("c1", MissNoAnswer)
				y.talk("c1")
			},
			want: []string{
				"entered c1",
				"offered anna c1 offered longest idle of 2 free: 2s 20s",
				"missed anna c1 ready no-answer 5s",
				"offered bert c1 offered longest idle of 1 free: 1s 20s",
				"answered bert c1 on-call",
			},
		},
		"a caller who gives up": {
			act: func(y *play) {
				y.enter(Entry{Call: "c1", Queue: "q"})
				y.must(func(b *board) error { b.leave(y.ids["c1"], "abandoned"); return nil })
			},
			want: []string{
				"entered c1",
				"offered anna c1 offered longest idle of 2 free: 2s 20s",
				"released anna c1 ready caller-left",
				"left c1 abandoned",
			},
		},
		"everybody rings": {
			spec: QueueSpec{Strategy: RingAll, WrapUp: -1},
			act: func(y *play) {
				y.enter(Entry{Call: "c1", Queue: "q"})
				var id uint64
				for _, s := range y.b.seats {
					if s.agent.Name == "bert" {
						id = s.id
					}
				}
				y.must(func(b *board) error { return b.answered(id) })
				y.end("c1")
			},
			want: []string{
				"entered c1",
				"offered anna c1 offered everybody rings: 2 free 20s",
				"offered bert c1 offered everybody rings: 2 free 20s",
				"answered bert c1 on-call",
				"released anna c1 ready other-answered",
				"finished bert c1 wrap-up",
				"wrap-up-over bert ready",
			},
		},
		"a day's wishes": {
			act: func(y *play) {
				y.enter(Entry{Call: "c1", Queue: "q"})
				y.say("anna", LogOut)
				y.say("anna", GoReady)
				y.say("anna", GoNotReady)
				y.talk("c1")
				y.end("c1")
				y.say("anna", ExtendWrapUp)
				y.pass(90 * time.Second)
				y.must(func(b *board) error { b.phoneBusy("p-anna", true); return nil })
				y.must(func(b *board) error { b.phoneBusy("p-anna", false); return nil })
			},
			want: []string{
				"entered c1",
				"offered anna c1 offered longest idle of 2 free: 2s 20s",
				"wish-log-out anna c1 offered",
				"wish-undone anna c1 offered",
				"wish-not-ready anna c1 offered lunch",
				"answered anna c1 on-call",
				"finished anna c1 wrap-up 30s",
				"wrap-up-extended anna wrap-up 1m0s",
				"wrap-up-over anna not-ready",
				"phone-busy anna on-call",
				"phone-free anna not-ready",
			},
		},
		"the wait is too long": {
			spec: QueueSpec{MaxWait: time.Minute, OnWait: "goodbye"},
			act: func(y *play) {
				y.say("anna", GoNotReady)
				y.say("bert", GoNotReady)
				y.enter(Entry{Call: "c1", Queue: "q", Since: y.now.Wall.Add(-time.Hour), Priority: 2})
				y.pass(time.Minute)
			},
			want: []string{
				"not-ready anna not-ready lunch",
				"not-ready bert not-ready lunch",
				"entered c1 1h0m0s",
				"removed c1 wait 1m0s",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": tc.spec}, "anna", "bert"))
			y.logIn("anna", "bert")
			got := y.story(func() { tc.act(y) })
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("story (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventsCarryWhatFiguresNeed(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.logIn("anna")
	var events []Event
	y.heard = func(e Event) { events = append(events, e) }
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.talk("c1")
	y.pass(time.Minute)
	y.end("c1")
	last := uint64(0)
	for _, e := range events {
		if e.Queue != "q" || e.Call != "c1" || e.Ticket != 1 {
			t.Errorf("%s knows no call: %+v", e.Kind, e)
		}
		if e.Agent != "" && (e.Assignment != 1 || e.Phone != "p-anna") {
			t.Errorf("%s knows no seat: %+v", e.Kind, e)
		}
		if e.Seq <= last || e.At.Boot != "boot" || e.At.Wall.IsZero() {
			t.Errorf("%s has no place in time: %+v", e.Kind, e)
		}
		last = e.Seq
	}
	if end := events[len(events)-1]; end.Until.Mono != y.now.Mono+30*time.Second || !end.Until.Wall.Equal(y.now.Wall.Add(30*time.Second)) {
		t.Errorf("the wrap-up ends at %+v", end.Until)
	}
}

func TestLateWordsChangeNothing(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.logIn("anna")
	y.enter(Entry{Call: "c1", Queue: "q"})
	old := y.seat("c1")
	y.miss("c1", MissBusy)
	y.pass(20 * time.Second) // offered anew, by another id
	for name, late := range map[string]func(*board) error{
		"answered":       func(b *board) error { return b.answered(old) },
		"missed":         func(b *board) error { return b.missed(old, MissNoAnswer) },
		"finished":       func(b *board) error { return b.finish(old, Outcome{Rest: 3, RestFor: time.Hour}) },
		"a made-up id":   func(b *board) error { return b.answered(4711) },
		"a made-up call": func(b *board) error { return b.taken(4711) },
	} {
		before := y.b.agents["anna"].person
		if err := y.step(late); !errors.Is(err, ErrStale) {
			t.Errorf("%s: %v, want stale", name, err)
		}
		if after := y.b.agents["anna"].person; !cmp.Equal(after, before) {
			t.Errorf("%s changed %+v to %+v", name, before, after)
		}
	}
	if y.b.count.StaleFinishes != 5 {
		t.Errorf("%d late words counted", y.b.count.StaleFinishes)
	}
	y.talk("c1")
	now := y.seat("c1")
	if err := y.step(func(b *board) error { return b.answered(now) }); err != nil {
		t.Errorf("answered twice: %v", err)
	}
	if err := y.step(func(b *board) error { return b.missed(now, MissBusy) }); !errors.Is(err, ErrNotNow) {
		t.Errorf("missed after the answer: %v", err)
	}
}

func TestAFinishBeforeTheAnswerFreesTheAgent(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.bring(Offered)
	id := y.seat("c1")
	y.must(func(b *board) error { b.leave(y.ids["c1"], "abandoned"); return nil })
	if err := y.step(func(b *board) error { return b.finish(id, Outcome{}) }); !errors.Is(err, ErrStale) {
		t.Errorf("after leaving: %v", err)
	}
	y.enter(Entry{Call: "c2", Queue: "q"})
	id = y.seat("c2")
	y.must(func(b *board) error { return b.finish(id, Outcome{}) })
	if got := y.b.agents["anna"]; got.State == WrapUp || got.Strikes != 0 {
		t.Errorf("anna is %s with %d strikes", got.State, got.Strikes)
	}
}

// TestPromiseDecisionsCanBeRepeated plays the same day twice: every decision comes
// out the same, although maps do not keep an order.
func TestPromiseDecisionsCanBeRepeated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		agents, calls := rapid.IntRange(2, 12).Draw(t, "agents"), rapid.IntRange(1, 40).Draw(t, "calls")
		strategy := rapid.SampledFrom([]Strategy{LongestIdle, LeastOccupied, RoundRobin, BestSkill, RingAll}).Draw(t, "strategy")
		steps := rapid.SliceOfN(rapid.IntRange(0, 3), calls, calls).Draw(t, "steps")
		first := decisions(t, agents, strategy, steps)
		if again := decisions(t, agents, strategy, steps); !slices.Equal(first, again) {
			t.Fatalf("first %q\nthen  %q", first, again)
		}
	})
}

func decisions(t *rapid.T, agents int, s Strategy, steps []int) []string {
	p := Plan{Settings: Settings{Gap: -1}, Agents: map[string]AgentSpec{}}
	p.Queues = map[string]QueueSpec{"q": {Strategy: s, WrapUp: -1, Needs: "x >= 1"}, "r": {Strategy: s, Weight: 2}}
	for i := range agents {
		p.Agents[fmt.Sprint("a", i)] = AgentSpec{Skills: map[string]int{"x": i % 3}}
	}
	r, err := prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	b, now := newBoard(), Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "b", Mono: time.Hour}
	var out []string
	var ringing []uint64
	run := func(act func(*board) error) {
		turn, err := b.apply(now, act)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range turn.offers {
			for _, seat := range o.offer.seats {
				out = append(out, fmt.Sprintf("%d:%s>%s %s", seat.id, seat.call, seat.agent.Name, seat.reason))
			}
			ringing = append(ringing, o.offer.seats[0].id)
		}
	}
	run(func(b *board) error { b.adopt(r); return nil })
	for i := range agents { // all at the same moment: only the name tells them apart
		name := fmt.Sprint("a", i)
		run(func(b *board) error { return b.command(name, Command{Verb: LogIn, Phone: name}) })
	}
	for i, step := range steps {
		queue := []string{"q", "r"}[i%2]
		run(func(b *board) error { _, err := b.enter(Entry{Call: fmt.Sprint("c", i), Queue: queue}); return err })
		for range step {
			if len(ringing) == 0 {
				break
			}
			id := ringing[0]
			ringing = ringing[1:]
			if b.seats[id] == nil {
				continue
			}
			run(func(b *board) error { return b.answered(id) })
			now.Mono += time.Second
			now.Wall = now.Wall.Add(time.Second)
			run(func(b *board) error { return b.finish(id, Outcome{}) })
		}
	}
	return out
}

// TestSeatReasonsSayWhy is the text on each seat, for the record of the call.
func TestSeatReasonsSayWhy(t *testing.T) {
	for strategy, want := range map[Strategy]string{
		LongestIdle:   "longest idle of 2 free: 2s",
		LeastOccupied: "least occupied today of 2 free: 0.0 %, idle 2s",
		RoundRobin:    "first in turn of 2 free",
		Linear:        "first of 2 free in order, place 1",
		BestSkill:     "best skilled of 2 free: level sum 4, idle 2s",
		RingAll:       "everybody rings: 2 free",
	} {
		t.Run(string(strategy), func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {Strategy: strategy, Needs: "x >= 1"}}, "anna: x=4", "bert: x=2"))
			y.logIn("anna", "bert")
			y.enter(Entry{Call: "c1", Queue: "q"})
			if got := y.out[0].offer.seats[0].reason; got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if strategy != RoundRobin {
				return
			}
			y.enter(Entry{Call: "c2", Queue: "q"})
			if got := y.out[0].offer.seats[0].reason; !strings.HasSuffix(got, "in turn after anna") {
				t.Errorf("then %q", got)
			}
		})
	}
}

func TestFiguresAreToldWhoWasKeptOutAndWhoComesAgain(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {MaxSize: 1}}, "anna"))
	y.logIn("anna")
	y.say("anna", GoNotReady)
	var events []Event
	y.heard = func(e Event) { events = append(events, e) }
	y.enter(Entry{Call: "c1", Queue: "q", Caller: "030123456", Again: AgainLost})
	if err := y.step(func(b *board) error {
		_, err := b.enter(Entry{Call: "c2", Queue: "q", Caller: "030123456"})
		return err
	}); err == nil {
		t.Fatal("a full queue took a caller")
	}
	if len(events) != 2 || events[0].Reason != AgainLost || events[1].Kind != KindRefused || events[1].Reason != "full" {
		t.Fatalf("told %+v; want an entry that comes again and a refusal", events)
	}
	if a, b := events[0].Caller, events[1].Caller; a == "" || a != b || strings.Contains(a, "030123456") {
		t.Errorf("callers %q and %q; want one pseudonym", a, b)
	}
	for number, known := range map[string]bool{"": false, "anonymous": false, "12": false, "+49301": true, "1001": true} {
		if got := pseudonym(number); (got != "") != known {
			t.Errorf("the pseudonym of %q is %q", number, got)
		}
	}
}

func TestAnEventCarriesHoldAndWarnings(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.logIn("anna")
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.talk("c1")
	id := y.seat("c1")
	var last Event
	y.heard = func(e Event) { last = e }
	y.must(func(b *board) error {
		return b.finish(id, Outcome{Held: 9 * time.Second, Warnings: 2, Protected: true})
	})
	if is := last.Talk; is.Held != 9*time.Second || is.Warnings != 2 || !is.Protected {
		t.Errorf("told %+v", is)
	}
}
