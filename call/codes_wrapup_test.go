package call

import (
	"testing"
	"time"

	"breakwater/acd"
)

func TestCodesChangeTheAgentsState(t *testing.T) {
	for _, c := range []struct {
		code, says string
		want       acd.AgentState
	}{
		{"*145", "not-ready", acd.NotReady},
		{"*13", "ready", acd.Ready},
		{"*12", "logged-out", acd.LoggedOut},
		{"*17", "why-no-caller", acd.Ready},
		{"*55", "no-messages", acd.Ready},
		{"*77", "invalid-choice", acd.Ready},
		{"*15", "not-possible-now", acd.Ready},
	} {
		t.Run(c.code, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				phone := r.dial("1001", c.code)
				r.record()
				if !phone.playedTo(c.says) {
					t.Errorf("heard %v, want %s", phone.heard, c.says)
				}
				if got := r.agent("anna").State; got != c.want {
					t.Errorf("anna is %s, want %s", got, c.want)
				}
			})
		})
	}
}

// TestCodesEndAndExtendTheWrapUp, which is one of 30 s, after 10 s of it.
func TestCodesEndAndExtendTheWrapUp(t *testing.T) {
	for code, want := range map[string]struct {
		says string
		then acd.AgentState // when the 30 s are over
		left time.Duration
	}{
		codeEndWrap: {"wrap-up-ended", acd.Ready, 0},
		codeExtend:  {"wrap-up-extended", acd.WrapUp, time.Minute},
	} {
		t.Run(code, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller, _ := r.talking("8100")
				caller.hangUp()
				r.record()
				over := time.Now().Add(30 * time.Second)
				wait(10 * time.Second)
				phone := r.dial("1001", code)
				wait(5 * time.Second)
				if !phone.playedTo(want.says) {
					t.Errorf("heard %v, want %s", phone.heard, want.says)
				}
				if got := r.agent("anna").State; code == codeEndWrap && got != acd.Ready {
					t.Errorf("anna is %s after the wrap-up was ended", got)
				}
				wait(time.Until(over))
				if got := r.agent("anna"); got.State != want.then || got.Left != want.left {
					t.Errorf("anna is %s for %s, want %s for %s", got.State, got.Left, want.then, want.left)
				}
			})
		})
	}
}

func TestARestIsTakenExtendedAndDeclinedByCode(t *testing.T) {
	for name, c := range map[string]struct {
		phase, how string
		dial       []string
		says       string
		want       acd.AgentState
		atLeast    time.Duration
	}{
		"in wrap-up it begins":                 {"with a permit", "the agent hangs up", []string{"*99"}, "rest-taken", acd.Resting, 9 * time.Minute},
		"begun and pressed again, it is long":  {"with a permit", "the agent hangs up", []string{"*99", "*99"}, "rest-extended", acd.Resting, 29 * time.Minute},
		"as long as it may be, its time":       {"with a permit", "the agent hangs up", []string{"*99", "*99", "*99"}, "why-resting", acd.Resting, 29 * time.Minute},
		"a short rest cannot be longer":        {"in the second warning", "the caller hangs up", []string{"*99", "*99"}, "why-resting", acd.Resting, 2 * time.Minute},
		"declined in wrap-up, wrap-up goes on": {"with a permit", "the agent hangs up", []string{"*990"}, "rest-declined", acd.WrapUp, 0},
		"declined in the rest":                 {"with a permit", "the agent hangs up", []string{"*99", "*990"}, "rest-declined", acd.Ready, 0},
		"the longest is not declined before":   {"talking", "a one-strike", []string{"*990"}, "not-possible-now", acd.WrapUp, 0},
		"but ended once it has begun":          {"talking", "a one-strike", []string{"*99", "*990"}, "rest-declined", acd.Ready, 0},
		"no rest was granted":                  {"talking", "the caller hangs up", []string{"*99"}, "not-possible-now", acd.WrapUp, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				blows[c.how](r, phases[c.phase](r))
				for r.agent("anna").State != acd.WrapUp {
					wait(100 * time.Millisecond)
				}
				var phone *fakeLeg
				for _, code := range c.dial {
					phone = r.dial("1001", code)
					for phone.up() {
						wait(100 * time.Millisecond)
					}
				}
				if !phone.playedTo(c.says) {
					t.Errorf("heard %v, want %s", phone.heard, c.says)
				}
				anna := r.agent("anna")
				if anna.State != c.want || c.atLeast > 0 && time.Until(anna.Until) < c.atLeast {
					t.Errorf("anna is %s for another %s", anna.State, time.Until(anna.Until))
				}
				wait(20 * time.Second)
			})
		})
	}
}

func (r *room) endWrapUp(agent string) { r.do(agent, acd.Command{Verb: acd.EndWrapUp}) }
