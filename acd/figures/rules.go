package figures

import (
	"fmt"
	"time"
)

// Formula names the formulas of docs/figures.md in every answer. It changes when a
// figure of the same events would; what changed stands there, too.
const Formula = "2026-11.4"

// Rules are what the formulas leave to the operator. Every answer names them.
type Rules struct {
	Within     time.Duration            `yaml:"-"`           // an answer in time, the T of the service levels, for queues that say nothing; default 20s
	Short      time.Duration            `yaml:"short"`       // who leaves sooner did not really call: a short abandon; default 5s, -1 = nobody
	Gap        time.Duration            `yaml:"gap"`         // between two calls of an agent, for the longest run without it; default 15s
	Queues     map[string]time.Duration `yaml:"-"`           // Within of queues that have their own
	LoadWithin int                      `yaml:"load_within"` // percent by which a person's load points an hour may differ from the team's, for the part of a team among whom load is shared evenly; 1 to 100, default 20
	LeastGroup int                      `yaml:"least_group"` // figures of a team are given only for days on which at least so many of it worked, never fewer than 3; default 5
}

// WithDefaults fills the fields that are zero.
func (r Rules) WithDefaults() Rules {
	for field, usual := range map[*time.Duration]time.Duration{
		&r.Within: 20 * time.Second, &r.Short: 5 * time.Second, &r.Gap: 15 * time.Second,
	} {
		if *field == 0 {
			*field = usual
		}
	}
	if r.LeastGroup == 0 {
		r.LeastGroup = 5
	}
	if r.LoadWithin == 0 {
		r.LoadWithin = 20
	}
	return r
}

// withinOf is what an answer in time means for a queue.
func (r Rules) withinOf(queue string) time.Duration {
	if own, has := r.Queues[queue]; has {
		return own
	}
	return r.Within
}

// mostRule bounds the times of Rules.
const mostRule = time.Hour

// fewestPeople is the smallest group whose mean does not tell of one of it: with two,
// each knows the other's.
const fewestPeople = 3

// Check says what is wrong, by key.
func (r Rules) Check() map[string]string {
	wrong := map[string]string{}
	if r.Within < 0 || r.Within > mostRule {
		wrong["within"] = fmt.Sprintf("%s is not between 0 and %s", r.Within, mostRule)
	}
	if r.Short > mostRule || r.Short < 0 && r.Short != -1 {
		wrong["short"] = fmt.Sprintf("%s is not between 0 and %s, or -1 for nobody", r.Short, mostRule)
	}
	if r.Gap < 0 || r.Gap > mostRule {
		wrong["gap"] = fmt.Sprintf("%s is not between 0 and %s", r.Gap, mostRule)
	}
	if r.LoadWithin < 0 || r.LoadWithin > 100 {
		wrong["load_within"] = fmt.Sprintf("%d is not between 1 and 100 percent", r.LoadWithin)
	}
	if r.LeastGroup != 0 && r.LeastGroup < fewestPeople {
		wrong["least_group"] = fmt.Sprintf("%d is fewer than %d: the figures of a team would tell of a person", r.LeastGroup, fewestPeople)
	}
	return wrong
}
