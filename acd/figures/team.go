package figures

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// TeamFigures are those of a group of people together.
type TeamFigures struct {
	Team   string `json:"team"`
	People int    `json:"people,omitempty"` // who worked; not told where the figures are not
	Work   *Work  `json:"work"`             // null where too few worked, or the day is not over
	Even   Ratio  `json:"load_even"`        // of the people on queues for an hour and more, those whose load points an hour are within LoadWithin of the team's; unknown where these are too few
}

// settles is how long after its end a day of a team is given. Whoever asked twice on the
// day would have the figures of the time between, in which perhaps one person worked; and
// what went on at midnight counts when it is over.
const settles = 4 * time.Hour

// team gives a team's figures for each day, and for all days that are given together.
// Days on which fewer than LeastGroup of it worked are not given: who knows the others'
// figures would know the one's. So that none can be told by subtraction, they are
// missing in the total, too; nothing is finer than a day, nor is one given that goes on;
// and where the teams overlap, those are not given that would part off too few (cells).
func (t *tally) team(team string, teams map[string][]string, now time.Time) (byDay []TeamFigures, total TeamFigures, err error) {
	days := t.cuts
	if err := days.WholeDays(); err != nil {
		return nil, total, err
	}
	mine := t.crews(teams[team], worked)
	sums, people := t.working(teams[team])
	given, evenGiven := t.given(team, teams, mine)
	var all agentSums
	byDay = make([]TeamFigures, days.Len())
	for i := range byDay {
		byDay[i].Team = team
		if now.Before(days[i+1].Add(settles)) || !given[i] {
			continue
		}
		w := sums[i].figures()
		byDay[i].People, byDay[i].Work = len(mine[i]), &w
		if evenGiven[i] {
			byDay[i].Even = t.even(&sums[i], people[i])
		}
		all.add(&sums[i])
		total.Even.Part += byDay[i].Even.Part
		total.Even.Whole += byDay[i].Even.Whole
	}
	work := all.figures()
	total.Team, total.Work = team, &work
	return byDay, total, nil
}

// given tells on which days the figures of a team are given. Teams are taken from the one
// with the fewest agents on, whoever is asked about: that of a team always comes out the same.
// How even its load is speaks of those who were on queues long enough alone, so where these
// would be parted off too few, that is not given.
func (t *tally) given(team string, teams map[string][]string, mine []crew) (work, even []bool) {
	order := slices.SortedFunc(maps.Keys(teams), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(teams[a]), len(teams[b])), cmp.Compare(a, b))
	})
	order = order[:slices.Index(order, team)]
	before, long := make([][]crew, len(order)), make([][]crew, len(order))
	for i, name := range order {
		before[i], long[i] = t.crews(teams[name], worked), t.crews(teams[name], workedLong)
	}
	mineLong := t.crews(teams[team], workedLong)
	work, even = make([]bool, len(mine)), make([]bool, len(mine))
	for day := range work {
		all, some := newCells(t.rules.LeastGroup), newCells(t.rules.LeastGroup)
		for i := range order {
			if all.add(before[i][day]) {
				some.add(long[i][day])
			}
		}
		work[day] = all.add(mine[day])
		even[day] = work[day] && some.add(mineLong[day])
	}
	return work, even
}

// Team gives a team's figures for each day, and for all days that are given together.
func (e *Engine) Team(team string, teams map[string][]string, days Cuts, now time.Time) (byDay []TeamFigures, total TeamFigures, err error) {
	return e.tally(days, scope{people: everybody(teams)}, now).team(team, teams, now)
}

// everybody is who is in a team.
func everybody(teams map[string][]string) (out []string) {
	for _, agents := range teams {
		out = append(out, agents...)
	}
	return out
}

// longEnough is how long a person has to be on queues for the load of an hour to say anything.
const longEnough = time.Hour

// even is how many of those who were on queues long enough had a load near the team's. It
// tells of nobody how far off, nor on which side.
func (t *tally) even(team *agentSums, people []agentSums) Ratio {
	usual, some := team.loadPerHour().Value()
	if !some || usual == 0 {
		return Ratio{}
	}
	near, all := 0, 0
	for i := range people {
		if !workedLong(&people[i]) {
			continue
		}
		all++
		if own, _ := people[i].loadPerHour().Value(); math.Abs(own-usual)*100 <= float64(t.rules.LoadWithin)*usual {
			near++
		}
	}
	if all < t.rules.LeastGroup {
		return Ratio{}
	}
	return share(near, all)
}

// crew is who of a team worked on a day.
type crew map[string]bool

// worked tells whether somebody worked, workedLong whether for long enough on queues.
func worked(s *agentSums) bool     { return s.loggedIn() > 0 }
func workedLong(s *agentSums) bool { return s.onQueues() >= longEnough }

// crews gives who of a team worked on each day, or worked long.
func (t *tally) crews(agents []string, counts func(*agentSums) bool) []crew {
	out := make([]crew, t.cuts.Len())
	for day := range out {
		out[day] = crew{}
		for _, agent := range agents {
			if counts(&t.people[agent][day].agentSums) {
				out[day][agent] = true
			}
		}
	}
	return out
}

// working gives the sums of a team for each day, and those of each who worked then.
func (t *tally) working(agents []string) (sums []agentSums, people [][]agentSums) {
	sums, people = make([]agentSums, t.cuts.Len()), make([][]agentSums, t.cuts.Len())
	named := crew{}
	for _, agent := range agents {
		if named[agent] {
			continue
		}
		named[agent] = true
		for day := range sums {
			s := t.people[agent][day].agentSums
			if worked(&s) {
				people[day] = append(people[day], s)
			}
			sums[day].add(&s)
		}
	}
	return sums, people
}
