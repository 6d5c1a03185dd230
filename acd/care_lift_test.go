package acd

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhoMayLiftWhat(t *testing.T) {
	for name, tc := range map[string]struct {
		lift Lift
		want error
	}{
		"a cap":                    {Lift{Agent: "anna", Cap: CapLoad, By: "sue", Reason: "a storm"}, nil},
		"without a reason":         {Lift{Agent: "anna", Cap: CapLoad, By: "sue", Reason: " "}, ErrBadLift},
		"by herself":               {Lift{Agent: "anna", Cap: CapLoad, By: "anna", Reason: "a storm"}, ErrBadLift},
		"by nobody":                {Lift{Agent: "anna", Cap: CapLoad, Reason: "a storm"}, ErrBadLift},
		"a rest":                   {Lift{Agent: "anna", Cap: "rest", By: "sue", Reason: "a storm"}, ErrBadLift},
		"a wrap-up":                {Lift{Agent: "anna", Cap: "wrap-up", By: "sue", Reason: "a storm"}, ErrBadLift},
		"a break":                  {Lift{Agent: "anna", Cap: "break", By: "sue", Reason: "a storm"}, ErrBadLift},
		"for a day":                {Lift{Agent: "anna", Cap: CapLoad, By: "sue", Reason: "a storm", For: 24 * time.Hour}, ErrBadLift},
		"a novel":                  {Lift{Agent: "anna", Cap: CapLoad, By: "sue", Reason: strings.Repeat("a storm ", 100)}, ErrBadLift},
		"of somebody who is not":   {Lift{Agent: "zoe", Cap: CapLoad, By: "sue", Reason: "a storm"}, ErrNoAgent},
		"of somebody at home, too": {Lift{Agent: "bert", Cap: CapLoad, By: "sue", Reason: "a storm"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			y := caring(t, map[string]QueueSpec{"q": {}}, func(*Care) {}, "anna", "bert")
			y.logIn("anna")
			if err := y.step(func(b *board) error { return b.lift(tc.lift) }); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			if n := len(y.b.view(y.b.agents["anna"]).Lifted) + len(y.b.view(y.b.agents["bert"]).Lifted); n > 0 != (tc.want == nil) {
				t.Errorf("%d lifted", n)
			}
		})
	}
}

func TestALiftIsSeenAndEnds(t *testing.T) {
	y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}}, func(c *Care) { c.Occupancy, c.OccupancyOver = 10, time.Hour }, "anna")
	y.logIn("anna")
	y.serve(Entry{Call: "c1", Queue: "q"}, 20*time.Minute, Outcome{})
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.want("")
	y.lift(CapLoad)
	y.want("c2>anna")
	want := []Lifted{{CapLoad, "sue", "a storm", y.now.Wall.Add(30 * time.Minute)}}
	if got := y.b.view(y.b.agents["anna"]).Lifted; !slices.Equal(got, want) {
		t.Errorf("shown %+v, want %+v", got, want)
	}
	y.talk("c2")
	y.end("c2")
	y.pass(30 * time.Minute)
	y.enter(Entry{Call: "c3", Queue: "q"})
	y.want("")
	if got := y.b.view(y.b.agents["anna"]).Lifted; got != nil {
		t.Errorf("still shown %+v", got)
	}
}

func TestALiftNeverShortensARest(t *testing.T) {
	y := caring(t, map[string]QueueSpec{"q": {WrapUp: 10 * time.Second}}, func(*Care) {}, "anna")
	y.logIn("anna")
	y.serve(Entry{Call: "c1", Queue: "q"}, time.Minute, Outcome{Event: true, Rest: 2, RestFor: 10 * time.Minute})
	y.enter(Entry{Call: "c2", Queue: "q"})
	for _, c := range caps {
		y.lift(c)
		y.want("")
	}
	y.pass(10*time.Minute + 9*time.Second)
	y.want("")
	y.pass(time.Second)
	y.want("c2>anna")
}

// TestALiftBeforeTheFirstLogInIsNoTimeAtWork: what is replayed of an agent begins with the
// first event, not with the machine.
func TestALiftBeforeTheFirstLogInIsNoTimeAtWork(t *testing.T) {
	at := Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "one", Mono: 9 * time.Hour}
	p, err := recall(nil, []Event{{Seq: 1, At: at, Kind: KindCapLifted, Agent: "anna", State: LoggedOut, Length: time.Hour}}, at)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.people["anna"]; got.Since != at.Mono || got.State != LoggedOut {
		t.Errorf("%s since %s, want since %s", got.State, got.Since, at.Mono)
	}
}
