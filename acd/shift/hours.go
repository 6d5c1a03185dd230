package shift

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Hours is a stretch of a day by the clock on the wall, e.g. 09:00-12:30. One that
// ends at or before its begin runs past midnight; 24:00 is the end of the day.
type Hours struct {
	From, To time.Duration // on the wall, since midnight; To is up to 24 hours after From
}

const day = 24 * time.Hour

// UnmarshalText reads 09:00-12:30.
func (h *Hours) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(strings.ReplaceAll(string(text), " ", ""), "-")
	begin, okFrom := clock(from)
	end, okTo := clock(to)
	if !ok || !okFrom || !okTo || begin == end || begin == day {
		return errors.New("hours are written as 09:00-12:30")
	}
	if end < begin {
		end += day
	}
	h.From, h.To = begin, end
	return nil
}

// MarshalText writes 09:00-12:30.
func (h Hours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// String is 09:00-12:30.
func (h Hours) String() string { return onWall(h.From) + "-" + onWall(h.To) }

// onWall is 09:30; the end of the day is 24:00.
func onWall(d time.Duration) string {
	if d > day {
		d -= day
	}
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// within tells whether h lies in the other hours.
func (h Hours) within(other Hours) bool { return other.From <= h.From && h.To <= other.To }

// later is the same hours so much later.
func (h Hours) later(by time.Duration) Hours { return Hours{h.From + by, h.To + by} }

// clock reads 09:30 as the time since midnight.
func clock(text string) (time.Duration, bool) {
	hour, minute, ok := strings.Cut(text, ":")
	h, errH := strconv.ParseUint(hour, 10, 8)
	m, errM := strconv.ParseUint(minute, 10, 8)
	if !ok || errH != nil || errM != nil || len(hour) > 2 || len(minute) != 2 || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, true
}

// Date is a day of the calendar, wherever: days since 1970-01-01.
type Date int

// ParseDate reads 2026-10-01.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("%q is no date; write it as 2026-10-01", text)
	}
	return DateOf(t), nil
}

// DateOf is the date that t's own time zone shows.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()
	return Date(floorDiv(int(midnight), 86400))
}

// utc is midnight of the date in UTC: for reckoning with the calendar only.
func (d Date) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is 2026-10-01.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText writes 2026-10-01.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 2026-10-01.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// Weekday counts from Monday, 0, to Sunday, 6.
func (d Date) Weekday() int { return floorMod(int(d)+3, 7) } // 1970-01-01 was a Thursday

// Monday is the Monday of the date's week.
func (d Date) Monday() Date { return d - Date(d.Weekday()) }

// months counts the months since the year 0.
func (d Date) months() int {
	t := d.utc()
	return t.Year()*12 + int(t.Month()) - 1
}

// At is the moment when the clocks of the zone show so much since the midnight that
// begins the date. What they show twice, when summer time ends, is its first time;
// what they never show, when it begins, is the moment of the change. So what is later
// on the wall is never earlier in truth, and a day has 23 or 25 hours twice a year.
func (d Date) At(wall time.Duration, zone *time.Location) time.Time {
	u := d.utc().Add(wall)
	_, before := u.Add(-36 * time.Hour).In(zone).Zone() // no zone is further from UTC than 14 h, no change larger than 24 h
	_, after := u.Add(36 * time.Hour).In(zone).Zone()
	first := u.Add(-time.Duration(before) * time.Second).In(zone)
	if shows(first, u) {
		return first
	}
	if second := u.Add(-time.Duration(after) * time.Second).In(zone); shows(second, u) {
		return second
	}
	change, _ := first.ZoneBounds()
	if change.IsZero() || change.After(first) {
		return first
	}
	return change
}

// shows tells whether the clocks at t show what u does in UTC.
func shows(t, u time.Time) bool {
	_, offset := t.Zone()
	return t.Add(time.Duration(offset) * time.Second).Equal(u)
}

func floorDiv(a, b int) int { return (a - floorMod(a, b)) / b }

func floorMod(a, b int) int { return ((a % b) + b) % b }
