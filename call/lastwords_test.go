package call

import (
	"testing"
	"time"

	"breakwater/acd"
)

func TestALastWordIsFollowedByTheSilenceThatLetsItBeHeard(t *testing.T) {
	for name, c := range map[string]struct {
		play func(r *room) *fakeLeg
		tail time.Duration
	}{
		"a farewell": {func(r *room) *fakeLeg { return phases["in the farewell"](r).caller }, lastWords},
		"one strike": {func(r *room) *fakeLeg {
			c := phases["talking"](r)
			c.agent.press("*94#")
			return c.caller
		}, lastWords},
		"the goodbye after a closing": {func(r *room) *fakeLeg {
			c := phases["in the closing"](r)
			for c.caller.up() && !c.caller.playedTo(sayGoodbye) {
				wait(100 * time.Millisecond)
			}
			return c.caller
		}, lastWords},
		"the goodbye of a menu": {func(r *room) *fakeLeg {
			l := r.dial("0123", "8000")
			for l.up() && !l.playedTo(sayGoodbye) {
				wait(100 * time.Millisecond)
			}
			return l
		}, lastWords},
		"a code served":       {func(r *room) *fakeLeg { return at(cast{caller: r.dial("1001", "*12")}, time.Second).caller }, lastWords},
		"a warning":           {func(r *room) *fakeLeg { return phases["in the first warning"](r).caller }, 0},
		"a closing":           {func(r *room) *fakeLeg { return phases["in the closing"](r).caller }, 0},
		"the notice":          {func(r *room) *fakeLeg { return phases["in the notice"](r).caller }, 0},
		"a page that is told": {func(r *room) *fakeLeg { return phases["while a supervisor is told"](r).other }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				l := c.play(r)
				l.mu.Lock()
				defer l.mu.Unlock()
				if l.tail != c.tail {
					t.Errorf("%s is followed by %s, heard %v", name, l.tail, l.heard)
				}
			})
		})
	}
}

func TestAnAgentWhoseEarsAreNotProtectedIsToldSo(t *testing.T) {
	for name, off := range map[string]bool{"guarded": false, "not guarded": true} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				code := r.dial("1001", codeLogIn)
				wait(5 * time.Second)
				code.press("7001#")
				wait(5 * time.Second)
				code.press("1234#")
				wait(10 * time.Second)
				if !code.playedTo(sayLoggedIn) || code.playedTo("hearing-off") != off {
					t.Errorf("heard %v", code.heard)
				}
				wrong := r.dial("1001", codeLogIn)
				wait(5 * time.Second)
				wrong.press("7001#")
				wait(5 * time.Second)
				wrong.press("0000#")
				wait(10 * time.Second)
				if wrong.playedTo("hearing-off") {
					t.Error("a stranger is told how the house is set")
				}
			}, func(p *Plan, _ *acd.Plan) { p.Hearing.Off = off })
		})
	}
}
