package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shift is the working week of one agent or a team. It is read and checked so
// that shift plans can be written today; nothing obeys it yet.
type Shift struct {
	TimeZone string             `yaml:"time_zone"` // IANA name, e.g. Asia/Shanghai; default the machine's
	Agents   []string           `yaml:"agents"`    // who works it
	Week     map[string][]Hours `yaml:"week"`      // mon … sun; several hours a day are a split shift, e.g. mon: [09:00-12:30, 14:00-18:00]
	Breaks   map[string][]Hours `yaml:"breaks"`    // mon … sun, within the hours of that day
	Except   map[string][]Hours `yaml:"except"`    // other hours on a date, e.g. 2026-10-01: [] for a day off
}

// Hours is a stretch of a day, e.g. 09:00-12:30. One that ends at or before its
// begin runs past midnight; 24:00 is the end of the day.
type Hours struct {
	From, To time.Duration // since midnight
}

// UnmarshalText reads 09:00-12:30.
func (h *Hours) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(strings.ReplaceAll(string(text), " ", ""), "-")
	var okFrom, okTo bool
	h.From, okFrom = clock(from)
	h.To, okTo = clock(to)
	if !ok || !okFrom || !okTo || h.From == h.To {
		return errors.New("hours are written as 09:00-12:30")
	}
	if h.To < h.From {
		h.To += 24 * time.Hour
	}
	return nil
}

// MarshalText writes 09:00-12:30.
func (h Hours) MarshalText() ([]byte, error) {
	write := func(d time.Duration) string {
		if d > 24*time.Hour {
			d -= 24 * time.Hour
		}
		return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
	}
	return []byte(write(h.From) + "-" + write(h.To)), nil
}

// clock reads 09:30 as the time since midnight.
func clock(text string) (time.Duration, bool) {
	hour, minute, ok := strings.Cut(text, ":")
	h, errH := strconv.ParseUint(hour, 10, 8)
	m, errM := strconv.ParseUint(minute, 10, 8)
	if !ok || errH != nil || errM != nil || len(minute) != 2 || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, true
}

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Check says what is wrong with the shift, by the key in the config.
func (s Shift) Check() map[string]string {
	wrong := map[string]string{}
	if _, err := time.LoadLocation(s.TimeZone); err != nil {
		wrong["time_zone"] = fmt.Sprintf("%q is no time zone; write an IANA name such as Asia/Shanghai or Europe/Berlin", s.TimeZone)
	}
	for _, days := range []struct {
		key   string
		hours map[string][]Hours
	}{{"week", s.Week}, {"breaks", s.Breaks}} {
		for _, day := range slices.Sorted(maps.Keys(days.hours)) {
			key := days.key + "." + day
			if !slices.Contains(weekdays, day) {
				wrong[key] = fmt.Sprintf("%q is no day of the week; days are mon, tue, wed, thu, fri, sat and sun", day)
				continue
			}
			inOrder(days.hours[day], key, wrong)
		}
	}
	for day, hours := range s.Breaks {
		for i, b := range hours {
			if !slices.ContainsFunc(s.Week[day], func(h Hours) bool { return h.From <= b.From && b.To <= h.To }) {
				wrong[fmt.Sprintf("breaks.%s.%d", day, i)] = "the break is not within the hours of that day"
			}
		}
	}
	for date, hours := range s.Except {
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			wrong["except."+date] = fmt.Sprintf("%q is no date; write it as 2026-10-01", date)
			continue
		}
		inOrder(hours, "except."+date, wrong)
	}
	return wrong
}

// inOrder asks that the hours of a day follow each other without overlap.
func inOrder(hours []Hours, key string, wrong map[string]string) {
	for i := 1; i < len(hours); i++ {
		if hours[i].From < hours[i-1].To {
			wrong[fmt.Sprintf("%s.%d", key, i)] = "the hours begin before the ones before them end; write a day's hours in order"
		}
	}
}
