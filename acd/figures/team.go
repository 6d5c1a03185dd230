package figures

import (
	"maps"
	"math"
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
// and where teams within this one leave too few of it, it is not given either.
func (t *tally) team(team string, teams map[string][]string, now time.Time) (byDay []TeamFigures, total TeamFigures, err error) {
	days := t.cuts
	if err := days.WholeDays(); err != nil {
		return nil, total, err
	}
	sums, mine, people := t.working(teams[team])
	var others [][]crew
	for name, agents := range teams {
		if name != team {
			_, crews, _ := t.working(agents)
			others = append(others, crews)
		}
	}
	var all agentSums
	byDay = make([]TeamFigures, days.Len())
	for i := range byDay {
		byDay[i].Team = team
		if now.Before(days[i+1].Add(settles)) || len(mine[i]) < t.rules.LeastGroup || mine[i].parted(others, i, t.rules.LeastGroup) {
			continue
		}
		w := sums[i].figures()
		byDay[i].People, byDay[i].Work, byDay[i].Even = len(mine[i]), &w, t.even(&sums[i], people[i])
		all.add(&sums[i])
		total.Even.Part += byDay[i].Even.Part
		total.Even.Whole += byDay[i].Even.Whole
	}
	work := all.figures()
	total.Team, total.Work = team, &work
	return byDay, total, nil
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
		if people[i].onQueues() < longEnough {
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

// working gives the sums of a team for each day, who worked then, and the sums of each of
// these.
func (t *tally) working(agents []string) (sums []agentSums, crews []crew, people [][]agentSums) {
	days := t.cuts.Len()
	sums, crews, people = make([]agentSums, days), make([]crew, days), make([][]agentSums, days)
	for i := range crews {
		crews[i] = crew{}
	}
	named := crew{}
	for _, agent := range agents {
		if named[agent] {
			continue
		}
		named[agent] = true
		for i := range t.people[agent] {
			s := t.people[agent][i].agentSums
			if s.loggedIn() > 0 {
				crews[i][agent] = true
				people[i] = append(people[i], s)
			}
			sums[i].add(&s)
		}
	}
	return sums, crews, people
}

// parted tells whether fewer than least are left of a crew without one of the others that
// are within it, or without all of these.
func (c crew) parted(others [][]crew, day, least int) bool {
	rest := maps.Clone(c)
	for _, crews := range others {
		o := crews[day]
		if len(o) < least || len(o) >= len(c) || !o.within(c) {
			continue
		}
		if len(c)-len(o) < least {
			return true
		}
		maps.DeleteFunc(rest, func(name string, _ bool) bool { return o[name] })
	}
	return len(rest) > 0 && len(rest) < least
}

func (c crew) within(o crew) bool {
	for name := range c {
		if !o[name] {
			return false
		}
	}
	return true
}
