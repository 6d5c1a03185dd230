package shift

import (
	"fmt"
	"time"
)

// weeks judges each week from Monday to Sunday, and how many go without a weekend.
func (l *linter) weeks() {
	var busy []Date // the Mondays of weeks in a row whose weekend is worked
	judge := func() {
		if n := len(busy); l.r.Week.Weekends >= 0 && n > l.r.Week.Weekends {
			from, to := busy[0]+5, busy[n-1]+6
			l.add(RuleWeekends, l.midnight(from), l.midnight(to+1), count(n, "weekend"), count(l.r.Week.Weekends, "weekend"),
				fmt.Sprintf("no free weekend from %s to %s", from, to))
		}
		busy = nil
	}
	for monday := l.from - 7*weeksBefore; monday < l.to; monday += 7 {
		duties := l.of(monday, monday+7)
		l.hours(monday, duties)
		l.rest(monday, duties)
		if l.r.Starts >= 0 && l.clusters(duties) > l.r.Starts {
			n := l.clusters(duties)
			l.add(RuleStarts, l.midnight(monday), l.midnight(monday+7), count(n, "start"), count(l.r.Starts, "start"),
				fmt.Sprintf("shifts begin at %d different hours in the week of %s", n, monday))
		}
		if len(l.of(monday+5, monday+7)) > 0 {
			busy = append(busy, monday)
		} else {
			judge()
		}
	}
	judge()
}

func (l *linter) midnight(d Date) time.Time { return d.At(0, l.p.zone) }

// of are the duties of the dates from (inclusive) to to (exclusive).
func (l *linter) of(from, to Date) []judged {
	begin := 0
	for begin < len(l.duties) && l.duties[begin].Date < from {
		begin++
	}
	end := begin
	for end < len(l.duties) && l.duties[end].Date < to {
		end++
	}
	return l.duties[begin:end]
}

func (l *linter) hours(monday Date, duties []judged) {
	var sum time.Duration
	for _, d := range duties {
		sum += d.Work()
	}
	if l.r.Week.Hours >= 0 && sum > l.r.Week.Hours {
		l.add(RuleWeekHours, l.midnight(monday), l.midnight(monday+7), long(sum), long(l.r.Week.Hours),
			fmt.Sprintf("%s of work in the week of %s", long(sum), monday))
	}
}

// reaches is how much of a longer time off must lie in a week to count for it.
const reaches = 11 * time.Hour

// rest looks for the longest time off that lies in the week, or reaches into it.
func (l *linter) rest(monday Date, duties []judged) {
	if l.r.Week.Rest < 0 || len(duties) == 0 {
		return
	}
	from, to := l.midnight(monday), l.midnight(monday+7)
	var most time.Duration
	look := func(off, on time.Time) {
		inside := earliest(on, to).Sub(latest(off, from))
		if inside >= reaches {
			inside = on.Sub(off)
		}
		most = max(most, inside)
	}
	off := l.midnight(l.from - 7*weeksBefore - 7)
	for _, d := range l.duties {
		look(off, d.From())
		for i := 1; i < len(d.Spans); i++ {
			look(d.Spans[i-1].To, d.Spans[i].From)
		}
		off = d.To()
	}
	look(off, l.midnight(l.to+14))
	if most < l.r.Week.Rest {
		l.add(RuleWeekRest, from, to, long(most), long(l.r.Week.Rest), fmt.Sprintf("the longest time off in the week of %s is %s", monday, long(most)))
	}
}
