package shift

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests' zones, wherever they run

	"pgregory.net/rapid"
)

func TestHoursAreReadAndWritten(t *testing.T) {
	tests := map[string]struct {
		text string
		want Hours
		as   string // written; empty = as read
	}{
		"a morning":                        {"09:00-12:30", hours(9, 0, 12, 30), ""},
		"with spaces and one digit":        {"9:00 - 12:30", hours(9, 0, 12, 30), "09:00-12:30"},
		"a night runs past midnight":       {"23:00-07:15", hours(23, 0, 31, 15), ""},
		"to the end of the day":            {"18:00-24:00", hours(18, 0, 24, 0), ""},
		"midnight as the begin of the end": {"18:00-00:00", hours(18, 0, 24, 0), "18:00-24:00"},
		"all day":                          {"00:00-24:00", hours(0, 0, 24, 0), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var h Hours
			if err := h.UnmarshalText([]byte(tt.text)); err != nil || h != tt.want {
				t.Fatalf("%v, %v; want %v", h, err, tt.want)
			}
			if want := max(tt.as, ""); want == "" && h.String() != tt.text || want != "" && h.String() != want {
				t.Errorf("written as %s", h)
			}
		})
	}
	for _, wrong := range []string{"", "9-12", "09:00", "09:00-09:00", "09:00-25:00", "09:60-10:00", "24:00-08:00", "24:30-08:00", "09:00-12:30-14:00", "-1:00-08:00", "009:00-10:00"} {
		var h Hours
		if err := h.UnmarshalText([]byte(wrong)); err == nil {
			t.Errorf("%q is read as %v", wrong, h)
		}
	}
}

func FuzzHours(f *testing.F) {
	for _, seed := range []string{"09:00-12:30", "23:00-07:15", "00:00-24:00", "9:0-1", "24:00-24:00", "18:00 - 00:00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var h, again Hours
		if h.UnmarshalText([]byte(text)) != nil {
			return
		}
		if h.From < 0 || h.From >= day || h.To <= h.From || h.To > h.From+day {
			t.Fatalf("%q gives %v to %v", text, h.From, h.To)
		}
		if err := again.UnmarshalText([]byte(h.String())); err != nil || again != h {
			t.Fatalf("%q is written as %s and read again as %v, %v", text, h, again, err)
		}
	})
}

func TestDates(t *testing.T) {
	for text, weekday := range map[string]int{"1970-01-01": 3, "2026-11-02": 0, "2026-11-08": 6, "1969-12-31": 2, "2024-02-29": 3} {
		d, err := ParseDate(text)
		if err != nil || d.String() != text || d.Weekday() != weekday {
			t.Errorf("%s is %s, weekday %d, %v", text, d, d.Weekday(), err)
		}
	}
	if d, err := ParseDate("2026-02-30"); err == nil || !strings.Contains(err.Error(), "2026-02-30") {
		t.Errorf("2026-02-30 is read as %v, %v", d, err)
	}
}

func TestWhatClocksShowTwiceOrNever(t *testing.T) {
	tests := map[string]struct {
		zone, date string
		wall       time.Duration
		want       string // RFC 3339, as that zone writes it
	}{
		"a plain morning":                            {"Europe/Berlin", "2026-11-02", 9 * time.Hour, "2026-11-02T09:00:00+01:00"},
		"summer time begins: 02:30 is never shown":   {"Europe/Berlin", "2026-03-29", 150 * time.Minute, "2026-03-29T03:00:00+02:00"},
		"summer time ends: the first 02:30":          {"Europe/Berlin", "2026-10-25", 150 * time.Minute, "2026-10-25T02:30:00+02:00"},
		"a night counted from the evening before it": {"Europe/Berlin", "2026-10-24", 30 * time.Hour, "2026-10-25T06:00:00+01:00"},
		"midnight that a change skips":               {"America/Santiago", "2026-09-06", 0, "2026-09-06T01:00:00-03:00"},
		"a day that an island skipped":               {"Pacific/Apia", "2011-12-30", 9 * time.Hour, "2011-12-31T00:00:00+14:00"},
		"no summer time":                             {"Asia/Shanghai", "2026-07-01", 7*time.Hour + 15*time.Minute, "2026-07-01T07:15:00+08:00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := date(t, tt.date).At(tt.wall, zone(t, tt.zone)).Format(time.RFC3339); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

var zones = []string{"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu"}

func TestPromiseLaterOnTheWallIsNeverEarlier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		d := Date(rapid.IntRange(14600, 22000).Draw(t, "date")) // 2009 to 2030
		a := time.Duration(rapid.IntRange(0, 48*60).Draw(t, "a")) * time.Minute
		b := time.Duration(rapid.IntRange(0, 48*60).Draw(t, "b")) * time.Minute
		if first, second := d.At(min(a, b), at), d.At(max(a, b), at); second.Before(first) {
			t.Fatalf("%s %v is %v, %v is %v", d, min(a, b), first, max(a, b), second)
		}
		if next, same := (d+1).At(a, at), d.At(a+day, at); !next.Equal(same) {
			t.Fatalf("%s %v is %v from the next day and %v from this", d, a, next, same)
		}
	})
}

type failer interface {
	Helper()
	Fatal(args ...any)
}

func hours(h1, m1, h2, m2 int) Hours {
	at := func(h, m int) time.Duration { return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute }
	return Hours{at(h1, m1), at(h2, m2)}
}

func zone(t failer, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func date(t failer, text string) Date {
	t.Helper()
	d, err := ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
