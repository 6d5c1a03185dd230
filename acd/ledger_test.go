package acd

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// alarmLog keeps what was logged.
type alarmLog struct {
	mu    sync.Mutex
	lines strings.Builder
}

func (a *alarmLog) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lines.Write(p)
}

func (a *alarmLog) count(text string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Count(a.lines.String(), text)
}

// boot is the clock of a machine that has just started. A machine has one, however
// often the process starts.
func boot(id string) Clock {
	start := time.Now()
	return func() Stamp {
		return Stamp{Wall: time.Now(), Boot: id, Mono: time.Since(start) + time.Second}
	}
}

// kill ends a floor as a crash does: nothing is written any more. What was
// announced is in the ledger already.
func (d *desk) kill() *memory {
	synctest.Wait()
	d.ledger.mu.Lock()
	left := &memory{blob: d.ledger.blob, events: append([]Event(nil), d.ledger.events...), last: d.ledger.last}
	d.ledger.mu.Unlock()
	d.stop()
	return left
}

func TestWhatWasAnnouncedOutlivesACrash(t *testing.T) {
	for name, second := range map[string]string{"the process died": "first", "the machine was restarted": "second"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clock := boot("first")
				five := help(func(p *Plan) { p.Agents["dora"], p.Agents["emil"] = AgentSpec{}, AgentSpec{} })
				d := open(t, five, &memory{}, WithClock(clock))
				d.logIn("anna", "bert", "carl", "dora", "emil")
				d.finish(d.talk("c1"), Outcome{Rest: 1, RestFor: 3 * time.Minute, RestMax: 5 * time.Minute}) // anna
				d.pass(time.Minute)                                                                          // rests since 30s
				d.finish(d.talk("c2"), Outcome{})                                                            // bert
				d.talk("c3")                                                                                 // carl
				d.do("emil", Command{Verb: GoNotReady, Reason: "training"})
				d.offered(d.enter(Entry{Call: "c4", Queue: "help"})) // dora
				since := time.Now()
				d.enter(Entry{Call: "c5", Queue: "help"})
				left := d.kill()
				d.pass(10 * time.Second) // down

				if second != "first" {
					clock = boot(second)
				}
				d = open(t, five, left, WithClock(clock))
				type look struct {
					State AgentState
					Phone string
					Left  time.Duration
				}
				got := map[string]look{}
				for _, a := range []string{"anna", "bert", "carl", "dora", "emil"} {
					v := d.agent(a)
					got[a] = look{v.State, v.Phone, v.Left}
				}
				want := map[string]look{
					"anna": {Resting, "phone-anna", 140 * time.Second},
					"bert": {WrapUp, "phone-bert", 20 * time.Second},
					"carl": {WrapUp, "phone-carl", 30 * time.Second}, // from the restart: how the call went is not known
					"dora": {WrapUp, "phone-dora", 30 * time.Second},
					"emil": {NotReady, "phone-emil", 0},
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("after the crash (-want +got):\n%s", diff)
				}
				if v := d.agent("emil"); v.Reason != "training" {
					t.Errorf("reason %q", v.Reason)
				}
				var orphans []string
				for _, o := range d.Orphans() {
					orphans = append(orphans, o.Call)
				}
				if diff := cmp.Diff([]string{"c4", "c5"}, orphans); diff != "" {
					t.Errorf("orphans (-want +got):\n%s", diff)
				}
				if o := d.Orphans()[1]; !o.Since.Equal(since) {
					t.Errorf("orphan since %s, want %s", o.Since, since)
				}
				d.do("anna", Command{Verb: ExtendRest}) // the grant is whole
				if v := d.agent("anna"); v.Left != 260*time.Second {
					t.Errorf("extended: %s", v.Left)
				}
				d.pass(30 * time.Second)
				d.want("carl", Ready)
				again := open(t, help(), d.kill(), WithClock(clock))
				if n := len(again.Orphans()); n != 0 {
					t.Errorf("%d callers are orphans twice", n)
				}
			})
		})
	}
}

func TestARestIsNeverShortWhenTheWallClockWasSetBack(t *testing.T) {
	at := Stamp{Wall: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Boot: "one", Mono: time.Hour}
	for name, tc := range map[string]struct {
		now  Stamp
		want time.Duration // gone by since at
	}{
		"same boot, by boot time":                   {Stamp{at.Wall.Add(-time.Hour), "one", at.Mono + time.Minute}, time.Minute},
		"another boot, by wall clock":               {Stamp{at.Wall.Add(time.Minute), "two", time.Second}, time.Minute},
		"another boot, wall clock set back":         {Stamp{at.Wall.Add(-time.Minute), "two", time.Second}, 0},
		"boot not known, by wall clock":             {Stamp{at.Wall.Add(time.Minute), "", time.Second}, time.Minute},
		"same boot, boot time before what was seen": {Stamp{at.Wall, "one", at.Mono - time.Minute}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.now.Mono - newTimeline([]Stamp{at}, tc.now).moment(at); got != tc.want {
				t.Errorf("gone by: %s, want %s", got, tc.want)
			}
		})
	}
}

func TestTheFloorWorksThroughALedgerOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said alarmLog
		l := &memory{}
		d := openWith(t, help(), l, slog.New(slog.NewTextHandler(&said, nil)))
		d.logIn("anna")
		l.set(errors.New("disk full"))
		v, err := d.Do(d.ctx, "bert", Command{Verb: LogIn, Phone: "2"})
		if !errors.Is(err, ErrNotDurable) || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("log-in in an outage: %v", err)
		}
		if v.State != Ready {
			t.Errorf("the state does not hold: %+v", v)
		}
		seat := d.talk("c1")
		if err := d.Finish(d.ctx, seat.Assignment, Outcome{}); !errors.Is(err, ErrNotDurable) {
			t.Errorf("finish in an outage: %v", err)
		}
		d.want(seat.Agent, WrapUp)
		d.pass(10 * time.Second)
		if n := said.count("level=ERROR"); n != 1 {
			t.Errorf("%d alarms for one outage:\n%s", n, said.lines.String())
		}
		if d.Counters().LedgerFailures < 5 {
			t.Errorf("failures %d", d.Counters().LedgerFailures)
		}
		l.set(nil)
		d.pass(3 * time.Second)
		d.do("bert", Command{Verb: GoNotReady})
		want := []string{KindLogIn, KindNotReady}
		if diff := cmp.Diff(want, l.kinds("bert")); diff != "" {
			t.Errorf("bert in the ledger (-want +got):\n%s", diff)
		}
	})
}

func TestALedgerThatHangsDelaysAPromiseOnly2s(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{hang: make(chan struct{})}
		d := open(t, help(), l)
		from := time.Now()
		_, err := d.Do(d.ctx, "anna", Command{Verb: LogIn, Phone: "1"})
		if !errors.Is(err, ErrNotDurable) || time.Since(from) != promiseWithin {
			t.Errorf("after %s: %v", time.Since(from), err)
		}
		d.talk("c1") // nothing else waits
		close(l.hang)
	})
}

func TestAnAppendThatArrivedInSpiteOfItsErrorIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &liar{memory: &memory{}}
		f, err := NewFloor(t.Context(), help(), l, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{T: t, Floor: f, ctx: t.Context(), ledger: l.memory}
		ended, stop := runFloor(t, f)
		if _, err := d.Do(d.ctx, "anna", Command{Verb: LogIn, Phone: "1"}); !errors.Is(err, ErrNotDurable) {
			t.Errorf("first: %v", err)
		}
		d.pass(time.Second)
		d.do("anna", Command{Verb: LogOut})
		if diff := cmp.Diff([]string{KindLogIn, KindLogOut}, l.kinds("anna")); diff != "" {
			t.Errorf("ledger (-want +got):\n%s", diff)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestTheLedgerIsMadeSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{}
		d := open(t, help(), l)
		d.logIn("anna")
		d.pass(compactAfter - time.Second)
		d.do("anna", Command{Verb: GoNotReady, Reason: "lunch"})
		d.pass(time.Second)
		if l.packed != 1 || len(l.events) != 0 {
			t.Fatalf("compacted %d times, %d events left", l.packed, len(l.events))
		}
		d.do("anna", Command{Verb: GoReady})
		d.do("anna", Command{Verb: GoNotReady, Reason: "training"})
		d = open(t, help(), d.kill())
		if v := d.agent("anna"); v.State != NotReady || v.Reason != "training" || v.Phone != "phone-anna" {
			t.Errorf("from snapshot and events: %+v", v)
		}
	})
}

func TestAFullBacklogIsGivenUpForASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{fail: nil}
		d := open(t, help(), l)
		l.set(errors.New("away"))
		for i := range backlogMost/2 + 10 {
			verb := []Verb{LogIn, LogOut}[i%2]
			_ = d.Floor.do(d.ctx, &errand{act: func(b *board) error { // as Do, but it does not wait for the ledger
				_ = b.command("anna", Command{Verb: verb, Phone: "1"})
				return b.command("bert", Command{Verb: verb, Phone: "2"})
			}})
		}
		_, _ = d.Do(d.ctx, "carl", Command{Verb: LogIn, Phone: "3"}) // the outage is known
		d.journal.mu.Lock()
		kept := len(d.journal.backlog)
		d.journal.mu.Unlock()
		if kept > backlogMost {
			t.Errorf("%d events kept", kept)
		}
		l.set(nil)
		d.pass(5 * time.Second)
		d.do("carl", Command{Verb: GoNotReady})
		d = open(t, help(), d.kill())
		d.want("carl", NotReady)
		d.want("bert", LoggedOut)
	})
}

func TestABrokenSnapshotIsNoFloor(t *testing.T) {
	if _, err := NewFloor(t.Context(), help(), &memory{blob: []byte("{")}, nil); err == nil {
		t.Error("a floor from half a snapshot")
	}
	if _, err := NewFloor(t.Context(), help(), &memory{fail: errors.New("away")}, nil); err == nil {
		t.Error("a floor that forgot everything")
	}
}

func TestAnEventOfAnotherVersionIsFollowed(t *testing.T) {
	now := Stamp{Wall: time.Now(), Boot: "b", Mono: time.Hour}
	p, err := recall(nil, []Event{
		{Seq: 1, At: now, Kind: KindLogIn, Agent: "anna", Phone: "1", State: Ready},
		{Seq: 2, At: now, Kind: "sabbatical", Agent: "anna", State: NotReady, Reason: "away"},
	}, now)
	if err != nil || p.people["anna"].State != NotReady {
		t.Errorf("%+v, %v", p.people["anna"], err)
	}
	p.people["anna"].State = "sabbatical"
	b := newBoard()
	r, err := prepare(help())
	if err != nil {
		t.Fatal(err)
	}
	do(t, b, now, func(b *board) error { b.adopt(r); b.resume(p); return nil })
	do(t, b, now, func(b *board) error { return b.command("anna", Command{Verb: LogIn, Phone: "1"}) })
	if got := b.agents["anna"].State; got != Ready {
		t.Errorf("anna is %s", got)
	}
}

func TestSnapshotsAreReadable(t *testing.T) {
	b := newBoard()
	r, err := prepare(help())
	if err != nil {
		t.Fatal(err)
	}
	do(t, b, Stamp{Wall: time.Now(), Boot: "b", Mono: time.Hour}, func(b *board) error { b.adopt(r); return nil })
	blob, err := json.Marshal(b.snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var back snapshot
	if err := json.Unmarshal(blob, &back); err != nil || len(back.People) != 3 {
		t.Errorf("%d people, %v", len(back.People), err)
	}
}
