package shift

import (
	"slices"
	"time"
)

// Doing is what somebody did, as far as a plan cares.
type Doing string

// What can be done.
const (
	Ready   Doing = "ready"   // free for a call
	Busy    Doing = "busy"    // ringing, talking, wrapping up: may run over an end
	Granted Doing = "granted" // a rest or what else the system gave
	Pause   Doing = "pause"   // not ready, as a break may be
	Away    Doing = "away"    // at the desk, but not to be had
	Gone    Doing = "gone"    // logged out
)

// Stretch is what was done from From to To.
type Stretch struct {
	From, To time.Time
	Doing    Doing
}

// Credit is the break that work earns: Break for every Every of it. Zero is none.
type Credit struct {
	Break, Every time.Duration
}

// FormulaAdherence names how Adherence is computed.
const FormulaAdherence = "adherence/1"

// Adherence is how closely a plan was kept: Adherent of Scheduled. It belongs to the
// agent. What the system took or gave never counts against anybody: rests, a call that
// ran into a break or over the end and is made up for by a later return, breaks that
// were earned, breaks that were worked through.
type Adherence struct {
	Formula   string        `json:"formula"`
	Scheduled time.Duration `json:"scheduled"` // planned time that is over, breaks included
	Adherent  time.Duration `json:"adherent"`
	Granted   time.Duration `json:"granted"` // part of Adherent: what the system gave or owed
	Over      time.Duration `json:"over"`    // work outside the plan
}

// Share is Adherent of Scheduled, 0 to 1; 1 when nothing was scheduled.
func (a Adherence) Share() float64 {
	if a.Scheduled <= 0 {
		return 1
	}
	return float64(a.Adherent) / float64(a.Scheduled)
}

// nightOff is the time off after which nobody owes anybody a late return any more.
const nightOff = 8 * time.Hour

// Adhere holds what was done, in order and without overlap, against a plan, up to now.
// A moment of which did says nothing counts as gone.
func Adhere(plan []Span, did []Stretch, c Credit, now time.Time) Adherence {
	k := keeping{did: did, credit: c, a: Adherence{Formula: FormulaAdherence}}
	var last time.Time
	for _, s := range plan {
		if s.To.After(now) {
			s.To = now
		}
		if s.Length() <= 0 {
			continue
		}
		if !last.IsZero() && s.From.After(last) {
			k.off(last, s.From)
		}
		k.keep(s)
		last = s.To
	}
	if len(plan) > 0 {
		k.a.Over += k.busy(last, now)
	}
	return k.a
}

// keeping is the work of Adhere: what was worked where a break or time off was planned
// is owed, and what was worked earns breaks.
type keeping struct {
	did    []Stretch
	credit Credit
	a      Adherence
	owed   time.Duration
	worked time.Duration // towards the next earned break
	earned time.Duration
}

// within cuts what was done to a stretch of time.
func (k *keeping) within(from, to time.Time) []Stretch {
	begin, _ := slices.BinarySearchFunc(k.did, from, func(s Stretch, t time.Time) int { return s.To.Compare(t) })
	var out []Stretch
	for _, s := range k.did[begin:] {
		if !s.From.Before(to) {
			break
		}
		s.From, s.To = latest(s.From, from), earliest(s.To, to)
		if s.To.After(s.From) {
			out = append(out, s)
		}
	}
	return out
}

// busy is how long somebody was with callers between two moments.
func (k *keeping) busy(from, to time.Time) (sum time.Duration) {
	for _, s := range k.within(from, to) {
		if s.Doing == Busy {
			sum += s.To.Sub(s.From)
		}
	}
	return sum
}

// off is time off between two stretches of work.
func (k *keeping) off(from, to time.Time) {
	over := k.busy(from, to)
	if to.Sub(from) >= nightOff {
		k.owed, k.worked, k.earned = 0, 0, 0
	}
	k.owed += over
	k.a.Over += over
}

func (k *keeping) keep(s Span) {
	k.a.Scheduled += s.Length()
	if s.Kind == Break {
		k.a.Adherent += s.Length() // a break that was worked through costs nobody anything
		k.owed += k.busy(s.From, s.To)
		return
	}
	for _, d := range k.within(s.From, s.To) {
		long := d.To.Sub(d.From)
		switch d.Doing {
		case Ready, Busy:
			k.a.Adherent += long
			k.earn(long)
		case Granted:
			k.a.Adherent += long
			k.a.Granted += long
		case Pause:
			k.use(&k.owed, &long)
			k.use(&k.earned, &long)
		case Away, Gone:
			k.use(&k.owed, &long)
		}
	}
}

// earn lets work earn breaks.
func (k *keeping) earn(long time.Duration) {
	if k.credit.Every <= 0 || k.credit.Break <= 0 {
		return
	}
	k.worked += long
	k.earned += k.worked / k.credit.Every * k.credit.Break
	k.worked %= k.credit.Every
}

// use takes time off what is owed or earned: it is granted then.
func (k *keeping) use(from, long *time.Duration) {
	part := min(*from, *long)
	*from -= part
	*long -= part
	k.a.Adherent += part
	k.a.Granted += part
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
