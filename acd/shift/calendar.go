package shift

import (
	"fmt"
	"strings"
	"time"
)

// A calendar's day is drawn in half hours.
const (
	cell  = 30 * time.Minute
	cells = int(day / cell)
)

// Calendar draws the week from a Monday on, a line a day by the clock on the wall:
// what lies where, the kind of day, its hours with breaks in parentheses, and how
// much work it is.
func (p Pattern) Calendar(monday Date) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, shift %s, week of %s, %s\n", p.Agent, p.Shift, monday, p.zone)
	fmt.Fprintf(&b, "%8s", "")
	for h := 0; h < 24; h += 3 {
		fmt.Fprintf(&b, "%-6d", h)
	}
	b.WriteString("24\n")
	spans := p.Spans(monday.At(0, p.zone), (monday+7).At(0, p.zone))
	var sum time.Duration
	for d := monday; d < monday+7; d++ {
		fmt.Fprintf(&b, "%s %s  ", weekdays[d.Weekday()], d.String()[8:])
		for i := range cells {
			b.WriteRune(drawn(spans, d.At(time.Duration(i)*cell, p.zone), d.At(time.Duration(i+1)*cell, p.zone)))
		}
		for _, duty := range p.Duties(d, d+1) {
			sum += duty.Work()
			fmt.Fprintf(&b, "  %s", long(duty.Work()))
		}
		if text := p.On(d).String(); text != "" {
			fmt.Fprintf(&b, "  %s", text)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%8s%s of work\n", "", long(sum))
	return b.String()
}

// drawn is what most of a cell is for.
func drawn(spans []Span, from, to time.Time) rune {
	var work, pause time.Duration
	for _, s := range spans {
		if within := earliest(s.To, to).Sub(latest(s.From, from)); within > 0 && s.Kind == Break {
			pause += within
		} else if within > 0 {
			work += within
		}
	}
	switch {
	case pause > 0 && pause >= work:
		return '▒'
	case work > 0:
		return '█'
	}
	return '·'
}

// String is the kind of day, its hours and, in parentheses, its breaks.
func (d Day) String() string {
	var parts []string
	if d.Name != "" {
		parts = append(parts, d.Name)
	}
	for _, h := range d.Hours {
		parts = append(parts, h.String())
	}
	for _, b := range d.Breaks {
		if b.From >= day {
			b = b.later(-day)
		}
		parts = append(parts, "("+b.String()+")")
	}
	return strings.Join(parts, " ")
}
