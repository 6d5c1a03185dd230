package figures

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Cuts are the moments that part a time into periods, in order: n+1 of them make n.
// A period holds its beginning and not its end.
type Cuts []time.Time

// The steps a time is parted into.
const (
	Whole   = "whole" // one period
	Quarter = "15m"
	Hour    = "1h"
	Day     = "day" // by the calendar of the time zone: some have 23 or 25 hours
)

// mostCuts bounds an answer: the quarter hours of two months.
const mostCuts = 6000

// Cut parts the time from from to to. Quarters and hours are counted from from on, days
// from midnight in from's location.
func Cut(from, to time.Time, step string) (Cuts, error) {
	if !from.Before(to) {
		return nil, fmt.Errorf("the period ends at %s, not after its beginning %s", to.Format(time.RFC3339), from.Format(time.RFC3339))
	}
	next, err := stepper(step)
	if err != nil {
		return nil, err
	}
	cuts := Cuts{from}
	for at := next(from, to); at.Before(to); at = next(at, to) {
		if cuts = append(cuts, at); len(cuts) > mostCuts {
			return nil, fmt.Errorf("more than %d periods of %s: ask for fewer or longer ones", mostCuts, step)
		}
	}
	return append(cuts, to), nil
}

func stepper(step string) (func(at, to time.Time) time.Time, error) {
	switch step {
	case Whole, "":
		return func(_, to time.Time) time.Time { return to }, nil
	case Day:
		return func(at, _ time.Time) time.Time { return nextDay(at) }, nil
	}
	if d, err := time.ParseDuration(step); err == nil && d >= time.Minute {
		return func(at, _ time.Time) time.Time { return at.Add(d) }, nil
	}
	return nil, fmt.Errorf("%q is no step; write %s, %s or a length such as %s, %s or 30m, from 1m on", step, Whole, Day, Quarter, Hour)
}

// From and To are the ends of the whole.
func (c Cuts) From() time.Time { return c[0] }

// To is the end of the whole.
func (c Cuts) To() time.Time { return c[len(c)-1] }

// Len is how many periods there are.
func (c Cuts) Len() int { return len(c) - 1 }

// errWholeDays says that figures of groups come by whole days.
var errWholeDays = errors.New("figures of a team are given for whole days only: parts of a day could be subtracted until one person is left")

// WholeDays says whether every period is one day, from midnight to midnight.
func (c Cuts) WholeDays() error {
	for i, at := range c {
		y, m, d := at.Date()
		midnight := at.Equal(time.Date(y, m, d, 0, 0, 0, 0, at.Location()))
		if !midnight || i > 0 && !at.Equal(nextDay(c[i-1])) {
			return errWholeDays
		}
	}
	return nil
}

// nextDay is the midnight after a moment, where it is.
func nextDay(at time.Time) time.Time {
	y, m, d := at.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, at.Location())
}

// at finds the period that holds a moment; -1 = none.
func (c Cuts) at(t time.Time) int {
	if t.Before(c[0]) || !t.Before(c[len(c)-1]) {
		return -1
	}
	i, exact := slices.BinarySearchFunc(c, t, time.Time.Compare)
	if exact {
		return i
	}
	return i - 1
}

// spread gives each period its part of a stretch of time.
func (c Cuts) spread(from time.Time, took time.Duration, add func(i int, part time.Duration)) {
	to := from.Add(took)
	if !to.After(c[0]) || !from.Before(c[len(c)-1]) {
		return
	}
	for i := max(0, c.at(from)); i < c.Len() && c[i].Before(to); i++ {
		begin, end := later(from, c[i]), to
		if c[i+1].Before(end) {
			end = c[i+1]
		}
		add(i, end.Sub(begin))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
