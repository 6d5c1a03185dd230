package shift

import (
	"fmt"
	"slices"
	"time"
)

const (
	// otherTime is how far apart two shifts begin that are at different times of the day.
	otherTime = 2 * time.Hour
	// settled is the time off after which the body has turned anyway, and no direction
	// of a rotation is felt.
	settled = 5 * day
	// weekend is a time off after which a change there and back between two times of the
	// day has no direction.
	weekend = 48 * time.Hour
)

// pairs judges what lies between two duties.
func (l *linter) pairs() {
	simple := l.clusters(l.duties) <= 2
	for i := 1; i < len(l.duties); i++ {
		a, b := l.duties[i-1], l.duties[i]
		free := b.From().Sub(a.To())
		turn := turned(b.begin - a.begin)
		between := fmt.Sprintf("%s between the end on %s and the begin on %s", long(free), l.when(a.To()), l.when(b.From()))
		if l.r.Rest >= 0 && free < l.r.Rest {
			l.add(RuleRest, a.To(), b.From(), long(free), long(l.r.Rest), between)
		}
		if l.r.QuickReturn >= 0 && free <= l.r.QuickReturn && turn.Abs() >= otherTime {
			l.add(RuleQuickReturn, a.To(), b.From(), long(free), "over "+long(l.r.QuickReturn),
				fmt.Sprintf("from a shift at %s to one at %s, %s", l.clock(a.From()), l.clock(b.From()), between))
		}
		if l.r.Backward >= 0 && turn < -l.r.Backward && free < settled && (!simple || free < weekend) {
			l.add(RuleBackward, a.From(), b.From(), long(-turn)+" back", long(l.r.Backward),
				fmt.Sprintf("from a shift at %s on %s to one at %s on %s", l.clock(a.From()), a.Date, l.clock(b.From()), b.Date))
		}
		l.sleep(a, b)
	}
}

// turned is a difference on the clock's face: forward up to 12 hours, else back.
func turned(d time.Duration) time.Duration {
	if d = ((d % day) + day) % day; d > day/2 {
		d -= day
	}
	return d
}

// sleep judges how many nights somebody sleeps between a night and another shift.
func (l *linter) sleep(a, b judged) {
	if l.r.Night.Sleep < 0 || !a.night || b.night {
		return
	}
	nights := 0
	for d := a.Date; d <= b.Date; d++ {
		from, to := d.At(l.r.Night.Hours.From, l.p.zone), d.At(l.r.Night.Hours.To, l.p.zone)
		if !from.Before(a.To()) && !to.After(b.From()) {
			nights++
		}
	}
	if nights < l.r.Night.Sleep {
		l.add(RuleNightSleep, a.To(), b.From(), count(nights, "night"), count(l.r.Night.Sleep, "night"),
			fmt.Sprintf("%s of sleep between the night that ends on %s and the shift that begins on %s", count(nights, "night"), l.when(a.To()), l.when(b.From())))
	}
}

// breaks judges how long is worked without a break, over midnight too.
func (l *linter) breaks() {
	if l.r.Unbroken < 0 {
		return
	}
	var from, to time.Time
	judge := func() {
		if worked := to.Sub(from) - l.extra(from, to); worked > l.r.Unbroken {
			l.add(RuleUnbroken, from, to, long(worked), long(l.r.Unbroken),
				fmt.Sprintf("%s without a break from %s to %s", long(worked), l.when(from), l.clock(to)))
		}
	}
	for _, d := range l.duties {
		for _, s := range d.Spans {
			if s.Kind != Work {
				continue
			}
			if from.IsZero() || s.From.Sub(to) >= l.r.Break {
				judge()
				from = s.From
			}
			to = s.To
		}
	}
	judge()
}

// runs judges what happens day after day.
func (l *linter) runs() {
	l.run(RuleDays, func(judged) bool { return true }, l.r.Days, "working day")
	l.run(RuleNights, func(d judged) bool { return d.night }, l.r.Night.Days, "night")
	l.run(RuleEarlies, func(d judged) bool { return d.early }, l.r.Early.Days, "early morning")
}

func (l *linter) run(rule Rule, counts func(judged) bool, most int, noun string) {
	if most < 0 {
		return
	}
	var run []judged
	judge := func() {
		if len(run) > most {
			first, last := run[0], run[len(run)-1]
			l.add(rule, first.From(), last.To(), count(len(run), noun), count(most, noun),
				fmt.Sprintf("%s in a row from %s to %s", count(len(run), noun), first.Date, last.Date))
		}
		run = nil
	}
	for _, d := range l.duties {
		if len(run) > 0 && d.Date != run[len(run)-1].Date+1 {
			judge()
		}
		if counts(d) {
			run = append(run, d)
		} else {
			judge()
		}
	}
	judge()
}

// clusters counts the times of the day at which duties begin; less than half an hour
// later is the same time.
func (l *linter) clusters(duties []judged) int {
	var begins []time.Duration
	for _, d := range duties {
		begins = append(begins, d.begin)
	}
	slices.Sort(begins)
	n, first := 0, time.Duration(0)
	for _, b := range begins {
		if n == 0 || b-first >= 30*time.Minute {
			n, first = n+1, b
		}
	}
	return n
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
