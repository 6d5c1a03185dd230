package shift

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// read makes hours of their text.
func read(t failer, texts ...string) []Hours {
	t.Helper()
	out := []Hours{}
	for _, text := range texts {
		var h Hours
		if err := h.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		out = append(out, h)
	}
	return out
}

// everyDay is a week of the same days.
func everyDay(of []Hours, names ...string) map[string][]Hours {
	out := map[string][]Hours{}
	for _, name := range names {
		out[name] = of
	}
	return out
}

func pattern(t failer, s Settings, agent string) Pattern {
	t.Helper()
	p, err := s.Pattern("team", agent)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// spell writes spans as people read them; a break stands in parentheses.
func spell(p Pattern, spans []Span) string {
	var out []string
	for _, s := range spans {
		text := s.From.In(p.Zone()).Format("02 15:04") + "-" + s.To.In(p.Zone()).Format("15:04")
		if s.Kind == Break {
			text = "(" + text + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func TestWhatAPatternAsks(t *testing.T) {
	office := everyDay(read(t, "09:00-12:30", "14:00-18:00"), "mon", "tue", "wed", "thu", "fri")
	tests := map[string]struct {
		settings Settings
		agent    string
		from     string // date
		days     int
		want     string
	}{
		"a split shift with a break": {
			Settings{TimeZone: "Europe/Berlin", Agents: []string{"anna"}, Week: office, Breaks: map[string][]Hours{"mon": read(t, "10:30-10:45")}},
			"anna", "2026-11-01", 3,
			"02 09:00-10:30 (02 10:30-10:45) 02 10:45-12:30 02 14:00-18:00 03 09:00-12:30 03 14:00-18:00",
		},
		"a night has its break in the next morning": {
			Settings{TimeZone: "Asia/Shanghai", Agents: []string{"anna"}, Week: everyDay(read(t, "23:00-07:15"), "mon"), Breaks: map[string][]Hours{"mon": read(t, "03:00-03:45")}},
			"anna", "2026-11-02", 7,
			"02 23:00-03:00 (03 03:00-03:45) 03 03:45-07:15",
		},
		"a day off for all, and own hours before it": {
			Settings{
				TimeZone: "Asia/Shanghai", Agents: []string{"anna", "ben"}, Week: office,
				Except: map[string][]Hours{"2026-11-02": {}, "2026-11-03": {}},
				Own:    map[string]map[string][]Hours{"ben": {"2026-11-03": read(t, "20:00-22:00")}},
			},
			"ben", "2026-11-02", 3,
			"03 20:00-22:00 04 09:00-12:30 04 14:00-18:00",
		},
		"breaks stay where they lie within other hours": {
			Settings{
				TimeZone: "Asia/Shanghai", Agents: []string{"anna"}, Week: office,
				Breaks: map[string][]Hours{"tue": read(t, "10:30-10:45", "16:00-16:15")},
				Except: map[string][]Hours{"2026-11-03": read(t, "08:00-12:00")},
			},
			"anna", "2026-11-03", 1,
			"03 08:00-10:30 (03 10:30-10:45) 03 10:45-12:00",
		},
		"a rotation by days, the second agent two places ahead": {
			threeShifts([]string{"early", "early", "night", "night", Off, Off}, EachDay, 2),
			"ben", "2026-11-02", 5,
			"02 23:00-07:15 03 23:00-07:15 06 07:15-15:15",
		},
		"a rotation by days reaches back before its start": {
			threeShifts([]string{"early", "early", "night", "night", Off, Off}, EachDay, 2),
			"anna", "2026-10-28", 6,
			"28 07:15-15:15 29 23:00-07:15 30 23:00-07:15 02 07:15-15:15",
		},
		"a rotation by weeks": {
			threeShifts([]string{"mornings", "nights"}, EachWeek, 1),
			"anna", "2026-11-08", 3, // Sunday, Monday, Tuesday
			"09 23:00-07:15 10 23:00-07:15",
		},
		"a rotation by months keeps the weekdays": {
			threeShifts([]string{"mornings", "nights"}, EachMonth, 0),
			"anna", "2026-11-30", 2,
			"30 07:15-15:15 01 23:00-07:15",
		},
		"summer time begins in a night of seven hours": {
			Settings{TimeZone: "Europe/Berlin", Agents: []string{"anna"}, Week: everyDay(read(t, "22:00-06:00"), "sat")},
			"anna", "2026-03-28", 1,
			"28 22:00-06:00",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := pattern(t, tt.settings, tt.agent)
			from := date(t, tt.from)
			var spans []Span
			for _, d := range p.Duties(from, from+Date(tt.days)) {
				spans = append(spans, d.Spans...)
			}
			if got := spell(p, spans); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// threeShifts rotates anna, ben and chen.
func threeShifts(cycle []string, each Each, step int) Settings {
	morning, night := hours(7, 15, 15, 15), hours(23, 0, 31, 15)
	start := "2026-11-02"
	if each == EachMonth {
		start = "2026-11-01"
	}
	return Settings{
		TimeZone: "Asia/Shanghai", Agents: []string{"anna", "ben", "chen"},
		Days: map[string]Day{"early": {Hours: []Hours{morning}}, "night": {Hours: []Hours{night}}},
		Weeks: map[string][]string{
			"mornings": {"early", "early", "early", "early", "early", Off, Off},
			"nights":   {"night", "night", "night", Off, Off, Off, Off},
		},
		Rotation: &Rotation{Start: start, Each: each, Cycle: cycle, Step: step},
	}
}

func TestAnIllLaidShiftIsSaidSo(t *testing.T) {
	base := func() Settings { return threeShifts([]string{"early", "night", Off}, EachDay, 0) }
	tests := map[string]struct {
		change func(*Settings)
		key    string
		says   string
	}{
		"a zone nobody knows":             {func(s *Settings) { s.TimeZone = "Asia/Shangai" }, "time_zone", "Asia/Shanghai"},
		"an agent twice":                  {func(s *Settings) { s.Agents = []string{"anna", "anna"} }, "agents.1", "twice"},
		"a rotation beside a week":        {func(s *Settings) { s.Week = everyDay(read(t, "09:00-17:00"), "mon") }, "rotation", "either"},
		"kinds of day without a rotation": {func(s *Settings) { s.Rotation = nil }, "rotation", "is missing"},
		"no start":                        {func(s *Settings) { s.Rotation.Start = "" }, "rotation.start", "is missing"},
		"a start that is no date":         {func(s *Settings) { s.Rotation.Start = "next week" }, "rotation.start", "no date"},
		"weeks that start on a Tuesday":   {func(s *Settings) { s.Rotation.Each, s.Rotation.Start = EachWeek, "2026-11-03" }, "rotation.start", "2026-11-02"},
		"months that start on the second": {func(s *Settings) { s.Rotation.Each = EachMonth }, "rotation.start", "first of a month"},
		"a cycle of nothing":              {func(s *Settings) { s.Rotation.Cycle = nil }, "rotation.cycle", "empty"},
		"an unknown kind of day":          {func(s *Settings) { s.Rotation.Cycle[1] = "nigth" }, "rotation.cycle.1", "early, night"},
		"an unknown kind of week":         {func(s *Settings) { s.Rotation.Each = EachWeek }, "rotation.cycle.0", "mornings, nights"},
		"years":                           {func(s *Settings) { s.Rotation.Each = "year" }, "rotation.each", "day, week, month"},
		"a week of six days":              {func(s *Settings) { s.Weeks["short"] = []string{Off, Off, Off, Off, Off, Off} }, "weeks.short", "seven"},
		"a break outside the hours": {func(s *Settings) {
			s.Days["early"] = Day{Hours: read(t, "07:15-10:30"), Breaks: read(t, "11:00-11:15")}
		}, "days.early.breaks.0", "not within"},
		"breaks out of order": {func(s *Settings) {
			s.Days["early"] = Day{Hours: read(t, "07:15-15:30"), Breaks: read(t, "11:00-11:15", "09:00-09:15")}
		}, "days.early.breaks.1", "in order"},
		"a kind of day called off":   {func(s *Settings) { s.Days[Off] = Day{} }, "days.off", "another name"},
		"own hours of somebody else": {func(s *Settings) { s.Own = map[string]map[string][]Hours{"zoe": {}} }, "own.zoe", "not among"},
		"own hours at no date":       {func(s *Settings) { s.Own = map[string]map[string][]Hours{"ben": {"tomorrow": {}}} }, "own.ben.tomorrow", "no date"},
		"a night that runs into the morning": {func(s *Settings) {
			s.Rotation.Cycle = []string{"night", "early"}
			s.Days["early"] = Day{Hours: read(t, "07:00-15:00")}
		}, "rotation.cycle.1", "before those of night"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := base()
			if wrong := s.Check(); len(wrong) > 0 {
				t.Fatalf("wrong before: %v", wrong)
			}
			tt.change(&s)
			wrong := s.Check()
			if !strings.Contains(wrong[tt.key], tt.says) {
				t.Errorf("%s: %q, want %q in it; all: %v", tt.key, wrong[tt.key], tt.says, wrong)
			}
			if _, err := s.Pattern("team", "anna"); err == nil {
				t.Error("a pattern was made of it")
			}
		})
	}
}

func TestLookAtAMoment(t *testing.T) {
	s := Settings{TimeZone: "Asia/Shanghai", Agents: []string{"anna"}, Week: everyDay(read(t, "10:00-14:00", "18:00-22:00"), "mon"), Breaks: map[string][]Hours{"mon": read(t, "12:00-12:15")}}
	p := pattern(t, s, "anna")
	at := func(text string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, p.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	pause := Span{at("2026-11-02 12:00"), at("2026-11-02 12:15"), Break}
	for name, tt := range map[string]struct {
		when string
		want Moment
	}{
		"before work":         {"2026-11-02 09:59", Moment{Next: at("2026-11-02 10:00")}},
		"the first second":    {"2026-11-02 10:00", Moment{On: true, End: at("2026-11-02 14:00"), Pause: pause, Next: at("2026-11-02 18:00")}},
		"in the break":        {"2026-11-02 12:05", Moment{On: true, Break: true, End: at("2026-11-02 14:00"), Pause: pause, Next: at("2026-11-02 18:00")}},
		"after the break":     {"2026-11-02 13:00", Moment{On: true, End: at("2026-11-02 14:00"), Next: at("2026-11-02 18:00")}},
		"the end is off":      {"2026-11-02 14:00", Moment{Next: at("2026-11-02 18:00")}},
		"a week until Monday": {"2026-11-02 22:00", Moment{Next: at("2026-11-09 10:00")}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, p.At(at(tt.when))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAShiftThatTouchesTheNextGoesOn(t *testing.T) {
	s := Settings{TimeZone: "UTC", Agents: []string{"anna"}, Week: map[string][]Hours{"mon": read(t, "20:00-24:00"), "tue": read(t, "00:00-04:00")}}
	p := pattern(t, s, "anna")
	if m := p.At(time.Date(2026, 11, 2, 21, 0, 0, 0, time.UTC)); !m.End.Equal(time.Date(2026, 11, 3, 4, 0, 0, 0, time.UTC)) {
		t.Errorf("ends %v", m.End)
	}
}

func TestPromiseDaysOfSummerTimeHave23And25Hours(t *testing.T) {
	names := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	for text, want := range map[string]time.Duration{"2026-03-29": 23 * time.Hour, "2026-10-25": 25 * time.Hour, "2026-11-02": day} {
		p := pattern(t, Settings{TimeZone: "Europe/Berlin", Agents: []string{"anna"}, Week: everyDay(read(t, "00:00-24:00"), names...)}, "anna")
		duties := p.Duties(date(t, text), date(t, text)+1)
		if len(duties) != 1 || duties[0].Work() != want {
			t.Errorf("%s: %v", text, duties)
		}
	}
}

// anySettings draws a checked shift.
func anySettings(t *rapid.T) Settings {
	dayOf := func(name string) Day {
		var d Day
		at := time.Duration(rapid.IntRange(0, 12*4).Draw(t, name+" begin")) * 15 * time.Minute
		for range rapid.IntRange(0, 3).Draw(t, name+" parts") {
			length := time.Duration(rapid.IntRange(1, 24).Draw(t, name+" length")) * 15 * time.Minute
			h := Hours{at, at + length}
			if h.From >= day {
				break
			}
			d.Hours = append(d.Hours, h)
			if length > time.Hour && rapid.Bool().Draw(t, name+" has a break") {
				d.Breaks = append(d.Breaks, Hours{h.From + 30*time.Minute, h.From + 45*time.Minute})
			}
			at += length + time.Duration(rapid.IntRange(0, 12).Draw(t, name+" gap"))*15*time.Minute
		}
		return d
	}
	s := Settings{TimeZone: rapid.SampledFrom(zones).Draw(t, "zone"), Agents: []string{"anna", "ben"}, Days: map[string]Day{"a": dayOf("a"), "b": dayOf("b")}}
	s.Rotation = &Rotation{
		Start: Date(rapid.IntRange(20000, 21000).Draw(t, "start")).String(),
		Cycle: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", Off}), 1, 9).Draw(t, "cycle"), Step: rapid.IntRange(-3, 3).Draw(t, "step"),
	}
	return s.WithDefaults()
}

func TestPromiseSpansNeverOverlapAndNoHourIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySettings(t)
		p, err := s.Pattern("team", "ben")
		if err != nil {
			t.Skip("runs into itself: ", err)
		}
		from := Date(rapid.IntRange(20000, 22000).Draw(t, "from"))
		duties := p.Duties(from, from+30)
		var spans []Span
		for _, d := range duties {
			var walls time.Duration
			for _, h := range p.On(d.Date).Hours {
				walls += d.Date.At(h.To, p.Zone()).Sub(d.Date.At(h.From, p.Zone()))
			}
			var sum time.Duration
			for _, x := range d.Spans {
				sum += x.Length()
			}
			if sum != walls && !d.Cut {
				t.Fatalf("%s has %v of %v", d.Date, sum, walls)
			}
			spans = append(spans, d.Spans...)
		}
		for i, x := range spans {
			if x.Length() <= 0 || i > 0 && x.From.Before(spans[i-1].To) {
				t.Fatalf("span %d of %v", i, spans)
			}
		}
		again := p.Spans(from.At(0, p.Zone()), (from+30).At(0, p.Zone()))
		for _, x := range spans {
			if x.From.Before((from+30).At(0, p.Zone())) && !slices.Contains(again, x) {
				t.Fatalf("Spans forgets %v", x)
			}
		}
		for _, x := range again {
			if m := Look(again, x.From); !m.On || m.Break != (x.Kind == Break) || m.End.Before(x.To) {
				t.Fatalf("at %v: %+v", x, m)
			}
		}
	})
}

func FuzzRotation(f *testing.F) {
	f.Add("2026-11-02", "day", "early,night,off", 1)
	f.Add("2026-11-01", "month", "mornings,nights", 0)
	f.Add("0000-01-01", "week", "nights", -400)
	f.Fuzz(func(t *testing.T, start, each, cycle string, step int) {
		s := threeShifts(strings.Split(cycle, ","), Each(each), step)
		s.Rotation.Start = start
		if len(s.Check()) > 0 {
			return
		}
		p, err := s.Pattern("team", "chen")
		if err != nil {
			t.Fatalf("checked, but %v", err)
		}
		for _, d := range p.Duties(20000, 20060) {
			if !slices.Contains(slices.Collect(maps.Keys(s.Days)), d.Kind) {
				t.Fatalf("%s is a day of kind %q", d.Date, d.Kind)
			}
		}
	})
}
