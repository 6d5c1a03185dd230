package shift

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Pattern is the working time of one agent on every day there is. It is immutable.
type Pattern struct {
	Agent string
	Shift string // the entry of shifts: that it was made from

	zone   *time.Location
	each   Each
	start  Date
	cycle  [][]Day // each place: one day, or seven from Monday
	ahead  int     // places of the cycle that this agent is ahead
	except map[Date][]Hours
	own    map[Date][]Hours
}

// Pattern is the working time of one of the agents. Settings that Check finds wrong
// give an error.
func (s Settings) Pattern(name, agent string) (Pattern, error) {
	s = s.WithDefaults()
	if wrong := s.Check(); len(wrong) > 0 {
		first := slices.Sorted(maps.Keys(wrong))[0]
		return Pattern{}, fmt.Errorf("shift %s: %s: %s", name, first, wrong[first])
	}
	zone, err := s.zone()
	if err != nil {
		return Pattern{}, err
	}
	p := Pattern{Agent: agent, Shift: name, zone: zone, each: EachWeek, except: byDate(s.Except), own: byDate(s.Own[agent])}
	if s.Rotation == nil {
		p.cycle = [][]Day{s.week()}
		return p, nil
	}
	p.each = s.Rotation.Each
	p.start, _ = ParseDate(s.Rotation.Start) // Check has read it
	p.ahead = max(0, slices.Index(s.Agents, agent)) * s.Rotation.Step
	for _, kind := range s.Rotation.Cycle {
		p.cycle = append(p.cycle, s.place(kind))
	}
	return p, nil
}

// week is the one week of settings without a rotation.
func (s Settings) week() []Day {
	out := make([]Day, len(weekdays))
	for i, name := range weekdays {
		out[i] = newDay("", s.Week[name], s.Breaks[name])
	}
	return out
}

// place is what one word of a rotation's cycle stands for.
func (s Settings) place(kind string) []Day {
	if s.Rotation.Each == EachDay {
		return []Day{s.day(kind)}
	}
	var out []Day
	for _, k := range s.Weeks[kind] {
		out = append(out, s.day(k))
	}
	return out
}

func (s Settings) day(kind string) Day { return newDay(kind, s.Days[kind].Hours, s.Days[kind].Breaks) }

// newDay puts each break into the hours it lies in: in a night that runs past
// midnight, into the next morning.
func newDay(name string, hours, breaks []Hours) Day {
	d := Day{Name: name, Hours: hours}
	for _, b := range breaks {
		if placed, ok := put(b, hours); ok {
			d.Breaks = append(d.Breaks, placed)
		}
	}
	slices.SortFunc(d.Breaks, func(a, b Hours) int { return int(a.From - b.From) })
	return d
}

// put finds where a break lies within hours.
func put(b Hours, hours []Hours) (Hours, bool) {
	for _, placed := range []Hours{b, b.later(day)} {
		if slices.ContainsFunc(hours, placed.within) {
			return placed, true
		}
	}
	return b, false
}

func byDate(hours map[string][]Hours) map[Date][]Hours {
	out := make(map[Date][]Hours, len(hours))
	for text, h := range hours {
		if d, err := ParseDate(text); err == nil {
			out[d] = h
		}
	}
	return out
}

// Zone is where the pattern is worked.
func (p Pattern) Zone() *time.Location { return p.zone }

// Cycle is how many days the pattern takes until it begins again, about: a month
// counts as 31.
func (p Pattern) Cycle() int {
	days := map[Each]int{EachDay: 1, EachWeek: 7, EachMonth: 31}
	return len(p.cycle) * days[p.each]
}

// On is what the date asks of the agent, as written: by the clock on the wall.
func (p Pattern) On(d Date) Day {
	usual := p.usual(d)
	for _, other := range []map[Date][]Hours{p.own, p.except} {
		if hours, ok := other[d]; ok {
			return newDay("", hours, usual.Breaks)
		}
	}
	return usual
}

// usual is what the date asks where no exception does.
func (p Pattern) usual(d Date) Day {
	if len(p.cycle) == 0 {
		return Day{}
	}
	at := 0
	switch p.each {
	case EachDay:
		at = int(d - p.start)
	case EachWeek:
		at = floorDiv(int(d-p.start.Monday()), 7)
	case EachMonth:
		at = d.months() - p.start.months()
	}
	place := p.cycle[floorMod(at+p.ahead, len(p.cycle))]
	return place[d.Weekday()%len(place)]
}

// Duty is what one date asks of an agent.
type Duty struct {
	Date  Date
	Kind  string // of day, where a rotation gives it one
	Spans []Span // in order, without overlap; work and breaks
	Cut   bool   // the duty before ran into this one, which begins later for it
}

// From is when the duty begins.
func (d Duty) From() time.Time { return d.Spans[0].From }

// To is when the duty ends, on this day or the next.
func (d Duty) To() time.Time { return d.Spans[len(d.Spans)-1].To }

// Work is how long the duty is, its breaks not counted.
func (d Duty) Work() time.Duration {
	var sum time.Duration
	for _, s := range d.Spans {
		if s.Kind == Work {
			sum += s.Length()
		}
	}
	return sum
}

// lookBack is how many days before a date the hours may have begun that still run.
const lookBack = 2

// Duties are what the dates from (inclusive) to to (exclusive) ask, in order and
// without overlap; days off are left out.
func (p Pattern) Duties(from, to Date) []Duty {
	var out []Duty
	var busy time.Time // until then the duties before last
	for d := from - lookBack; d < to; d++ {
		duty := p.duty(d, busy)
		if len(duty.Spans) == 0 {
			continue
		}
		busy = duty.To()
		if d >= from {
			out = append(out, duty)
		}
	}
	return out
}

// duty is one day's, nothing of it before busy.
func (p Pattern) duty(d Date, busy time.Time) Duty {
	asked := p.On(d)
	out := Duty{Date: d, Kind: asked.Name}
	add := func(from, to time.Duration, kind Kind) {
		s := Span{d.At(from, p.zone), d.At(to, p.zone), kind}
		if s.From.Before(busy) {
			s.From, out.Cut = busy, true
		}
		if s.To.After(s.From) {
			out.Spans = append(out.Spans, s)
		}
	}
	for _, h := range asked.Hours {
		at := h.From
		for _, b := range asked.Breaks {
			if b.within(h) && b.From >= at {
				add(at, b.From, Work)
				add(b.From, b.To, Break)
				at = b.To
			}
		}
		add(at, h.To, Work)
	}
	return out
}

// Spans are the planned stretches that lie, at least in part, between two moments;
// in order and without overlap. They are whole: the first may begin before from and
// the last end after to.
func (p Pattern) Spans(from, to time.Time) []Span {
	var out []Span
	for _, d := range p.Duties(DateOf(from.In(p.zone))-lookBack, DateOf(to.In(p.zone))+1) {
		for _, s := range d.Spans {
			if s.To.After(from) && s.From.Before(to) {
				out = append(out, s)
			}
		}
	}
	return out
}

// horizon is how far At looks for the next stretch of work: beyond a long leave
// nobody asks the telephone when work begins.
const horizon = 35 * day

// At is what the plan says of the moment t. A stretch without end is followed for 48
// hours.
func (p Pattern) At(t time.Time) Moment {
	m := Look(p.Spans(t, t.Add(2*day)), t)
	if m.Next.IsZero() {
		m.Next = Look(p.Spans(t, t.Add(horizon)), t).Next
	}
	return m
}
