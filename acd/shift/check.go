package shift

import (
	"fmt"
	"maps"
	"slices"
)

// mostPlaces bounds a rotation: more than a year of days is a mistake.
const mostPlaces = 400

// wrongs collects what is wrong, by dotted key.
type wrongs map[string]string

// Check says what is wrong with the shift, by the key in the config. That the agents
// exist is not for a shift to know.
func (s Settings) Check() map[string]string {
	s = s.WithDefaults()
	w := wrongs{}
	if _, err := s.zone(); err != nil {
		w["time_zone"] = err.Error()
	}
	for i, name := range s.Agents {
		if slices.Contains(s.Agents[:i], name) {
			w[fmt.Sprintf("agents.%d", i)] = fmt.Sprintf("%s is named twice", name)
		}
	}
	s.checkWeek(w)
	for name, d := range s.Days {
		if name == Off {
			w["days."+name] = "off is the day without work; give this kind of day another name"
		}
		w.inOrder("days."+name+".hours", d.Hours)
		w.breaks("days."+name+".breaks", d.Hours, d.Breaks)
	}
	for name, kinds := range s.Weeks {
		if len(kinds) != len(weekdays) {
			w["weeks."+name] = fmt.Sprintf("has %d days; a week is seven kinds of day from Monday to Sunday", len(kinds))
		}
		s.kindsOfDay(w, "weeks."+name, kinds)
	}
	s.checkRotation(w)
	w.dates("except", s.Except)
	for name, dates := range s.Own {
		if !slices.Contains(s.Agents, name) {
			w["own."+name] = fmt.Sprintf("%s is not among the agents of this shift", name)
		}
		w.dates("own."+name, dates)
	}
	return w
}

func (s Settings) checkWeek(w wrongs) {
	for _, days := range []struct {
		key   string
		hours map[string][]Hours
	}{{"week", s.Week}, {"breaks", s.Breaks}} {
		for name, hours := range days.hours {
			if !slices.Contains(weekdays, name) {
				w[days.key+"."+name] = fmt.Sprintf("%q is no day of the week; days are mon, tue, wed, thu, fri, sat and sun", name)
				continue
			}
			w.inOrder(days.key+"."+name, hours)
		}
	}
	for name, breaks := range s.Breaks {
		w.breaks("breaks."+name, s.Week[name], breaks)
	}
	if len(w) > 0 {
		return
	}
	for i, name := range weekdays {
		next := weekdays[(i+1)%len(weekdays)]
		if runsInto(s.Week[name], s.Week[next]) {
			w["week."+next] = fmt.Sprintf("the hours begin before those of %s end", name)
		}
	}
}

func (s Settings) checkRotation(w wrongs) {
	r := s.Rotation
	switch {
	case r == nil && len(s.Days)+len(s.Weeks) > 0 && len(s.Week) == 0:
		w["rotation"] = "is missing; days and weeks are worked by a rotation only"
		return
	case r == nil:
		return
	case len(s.Week)+len(s.Breaks) > 0:
		w["rotation"] = "stands beside week or breaks; a shift is either the same week again and again or a rotation"
	case len(r.Cycle) == 0:
		w["rotation.cycle"] = "is empty; write kinds of day, e.g. [early, early, late, late, off, off]"
	case len(r.Cycle) > mostPlaces:
		w["rotation.cycle"] = fmt.Sprintf("has %d places; at most are %d", len(r.Cycle), mostPlaces)
	case r.Step < -mostPlaces || r.Step > mostPlaces:
		w["rotation.step"] = fmt.Sprintf("%d is further than any cycle", r.Step)
	}
	start, err := ParseDate(r.Start)
	switch {
	case err != nil && r.Start == "":
		w["rotation.start"] = "is missing; write the date when the cycle begins, e.g. 2026-10-05"
	case err != nil:
		w["rotation.start"] = err.Error()
	case r.Each == EachWeek && start.Weekday() != 0:
		w["rotation.start"] = fmt.Sprintf("%s is a %s; a rotation of weeks starts on a Monday, e.g. %s", r.Start, start.utc().Weekday(), start.Monday())
	case r.Each == EachMonth && start.utc().Day() != 1:
		w["rotation.start"] = fmt.Sprintf("%s is not the first of a month, where a rotation of months starts", r.Start)
	}
	switch r.Each {
	case EachDay:
		s.kindsOfDay(w, "rotation.cycle", r.Cycle)
	case EachWeek, EachMonth:
		for i, kind := range r.Cycle {
			if _, ok := s.Weeks[kind]; !ok {
				w[fmt.Sprintf("rotation.cycle.%d", i)] = fmt.Sprintf("%q is no kind of week; weeks has %s", kind, listed(s.Weeks))
			}
		}
	default:
		w["rotation.each"] = fmt.Sprintf("%q is not one of day, week, month", r.Each)
	}
	if len(w) == 0 {
		s.checkTurns(w)
	}
}

// checkTurns asks that no day of the rotation runs into the next.
func (s Settings) checkTurns(w wrongs) {
	cycle := s.Rotation.Cycle
	if s.Rotation.Each == EachDay {
		for i, kind := range cycle {
			at := (i + 1) % len(cycle)
			if runsInto(s.Days[kind].Hours, s.Days[cycle[at]].Hours) {
				w[fmt.Sprintf("rotation.cycle.%d", at)] = fmt.Sprintf("the hours of %s begin before those of %s, the day before, end", cycle[at], kind)
			}
		}
		return
	}
	for name, kinds := range s.Weeks {
		for i := 1; i < len(kinds); i++ {
			if runsInto(s.Days[kinds[i-1]].Hours, s.Days[kinds[i]].Hours) {
				w[fmt.Sprintf("weeks.%s.%d", name, i)] = fmt.Sprintf("the hours of %s begin before those of %s, the day before, end", kinds[i], kinds[i-1])
			}
		}
	}
}

// runsInto tells whether a day's hours end after those of the next day begin.
func runsInto(hours, next []Hours) bool {
	if len(hours) == 0 || len(next) == 0 {
		return false
	}
	return hours[len(hours)-1].To > next[0].From+day
}

func (s Settings) kindsOfDay(w wrongs, key string, kinds []string) {
	for i, kind := range kinds {
		if _, ok := s.Days[kind]; !ok && kind != Off {
			w[fmt.Sprintf("%s.%d", key, i)] = fmt.Sprintf("%q is no kind of day; days has %s, and there is off", kind, listed(s.Days))
		}
	}
}

func listed[T any](of map[string]T) string {
	if len(of) == 0 {
		return "none"
	}
	names, out := slices.Sorted(maps.Keys(of)), ""
	for i, name := range names {
		if i > 0 {
			out += ", "
		}
		out += name
	}
	return out
}

// breaks asks that each lies within the hours and after the one before.
func (w wrongs) breaks(key string, hours, breaks []Hours) {
	var last Hours
	for i, b := range breaks {
		placed, ok := put(b, hours)
		switch {
		case !ok:
			w[fmt.Sprintf("%s.%d", key, i)] = "the break is not within the hours of that day"
		case placed.From < last.To:
			w[fmt.Sprintf("%s.%d", key, i)] = "the break begins before the one before it ends; write a day's breaks in order"
		}
		last = placed
	}
}

// dates asks that exceptions stand at dates.
func (w wrongs) dates(key string, hours map[string][]Hours) {
	for date, h := range hours {
		if _, err := ParseDate(date); err != nil {
			w[key+"."+date] = err.Error()
			continue
		}
		w.inOrder(key+"."+date, h)
	}
}

// inOrder asks that the hours of a day follow each other without overlap.
func (w wrongs) inOrder(key string, hours []Hours) {
	for i := 1; i < len(hours); i++ {
		if hours[i].From < hours[i-1].To {
			w[fmt.Sprintf("%s.%d", key, i)] = "the hours begin before the ones before them end; write a day's hours in order"
		}
	}
}
