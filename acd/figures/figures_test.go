package figures

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
)

// aShift is an agent's shift of two plain calls, a pause, and between them whatever more is
// given.
func aShift(more func(s *story, from time.Duration) time.Duration) (*Engine, Cuts) {
	s := &story{}
	s.says(0, "anna", acd.KindLogIn, acd.Ready)
	s.call(time.Minute, "anna", "orders", 1, 3*time.Minute, acd.Talk{Held: 20 * time.Second}, "caller_ended")
	at := more(s, 6*time.Minute) // ready since 4:40
	s.call(at, "anna", "orders", 2, time.Minute, acd.Talk{}, "transferred")
	s.says(at+10*time.Minute, "anna", acd.KindNotReady, acd.NotReady)
	s.says(at+15*time.Minute, "anna", acd.KindReady, acd.Ready)
	s.says(at+20*time.Minute, "anna", acd.KindLogOut, acd.LoggedOut)
	return engineOf(s.events), Cuts{noon, noon.Add(8 * time.Hour)}
}

// TestAShiftWithAProtectedCallHasTheFiguresOfOneWithout is test 45 of the protection: a
// call of 45 minutes with a warning and a rest moves no figure of the agent.
func TestAShiftWithAProtectedCallHasTheFiguresOfOneWithout(t *testing.T) {
	plain, cuts := aShift(func(_ *story, from time.Duration) time.Duration { return from })
	hard, _ := aShift(func(s *story, from time.Duration) time.Duration {
		e := acd.Event{Queue: "orders", Call: "hard", Ticket: 9, Assignment: 9, Agent: "anna"}
		tell := func(at time.Duration, kind string, state acd.AgentState, length time.Duration, talk acd.Talk) {
			e := e
			e.Kind, e.State, e.Length, e.Talk, e.Level = kind, state, length, talk, 2
			s.at(at, e)
		}
		at := from
		tell(at, acd.KindOffered, acd.Offered, 0, acd.Talk{})
		at += 5 * time.Second
		tell(at, acd.KindAnswered, acd.OnCall, 7*time.Second, acd.Talk{})
		at += 45 * time.Minute
		tell(at, acd.KindRestGranted, acd.OnCall, 10*time.Minute, acd.Talk{})
		tell(at, acd.KindFinished, acd.WrapUp, 30*time.Second, acd.Talk{Length: 45 * time.Minute, Protected: true, Warnings: 2})
		at += 30 * time.Second
		s.says(at, "anna", acd.KindWrapUpOver, acd.Resting)
		at += 10 * time.Minute
		s.says(at, "anna", acd.KindRestOver, acd.Ready)
		return at
	})
	now := noon.Add(8 * time.Hour)
	want, got := plain.Own("anna", cuts, now)[0], hard.Own("anna", cuts, now)[0]
	if diff := cmp.Diff(want.Work, got.Work); diff != "" {
		t.Errorf("the protected call moves figures (-without +with):\n%s", diff)
	}
	if len(want.Shields) != 0 || len(got.Shields) != 1 || got.Shields[0].Why != "warned" {
		t.Errorf("left out %+v and %+v; want the one call, and why", want.Shields, got.Shields)
	}
	queue := hard.Queue("orders", cuts)[0]
	if queue.Handling.Handled != 3 || queue.Protection.Warnings != 2 || queue.Protection.Rests != 1 {
		t.Errorf("the queue has %+v, %+v; want all three calls and what protection did", queue.Handling, queue.Protection)
	}
	if p := queue.Protection; p.Taken != Span(10*time.Minute) || p.Entitled != p.Taken || p.Protected != 1 {
		t.Errorf("protection %+v", p)
	}
}

func TestAnOwnShiftByItsFormulas(t *testing.T) {
	e, cuts := aShift(func(_ *story, from time.Duration) time.Duration { return from })
	w := e.Own("anna", cuts, cuts.To())[0].Work
	// logged in 26:00; ring 4+4, talk 180+60, wrap 30+30, away 300; ready the rest: 1252 s.
	got := map[string]string{
		"att": w.Handling.ATT.Text(), "hold": w.Handling.Hold.Text(), "acw": w.Handling.ACW.Text(), "aht": w.Handling.AHT.Text(),
		"acw share": w.Handling.ACWShare.Text(), "transfer": w.Handling.Transfer.Text(), "logged in": w.LoggedIn.Text(),
		"ready": w.Idle.Text(), "away": w.Away.Text(), "occupancy": w.Occupancy.Text(), "utilisation": w.Utilisation.Text(),
		"availability": w.Availability.Text(), "shrinkage": w.Shrinkage.Text(), "answer rate": w.Offers.AnswerRate.Text(),
	}
	want := map[string]string{
		"att": "120", "hold": "10", "acw": "30", "aht": "150", "acw share": "0.2", "transfer": "0.5", "logged in": "1560",
		"ready": "952", "away": "300", "occupancy": "0.2444", "utilisation": "0.1923", "availability": "0.6103",
		"shrinkage": "0.1923", "answer rate": "1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

func TestTheFourServiceLevelsSideBySide(t *testing.T) {
	s := &story{}
	waits := func(n uint64, kind, reason string, wait time.Duration) {
		s.at(time.Duration(n)*time.Minute, acd.Event{Kind: acd.KindEntered, Queue: "q", Ticket: n, Call: "c"})
		s.at(time.Duration(n)*time.Minute+wait, acd.Event{Kind: kind, Queue: "q", Ticket: n, Call: "c", Reason: reason, Length: wait})
	}
	for n := range uint64(6) {
		waits(n, acd.KindAnswered, "", 10*time.Second)
	}
	waits(7, acd.KindAnswered, "", 40*time.Second)
	waits(8, acd.KindLeft, "abandoned", 2*time.Second)  // short
	waits(9, acd.KindLeft, "abandoned", 15*time.Second) // within the T
	waits(10, acd.KindLeft, "abandoned", 50*time.Second)
	waits(11, acd.KindRemoved, "wait", 50*time.Second)
	s.at(time.Hour, acd.Event{Kind: acd.KindRefused, Queue: "q", Call: "x", Reason: "full"})
	f := engineOf(s.events).Queue("q", Cuts{noon, noon.Add(2 * time.Hour)})[0]
	got := []string{f.Level.A.Text(), f.Level.B.Text(), f.Level.C.Text(), f.Level.D.Text(), f.Waits.Abandon.Text(), f.Waits.AbandonNet.Text()}
	// A 6/(7+3-1), B (6+2)/(7+3), C 6/7, D 6/(7+3-1+1 removed+1 refused); 3/11 and 2/10
	if diff := cmp.Diff([]string{"0.6667", "0.8", "0.8571", "0.5455", "0.2727", "0.2"}, got); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
	if f.Callers.Offered != 10 || f.Waits.ATA.Text() != "22.3" || f.Waits.Longest.Text() != "50" {
		t.Errorf("offered %d, ata %s, longest %s", f.Callers.Offered, f.Waits.ATA.Text(), f.Waits.Longest.Text())
	}
}

// TestWhoWaitedInAnotherQueueIsNoShortAbandon: ten minutes and an overflow are no wrong
// number, however soon the caller hangs up after it.
func TestWhoWaitedInAnotherQueueIsNoShortAbandon(t *testing.T) {
	s := &story{}
	s.at(0, acd.Event{Kind: acd.KindEntered, Queue: "q", Ticket: 1, Call: "a", Length: 10 * time.Minute})
	s.at(2*time.Second, acd.Event{Kind: acd.KindLeft, Queue: "q", Ticket: 1, Call: "a", Reason: "abandoned", Length: 2 * time.Second})
	s.at(time.Minute, acd.Event{Kind: acd.KindEntered, Queue: "q", Ticket: 2, Call: "b", Length: time.Millisecond})
	s.at(time.Minute+time.Second, acd.Event{Kind: acd.KindLeft, Queue: "q", Ticket: 2, Call: "b", Reason: "abandoned", Length: time.Second})
	f := engineOf(s.events).Queue("q", Cuts{noon, noon.Add(time.Hour)})[0]
	if f.Callers.Abandoned != 2 || f.Callers.Short != 1 || f.Callers.Offered != 1 || f.Level.A.Text() != "0" || f.Waits.ATA.Text() != "1.5" {
		t.Errorf("%+v, SL-A %q, ATA %s; want one short abandon of two", f.Callers, f.Level.A.Text(), f.Waits.ATA.Text())
	}
}

func TestEachAgentHasTheOwnPartOfATransferredCall(t *testing.T) {
	for name, protected := range map[string]bool{"plain": false, "the second part is protected, so both are": true} {
		t.Run(name, func(t *testing.T) {
			s := &story{}
			s.says(0, "anna", acd.KindLogIn, acd.Ready)
			s.says(0, "ben", acd.KindLogIn, acd.Ready)
			s.call(time.Minute, "anna", "orders", 1, 2*time.Minute, acd.Talk{}, "transferred")
			second := &story{}
			second.call(5*time.Minute, "ben", "refunds", 2, 4*time.Minute, acd.Talk{Protected: protected, Warnings: 1}, "caller_ended")
			for _, e := range second.events {
				if e.Call != "" {
					e.Call = "B" // that of the first part
				}
				s.at(e.At.Wall.Sub(noon), e)
			}
			e, cuts := engineOf(s.events), Cuts{noon, noon.Add(time.Hour)}
			anna, ben := e.Own("anna", cuts, cuts.To())[0], e.Own("ben", cuts, cuts.To())[0]
			if protected {
				if anna.Work.Handling.Handled+ben.Work.Handling.Handled != 0 || anna.Shields[0].Why != "same-call" {
					t.Errorf("anna %+v, ben %+v: the call is protected as a whole", anna, ben)
				}
				return
			}
			if a, b := anna.Work.Handling.ATT.Text(), ben.Work.Handling.ATT.Text(); a != "120" || b != "240" {
				t.Errorf("anna talked %s s, ben %s s; want each the own part", a, b)
			}
		})
	}
}

func TestATeamIsShownOnlyWhereNobodyCanBeToldApart(t *testing.T) {
	s := &story{}
	people := []string{"a", "b", "c", "d", "e"}
	for i, name := range people {
		s.says(0, name, acd.KindLogIn, acd.Ready)
		s.call(time.Duration(i+1)*time.Minute, name, "q", uint64(i+1), time.Minute, acd.Talk{}, "caller_ended")
	}
	for _, name := range people[1:] { // only a works on past midnight
		s.says(6*time.Hour, name, acd.KindLogOut, acd.LoggedOut)
	}
	s.call(13*time.Hour, "a", "q", 20, 50*time.Minute, acd.Talk{}, "caller_ended")
	s.says(14*time.Hour, "a", acd.KindLogOut, acd.LoggedOut)
	e := engineOf(s.events)
	midnight := noon.Truncate(24 * time.Hour)
	days, err := Cut(midnight, midnight.AddDate(0, 0, 2), Day)
	if err != nil {
		t.Fatal(err)
	}
	teams := map[string][]string{"north": append(people, "a")}
	byDay, total, err := e.Team("north", teams, days, days.To())
	if err != nil || byDay[0].People != 5 || byDay[0].Work == nil || byDay[1].Work != nil || byDay[1].People != 0 {
		t.Fatalf("days %+v, %v; want the first, and nothing of the second", byDay, err)
	}
	if diff := cmp.Diff(*byDay[0].Work, *total.Work); diff != "" {
		t.Errorf("the total tells of the day that is not given:\n%s", diff)
	}
	for name, cuts := range map[string]Cuts{
		"part of a day":           {midnight, midnight.Add(20 * time.Hour)},
		"two days as one":         {midnight, midnight.AddDate(0, 0, 2)},
		"a day, but from noon on": {noon, noon.AddDate(0, 0, 1)},
	} {
		if _, _, err := e.Team("north", teams, cuts, days.To()); err == nil {
			t.Errorf("%s is given", name)
		}
	}
}

// TestNobodyOfATeamIsToldByAskingTwice: a day that goes on would tell of the hours between
// two questions, and a team within a team of those who are in one of them alone.
func TestNobodyOfATeamIsToldByAskingTwice(t *testing.T) {
	s := &story{}
	people := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}
	for i, name := range people {
		s.says(0, name, acd.KindLogIn, acd.Ready)
		s.says(time.Duration(i+1)*time.Minute, name, acd.KindLogOut, acd.LoggedOut)
	}
	e := engineOf(s.events)
	midnight := noon.Truncate(24 * time.Hour)
	days, err := Cut(midnight, midnight.AddDate(0, 0, 1), Day)
	if err != nil {
		t.Fatal(err)
	}
	north, south, ten := people[:5], people[5:10], people[:10]
	for name, tc := range map[string]struct {
		after time.Duration // the end of the day
		teams map[string][]string
		given bool
	}{
		"a day that is over":                  {settles, map[string][]string{"all": ten}, true},
		"a day that goes on":                  {-time.Hour, map[string][]string{"all": ten}, false},
		"one that ended just now":             {time.Hour, map[string][]string{"all": ten}, false},
		"one more than another team":          {settles, map[string][]string{"all": people[:6], "north": north}, false},
		"one more than two others together":   {settles, map[string][]string{"all": people, "north": north, "south": south}, false},
		"two others together":                 {settles, map[string][]string{"all": ten, "north": north, "south": south}, true},
		"one more, who did not work":          {settles, map[string][]string{"all": append([]string{"z"}, north...), "north": north}, true},
		"another team that partly is of it":   {settles, map[string][]string{"all": north, "some": people[1:6]}, true},
		"five more than another team":         {settles, map[string][]string{"all": ten, "north": north}, true},
		"one more than a team too small":      {settles, map[string][]string{"all": north, "four": people[:4]}, true},
		"two of the same people":              {settles, map[string][]string{"all": north, "north": north}, true},
		"less than a team that is around it":  {settles, map[string][]string{"all": north, "more": people[:6]}, true},
		"one less one and one more":           {settles, map[string][]string{"all": ten, "a": append([]string{"k"}, north...), "c": append([]string{"k"}, south...)}, false},
		"one more than one of two within it ": {settles, map[string][]string{"all": people[:6], "north": north, "ten": ten}, false},
	} {
		byDay, _, err := e.Team("all", tc.teams, days, days.To().Add(tc.after))
		if err != nil {
			t.Fatal(err)
		}
		if given := byDay[0].Work != nil; given != tc.given || !given && byDay[0].People != 0 {
			t.Errorf("%s: %+v; want given %t", name, byDay[0], tc.given)
		}
	}
}

func TestDaysFollowTheCalendarOfTheirZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	cuts, err := Cut(time.Date(2026, 3, 28, 0, 0, 0, 0, berlin), time.Date(2026, 3, 31, 0, 0, 0, 0, berlin), Day)
	if err != nil {
		t.Fatal(err)
	}
	var lengths []time.Duration
	for i := range cuts.Len() {
		lengths = append(lengths, cuts[i+1].Sub(cuts[i]))
	}
	if diff := cmp.Diff([]time.Duration{24 * time.Hour, 23 * time.Hour, 24 * time.Hour}, lengths); diff != "" {
		t.Errorf("days last (-want +got):\n%s", diff)
	}
	if err := cuts.WholeDays(); err != nil {
		t.Error(err)
	}
	for name, step := range map[string]string{"nonsense": "x", "too fine": "1s", "too many": "1m"} {
		if _, err := Cut(noon, noon.AddDate(0, 1, 0), step); err == nil {
			t.Errorf("%s: it was cut", name)
		}
	}
}

func TestWhatIsUnknownIsNeitherZeroNorOne(t *testing.T) {
	f := New(Rules{}).Queue("q", Cuts{noon, noon.Add(time.Hour)})[0]
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"sl_a":null`, `"asa_seconds":null`, `"entered":0`, `"repeat_rate":null`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}

func TestSettingsThatWouldTellOfAPersonAreRefused(t *testing.T) {
	s := Settings{
		Rules: Rules{LeastGroup: 2, Within: 2 * time.Hour, Short: -2, Gap: -1}, TimeZone: "Mars", QueueLog: "yes", AtHand: fewestAtHand - 1,
		Teams: map[string][]string{"duo": {"anna", "ben"}, "five": {"a", "b", "c", "d", "e"}},
	}
	wrong := s.Check()
	for _, key := range []string{"least_group", "within", "short", "gap", "time_zone", "queue_log", "at_hand"} {
		if wrong[key] == "" {
			t.Errorf("%s is taken", key)
		}
	}
	if got := (Settings{Teams: s.Teams}).Check(); len(got) != 1 || got["teams.duo"] == "" {
		t.Errorf("teams: %v; want the duo refused", got)
	}
	if got := (Settings{}).WithDefaults().Check(); len(got) != 0 {
		t.Errorf("the defaults are refused: %v", got)
	}
}
