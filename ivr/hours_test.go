package ivr

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestOpeningHours(t *testing.T) {
	office := Hours{
		Zone:     "Europe/Berlin",
		Open:     map[string][]string{"mon-thu": {"09:00-12:00", "13:00-17:30"}, "friday": {"09:00-12:00", "22:00-06:00"}, "sun": {"00:00-24:00"}},
		Holidays: []string{"2026-05-01", "12-25"},
		Closed:   "goodbye:closed",
	}
	nights := Hours{Zone: "Europe/Berlin", Open: map[string][]string{"daily": {"22:00-06:00"}}, Closed: "goodbye"}
	early := Hours{Zone: "Europe/Berlin", Open: map[string][]string{"daily": {"01:00-02:30"}}, Closed: "goodbye"}
	for name, c := range map[string]struct {
		hours Hours
		at    string // RFC 3339
		want  bool
	}{
		"no hours are always":                  {Hours{}, "2026-12-25T03:00:00Z", true},
		"at the first minute":                  {office, "2026-03-02T09:00:00+01:00", true},
		"a second before":                      {office, "2026-03-02T08:59:59+01:00", false},
		"at the last second":                   {office, "2026-03-02T11:59:59+01:00", true},
		"the end is not part of it":            {office, "2026-03-02T12:00:00+01:00", false},
		"in the second range":                  {office, "2026-03-02T17:29:00+01:00", true},
		"the zone decides, not the server's":   {office, "2026-03-02T08:30:00Z", true},
		"a day that is not named":              {office, "2026-03-07T10:00:00+01:00", false},
		"the whole day, first minute":          {office, "2026-03-08T00:00:00+01:00", true},
		"the whole day, last minute":           {office, "2026-03-08T23:59:59+01:00", true},
		"friday night":                         {office, "2026-03-06T22:00:00+01:00", true},
		"friday's night on saturday":           {office, "2026-03-07T05:59:00+01:00", true},
		"friday's night has ended":             {office, "2026-03-07T06:00:00+01:00", false},
		"thursday has no night":                {office, "2026-03-06T05:00:00+01:00", false},
		"a holiday":                            {office, "2026-05-01T10:00:00+02:00", false},
		"the night that begins on a holiday":   {office, "2026-05-02T03:00:00+02:00", false},
		"the same date next year":              {office, "2027-05-03T10:00:00+02:00", true},
		"a holiday of every year":              {office, "2028-12-25T10:00:00+01:00", false},
		"summer time counts":                   {office, "2026-07-06T07:00:00Z", true},
		"winter time counts":                   {office, "2026-01-05T07:00:00Z", false},
		"the night the clock jumps: before":    {nights, "2026-03-29T01:59:00+01:00", true},
		"the night the clock jumps: after":     {nights, "2026-03-29T03:00:00+02:00", true},
		"the night the clock jumps: end":       {nights, "2026-03-29T06:00:00+02:00", false},
		"the night the clock is put back":      {nights, "2026-10-25T02:30:00+01:00", true},
		"the night it is put back: end":        {nights, "2026-10-25T06:00:00+01:00", false},
		"an hour shown twice: first half":      {early, "2026-10-25T02:15:00+02:00", true},
		"an hour shown twice: first end":       {early, "2026-10-25T02:45:00+02:00", false},
		"an hour shown twice: again open":      {early, "2026-10-25T02:15:00+01:00", true},
		"an hour shown twice: second end":      {early, "2026-10-25T02:30:00+01:00", false},
		"an hour that is skipped":              {early, "2026-03-29T03:00:00+02:00", false},
		"new year's night":                     {nights, "2027-01-01T01:00:00+01:00", true},
		"leap day's night":                     {nights, "2028-03-01T01:00:00+01:00", true},
		"holidays alone: open on other days":   {Hours{Zone: "UTC", Holidays: []string{"02-29"}, Closed: "goodbye"}, "2028-02-28T23:00:00Z", true},
		"holidays alone: closed on those days": {Hours{Zone: "UTC", Holidays: []string{"02-29"}, Closed: "goodbye"}, "2028-02-29T12:00:00Z", false},
	} {
		t.Run(name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			here, err := c.hours.local(at)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.hours.openAt(here); err != nil || got != c.want {
				t.Errorf("%t, %v; want %t", got, err, c.want)
			}
		})
	}
}

// On a day without a clock change, a range is open for exactly its minutes.
func TestARangeIsOpenForItsLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.IntRange(0, 1439).Draw(t, "from"), rapid.IntRange(0, 1440).Draw(t, "to")
		if from == to {
			return
		}
		clock := func(m int) string {
			if m == 1440 {
				return "24:00"
			}
			return time.Time{}.Add(time.Duration(m) * time.Minute).Format("15:04")
		}
		h := Hours{Zone: "UTC", Open: map[string][]string{"wed": {clock(from) + "-" + clock(to)}}, Closed: "goodbye"}
		open := 0
		for at := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC); at.Day() < 6; at = at.Add(time.Minute) {
			yes, err := h.openAt(at)
			if err != nil {
				t.Fatal(err)
			}
			if yes {
				open++
			}
		}
		want := to - from
		if want < 0 {
			want += 1440
		}
		if open != want {
			t.Fatalf("%v is open for %d minutes, want %d", h.Open, open, want)
		}
	})
}
