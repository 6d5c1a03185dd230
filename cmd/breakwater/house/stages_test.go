package house_test

import (
	"slices"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// stage is the ladder's, as the api shows it.
func (p *person) stage() string {
	for _, v := range p.s.house.Exchange.Calls() {
		switch {
		case v.Caller != p.number:
		case v.Stage == "" && v.Phase == "talking":
			return "CALM"
		default:
			return v.Stage
		}
	}
	return "no call"
}

// reaches waits until the call of a person has come to a stage.
func (p *person) reaches(stage string) {
	p.s.Helper()
	p.s.sees("the call of "+p.name+" is in "+stage, func() bool { return p.stage() == stage })
}

func (p *person) isIn(stage string) {
	p.s.Helper()
	if got := p.stage(); got != stage {
		p.s.Fatalf("the call of %s is in %s, want %s", p.name, got, stage)
	}
}

// warns presses for the next warning until the ladder takes it, and waits until the
// caller has heard it.
func (p *person) warns(caller *person, prompt string) (from, to time.Time) {
	p.s.Helper()
	p.beginsToWarn(caller, prompt)
	from, to = caller.hears(prompt)
	caller.wasWarned()
	return from, to
}

// lastWarns is warns, after which the caller says no word.
func (p *person) lastWarns(caller *person, prompt string) {
	p.s.Helper()
	p.beginsToWarn(caller, prompt)
	caller.isQuiet()
	caller.hears(prompt)
	caller.wasWarned()
}

// wasWarned waits until a warning counts: a packet's time after its last sample was heard.
func (p *person) wasWarned() {
	p.s.Helper()
	p.s.sees("the warning counts", func() bool { return p.stage() != "W1" && p.stage() != "W2" })
}

// beginsToWarn presses until the caller hears the begin of the warning. The server
// learns once a second how much the caller has spoken, so that it may refuse first.
func (p *person) beginsToWarn(caller *person, prompt string) {
	p.s.Helper()
	for begin := caller.sound(prompt)[:5*packet]; ; p.hears("tone-beep") {
		p.presses("*1")
		var begun, refused bool
		p.s.sees("a warning, or why not", func() bool {
			_, _, begun = caller.find(begin)
			_, _, refused = p.find(p.sound("tone-beep"))
			return begun || refused
		})
		if begun {
			return
		}
	}
}

// warned is a conversation with as many warnings behind it.
func (s *stage) warned(number string, agent *person, warnings ...string) *person {
	s.Helper()
	caller := s.connects(number, agent)
	for _, w := range warnings {
		agent.warns(caller, w)
	}
	return caller
}

// permitted is a conversation in PERMIT.
func (s *stage) permitted(agent *person) *person {
	s.Helper()
	caller := s.warned("8100", agent, "warning-1", "warning-2")
	agent.hears("tone-permit")
	caller.isIn("PERMIT")
	return caller
}

// stages are those of the ladder in a record, in order.
func stages(r call.Record) (names []string) {
	for _, step := range r.Steps {
		if name, ok := strings.CutPrefix(step.Name, "protect."); ok {
			names = append(names, name)
		}
	}
	return names
}

// wentThrough checks record and stages of a call that has ended.
func (p *person) wentThrough(cause string, warnings int, want ...string) call.Record {
	p.s.Helper()
	r := p.s.record(p)
	if r.Cause.Metric != cause {
		p.s.Errorf("cause %q, want %q", r.Cause.Metric, cause)
	}
	if r.Warnings != warnings {
		p.s.Errorf("%d warnings, want %d", r.Warnings, warnings)
	}
	if got := stages(r); !slices.Equal(got, want) {
		p.s.Errorf("stages %v, want %v", got, want)
	}
	if shielded := len(want) > 0 && (warnings > 0 || slices.Contains(want, "CRISIS") || cause == "one_strike"); r.Protected != shielded {
		p.s.Errorf("protected is %v, want %v", r.Protected, shielded)
	}
	last := time.Duration(0)
	for _, step := range r.Steps {
		if step.Mono < last || step.At.IsZero() {
			p.s.Errorf("step %s stands at %s (%s), after one at %s", step.Name, step.Mono, step.At, last)
		}
		last = step.Mono
	}
	return r
}

// rests waits for a rest of a level and checks its length. The rest runs from the end
// of the wrap-up, the state a moment later.
func (p *person) rests(level int, length time.Duration) acd.AgentView {
	p.s.Helper()
	v := p.s.becomes(p.name, acd.Resting)
	if got := v.Until.Sub(v.Since); v.Level != level || got > length || got < length-late {
		p.s.Errorf("%s rests %s at level %d, want %s at level %d", p.name, got, v.Level, length, level)
	}
	return v
}

// late is how long a busy machine may take to notice that a moment has come.
const late = time.Second

const (
	rest1 = 3 * time.Second // a sixtieth of three minutes
	rest2 = 10 * time.Second
	rest3 = 30 * time.Second
)

// path is what a stage has behind it.
var path = map[string][]string{
	"CALM":     nil,
	"W1":       {"W1"},
	"OBS1":     {"W1", "OBS1"},
	"W2":       {"W1", "OBS1", "W2"},
	"OBS2":     {"W1", "OBS1", "W2", "OBS2"},
	"PERMIT":   {"W1", "OBS1", "W2", "OBS2", "PERMIT"},
	"FAREWELL": {"W1", "OBS1", "W2", "OBS2", "PERMIT", "FAREWELL"},
}

// brought brings a conversation into a stage.
func (s *stage) brought(stage string, agent *person) *person {
	s.Helper()
	switch stage {
	case "CALM":
		return s.connects("8100", agent)
	case "W1":
		caller := s.connects("8100", agent)
		agent.beginsToWarn(caller, "warning-1")
		return caller
	case "OBS1":
		return s.warned("8100", agent, "warning-1")
	case "W2":
		caller := s.warned("8100", agent, "warning-1")
		agent.beginsToWarn(caller, "warning-2")
		return caller
	case "OBS2":
		caller := s.warned("8100", agent, "warning-1")
		agent.lastWarns(caller, "warning-2") // the permit stays closed
		return caller
	case "PERMIT":
		return s.permitted(agent)
	}
	caller := s.permitted(agent)
	agent.presses("*3")
	caller.hearsBeginOf("farewell")
	return caller
}

// when is the moment of the nth step of a name.
func when(r call.Record, name string, nth int) time.Duration {
	for _, step := range r.Steps {
		if step.Name == name {
			if nth--; nth == 0 {
				return step.Mono
			}
		}
	}
	return -1
}
