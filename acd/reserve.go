package acd

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Service is what a queue promises: Objective percent of callers are answered Within,
// measured over the last Over. It says when reserve agents are called.
type Service struct {
	Objective float64       `yaml:"objective"` // percent; default 80
	Within    time.Duration `yaml:"within"`    // from entering the queue; default 20s
	Over      time.Duration `yaml:"over"`      // of so long until now; default 30m
	Margin    float64       `yaml:"margin"`    // percent above the objective at which reserve agents go again; default 5
}

// WithDefaults fills the fields that are zero.
func (s Service) WithDefaults() Service {
	setDefault(&s.Objective, 80)
	setDefault(&s.Within, 20*time.Second)
	setDefault(&s.Over, 30*time.Minute)
	setDefault(&s.Margin, 5)
	return s
}

// Check says what is wrong, by dotted key.
func (s Service) Check() map[string]string {
	w := wrongs{}
	if !(s.Objective >= 0 && s.Objective <= 100) {
		w["objective"] = fmt.Sprintf("%v is not between 0 and 100 percent", s.Objective)
	}
	if !(s.Margin >= 0 && s.Margin <= 50) {
		w["margin"] = fmt.Sprintf("%v is not between 0 and 50 percent", s.Margin)
	}
	w.length("within", s.Within, time.Hour)
	w.length("over", s.Over, 24*time.Hour)
	if s.Over > 0 && s.Over < time.Minute {
		w["over"] = fmt.Sprintf("%s is too short to measure; at least 1m", s.Over)
	}
	return w
}

// levelSlices is in how many slices the time of a service level is kept.
const levelSlices = 30

// levelEvery is how often service levels are looked at: a caller who waits too long lowers
// the level before anything happens to him.
const levelEvery = 5 * time.Second

// shortAbandon is how soon a caller may hang up without counting: nobody can answer him.
const shortAbandon = 5 * time.Second

// reserve is a queue's reserve agents and what calls them.
type reserve struct {
	of    []bool // by agent rank
	level *level // lives on when the plan changes
	lates lates
}

// lates counts the callers in the lines of a queue who wait too long, without looking at
// all of them: those who do not yet stand in the order in which they will, and each passes
// over once.
type lates struct {
	soon  line[*ticket]
	count int
}

// lateKey is where a caller stands among those who are not yet late.
func (t *ticket) lateKey() key { return key{int64(t.entered), int64(t.id)} }

func (l *lates) add(t *ticket) { l.soon.add(t.lateKey(), t) }

func (l *lates) remove(t *ticket) {
	if t.late {
		t.late = false
		l.count--
		return
	}
	l.soon.remove(t.lateKey())
}

// pass counts who entered before a moment as late, and tells how many it looked at.
func (l *lates) pass(before time.Duration) (steps int) {
	for len(l.soon.items) > 0 && l.soon.items[0].it.entered < before {
		t := l.soon.items[0].it
		l.soon.remove(t.lateKey())
		t.late = true
		l.count++
		steps++
	}
	return steps
}

// level is how well a queue with reserve agents was served lately, and whether they are
// called. It begins anew with the process.
type level struct {
	Over   time.Duration       `json:"over"`
	From   time.Duration       `json:"from"` // of the newest slice
	Good   [levelSlices]uint32 `json:"good"` // answered in time, newest first
	All    [levelSlices]uint32 `json:"all"`
	Called bool                `json:"called,omitempty"`
	Last   float64             `json:"last"` // percent, when last looked at
}

// roll begins new slices as time goes by.
func (l *level) roll(at, over time.Duration) {
	if l.Over != over { // the config has changed: what was counted is of another length
		*l = level{Over: over, From: at, Called: l.Called, Last: l.Last}
	}
	slice := over / levelSlices
	passed := (at - l.From) / slice
	if passed <= 0 {
		return
	}
	l.From += passed * slice
	var good, all [levelSlices]uint32
	if passed < levelSlices {
		copy(good[passed:], l.Good[:levelSlices-passed])
		copy(all[passed:], l.All[:levelSlices-passed])
	}
	l.Good, l.All = good, all
}

// served counts a caller who has left the queue in some way.
func (b *board) served(t *ticket, how string, why string) {
	q, waited := t.class.queue, b.now.Mono-t.entered
	if b.routes.queues[t.entry.Queue] != q { // a config edit took the queue away, and its agents' ranks with it
		return
	}
	if q.reserve == nil || t.isBack() || how == KindLeft && (why != leftAbandoned || waited < shortAbandon) {
		return
	}
	q.reserve.level.roll(b.now.Mono, q.spec.Service.Over)
	q.reserve.level.All[0]++
	if how == KindAnswered && waited <= q.spec.Service.Within {
		q.reserve.level.Good[0]++
	}
	b.unlist(t) // who has left is not counted as still waiting, too
	b.weigh(q)
}

// percent is the service level now (SL-A of the report): answered in time, of all who were
// answered, gave up after 5 s, were taken out by a limit, or wait too long already.
// Callbacks are not in it: who waits for one is not on the line.
func (b *board) percent(q *queue) float64 {
	q.reserve.level.roll(b.now.Mono, q.spec.Service.Over)
	good, all := 0.0, 0.0
	for i := range q.reserve.level.All {
		good, all = good+float64(q.reserve.level.Good[i]), all+float64(q.reserve.level.All[i])
	}
	b.turn.steps += q.reserve.lates.pass(b.now.Mono - q.spec.Service.Within)
	all += float64(q.reserve.lates.count)
	if all == 0 {
		return 100
	}
	return 100 * good / all
}

// weigh calls the reserve agents of a queue when its level has fallen below the objective,
// and lets them go when it is well above: between the two nothing changes.
func (b *board) weigh(q *queue) {
	l, s := q.reserve.level, q.spec.Service
	l.Last = math.Round(10*b.percent(q)) / 10
	called := l.Called
	switch {
	case l.Last < s.Objective:
		called = true
	case l.Last >= min(100, s.Objective+s.Margin):
		called = false
	}
	if called == l.Called {
		return
	}
	var changed []*agent
	for rank, is := range q.reserve.of {
		if a := b.agents[b.routes.names[rank]]; is && a.listed {
			b.stepIn(a, false)
			changed = append(changed, a)
		}
	}
	l.Called = called
	for _, a := range changed { // into the lines that he may stand in now
		b.touch(a)
	}
}

// weighAll looks at every queue with reserve agents.
func (b *board) weighAll() {
	for _, name := range b.routes.order {
		if q := b.routes.queues[name]; q.reserve != nil {
			b.weigh(q)
		}
	}
	b.alarms.set(&b.weighing, b.now.Mono+levelEvery)
}

// measure gives the queues of a new plan that have a reserve the level they had.
func (b *board) measure(r *routes) {
	b.alarms.set(&b.weighing, never)
	for _, name := range r.order {
		q := r.queues[name]
		if q.reserve == nil {
			delete(b.levels, name)
			continue
		}
		if b.levels[name] == nil {
			b.levels[name] = &level{Over: q.spec.Service.Over, From: b.now.Mono, Last: 100}
		}
		q.reserve.level = b.levels[name]
		b.alarms.set(&b.weighing, b.now.Mono+levelEvery)
	}
}

// holdsBack tells whether an agent is in reserve for the queue, and not called.
func (q *queue) holdsBack(a *agent) bool {
	return q.reserve != nil && a.rank >= 0 && q.reserve.of[a.rank] && !q.reserve.level.Called
}

// whyHeld says in words why.
func (q *queue) whyHeld() string {
	s := q.spec.Service
	return fmt.Sprintf("in reserve until less than %v %% are answered within %s; of the last %s it is %v %%",
		s.Objective, s.Within, s.Over, q.reserve.level.Last)
}

// reserves are the reserve agents of a queue; nil where there are none.
func (r *routes) reserves(spec QueueSpec) *reserve {
	if len(spec.Reserve) == 0 {
		return nil
	}
	out := &reserve{of: make([]bool, len(r.names))}
	for rank, name := range r.names {
		out.of[rank] = slices.Contains(spec.Reserve, name)
	}
	return out
}
