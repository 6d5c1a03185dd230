package call

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd"
)

// deed is one thing that somebody does on a random day.
type deed struct {
	who  int           // which caller, leg or agent
	what string        // a key of the deeds
	wait time.Duration // afterwards
}

// day is a random day being played: whom the deeds can be about.
type day struct {
	*room
	callers []*fakeLeg
	rang    []*fakeLeg
}

var (
	staff   = []string{"anna", "ben", "sofia"}
	numbers = []string{"8100", "8200", "8800", "8000", "8100", "8200"}
	keys    = []string{"*1", "*1", "*2", "*3", "*94#", "*5", "*96", "*97", "*98", "**", "*90", "*83", "1234", "#"}
)

// deeds are what people do. who chooses among those who can do it.
var deeds = map[string]func(d *day, who int){
	"somebody calls": func(d *day, who int) {
		if len(d.callers) < 6 {
			d.callers = append(d.callers, d.dial(fmt.Sprintf("0%d", len(d.callers)), numbers[who%len(numbers)]))
		}
	},
	"a phone calls a phone": func(d *day, who int) {
		from := []string{"1001", "1002", "1003"}[who%3]
		to := []string{"1002", "1003", "1001"}[who%3]
		if len(d.callers) < 6 {
			d.callers = append(d.callers, d.dial(from, to))
		}
	},
	"a code": func(d *day, who int) {
		codes := []string{"*11", "*12", "*13", "*14", "*15", "*16", "*17", "*99", "*990", "*55"}
		if len(d.callers) < 6 {
			d.callers = append(d.callers, d.dial([]string{"1001", "1002", "1003"}[who%3], codes[who%len(codes)]))
		}
	},
	"a supervisor dials in": func(d *day, who int) {
		if len(d.callers) < 6 {
			d.callers = append(d.callers, d.dial("1003", codeListen+[]string{"7001", "7002", "7009"}[who%3]))
		}
	},
	"a supervisor presses": func(d *day, who int) {
		keys := []string{keyListen, keyWhisper, keyJoin, keyTake, keyTake, keyRelease}
		press(of(slices.Concat(d.rang, d.callers), who), keys[who%len(keys)])
	},
	"help comes": func(d *day, who int) {
		press(last(d.rang), []string{"*5", "*97"}[who%2])
		wait(time.Second)
		d.look()
		last(d.rang).answer()
		wait(5 * time.Second)
	},
	"the last phone takes over": func(d *day, _ int) { press(last(d.rang), keyTake) },
	"a caller hangs up":         func(d *day, who int) { of(d.callers, who).hangUp() },
	"a caller is lost":          func(d *day, who int) { of(d.callers, who).lose() },
	"a caller presses":          func(d *day, who int) { press(of(d.callers, who), "1") },
	"a caller holds":            func(d *day, who int) { of(d.callers, who).signal(Signal{Kind: Held}) },
	"a caller speaks":           func(d *day, who int) { of(d.callers, who).speak(4 * time.Second) },
	"a phone answers":           func(d *day, who int) { of(d.rang, who).answer() },
	"the last phone answers":    func(d *day, _ int) { last(d.rang).answer() },
	"a phone declines":          func(d *day, who int) { of(d.rang, who).decline() },
	"a phone hangs up":          func(d *day, who int) { of(d.rang, who).hangUp() },
	"a phone is lost":           func(d *day, who int) { of(d.rang, who).lose() },
	"an agent presses":          func(d *day, who int) { press(last(d.rang), keys[who%len(keys)]) },
	"an earlier agent, too":     func(d *day, who int) { press(of(d.rang, who), keys[who%len(keys)]) },
	"a phone holds":             func(d *day, who int) { of(d.rang, who).signal(Signal{Kind: Held}) },
	"a phone resumes":           func(d *day, who int) { of(d.rang, who).signal(Signal{Kind: Resumed}) },
	"a phone transfers":         func(d *day, who int) { of(d.rang, who).signal(Signal{Kind: Asked, Target: numbers[who%len(numbers)]}) },
	"a phone transfers again":   func(d *day, who int) { of(d.rang, who).signal(Signal{Kind: Asked, Target: "1003"}) },
	"an agent logs in": func(d *day, who int) {
		d.try(who, acd.Command{Verb: acd.LogIn, Phone: []string{"1001", "1002", "1003"}[who%3]})
	},
	"an agent is ready":     func(d *day, who int) { d.try(who, acd.Command{Verb: acd.GoReady}) },
	"an agent is not ready": func(d *day, who int) { d.try(who, acd.Command{Verb: acd.GoNotReady}) },
	"an agent ends wrap-up": func(d *day, who int) { d.try(who, acd.Command{Verb: acd.EndWrapUp}) },
	"an agent logs out":     func(d *day, who int) { d.try(who, acd.Command{Verb: acd.LogOut}) },
	"somebody is served": func(d *day, who int) {
		if len(d.callers) < 6 {
			d.callers = append(d.callers, d.dial(fmt.Sprintf("0%d", len(d.callers)), numbers[who%3]))
			wait(12 * time.Second)
			d.look()
			last(d.rang).answer()
			wait(time.Second)
		}
	},
	"a warning": func(d *day, _ int) {
		wait(11 * time.Second)
		last(d.callers).speak(4 * time.Second)
		wait(2 * time.Second)
		press(last(d.rang), "*1")
	},
	"somebody leaves a message": func(d *day, who int) {
		if len(d.callers) < 6 {
			l := d.dial(fmt.Sprintf("0%d", len(d.callers)), "8600")
			d.callers = append(d.callers, l)
			wait(time.Second)
			press(l, "1")
			wait(8 * time.Second)
			l.speak(time.Second)
			wait(time.Duration(who) * time.Second)
			press(l, []string{"#", "1", ""}[who%3])
		}
	},
	"somebody would rather leave one": func(d *day, who int) { press(of(d.callers, who), "6") },
	"a message is dealt with": func(d *day, who int) {
		wait(time.Second)
		d.look()
		last(d.rang).answer()
		wait(5 * time.Second)
		press(last(d.rang), []string{"1", "2", "3", "9"}[who%4])
	},
	"who rings is answered": func(d *day, _ int) { wait(time.Second); d.look(); last(d.rang).answer() },
	"nothing":               func(*day, int) {},
}

// often are the deeds of which a day has more than of others.
var often = []string{
	"somebody is served", "somebody is served", "a warning", "a warning", "a warning", "an agent presses", "an agent presses",
	"an agent presses", "who rings is answered", "who rings is answered", "a caller speaks", "help comes", "a supervisor presses",
}

// of picks somebody; nobody is a leg to which nothing can happen.
func of(legs []*fakeLeg, who int) *fakeLeg {
	if len(legs) == 0 {
		return &fakeLeg{over: true}
	}
	return legs[who%len(legs)]
}

func last(legs []*fakeLeg) *fakeLeg { return of(legs, len(legs)-1+len(legs)) }

func press(l *fakeLeg, digits string) {
	if l.up() {
		l.press(digits)
	}
}

// try lets an agent ask for something, which the floor may refuse.
func (d *day) try(who int, c acd.Command) {
	_, _ = d.floor.Do(context.Background(), staff[who%len(staff)], c) // refused is fine on such a day
}

// look notes who was rung, and that no phone with a queue call rings for another.
func (d *day) look() {
	for len(d.dialer.dialled) > 0 {
		d.rang = append(d.rang, <-d.dialer.dialled)
		<-d.dialer.targets
	}
	atPhone := map[string]int{}
	for _, l := range d.rang {
		if l.up() && l.party.Phone != "" {
			atPhone[l.party.Phone]++
		}
	}
	agents, err := d.floor.Agents(context.Background())
	if err != nil {
		d.t.Errorf("%v", err)
	}
	for _, a := range agents {
		if queueCall := a.State == acd.Offered || a.State == acd.OnCall && a.Call != "" && a.Next == ""; queueCall && atPhone[a.Phone] > 1 {
			d.t.Errorf("%d calls at the phone of %s, who is %s", atPhone[a.Phone], a.Name, a.State)
		}
	}
}

// mayEndThem tells from the record whether we were allowed to end the call.
func mayEndThem(r Record) bool {
	crisis := false
	for _, s := range r.Steps {
		switch s.Name {
		case "protect.CRISIS":
			crisis = true
		case "protect.CALM":
			crisis = false
		}
	}
	for _, s := range r.Segments {
		if s.Queue == "crisis" && s.Kind != "greeting" {
			return false
		}
	}
	return !crisis
}

// complaints collects what a day has to complain of; it is a failer for bubbles in
// which no test may end.
type complaints struct{ all []string }

type giveUp struct{}

func (c *complaints) Helper() {}

func (c *complaints) Errorf(format string, args ...any) {
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

func (c *complaints) Fatalf(format string, args ...any) { c.Errorf(format, args...); panic(giveUp{}) }

func TestOnAnyDayEveryCallEndsOnceAndNobodyIsLeftBehind(t *testing.T) {
	names := append(slices.Sorted(maps.Keys(deeds)), often...)
	folder := t.TempDir()
	one := rapid.Custom(func(t *rapid.T) deed {
		return deed{
			who: rapid.IntRange(0, 11).Draw(t, "who"), what: rapid.SampledFrom(names).Draw(t, "what"),
			wait: time.Duration(rapid.SampledFrom([]int{0, 0, 1, 5, 500, 3000, 12000, 35000}).Draw(t, "wait")) * time.Millisecond,
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(one, 10, 60).Draw(rt, "day")
		all := &complaints{}
		synctest.Test(t, func(t *testing.T) {
			defer func() {
				if p := recover(); p != nil && p != any(giveUp{}) {
					panic(p)
				}
			}()
			openRoom(t.Context(), all, folder, func(r *room) { (&day{room: r}).play(script) }, withMessages)
		})
		if len(all.all) > 0 {
			rt.Fatalf("%s", strings.Join(all.all, "\n"))
		}
	})
}

// noMessages takes out what waits to be heard, and lets those who hear one do so.
func (d *day) noMessages() {
	left, err := d.floor.Callbacks(context.Background())
	if err != nil {
		d.t.Errorf("%v", err)
	}
	for _, m := range left {
		_ = d.floor.CancelCallback(context.Background(), m.Ticket) // heard meanwhile is fine, too
	}
	wait(5 * time.Minute)
}

func (d *day) play(script []deed) {
	d.taped(time.Second)
	d.logIn("anna", "1001")
	d.logIn("sofia", "1003")
	for _, deed := range script {
		deeds[deed.what](d, deed.who)
		if deed.wait > 0 {
			wait(deed.wait)
		}
		if deed.wait > 0 { // else what is done at once happens at once
			d.look()
		}
	}
	wait(time.Second)
	for _, l := range d.callers {
		l.hangUp()
	}
	wait(time.Minute)
	d.noMessages()
	if n := len(d.x.Calls()); n > 0 {
		d.t.Errorf("%d calls go on although every caller has left", n)
	}
	for _, rec := range d.journal.all() {
		if by := rec.Cause.By; !mayEndThem(rec) && by != ByCaller && by != ByNetwork {
			d.t.Errorf("a caller in need was ended by %s (%s): %s", by, rec.Cause, stages(rec))
		}
	}
}
