package shift

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Roster is the patterns of all agents who have one. It is immutable.
type Roster struct {
	patterns map[string]Pattern
}

// NewRoster makes the pattern of every agent that the shifts name.
func NewRoster(shifts map[string]Settings) (Roster, error) {
	r := Roster{map[string]Pattern{}}
	for _, name := range slices.Sorted(maps.Keys(shifts)) {
		for _, agent := range shifts[name].Agents {
			if other, taken := r.patterns[agent]; taken {
				return Roster{}, fmt.Errorf("shift %s: agent %s works by shift %s already", name, agent, other.Shift)
			}
			p, err := shifts[name].Pattern(name, agent)
			if err != nil {
				return Roster{}, err
			}
			r.patterns[agent] = p
		}
	}
	return r, nil
}

// Agents are the names of those who have a pattern, sorted.
func (r Roster) Agents() []string { return slices.Sorted(maps.Keys(r.patterns)) }

// Of is an agent's pattern.
func (r Roster) Of(agent string) (Pattern, bool) {
	p, ok := r.patterns[agent]
	return p, ok
}

// Spans is the planned time of everybody between two moments, by agent. Who has a
// pattern and nothing to do is left out.
func (r Roster) Spans(from, to time.Time) map[string][]Span {
	out := map[string][]Span{}
	for name, p := range r.patterns {
		if spans := p.Spans(from, to); len(spans) > 0 {
			out[name] = spans
		}
	}
	return out
}
