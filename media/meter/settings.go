package meter

import (
	"fmt"
	"time"
)

// Settings of the meter. It only ever hints to the agent, and is off until an operator has
// judged it with "breakwater protect-eval" on calls of their own.
type Settings struct {
	Enabled     bool          `yaml:"enabled"`      // measure callers and hint agents; default false
	Threshold   float64       `yaml:"threshold"`    // score (0 to 1) above the own baseline that a raised second exceeds; default 0.35
	Raised      int           `yaml:"raised"`       // so many such seconds …; default 3
	Of          int           `yaml:"of"`           // … of the last so many seconds of voice are a raised voice; default 5
	Baseline    time.Duration `yaml:"baseline"`     // the first seconds of voice, with which the rest is compared; default 10s
	Absolute    float64       `yaml:"absolute"`     // dBm0 A that is raised without any baseline; default -12
	AbsoluteFor time.Duration `yaml:"absolute_for"` // after so many seconds of voice; default 10s
	TalkOver    time.Duration `yaml:"talk_over"`    // both speak for so long since the caller fell in; default 1s
	Monologue   time.Duration `yaml:"monologue"`    // only the caller speaks for so long; default 180s
	Sustained   time.Duration `yaml:"sustained"`    // so much of the last minute raised is sustained; default 20s
	TalkOvers   int           `yaml:"talk_overs"`   // so many in the last minute of a monologue are, too; default 6
	Again       time.Duration `yaml:"again"`        // while the voice stays raised, a hint is given again after; default 30s
}

// length is one setting with its name, default and the values that make sense.
type length struct {
	key         string
	value       *time.Duration
	usual       time.Duration
	least, most time.Duration
}

func (s *Settings) lengths() []length {
	return []length{
		{"baseline", &s.Baseline, 10 * time.Second, 4 * time.Second, mostBaseline * time.Second},
		{"absolute_for", &s.AbsoluteFor, 10 * time.Second, 3 * time.Second, 50 * time.Second},
		{"talk_over", &s.TalkOver, time.Second, 500 * time.Millisecond, 10 * time.Second},
		{"monologue", &s.Monologue, 180 * time.Second, 30 * time.Second, time.Hour},
		{"sustained", &s.Sustained, 20 * time.Second, 5 * time.Second, 60 * time.Second},
		{"again", &s.Again, 30 * time.Second, 10 * time.Second, 10 * time.Minute},
	}
}

type count struct {
	key                string
	value              *int
	usual, least, most int
}

func (s *Settings) counts() []count {
	return []count{
		{"raised", &s.Raised, 3, 2, 20},
		{"of", &s.Of, 5, 2, 20},
		{"talk_overs", &s.TalkOvers, 6, 1, 60},
	}
}

type number struct {
	key         string
	value       *float64
	usual       float64
	least, most float64
	unit        string
}

func (s *Settings) numbers() []number {
	return []number{
		{"threshold", &s.Threshold, 0.35, 0.1, 1, "of the highest score"},
		{"absolute", &s.Absolute, -12, -30, 3, "dBm0"},
	}
}

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	for _, l := range s.lengths() {
		if *l.value == 0 {
			*l.value = l.usual
		}
	}
	for _, c := range s.counts() {
		if *c.value == 0 {
			*c.value = c.usual
		}
	}
	for _, n := range s.numbers() {
		if *n.value == 0 {
			*n.value = n.usual
		}
	}
	return s
}

// Check tells what is wrong, by key; empty when nothing is. What is not set is judged by
// its default.
func (s Settings) Check() map[string]string {
	s = s.WithDefaults()
	wrong := map[string]string{}
	for _, l := range s.lengths() {
		if *l.value < l.least || *l.value > l.most {
			wrong[l.key] = fmt.Sprintf("is %v; must be %v to %v", *l.value, l.least, l.most)
		}
	}
	for _, c := range s.counts() {
		if *c.value < c.least || *c.value > c.most {
			wrong[c.key] = fmt.Sprintf("is %d; must be %d to %d", *c.value, c.least, c.most)
		}
	}
	for _, n := range s.numbers() {
		if !(*n.value >= n.least && *n.value <= n.most) { // so that NaN is refused
			wrong[n.key] = fmt.Sprintf("is %g; must be %g to %g %s", *n.value, n.least, n.most, n.unit)
		}
	}
	if s.Raised > s.Of && wrong["raised"] == "" && wrong["of"] == "" {
		wrong["raised"] = fmt.Sprintf("is %d; must be at most of (%d)", s.Raised, s.Of)
	}
	return wrong
}
