package figures

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"breakwater/acd"
)

// aDay is a day of a team: by agent, how many conversations of five minutes, and what else
// befell them; everybody is at work for ten minutes with each, and longer by idle.
type aDay struct {
	calls map[string]int
	idle  map[string]time.Duration
	hard  map[string]bool // a protected conversation and its rest in the middle
	talk  acd.Talk
}

// told is who knows of the day, and the day.
func (d aDay) told(rules Rules) (*Engine, Cuts) {
	s := &story{}
	seat := uint64(0)
	for _, name := range slices.Sorted(maps.Keys(d.calls)) {
		n := d.calls[name]
		at := -6 * time.Hour // from six in the morning on
		s.says(at, name, acd.KindLogIn, acd.Ready)
		at += d.idle[name]
		for i := range n {
			if d.hard[name] && i == n/2 {
				seat++
				at = s.protected(at, name, seat)
			}
			seat++
			s.call(at, name, "q", seat, 5*time.Minute, d.talk, "caller_ended")
			at += 10 * time.Minute
		}
		s.says(at, name, acd.KindLogOut, acd.LoggedOut)
	}
	midnight := noon.Truncate(24 * time.Hour)
	days := Cuts{midnight, midnight.AddDate(0, 0, 1)}
	e := New(rules.WithDefaults())
	slices.SortStableFunc(s.events, func(a, b acd.Event) int { return a.At.Wall.Compare(b.At.Wall) })
	for i := range s.events {
		s.events[i].Seq = uint64(i + 1)
		e.Add(s.events[i])
	}
	return e, days
}

func (d aDay) team(t *testing.T, rules Rules) TeamFigures {
	t.Helper()
	e, days := d.told(rules)
	byDay, total, err := e.Team("north", map[string][]string{"north": {"a", "b", "c", "d", "e", "f"}}, days, days.To().Add(settles))
	if err != nil || byDay[0].Work == nil {
		t.Fatalf("%+v, %v", byDay, err)
	}
	if byDay[0].Even != total.Even {
		t.Errorf("the day has %+v, the total of it %+v", byDay[0].Even, total.Even)
	}
	return byDay[0]
}

// protected is a conversation of 45 minutes with a warning, and the rest after it.
func (s *story) protected(at time.Duration, name string, seat uint64) (over time.Duration) {
	tell := func(kind string, state acd.AgentState, length time.Duration, talk acd.Talk) {
		s.at(at, acd.Event{
			Queue: "q", Call: "hard" + name, Ticket: seat, Assignment: seat, Agent: name,
			Kind: kind, State: state, Length: length, Talk: talk, Level: 2,
		})
	}
	tell(acd.KindOffered, acd.Offered, 0, acd.Talk{})
	tell(acd.KindAnswered, acd.OnCall, 0, acd.Talk{})
	at += 45 * time.Minute
	tell(acd.KindRestGranted, acd.OnCall, 10*time.Minute, acd.Talk{})
	tell(acd.KindFinished, acd.WrapUp, 30*time.Second, acd.Talk{Length: 45 * time.Minute, Protected: true, Warnings: 2})
	at += 30 * time.Second
	s.says(at, name, acd.KindWrapUpOver, acd.Resting)
	at += 10 * time.Minute
	s.says(at, name, acd.KindRestOver, acd.Ready)
	return at
}

func TestHowEvenlyLoadIsShared(t *testing.T) {
	alike := func(n int, names ...string) map[string]int {
		out := map[string]int{}
		for _, name := range names {
			out[name] = n
		}
		return out
	}
	all := alike(12, "a", "b", "c", "d", "e", "f") // 60 points in two hours each
	hour := 50 * time.Minute
	for name, tc := range map[string]struct {
		day    aDay
		rules  Rules
		points string
		rate   string // points an hour, of the team
		even   string
	}{
		"all alike":                             {aDay{calls: all}, Rules{}, "360", "30", "1"},
		"who works half a day is not less":      {aDay{calls: map[string]int{"a": 12, "b": 12, "c": 12, "d": 12, "e": 12, "f": 6}}, Rules{}, "330", "30", "1"},
		"who idles for an hour has less":        {aDay{calls: all, idle: map[string]time.Duration{"a": 2 * hour}}, Rules{}, "360", "26.3415", "0.8333"},
		"by how much is a setting":              {aDay{calls: all, idle: map[string]time.Duration{"a": 2 * hour}}, Rules{LoadWithin: 50}, "360", "26.3415", "1"},
		"a raised voice is five points more":    {aDay{calls: all, talk: acd.Talk{Raised: true}}, Rules{}, "720", "60", "1"},
		"a protected one is not in it":          {aDay{calls: all, hard: map[string]bool{"a": true, "b": true}}, Rules{}, "360", "30", "1"},
		"who was there for minutes is left out": {aDay{calls: map[string]int{"a": 12, "b": 12, "c": 12, "d": 12, "e": 12, "f": 1}}, Rules{}, "305", "30", "1"},
		"too few who were there long enough":    {aDay{calls: map[string]int{"a": 12, "b": 12, "c": 12, "d": 12, "e": 1, "f": 1}}, Rules{}, "250", "30", ""},
		"nothing to do is shared by nobody":     {aDay{calls: alike(0, "a", "b", "c", "d", "e", "f"), idle: map[string]time.Duration{"a": 3 * hour, "b": 3 * hour, "c": 3 * hour, "d": 3 * hour, "e": 3 * hour}}, Rules{}, "0", "0", ""},
		"three who do what six could":           {aDay{calls: all, idle: map[string]time.Duration{"a": 2 * hour, "b": 2 * hour, "c": 2 * hour}}, Rules{}, "360", "21.1765", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.day.team(t, tc.rules)
			if p, r, e := got.Work.Points.Text(), got.Work.PerHour.Text(), got.Even.Text(); p != tc.points || r != tc.rate || e != tc.even {
				t.Errorf("%s points, %s an hour, even %q; want %s, %s, %q", p, r, e, tc.points, tc.rate, tc.even)
			}
		})
	}
}

// TestTeamsWithinOneAnotherDoNotTellWhoseLoadIsUsual: the larger parts off five, so that its
// sums are given; but of these one alone was on queues for an hour, and whether that one's load
// is near the team's would be the difference of the two.
func TestTeamsWithinOneAnotherDoNotTellWhoseLoadIsUsual(t *testing.T) {
	five := []string{"a", "b", "c", "d", "e"}
	teams := map[string][]string{"small": five, "large": append([]string{"f", "g", "h", "i", "j"}, five...)}
	for name, tc := range map[string]struct {
		others int // calls of four of the five others
		known  bool
	}{
		"four of the others were there for minutes": {1, false},
		"all were there for two hours":              {12, true},
	} {
		calls := map[string]int{"f": 12, "g": tc.others, "h": tc.others, "i": tc.others, "j": tc.others}
		for _, agent := range five {
			calls[agent] = 12
		}
		e, days := aDay{calls: calls}.told(Rules{})
		for team, known := range map[string]bool{"small": true, "large": tc.known} {
			byDay, _, err := e.Team(team, teams, days, days.To().Add(settles))
			if err != nil || byDay[0].Work == nil {
				t.Fatalf("%s: %+v, %v", name, byDay, err)
			}
			if _, got := byDay[0].Even.Value(); got != known {
				t.Errorf("%s: how even the load of %s is is given: %t", name, team, got)
			}
		}
	}
}

// TestPromiseAProtectedCallMovesNoLoad: whoever looks at how load is shared cannot see who
// had the hard calls.
func TestPromiseAProtectedCallMovesNoLoad(t *testing.T) {
	calls := map[string]int{"a": 12, "b": 11, "c": 12, "d": 9, "e": 12, "f": 14}
	idle := map[string]time.Duration{"c": time.Hour, "f": 30 * time.Minute}
	plain, err := json.Marshal(aDay{calls: calls, idle: idle}.team(t, Rules{}))
	if err != nil {
		t.Fatal(err)
	}
	for name := range calls {
		hard, err := json.Marshal(aDay{calls: calls, idle: idle, hard: map[string]bool{name: true}}.team(t, Rules{}))
		if err != nil {
			t.Fatal(err)
		}
		if string(hard) != string(plain) {
			t.Errorf("a protected call of %s makes\n%s\nof\n%s", name, hard, plain)
		}
	}
}

// TestTheFirstDayOfATeamAsCSVMayBeOneThatIsNotGiven: its line is empty, and takes nothing
// from those after it.
func TestTheFirstDayOfATeamAsCSVMayBeOneThatIsNotGiven(t *testing.T) {
	full := aDay{calls: map[string]int{"a": 12, "b": 12, "c": 12, "d": 12, "e": 12}}.team(t, Rules{})
	r := Report[TeamFigures]{Periods: []Period[TeamFigures]{
		{Figures: []TeamFigures{{Team: "north"}}}, {Figures: []TeamFigures{full}},
	}}
	var text bytes.Buffer
	if err := r.CSV(&text); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(text.Bytes())).ReadAll()
	if err != nil || len(lines) != 3 {
		t.Fatalf("%v in\n%s", err, text.String())
	}
	for key, want := range map[string][]string{
		"team": {"north", "north"}, "people": {"", "5"}, "work.load_points": {"", "300"}, "work.load_points_per_hour": {"", "30"}, "load_even": {"", "1"},
	} {
		at := slices.Index(lines[0], key)
		if at < 0 || lines[1][at] != want[0] || lines[2][at] != want[1] {
			t.Errorf("column %s is %d of\n%s", key, at, text.String())
		}
	}
}
