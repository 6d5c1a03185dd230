package ivr

import (
	"strings"
	"time"
)

// Menu is one menu of the config. A visit goes through it from top to bottom:
// opening hours, collected input, branches, greeting, keys, then.
type Menu struct {
	Hours      Hours             `yaml:"hours"`       // when the menu is open; default always
	Collect    Collect           `yaml:"collect"`     // input asked for before anything else; default none
	Branches   []Branch          `yaml:"branches"`    // conditions, in order; the first that is true decides; default none
	Greeting   []string          `yaml:"greeting"`    // phrases said before the caller chooses
	Keys       map[string]string `yaml:"keys"`        // what the caller may press, one or more digits, * or #, and its target; without keys the menu speaks and goes on to then
	Languages  map[string]string `yaml:"languages"`   // a key of keys that also chooses the language for the rest of the call
	BargeIn    *bool             `yaml:"barge_in"`    // a digit cuts the greeting short; default true
	FirstDigit time.Duration     `yaml:"first_digit"` // how long to wait for the first digit; default 5s
	InterDigit time.Duration     `yaml:"inter_digit"` // and for each one more; default 2s
	Total      time.Duration     `yaml:"total"`       // for all digits of one try together; default 60s
	Retries    int               `yaml:"retries"`     // how often the menu is said again after no choice or a wrong one; -1 = never; default 3
	NoInput    []string          `yaml:"no_input"`    // phrases said when nothing was pressed; default none
	Invalid    []string          `yaml:"invalid"`     // phrases said when the choice was wrong; default none
	Then       string            `yaml:"then"`        // target after the retries, or after the greeting of a menu without keys; default goodbye
}

// Branch sends callers on by what is known of them.
type Branch struct {
	When string `yaml:"when"` // condition over number, dialled, trunk, language, data, hour (0–23), weekday (monday …), e.g. number startsWith "+49" or data.tier == "gold"
	Go   string `yaml:"go"`   // target
}

// Collect asks for digits, such as a customer number, and puts them into the
// call's data. The caller ends with '#' and starts again with '*'. The timeouts
// and the phrases for no or wrong input are the menu's.
type Collect struct {
	Name      string   `yaml:"name"`      // the key in the call data; empty = nothing is collected
	Prompt    []string `yaml:"prompt"`    // phrases that ask for it
	Min       int      `yaml:"min"`       // digits at least; default 1
	Max       int      `yaml:"max"`       // digits at most, after which '#' is not needed; default 20
	Check     string   `yaml:"check"`     // none, luhn, mod97 or regex:EXPRESSION; default none
	Retries   int      `yaml:"retries"`   // how often it is asked again; -1 = never; default 3
	Otherwise string   `yaml:"otherwise"` // target when no try was right; default goodbye
}

// usualRetries is how often a caller may miss before the menu gives up.
const usualRetries = 3

// WithDefaults fills what is not set.
func (m Menu) WithDefaults() Menu {
	if m.FirstDigit == 0 {
		m.FirstDigit = 5 * time.Second
	}
	if m.InterDigit == 0 {
		m.InterDigit = 2 * time.Second
	}
	if m.Total == 0 {
		m.Total = time.Minute
	}
	if m.BargeIn == nil {
		yes := true
		m.BargeIn = &yes
	}
	if m.Retries == 0 {
		m.Retries = usualRetries
	}
	if m.Then == "" {
		m.Then = Goodbye
	}
	m.Collect = m.Collect.WithDefaults()
	return m
}

// WithDefaults fills what is not set, where something is collected at all.
func (c Collect) WithDefaults() Collect {
	if c.Name == "" {
		return c
	}
	if c.Min == 0 {
		c.Min = 1
	}
	if c.Max == 0 {
		c.Max = max(20, c.Min)
	}
	if c.Check == "" {
		c.Check = "none"
	}
	if c.Retries == 0 {
		c.Retries = usualRetries
	}
	if c.Otherwise == "" {
		c.Otherwise = Goodbye
	}
	return c
}

// longer tells whether a key exists that goes on after what was typed.
func (m Menu) longer(typed string) bool {
	for key := range m.Keys {
		if len(key) > len(typed) && strings.HasPrefix(key, typed) {
			return true
		}
	}
	return false
}
