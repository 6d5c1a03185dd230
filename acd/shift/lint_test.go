package shift

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write what is found into the golden file")

// dayOf is a kind of day of texts; what follows "break" are its breaks.
func dayOf(t failer, texts ...string) Day {
	t.Helper()
	at := slices.Index(texts, "break")
	if at < 0 {
		return Day{Hours: read(t, texts...)}
	}
	return Day{Hours: read(t, texts[:at]...), Breaks: read(t, texts[at+1:]...)}
}

// rotation is a team of one on a cycle of days, begun on Monday 2026-11-02.
func rotation(days map[string]Day, cycle ...string) Settings {
	return Settings{TimeZone: "Asia/Shanghai", Agents: []string{"mei"}, Days: days, Rotation: &Rotation{Start: "2026-11-02", Cycle: cycle}}
}

// ofWeeks is a team of one on a cycle of weeks.
func ofWeeks(each Each, days map[string]Day, weeks map[string][]string, cycle ...string) Settings {
	s := Settings{TimeZone: "Asia/Shanghai", Agents: []string{"mei"}, Days: days, Weeks: weeks}
	s.Rotation = &Rotation{Start: "2026-11-02", Each: each, Cycle: cycle}
	if each == EachMonth {
		s.Rotation.Start = "2026-11-01"
	}
	return s
}

func fiveOf(kind string) []string { return []string{kind, kind, kind, kind, kind, Off, Off} }

// TestTheShiftsThatAgentsTellOf is the plan of a hotline that is open day and night,
// as those who worked it tell: early shifts (早班) that begin between 7:15 and 10:30,
// the big night (大夜), the day torn in two (天地班), and another of them each month.
// The golden file names each hardship.
func TestTheShiftsThatAgentsTellOf(t *testing.T) {
	days := map[string]Day{
		"zao":   dayOf(t, "07:15-15:15", "break", "11:00-11:30"),
		"daye":  dayOf(t, "23:00-07:30"),
		"tiand": dayOf(t, "10:00-14:00", "18:00-22:00"),
	}
	eight := map[string]Day{}
	var cycle []string
	for i, begin := range []string{"07:15", "07:45", "08:15", "08:45", "09:15", "09:45", "10:15", "10:30"} {
		name := fmt.Sprintf("zao%d", i+1)
		h := read(t, begin+"-18:30")[0]
		h.To = h.From + 8*time.Hour
		eight[name] = Day{Hours: []Hours{h}, Breaks: []Hours{{h.From + 4*time.Hour, h.From + 4*time.Hour + 30*time.Minute}}}
		cycle = append(cycle, name)
	}
	cycle = append(cycle[:5:5], Off, Off, cycle[7], cycle[0], cycle[6], cycle[1], cycle[5], Off, Off)
	patterns := []struct {
		name     string
		settings Settings
	}{
		{"早班, early shifts, five a week", ofWeeks(EachWeek, days, map[string][]string{"w": fiveOf("zao")}, "w")},
		{"早班, eight kinds of it from 7:15 to 10:30", rotation(eight, cycle...)},
		{"大夜, the big night, seven without a break and then early", rotation(days, "daye", "daye", "daye", "daye", "daye", "daye", "daye", Off, "zao", "zao", Off, Off, Off, Off)},
		{"天地班, 10 to 14 and 18 to 22", ofWeeks(EachWeek, days, map[string][]string{"w": fiveOf("tiand")}, "w")},
		{"monthly, and from 天地班 to 早班 over night", ofWeeks(EachMonth, days, map[string][]string{
			"a": fiveOf("tiand"), "b": {"daye", "daye", "daye", "daye", Off, Off, Off}, "c": {"tiand", "zao", "tiand", "zao", "tiand", "zao", Off},
		}, "a", "b", "c")},
	}
	var out strings.Builder
	for _, p := range patterns {
		fmt.Fprintf(&out, "== %s\n", p.name)
		for _, s := range Repeated(pattern(t, p.settings, "mei").Lint(Rules{}, date(t, "2026-11-02"), 13)) {
			fmt.Fprintf(&out, "%s %s: %s, limit %s, %d times: %s (%s)\n", s.Agent, s.Rule, s.Measured, s.Limit, s.Times, s.Text, s.Source)
		}
	}
	golden := filepath.Join("testdata", "hardships.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(out.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestAHealthyPlanIsNotWarnedOf(t *testing.T) {
	office := dayOf(t, "09:00-12:30", "13:30-18:00")
	shifts := map[string]Day{
		"early": dayOf(t, "07:30-15:30", "break", "11:00-11:30"), "late": dayOf(t, "15:00-23:00", "break", "18:30-19:00"),
		"night": dayOf(t, "22:30-06:30", "break", "02:00-02:45"), "office": office,
	}
	berlin := func(s Settings) Settings { s.TimeZone = "Europe/Berlin"; return s }
	for name, s := range map[string]Settings{
		"an office week": ofWeeks(EachWeek, shifts, map[string][]string{"w": fiveOf("office")}, "w"),
		"two early, two late, two nights, four days off":              rotation(shifts, "early", "early", "late", "late", "night", "night", Off, Off, Off, Off),
		"the same where summer time begins and ends":                  berlin(rotation(shifts, "early", "early", "late", "late", "night", "night", Off, Off, Off, Off)),
		"a week early, a week late":                                   ofWeeks(EachWeek, shifts, map[string][]string{"e": fiveOf("early"), "l": fiveOf("late")}, "e", "l"),
		"weeks forward, three nights, and a weekend after them":       ofWeeks(EachWeek, shifts, map[string][]string{"e": fiveOf("early"), "l": fiveOf("late"), "n": {"night", "night", "night", Off, Off, Off, Off}}, "e", "l", "n"),
		"four days a week, half days":                                 ofWeeks(EachWeek, map[string]Day{"half": dayOf(t, "08:00-12:00")}, map[string][]string{"w": {"half", "half", "half", "half", Off, Off, Off}}, "w"),
		"a night of six hours and one of eight when summer time ends": berlin(rotation(map[string]Day{"six": dayOf(t, "23:00-05:00"), "eight": dayOf(t, "22:30-06:45", "break", "03:30-03:45")}, "six", "eight", Off, Off, Off, Off, Off, Off)),
		"nobody works": rotation(shifts, Off),
		"days of twelve hours' span are split by a lunch that ends": ofWeeks(EachWeek, map[string]Day{"long": dayOf(t, "08:00-13:00", "14:00-18:00")}, map[string][]string{"w": {"long", Off, "long", Off, "long", Off, Off}}, "w"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range pattern(t, s, "mei").Lint(Rules{}, date(t, "2026-01-05"), 52) {
				t.Errorf("%s: %s", f.Rule, f.Text)
			}
		})
	}
}

func TestEachRuleWarnsBeyondItsLimitAndNotAtIt(t *testing.T) {
	week := func(day Day, worked int) Settings {
		kinds := []string{"d", "d", "d", "d", "d", "d", "d"}
		for i := worked; i < len(kinds); i++ {
			kinds[i] = Off
		}
		return ofWeeks(EachWeek, map[string]Day{"d": day}, map[string][]string{"w": kinds}, "w")
	}
	pair := func(first, second Day) Settings {
		return rotation(map[string]Day{"a": first, "b": second, "c": dayOf(t, "14:00-18:00")}, "a", "b", Off, Off, Off, Off, Off, Off, "c", Off, Off, Off, Off, Off)
	}
	tests := []struct {
		rule      Rule
		name      string
		bad, good Settings
	}{
		{RuleRest, "10 h 45 and 11 h", pair(dayOf(t, "14:00-22:15"), dayOf(t, "09:00-13:00")), pair(dayOf(t, "14:00-22:00"), dayOf(t, "09:00-13:00"))},
		{RuleQuickReturn, "11 h and 11 h 15", pair(dayOf(t, "14:00-22:00"), dayOf(t, "09:00-13:00")), pair(dayOf(t, "14:00-22:00"), dayOf(t, "09:15-13:00"))},
		{RuleBackward, "2 h 15 and 2 h", pair(dayOf(t, "11:15-15:00"), dayOf(t, "09:00-13:00")), pair(dayOf(t, "11:00-15:00"), dayOf(t, "09:00-13:00"))},
		{RuleSplitGap, "4 h 15 and 4 h", week(dayOf(t, "09:00-11:00", "15:15-17:00"), 3), week(dayOf(t, "09:00-11:00", "15:00-17:00"), 3)},
		{RuleTornDay, "4 h and 3 h 45", week(dayOf(t, "09:00-11:00", "15:00-17:00"), 3), week(dayOf(t, "09:00-11:00", "14:45-17:00"), 3)},
		{RuleTornDay, "4 h, and 4 h 15 is named by the limit", week(dayOf(t, "09:00-11:00", "15:00-17:00"), 3), week(dayOf(t, "09:00-11:00", "15:15-17:00"), 3)},
		{RuleSplitShift, "10 h 15 and 10 h", week(dayOf(t, "09:00-13:00", "16:00-19:15"), 3), week(dayOf(t, "09:00-13:00", "16:00-19:00"), 3)},
		{RuleUnbroken, "6 h 15 and 6 h", week(dayOf(t, "09:00-15:15"), 3), week(dayOf(t, "09:00-15:00"), 3)},
		{RuleUnbroken, "a break of 10 minutes is none", week(dayOf(t, "09:00-17:00", "break", "13:00-13:10"), 3), week(dayOf(t, "09:00-17:00", "break", "13:00-13:15"), 3)},
		{RuleLength, "10 h 15 and 10 h", week(dayOf(t, "08:00-13:00", "14:00-19:15"), 3), week(dayOf(t, "08:00-13:00", "14:00-19:00"), 3)},
		{RuleNightLength, "8 h 15 and 8 h", week(dayOf(t, "22:00-06:30", "break", "02:00-02:15"), 2), week(dayOf(t, "22:00-06:15", "break", "02:00-02:15"), 2)},
		{RuleNights, "4 and 3", week(dayOf(t, "23:00-05:00"), 4), week(dayOf(t, "23:00-05:00"), 3)},
		{RuleNightSleep, "1 and 2", rotation(map[string]Day{"n": dayOf(t, "23:00-05:00"), "d": dayOf(t, "10:00-15:00")}, "n", Off, "d", Off, Off, Off, Off), rotation(map[string]Day{"n": dayOf(t, "23:00-05:00"), "d": dayOf(t, "10:00-15:00")}, "n", Off, Off, "d", Off, Off, Off)},
		{RuleEarlies, "4 and 3", week(dayOf(t, "07:15-12:00"), 4), week(dayOf(t, "07:15-12:00"), 3)},
		{RuleEarlies, "07:30 is not early", week(dayOf(t, "07:29-12:00"), 5), week(dayOf(t, "07:30-12:00"), 5)},
		{RuleDays, "7 and 6", week(dayOf(t, "09:00-13:00"), 7), week(dayOf(t, "09:00-13:00"), 6)},
		{RuleWeekHours, "49 h and 48 h", week(dayOf(t, "08:00-12:00", "13:00-18:48"), 5), week(dayOf(t, "08:00-12:00", "13:00-18:36"), 5)},
		{RuleWeekRest, "34 h and 35 h", week(dayOf(t, "07:00-21:00"), 6), week(dayOf(t, "08:00-21:00"), 6)},
		{RuleWeekends, "each and one in four", week(dayOf(t, "09:00-13:00"), 6), ofWeeks(EachWeek, map[string]Day{"d": dayOf(t, "09:00-13:00")}, map[string][]string{"s": {Off, Off, Off, Off, Off, "d", "d"}, "w": fiveOf("d")}, "s", "s", "s", "w")},
		{RuleStarts, "4 and 3", rotation(map[string]Day{"a": dayOf(t, "08:00-12:00"), "b": dayOf(t, "09:00-12:00"), "c": dayOf(t, "10:00-12:00"), "d": dayOf(t, "11:00-12:00")}, "a", "b", "c", "d", Off, Off, Off), rotation(map[string]Day{"a": dayOf(t, "08:00-12:00"), "b": dayOf(t, "09:00-12:00"), "c": dayOf(t, "10:00-12:00"), "d": dayOf(t, "10:15-12:00")}, "a", "b", "c", "d", Off, Off, Off)},
	}
	for _, tt := range tests {
		t.Run(string(tt.rule)+": "+tt.name, func(t *testing.T) {
			of := func(s Settings, r Rules) (n int) {
				for _, f := range pattern(t, s, "mei").Lint(r, date(t, "2026-11-02"), 8) {
					if f.Rule == tt.rule {
						n++
						if f.Agent != "mei" || f.Text == "" || f.Source == "" || f.Measured == "" || f.Limit == "" || !f.To.After(f.From) {
							t.Errorf("%+v", f)
						}
					}
				}
				return n
			}
			if of(tt.bad, Rules{}) == 0 {
				t.Error("not named beyond the limit")
			}
			if n := of(tt.good, Rules{}); n != 0 {
				t.Errorf("named %d times at the limit", n)
			}
			off := Rules{
				Rest: -1, QuickReturn: -1, Backward: -1, SplitGap: -1, TornGap: -1, SplitSpan: -1, Unbroken: -1, Length: -1, Days: -1, Starts: -1,
				Early: Early{Days: -1}, Night: Night{Length: -1, Days: -1, Sleep: -1}, Week: Week{Hours: -1, Rest: -1, Weekends: -1},
			}
			if of(tt.bad, off) != 0 {
				t.Error("named though turned off")
			}
		})
	}
}

func TestWhatAnExceptionMakesOverlapIsNamed(t *testing.T) {
	s := rotation(map[string]Day{"night": dayOf(t, "23:00-06:00")}, "night", Off, Off, Off, Off, Off, Off)
	s.Own = map[string]map[string][]Hours{"mei": {"2026-11-03": read(t, "05:00-09:00")}}
	p := pattern(t, s, "mei")
	duties := p.Duties(date(t, "2026-11-02"), date(t, "2026-11-04"))
	if got := spell(p, duties[1].Spans); got != "03 06:00-09:00" || !duties[1].Cut {
		t.Errorf("the later is %s, cut %v", got, duties[1].Cut)
	}
	if !slices.ContainsFunc(p.Lint(Rules{}, date(t, "2026-11-02"), 1), func(f Finding) bool { return f.Rule == RuleOverlap }) {
		t.Error("not named")
	}
}

func TestEveryRuleIsInTheCatalogue(t *testing.T) {
	known := map[Rule]bool{}
	for _, a := range Catalogue() {
		if known[a.Rule] || a.Why == "" || a.Source == "" {
			t.Errorf("%+v", a)
		}
		known[a.Rule] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		p, err := anySettings(t).Pattern("team", "ben")
		if err != nil {
			t.Skip(err)
		}
		from := Date(rapid.IntRange(20000, 22000).Draw(t, "from")).Monday()
		weeks := rapid.IntRange(0, 10).Draw(t, "weeks")
		for _, f := range p.Lint(Rules{}, from, weeks) {
			if !known[f.Rule] || f.Source == "" || !f.To.After(f.From) && f.Rule != RuleRest && f.Rule != RuleQuickReturn {
				t.Fatalf("%+v", f)
			}
		}
	})
}

func TestRulesThatCannotBeAreSaidSo(t *testing.T) {
	if wrong := (Rules{}).WithDefaults().Check(); len(wrong) > 0 {
		t.Errorf("the defaults: %v", wrong)
	}
	wrong := Rules{Rest: 25 * time.Hour, Night: Night{Days: 40}, Week: Week{Hours: 200 * time.Hour}}.Check()
	for _, key := range []string{"rest", "night.days", "week.hours"} {
		if wrong[key] == "" {
			t.Errorf("%s is not said: %v", key, wrong)
		}
	}
}
