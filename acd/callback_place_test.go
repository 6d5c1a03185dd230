package acd

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestPromiseACallbackNeverPassesAnOlderCaller fills a queue with callers, callbacks and messages of
// any age, priority and past, and looks who is served while an older caller waits on the line.
func TestPromiseACallbackNeverPassesAnOlderCaller(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := callable()
		q := plan.Queues["help"]
		q.Strategy = rapid.SampledFrom([]Strategy{LongestIdle, RoundRobin, RingAll}).Draw(t, "strategy")
		q.Boosts = []Boost{{When: "data.tier == 3", Minutes: 20}}
		q.Priority = rapid.IntRange(-5, 5).Draw(t, "queue priority")
		plan.Queues["help"], plan.Settings.Gap = q, -1
		r, err := prepare(plan)
		if err != nil {
			t.Fatal(err)
		}
		b, now := newBoard(), Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "b", Mono: 100 * time.Hour}
		run := func(act func(*board) error) {
			turn, err := b.apply(now, act)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range turn.offers {
				served := b.tickets[o.ticket]
				for _, w := range b.inOrder() {
					if served != nil && served.isBack() && !w.isBack() && w.offer == nil && w.pausedTil <= now.Mono && w.since < served.since {
						t.Fatalf("callback %d of age %s is served before caller %d of age %s", served.id, now.Mono-served.since, w.id, now.Mono-w.since)
					}
				}
			}
			now.Mono, now.Wall = now.Mono+time.Second, now.Wall.Add(time.Second)
		}
		run(func(b *board) error { b.adopt(r); return nil })
		for i := range rapid.IntRange(2, 25).Draw(t, "waiting") {
			number := fmt.Sprintf("030%04d", i)
			e := Entry{
				Call: fmt.Sprint(i), Queue: "help", Caller: number, Since: now.Wall.Add(-time.Duration(rapid.IntRange(0, 3600).Draw(t, "age")) * time.Second),
				Priority: rapid.IntRange(0, 3).Draw(t, "priority"), Head: rapid.Bool().Draw(t, "head"),
				Prefer: rapid.SampledFrom([]string{"", "anna", "bert"}).Draw(t, "prefer"), Data: map[string]any{"tier": rapid.IntRange(2, 3).Draw(t, "tier")},
			}
			if rapid.IntRange(0, 3).Draw(t, "message") == 0 {
				var id uint64
				run(func(b *board) (err error) {
					id, err = b.callBack(e, Callback{Number: number, Kind: BackMessage, Message: "m.wav"})
					return err
				})
				run(func(b *board) error { return b.said(id, time.Second) })
				continue
			}
			run(func(b *board) error {
				id, err := b.enter(e)
				if err == nil && rapid.Bool().Draw(t, "is a callback") {
					return b.park(id, Callback{Number: number, Kind: BackAsked})
				}
				return err
			})
		}
		now.Mono, now.Wall = now.Mono+time.Minute, now.Wall.Add(time.Minute)
		for i := range 40 {
			agent := []string{"anna", "bert", "carl"}[i%3]
			run(func(b *board) error {
				a := b.agents[agent]
				switch a.State {
				case LoggedOut:
					return b.command(agent, Command{Verb: LogIn, Phone: agent})
				case Offered:
					if a.seat.ticket.isBack() && !a.seat.ticket.offer.taken {
						return b.launched(a.seat.number, fmt.Sprintf("call-%d", i))
					}
					return b.answered(a.seat.id)
				case OnCall:
					return b.finish(a.seat.id, Outcome{})
				case WrapUp:
					return b.command(agent, Command{Verb: EndWrapUp})
				default:
					return nil
				}
			})
			if found := b.audit(); len(found) > 0 {
				t.Fatalf("broken: %q", found)
			}
		}
	})
}

// TestWhoAskedToBeCalledBackJudgesNoEstimate: what they were told was for the line.
func TestWhoAskedToBeCalledBackJudgesNoEstimate(t *testing.T) {
	y := start(t, callable())
	y.logIn("anna", "bert")
	y.enter(Entry{Call: "busy", Queue: "help"})
	y.enter(Entry{Call: "busy too", Queue: "help"})
	y.talk("busy")
	y.talk("busy too")
	y.enter(Entry{Call: "c1", Queue: "help", Caller: "0301234"})
	y.must(func(b *board) error { _, err := b.place(y.ids["c1"]); return err })
	y.must(func(b *board) error { return b.park(y.ids["c1"], Callback{Number: "0301234", Kind: BackAsked}) })
	y.pass(time.Hour)
	y.end("busy")
	y.pass(10 * time.Minute)
	y.talk("c1")
	if got := y.b.kept["help"]; got.Judged != 0 {
		t.Errorf("%+v", got)
	}
}

// TestWhoIsOnNoLineHasNoPatience: a callback that is made a day later is no caller who
// waited a day for an answer, neither for the estimates nor for who reads the ledger.
func TestWhoIsOnNoLineHasNoPatience(t *testing.T) {
	for _, kind := range []string{BackAsked, BackMessage} {
		t.Run(kind, func(t *testing.T) {
			y := start(t, callable(func(c *CallbackSpec) { c.Keep = 48 * time.Hour }))
			var ends []Event
			y.heard = func(e Event) {
				if e.Kind == KindAnswered || e.Kind == KindReached {
					ends = append(ends, e)
				}
			}
			y.must(func(b *board) (err error) {
				y.ids["c1"], err = b.callBack(Entry{Call: "c1", Queue: "help"}, Callback{Number: "0301234", Kind: kind, Message: "m.wav"})
				return err
			})
			y.pass(24 * time.Hour)
			y.logIn("anna")
			y.talk("c1")
			y.must(func(b *board) error { return b.reached(y.ids["c1"], "") })
			if len(ends) != 2 || ends[0].Length != 0 || ends[0].Reason != kind || ends[1].Length < 24*time.Hour {
				t.Fatalf("told %+v; want the kind and no wait on the line", ends)
			}
			if wait := y.b.paces.of("help").Patience.Waited; wait != 0 {
				t.Errorf("callers had patience for %s", wait)
			}
			if want := map[string]string{BackMessage: BackMessage}[kind]; ends[1].Reason != want {
				t.Errorf("reached for %q, want %q", ends[1].Reason, want)
			}
		})
	}
}
