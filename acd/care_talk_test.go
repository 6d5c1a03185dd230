package acd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hardDay gives anna as many protected calls as ask for a talk.
func hardDay(t *testing.T) *play {
	y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}}, func(c *Care) { c.TalkAfter, c.OffHostileAfter = 3, 4 }, "anna")
	y.logIn("anna")
	for i := range 3 {
		y.serve(Entry{Call: fmt.Sprint("c", i), Queue: "q"}, time.Minute, Outcome{Event: true})
	}
	return y
}

func (y *play) take(agent, by string) error {
	return y.step(func(b *board) error { return b.takeTalk(agent, by) })
}

func TestATalkIsTakenByOne(t *testing.T) {
	for name, c := range map[string]struct {
		before func(y *play)
		by     string
		want   error
		taken  string
	}{
		"by the first":                    {func(*play) {}, "sue", nil, "sue"},
		"by the same again":               {func(y *play) { _ = y.take("anna", "sue") }, "sue", nil, "sue"},
		"not by another":                  {func(y *play) { _ = y.take("anna", "sue") }, "tom", ErrNoTalk, "sue"},
		"not by the agent":                {func(*play) {}, "anna", ErrNoTalk, ""},
		"not by nobody":                   {func(*play) {}, "", ErrNoTalk, ""},
		"not when they have talked":       {func(y *play) { y.must(func(b *board) error { return b.talked("anna", "tom") }) }, "sue", ErrNoTalk, ""},
		"also while the agent has a call": {func(y *play) { y.enter(Entry{Call: "now", Queue: "q"}); y.talk("now") }, "sue", nil, "sue"},
	} {
		t.Run(name, func(t *testing.T) {
			y := hardDay(t)
			c.before(y)
			if err := y.take("anna", c.by); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if got := y.b.agents["anna"].Care.TalkBy; got != c.taken {
				t.Errorf("taken by %q, want %q", got, c.taken)
			}
		})
	}
	if err := hardDay(t).take("nobody", "sue"); !errors.Is(err, ErrNoAgent) {
		t.Errorf("a talk with nobody: %v", err)
	}
}

func TestWhoIsAskedToTalkIsToldWithWhomAndNothingMore(t *testing.T) {
	y := hardDay(t)
	since := y.now.Wall
	y.pass(time.Hour)
	want := []TalkWish{{Agent: "anna", Phone: y.b.agents["anna"].Phone, State: Ready, Since: since}}
	if diff := cmp.Diff(want, y.b.talks()); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	_ = y.take("anna", "sue")
	if got := y.b.talks(); len(got) != 1 || got[0].By != "sue" {
		t.Errorf("taken by sue, and told is %+v", got)
	}
	y.must(func(b *board) error { return b.talked("anna", "sue") })
	if got := y.b.talks(); len(got) != 0 {
		t.Errorf("after the talk %+v", got)
	}
}

func TestWhySaysThatATalkIsAskedForAndWhoHasTakenIt(t *testing.T) {
	y := hardDay(t)
	says := func(want string, is bool) {
		t.Helper()
		why, err := y.b.why(Whom{Agent: "anna"})
		found := slices.ContainsFunc(why, func(line string) bool { return strings.Contains(line, want) })
		if err != nil || found != is {
			t.Errorf("%v, %v: %q is said %v, want %v", why, err, want, found, is)
		}
	}
	says("a team leader is asked to talk with anna after hard calls", true)
	_ = y.take("anna", "sue")
	says("sue has taken on to talk with anna after hard calls", true)
	y.must(func(b *board) error { return b.talked("anna", "sue") })
	says("hard calls", false)
}

func TestANightAtHomeEndsAWishForATalk(t *testing.T) {
	y := hardDay(t)
	_ = y.take("anna", "sue")
	y.say("anna", LogOut)
	if got := y.b.talks(); len(got) != 1 {
		t.Errorf("going home leaves %+v", got)
	}
	y.pass(11 * time.Hour)
	y.logIn("anna")
	if got := y.b.talks(); len(got) != 0 || y.b.agents["anna"].Care.TalkBy != "" {
		t.Errorf("the next morning %+v", got)
	}
}

func TestATalkSurvivesARestartOfTheMachine(t *testing.T) {
	y := caring(t, map[string]QueueSpec{"q": {WrapUp: -1}}, func(c *Care) { c.TalkAfter, c.OffHostileAfter = 1, 4 }, "anna")
	var events []Event
	y.heard = func(e Event) {
		e.Seq = uint64(len(events) + 1)
		events = append(events, e)
	}
	y.logIn("anna")
	y.serve(Entry{Call: "c", Queue: "q"}, time.Minute, Outcome{Event: true})
	since := y.now.Wall
	later := Stamp{Wall: since.Add(time.Hour), Boot: "another", Mono: 20 * time.Second}
	for _, by := range []string{"", "sue"} {
		if by != "" {
			y.must(func(b *board) error { return b.takeTalk("anna", by) })
		}
		p, err := recall(nil, events, later)
		if err != nil {
			t.Fatal(err)
		}
		got := p.people["anna"].Care
		if !got.Talk || got.TalkBy != by || later.Mono-got.TalkAt != time.Hour {
			t.Errorf("asked for %v, taken by %q, %s ago; want by %q, an hour ago", got.Talk, got.TalkBy, later.Mono-got.TalkAt, by)
		}
	}
}
