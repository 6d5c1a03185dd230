package shift

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Finding is one hardship in a plan.
type Finding struct {
	Agent    string    `json:"agent"`
	Shift    string    `json:"shift"`
	Rule     Rule      `json:"rule"`
	From     time.Time `json:"from"` // the stretch it is about, in the shift's time zone
	To       time.Time `json:"to"`
	Measured string    `json:"measured"` // hours or a count
	Limit    string    `json:"limit"`
	Text     string    `json:"text"` // one sentence with the days and hours
	Source   string    `json:"source"`
}

// A plan is judged in weeks. What comes before the first is looked at too: a run of
// nights may have begun there.
const (
	weeksBefore = 6
	mostWeeks   = 104
)

// Lint names the hardships of every agent's plan in so many weeks from the Monday of
// from's week on; 0 weeks is each rotation once through. They are in the order of
// agents and time.
func (r Roster) Lint(rules Rules, from time.Time, weeks int) []Finding {
	var out []Finding
	for _, agent := range r.Agents() {
		p := r.patterns[agent]
		out = append(out, p.Lint(rules, DateOf(from.In(p.zone)).Monday(), weeks)...)
	}
	return out
}

// Lint names the hardships of so many weeks from a Monday on.
func (p Pattern) Lint(rules Rules, from Date, weeks int) []Finding {
	if weeks <= 0 {
		weeks = p.Weeks()
	}
	to := from + Date(7*min(weeks, mostWeeks))
	l := &linter{p: p, r: rules.WithDefaults(), from: from, to: to, sources: map[Rule]string{}}
	for _, a := range Catalogue() {
		l.sources[a.Rule] = a.Source
	}
	for _, d := range p.Duties(from-7*weeksBefore, to+7) {
		l.duties = append(l.duties, l.judge(d))
	}
	l.days()
	l.pairs()
	l.breaks()
	l.runs()
	l.weeks()
	slices.SortStableFunc(l.out, func(a, b Finding) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	return l.out
}

// Weeks is how many weeks show everything that a pattern can do to people: its
// rotation once through, each day of it on each day of the week; four at least and
// a year at most.
func (p Pattern) Weeks() int {
	n := len(p.cycle)
	switch p.each {
	case EachDay: // and with the weeks until Monday meets its first day again
		if n%7 == 0 {
			n /= 7
		}
	case EachMonth:
		n *= 5
	case EachWeek:
	}
	return min(52, max(4, n))
}

// linter is one plan under judgement.
type linter struct {
	p        Pattern
	r        Rules
	from, to Date // the days asked for
	duties   []judged
	sources  map[Rule]string
	out      []Finding
}

// add notes a hardship whose stretch ends in the weeks asked for.
func (l *linter) add(rule Rule, from, to time.Time, measured, limit, text string) {
	if !to.After(l.from.At(0, l.p.zone)) || !from.Before(l.to.At(0, l.p.zone)) {
		return
	}
	l.out = append(l.out, Finding{
		Agent: l.p.Agent, Shift: l.p.Shift, Rule: rule, From: from.In(l.p.zone), To: to.In(l.p.zone),
		Measured: measured, Limit: limit, Text: text, Source: l.sources[rule],
	})
}

// when writes a moment for people: Mon 2026-11-02 22:00.
func (l *linter) when(t time.Time) string { return t.In(l.p.zone).Format("Mon 2006-01-02 15:04") }

// clock writes a moment's time of the day.
func (l *linter) clock(t time.Time) string { return t.In(l.p.zone).Format("15:04") }

// long writes a duration for people: 9h15m, 11h, 45m.
func long(d time.Duration) string {
	text := d.Round(time.Minute).String()
	text = strings.TrimSuffix(text, "0s")
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return cmp.Or(text, "0m")
}

// days judges each duty by itself.
func (l *linter) days() {
	for _, d := range l.duties {
		if d.Cut {
			l.add(RuleOverlap, d.From(), d.To(), "overlap", "none", fmt.Sprintf("the shift of %s begins while the one before still runs", d.Date))
		}
		var gap time.Duration
		for i := 1; i < len(d.Spans); i++ {
			free := d.Spans[i].From.Sub(d.Spans[i-1].To)
			gap = max(gap, free)
			l.gap(d.Date, d.Spans[i-1].To, d.Spans[i].From)
		}
		if span := d.To().Sub(d.From()); l.r.SplitSpan >= 0 && gap >= torn && span > l.r.SplitSpan {
			l.add(RuleSplitShift, d.From(), d.To(), long(span), long(l.r.SplitSpan),
				fmt.Sprintf("a split shift on %s from %s to %s: %s for %s of work", d.Date, l.clock(d.From()), l.clock(d.To()), long(span), long(d.Work())))
		}
		rule, most := RuleLength, l.r.Length
		if d.night {
			rule, most = RuleNightLength, l.r.Night.Length
		}
		if work := d.Work() - l.extra(d.From(), d.To()); most >= 0 && work > most {
			l.add(rule, d.From(), d.To(), long(work), long(most), fmt.Sprintf("%s of work on %s from %s to %s", long(work), d.Date, l.clock(d.From()), l.clock(d.To())))
		}
	}
}

// gap judges the unpaid hours between two parts of a day: beyond the limit they are a
// split gap; what is long, though within the limit or just at it, still tears the day.
func (l *linter) gap(on Date, from, to time.Time) {
	free := to.Sub(from)
	rule, limit := RuleTornDay, "under "+long(l.r.TornGap)
	switch {
	case l.r.SplitGap >= 0 && free > l.r.SplitGap:
		rule, limit = RuleSplitGap, long(l.r.SplitGap)
	case l.r.TornGap < 0 || free < l.r.TornGap:
		return
	}
	l.add(rule, from, to, long(free), limit, fmt.Sprintf("%s unpaid on %s between %s and %s", long(free), on, l.clock(from), l.clock(to)))
}

// extra is the hour that the end of summer time adds between two moments: a plan that
// is good all year is not bad for one night of it.
func (l *linter) extra(from, to time.Time) time.Duration {
	_, before := from.In(l.p.zone).Zone()
	_, after := to.In(l.p.zone).Zone()
	return max(0, time.Duration(before-after)*time.Second)
}

// torn is the gap that makes two shifts of one day; a shorter one is a long lunch.
const torn = 2 * time.Hour

// nightShare is how much of a duty must be at night to make it a night (directive
// 2003/88/EC, article 2 (4)).
const nightShare = 3 * time.Hour

// judged is a duty and what it is called.
type judged struct {
	Duty
	begin        time.Duration // by the clock on the wall
	night, early bool
}

func (l *linter) judge(d Duty) judged {
	t := d.From().In(l.p.zone)
	j := judged{Duty: d, begin: time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute}
	j.night = l.isNight(d)
	j.early = !j.night && j.begin < time.Duration(l.r.Early.Before)
	return j
}

// isNight tells whether the duty is a night.
func (l *linter) isNight(d Duty) bool {
	var sum time.Duration
	for date := d.Date - 1; date <= d.Date+1; date++ {
		from, to := date.At(l.r.Night.Hours.From, l.p.zone), date.At(l.r.Night.Hours.To, l.p.zone)
		for _, s := range d.Spans {
			sum += max(0, earliest(s.To, to).Sub(latest(s.From, from)))
		}
	}
	return sum >= nightShare
}
