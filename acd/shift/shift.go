// Package shift tells when people are to work: weekly patterns, split shifts, breaks,
// rotations and exceptions, in the time zone where they are worked. It warns of plans
// that wear people out, and says how closely a plan was kept without ever punishing
// what the system itself granted. It is pure: no clock, no disk, no agent's state.
package shift

import (
	"fmt"
	"time"
)

// Settings is the working time of one agent or a team: either the same week
// again and again (Week), or a rotation through kinds of days or weeks.
type Settings struct {
	TimeZone string                        `yaml:"time_zone"` // IANA name, e.g. Asia/Shanghai; default the machine's
	Agents   []string                      `yaml:"agents"`    // who works it; an agent works by one entry only
	Week     map[string][]Hours            `yaml:"week"`      // mon … sun; several hours a day are a split shift, e.g. mon: [09:00-12:30, 14:00-18:00]
	Breaks   map[string][]Hours            `yaml:"breaks"`    // mon … sun, paid breaks within the hours of that day
	Days     map[string]Day                `yaml:"days"`      // kinds of day for a rotation, by name, e.g. early, late, night; off is a day without work
	Weeks    map[string][]string           `yaml:"weeks"`     // kinds of week for a rotation, by name: the seven kinds of day from Monday to Sunday
	Rotation *Rotation                     `yaml:"rotation"`  // in place of week
	Except   map[string][]Hours            `yaml:"except"`    // other hours on a date, for all, e.g. 2026-10-01: [] for a day off; the day's breaks stay where they lie within them
	Own      map[string]map[string][]Hours `yaml:"own"`       // the same for one agent, by name: leave, an exchanged shift; comes before except
}

// Day is a kind of day.
type Day struct {
	Name   string  `yaml:"-"`
	Hours  []Hours `yaml:"hours"`  // of work, in order; several are a split shift, e.g. [10:00-14:00, 18:00-22:00]
	Breaks []Hours `yaml:"breaks"` // paid breaks within the hours; in a night that runs past midnight 03:00 is that of the next morning
}

// Rotation leads through kinds of days, weeks or months, again and again.
type Rotation struct {
	Start string   `yaml:"start"` // the date when the first of the cycle begins: a Monday for weeks, the first of a month for months
	Each  Each     `yaml:"each"`  // how long each of the cycle lasts; default day
	Cycle []string `yaml:"cycle"` // for day: kinds of day from days, or off; else kinds of week from weeks
	Step  int      `yaml:"step"`  // each further agent of the list is so many places ahead in the cycle; default 0; 0 = all rotate together
}

// Each is how long one place of a rotation's cycle lasts.
type Each string

// What a rotation can count.
const (
	EachDay   Each = "day"
	EachWeek  Each = "week"
	EachMonth Each = "month" // by the calendar, with the weekdays of the kind of week
)

// Off is the kind of day without work.
const Off = "off"

// weekdays in the order of Date.Weekday.
var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// WithDefaults fills what is empty. The rotation is copied, not changed.
func (s Settings) WithDefaults() Settings {
	if s.Rotation != nil && s.Rotation.Each == "" {
		r := *s.Rotation
		r.Each = EachDay
		s.Rotation = &r
	}
	return s
}

// zone is where the shift is worked.
func (s Settings) zone() (*time.Location, error) {
	if s.TimeZone == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("%q is no time zone; write an IANA name such as Asia/Shanghai or Europe/Berlin", s.TimeZone)
	}
	return zone, nil
}

// Kind is what a stretch of working time is for.
type Kind string

// What is planned.
const (
	Work  Kind = "work"
	Break Kind = "break"
)

// Span is a stretch of planned time, From (inclusive) to To (exclusive).
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Kind Kind      `json:"kind"`
}

// Length is how long the span lasts: in truth, not by the clock on the wall.
func (s Span) Length() time.Duration { return s.To.Sub(s.From) }

// Contains tells whether t lies in the span.
func (s Span) Contains(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// Moment is what a plan says of one moment.
type Moment struct {
	On    bool      // at work by the plan, its breaks included
	Break bool      // in a break
	End   time.Time // when this stretch of work ends: the end of the shift, or the gap of a split shift; zero when off
	Pause Span      // the break that goes on, or else the next one before End; zero when there is none
	Next  time.Time // when the next stretch of work begins; zero when it is not known
}

// Look reads what spans in order say of the moment t. Spans that touch are one
// stretch of work.
func Look(spans []Span, t time.Time) Moment {
	var m Moment
	for _, s := range spans {
		switch {
		case !s.To.After(t): // over
		case s.Contains(t):
			m.On, m.End = true, s.To
			if s.Kind == Break {
				m.Break, m.Pause = true, s
			}
		case m.On && s.From.Equal(m.End): // this stretch goes on
			m.End = s.To
			if s.Kind == Break && m.Pause.To.IsZero() {
				m.Pause = s
			}
		default:
			m.Next = s.From
			return m
		}
	}
	return m
}
