package ivr

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // opening hours must be right on a machine without zone files
)

// Hours is when a menu is open, by the clock on the wall of its time zone. A time
// range belongs to the day on which it begins: friday 22:00-06:00 is open on
// saturday at 3, unless that friday is a holiday. In the nights when the clock is
// changed the clock decides: an hour that is shown twice is open or closed twice.
type Hours struct {
	Zone     string              `yaml:"zone"`     // time zone, e.g. Europe/Berlin; needed where anything else is set
	Open     map[string][]string `yaml:"open"`     // by day (monday, mon), days (mon-fri) or daily: time ranges such as 09:00-17:30; days not named are closed; default always
	Holidays []string            `yaml:"holidays"` // closed dates: 2026-12-24, or 12-25 for every year
	Closed   string              `yaml:"closed"`   // target outside the hours
}

var weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// set tells whether there are hours at all.
func (h Hours) set() bool {
	return h.Zone != "" || len(h.Open) > 0 || len(h.Holidays) > 0 || h.Closed != ""
}

// local is the time on the menu's wall.
func (h Hours) local(now time.Time) (time.Time, error) {
	if h.Zone == "" {
		return now, nil
	}
	zone, err := time.LoadLocation(h.Zone)
	if err != nil {
		return now, fmt.Errorf("time zone %q: %w", h.Zone, err)
	}
	return now.In(zone), nil
}

// openAt tells whether the menu is open at a local time.
func (h Hours) openAt(here time.Time) (bool, error) {
	if !h.set() {
		return true, nil
	}
	minute := here.Hour()*60 + here.Minute()
	today, err := h.ranges(here)
	if err != nil {
		return false, err
	}
	// Noon, because every day has one: midnight does not exist on some days.
	yesterday, err := h.ranges(time.Date(here.Year(), here.Month(), here.Day()-1, 12, 0, 0, 0, here.Location()))
	if err != nil {
		return false, err
	}
	open := slices.ContainsFunc(today, func(r timeRange) bool {
		return r.from <= minute && (minute < r.to || r.overnight())
	}) || slices.ContainsFunc(yesterday, func(r timeRange) bool {
		return r.overnight() && minute < r.to
	})
	return open, nil
}

// ranges is when the menu is open on the day of a local time.
func (h Hours) ranges(day time.Time) ([]timeRange, error) {
	for _, holiday := range h.Holidays {
		if holiday == day.Format(time.DateOnly) || holiday == day.Format(everyYear) {
			return nil, nil
		}
	}
	if len(h.Open) == 0 {
		return []timeRange{{0, 24 * 60}}, nil
	}
	var all []timeRange
	for key, texts := range h.Open {
		days, err := parseDays(key)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(days, day.Weekday()) {
			continue
		}
		for _, text := range texts {
			r, err := parseRange(text)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// timeRange is in minutes of the day, to is exclusive.
type timeRange struct{ from, to int }

func (r timeRange) overnight() bool { return r.to <= r.from }

// everyYear is the layout of a holiday on the same date each year.
const everyYear = "01-02"

var errRange = errors.New("a time range is written 09:00-17:30; 22:00-06:00 ends on the next day, 00:00-24:00 is the whole day")

func parseRange(text string) (timeRange, error) {
	from, to, ok := strings.Cut(strings.ReplaceAll(text, " ", ""), "-")
	a, okFrom := parseClock(from)
	b, okTo := parseClock(to)
	if !ok || !okFrom || !okTo || a == b || a == 24*60 {
		return timeRange{}, fmt.Errorf("%q: %w", text, errRange)
	}
	return timeRange{a, b}, nil
}

// parseClock reads 09:30 as minutes of the day; 24:00 is the end of it.
func parseClock(text string) (int, bool) {
	hour, minute, ok := strings.Cut(text, ":")
	if !ok || len(minute) != 2 || hour == "" || len(hour) > 2 {
		return 0, false
	}
	h, err := strconv.ParseUint(hour, 10, 8)
	if err != nil {
		return 0, false
	}
	m, err := strconv.ParseUint(minute, 10, 8)
	if err != nil || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return int(h*60 + m), true
}

// parseDays reads monday, mon, mon-fri, fri-mon or daily.
func parseDays(text string) ([]time.Weekday, error) {
	if text == "daily" {
		text = "mon-sun"
	}
	first, last, isSpan := strings.Cut(text, "-")
	if !isSpan {
		last = first
	}
	from, okFrom := parseDay(first)
	to, okTo := parseDay(last)
	if !okFrom || !okTo {
		return nil, fmt.Errorf("%q: a day is monday or mon, several are mon-fri or daily", text)
	}
	days := []time.Weekday{from}
	for d := from; d != to; {
		d = (d + 1) % 7
		days = append(days, d)
	}
	return days, nil
}

func parseDay(text string) (time.Weekday, bool) {
	for i, name := range weekdays {
		if text == name || text == name[:3] {
			return time.Weekday(i), true
		}
	}
	return 0, false
}
