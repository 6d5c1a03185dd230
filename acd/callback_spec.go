package acd

import (
	"fmt"
	"strings"
	"time"
)

// CallbackSpec says whom a queue calls back instead of letting them wait on the line, and
// how. Callers choose the number that is dialled, so everything here is an allow-list:
// nobody can make us dial what is not named.
type CallbackSpec struct {
	Key       string        `yaml:"key"`        // what a waiting caller presses to be called back, one of 0–9, * and #; default none: it is not offered while they wait
	Prefixes  []string      `yaml:"prefixes"`   // beginnings of the numbers that callers may be called back on, as a trunk is to dial them; needed for key and menus; default none
	Never     []string      `yaml:"never"`      // beginnings that are not called back although prefixes, or the trunks, would allow them; default the best known premium ranges: see docs/operations.md
	Digits    int           `yaml:"digits"`     // of a number at most; default 15
	Tries     int           `yaml:"tries"`      // how often the number is dialled before the callback is given up; default 3
	Busy      time.Duration `yaml:"busy"`       // pause after a busy line; default 5m
	NoAnswer  time.Duration `yaml:"no_answer"`  // pause after nobody answered, or the line could not be reached; default 15m
	Ring      time.Duration `yaml:"ring"`       // how long their phone rings; default 30s
	Keep      time.Duration `yaml:"keep"`       // given up after so long without a conversation; default 24h
	Hours     string        `yaml:"hours"`      // time of day in which numbers are dialled; default 08:00-21:00
	Zone      string        `yaml:"zone"`       // of hours, such as Europe/Berlin; default where the server is
	Most      int           `yaml:"most"`       // callbacks that may wait at once; default 500
	PerNumber int           `yaml:"per_number"` // callbacks that may wait at once for one number, however it is written, and as many that one caller may have asked for, in all queues; the same wish again is not counted; default 2
	Apology   *bool         `yaml:"apology"`    // who waited when the server died, or whose agent was lost before they hung up, is called back with an apology, at their age, wherever a trunk dials their number; default true
}

// premium are the best known beginnings of numbers that cost the caller extra, with and
// without the signs of an international call.
var premium = []string{
	"+1900", "+1976", "+4190", "+43900", "+43930", "+44871", "+44872", "+44873", "+449", "+46900", "+46939", "+47829", "+4890", "+49137", "+49180", "+49900",
	"+338", "+3489", "+3906", "+878", "+881", "+882", "+883", "+979", "0137", "0180", "0900", "00",
}

// WithDefaults fills the fields that are zero.
func (c CallbackSpec) WithDefaults() CallbackSpec {
	setDefault(&c.Digits, 15)
	setDefault(&c.Tries, 3)
	setDefault(&c.Busy, 5*time.Minute)
	setDefault(&c.NoAnswer, 15*time.Minute)
	setDefault(&c.Ring, 30*time.Second)
	setDefault(&c.Keep, 24*time.Hour)
	setDefault(&c.Hours, "08:00-21:00")
	setDefault(&c.Most, 500)
	setDefault(&c.PerNumber, 2)
	return c
}

// Apologises tells whether who lost their place by our fault is called back.
func (c CallbackSpec) Apologises() bool { return c.Apology == nil || *c.Apology }

// Offered tells whether callers may ask this queue to call them back.
func (c CallbackSpec) Offered() bool { return len(c.Prefixes) > 0 }

// Check says what is wrong, by dotted key. Zero fields are their defaults.
func (c CallbackSpec) Check() map[string]string {
	w := wrongs{}
	if c.Key != "" && (len(c.Key) != 1 || !strings.Contains("0123456789*#", c.Key)) {
		w["key"] = fmt.Sprintf("%q is not one of 0–9, * and #", c.Key)
	}
	if c.Key != "" && !c.Offered() {
		w["prefixes"] = "must say which numbers may be dialled where callers can ask for it: callers choose the number, and you pay for it"
	}
	for i, p := range c.Prefixes {
		if !isBeginning(p) || p == "+" {
			w[fmt.Sprintf("prefixes.%d", i)] = fmt.Sprintf("%q begins no country's or town's numbers: write digits, with an optional + before them", p)
		}
	}
	for i, p := range c.Never {
		if !isBeginning(p) {
			w[fmt.Sprintf("never.%d", i)] = fmt.Sprintf("%q begins no number: write digits, with an optional + before them", p)
		}
	}
	w.length("busy", c.Busy, 24*time.Hour)
	w.length("no_answer", c.NoAnswer, 24*time.Hour)
	w.length("ring", c.Ring, 5*time.Minute)
	w.length("keep", c.Keep, 30*24*time.Hour)
	for key, n := range map[string][2]int{"digits": {c.Digits, 32}, "tries": {c.Tries, 20}, "most": {c.Most, 100_000}, "per_number": {c.PerNumber, 1000}} {
		if n[0] < 0 || n[0] > n[1] {
			w[key] = fmt.Sprintf("%d is not between 1 and %d", n[0], n[1])
		}
	}
	if _, err := c.window(); err != nil {
		w[map[bool]string{true: "zone", false: "hours"}[strings.HasPrefix(err.Error(), "zone")]] = err.Error()
	}
	return w
}

func isBeginning(p string) bool {
	digits := strings.TrimPrefix(p, "+")
	return p != "" && strings.Trim(digits, "0123456789") == ""
}

// Allows says why a number must not be dialled; nil = it may. dial are the beginnings
// that trunks take. asked tells that a caller chose it: then it must be named by
// Prefixes, not only be dialled by a trunk.
func (c CallbackSpec) Allows(number string, dial []string, asked bool) error {
	digits := strings.TrimPrefix(number, "+")
	switch {
	case digits == "" || strings.Trim(digits, "0123456789") != "":
		return fmt.Errorf("%q is not a number", number)
	case len(digits) < 3 || len(digits) > c.Digits:
		return fmt.Errorf("%s has %d digits, allowed are 3 to %d", number, len(digits), c.Digits)
	case !begins(number, dial):
		return fmt.Errorf("no trunk dials %s", number)
	case begins(number, c.never()):
		return fmt.Errorf("%s is among the numbers that are never called back", number)
	case asked && !begins(number, c.Prefixes), len(c.Prefixes) > 0 && !begins(number, c.Prefixes):
		return fmt.Errorf("%s is not among the numbers that may be called back", number)
	}
	return nil
}

// never are the beginnings that are not called: those of the spec, else the premium ones.
func (c CallbackSpec) never() []string {
	if c.Never == nil {
		return premium
	}
	return c.Never
}

func begins(number string, with []string) bool {
	for _, p := range with {
		if strings.HasPrefix(number, p) {
			return true
		}
	}
	return false
}

// Moment is an hour of the day so many days from now, by the clock of Zone. false = it is over,
// or numbers are not dialled then.
func (c CallbackSpec) Moment(now time.Time, days, hour int) (time.Time, bool) {
	w, err := c.window()
	if err != nil {
		return time.Time{}, false // refused by Check
	}
	here := w.here(now)
	at := time.Date(here.Year(), here.Month(), here.Day()+days, hour, 0, 0, 0, here.Location())
	return at, hour <= 23 && at.After(now) && w.next(at).Equal(at)
}

// window is a stretch of every day, in minutes since midnight.
type window struct {
	from, until int
	zone        *time.Location // nil = as the clock says: where the server is
}

func (w window) here(t time.Time) time.Time {
	if w.zone == nil {
		return t
	}
	return t.In(w.zone)
}

func (c CallbackSpec) window() (window, error) {
	var w window
	if c.Zone != "" {
		zone, err := time.LoadLocation(c.Zone)
		if err != nil || c.Zone == "Local" {
			return w, fmt.Errorf("zone %q is no time zone; write one such as Europe/Berlin or Asia/Shanghai", c.Zone)
		}
		w.zone = zone
	}
	if c.Hours == "" {
		c.Hours = "08:00-21:00"
	}
	from, until, two := strings.Cut(c.Hours, "-")
	a, errFrom := minutes(from)
	b, errUntil := minutes(until)
	if !two || errFrom != nil || errUntil != nil || a >= b {
		return w, fmt.Errorf("%q is no time of day; write 08:00-21:00, within one day", c.Hours)
	}
	w.from, w.until = a, b
	return w, nil
}

func minutes(clock string) (int, error) {
	clock = strings.TrimSpace(clock)
	if clock == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", clock)
	return t.Hour()*60 + t.Minute(), err
}

// next is t, or when the window opens after it.
func (w window) next(t time.Time) time.Time {
	here := w.here(t)
	at := here.Hour()*60 + here.Minute()
	switch day := here.Day(); {
	case at < w.from:
		return time.Date(here.Year(), here.Month(), day, 0, w.from, 0, 0, here.Location())
	case at >= w.until:
		return time.Date(here.Year(), here.Month(), day+1, 0, w.from, 0, 0, here.Location())
	}
	return t
}

// left is how long the window is still open at t.
func (w window) left(t time.Time) time.Duration {
	here := w.here(t)
	return max(0, time.Date(here.Year(), here.Month(), here.Day(), 0, w.until, 0, 0, here.Location()).Sub(t))
}
