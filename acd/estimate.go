package acd

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// An estimate is made by playing the queue through a number of times: so often, with at
// most so many agents and callers. A larger queue is played at a smaller scale, with as
// many callers to an agent: the middle of the waits is the same, their spread a little
// larger than it is. So an estimate costs one look at each agent of the condition and a
// tenth of a millisecond.
const (
	rehearsals    = 32
	rehearsedMost = 48
)

// estimate is how long a caller will wait: half of those in this place wait no longer
// than P50, nine of ten no longer than P90.
type estimate struct{ P50, P90 time.Duration }

// forecast estimates the wait of a caller of a condition with so many ahead in the
// queue. It changes nothing, and is the same for the same floor and seed.
func (b *board) forecast(c *condition, ahead int, seed uint64) estimate {
	crew, size := b.crew(c)
	if size == 0 {
		return estimate{never, never}
	}
	callers := float64(ahead + 1)
	scale := max(1, callers/rehearsedMost, size/rehearsedMost)
	crew = spread(crew, max(1, int(math.Round(size/scale))))
	r := rehearsal{
		callers: max(1, int(math.Round(callers/scale))), dice: dice(mixed(seed)), lengths: b.lengths(c.queue),
		slower:   float64(len(crew)) / (size / scale), // who serves other queues, too, takes longer
		patience: c.queue.pace.Patience.rate(),
	}
	for _, h := range crew {
		r.crew = append(r.crew, h.left(c.queue))
	}
	waits := make([]time.Duration, rehearsals)
	free := make([]time.Duration, len(crew))
	for i := range waits {
		waits[i] = r.play(free, (float64(i)+0.5)/rehearsals)
	}
	slices.Sort(waits)
	return estimate{waits[rehearsals/2-1], waits[rehearsals*9/10]}
}

// hand is an agent as an estimate sees him: busy for at least so long from now, and, when
// he talks, for how long already.
type hand struct {
	until time.Duration // 0 = free
	talks time.Duration // so long already; -1 = does not talk
}

// crew are the staffed agents of a condition, and how many they make: who serves other
// queues where callers wait counts for the part of his time that falls to this one. Of a
// large crew every nth stands for all.
func (b *board) crew(c *condition) (crew []hand, size float64) {
	var ranks []int
	for rank, able := range c.able {
		if a := b.agents[b.routes.names[rank]]; able && isStaffed(a.counted) && !c.queue.holdsBack(a) {
			ranks = append(ranks, rank)
		}
	}
	seen := min(len(ranks), crewSample)
	for i := range seen {
		a := b.agents[b.routes.names[ranks[i*len(ranks)/seen]]]
		crew = append(crew, b.handOf(a, c))
		size += a.partFor(c.queue)
	}
	slices.SortFunc(crew, func(x, y hand) int {
		return cmp.Or(cmp.Compare(x.talks, y.talks), cmp.Compare(x.until, y.until))
	})
	return crew, size * float64(len(ranks)) / float64(max(1, seen))
}

// crewSample is how many agents of a condition are looked at closely.
const crewSample = 256

func (b *board) handOf(a *agent, c *condition) hand {
	q := c.queue
	gap := max(0, b.routes.settings.Gap)
	switch a.counted {
	case OnCall:
		return hand{until: max(0, q.spec.WrapUp, gap), talks: b.now.Mono - a.Since}
	case Offered:
		return hand{until: max(0, q.spec.WrapUp, gap), talks: 0}
	case WrapUp:
		return hand{until: max(a.WrapEnd, a.gapEnd(b)) - b.now.Mono, talks: -1}
	case Resting:
		return hand{until: a.Rest.until() - b.now.Mono, talks: -1}
	default:
		free := max(a.gapEnd(b), a.Pause)
		if !c.urgent() {
			free = max(free, a.spared.load, b.askedTil(a))
		}
		return hand{until: max(0, free-b.now.Mono), talks: -1}
	}
}

// partFor is the part of an agent's time that a queue gets, by the callers who wait for
// him, at this step or a later one: those of a queue that ages faster count for more. It
// does not hang on which conditions without callers are remembered, nor on their order.
func (a *agent) partFor(q *queue) float64 {
	counts := func(c *condition) bool { return (c.tickets > 0 || c.queue == q) && !c.queue.holdsBack(a) }
	mine, all := int64(0), int64(0)
	for i, c := range a.posts {
		if !counts(c) || slices.ContainsFunc(a.posts[:i], func(o *condition) bool { return o.queue == c.queue && counts(o) }) {
			continue
		}
		weight := int64(math.Round(weighed * c.queue.spec.Weight))
		wants := weight * int64(c.queue.wanting())
		if c.queue == q {
			wants = max(wants, weight)
			mine = wants
		}
		all += wants
	}
	if all == 0 {
		return 1
	}
	return float64(mine) / float64(all)
}

// weighed is how finely the weights of queues are compared.
const weighed = 1000

// spread picks n of the crew evenly.
func spread(crew []hand, n int) []hand {
	if n >= len(crew) {
		return crew
	}
	out := make([]hand, n)
	for i := range out {
		out[i] = crew[i*len(crew)/n]
	}
	return out
}

// lengths are for how long calls of a queue take an agent up, in equal shares, the
// shortest first.
func (b *board) lengths(q *queue) (out [rehearsedLengths]time.Duration) {
	rest := max(0, b.routes.settings.Gap-max(0, q.spec.WrapUp)) // of the gap, after the wrap-up
	known := q.pace.Handles.known()
	if known {
		q.pace.Handles.evenly(0, out[:])
	}
	for i := range out {
		if !known {
			out[i] = q.spec.Handle
		}
		out[i] += rest
		if most := b.routes.settings.Care.Occupancy; most > 0 && most < 100 {
			out[i] = out[i] * 100 / time.Duration(most) // the cap makes them idle for the rest of the time
		}
	}
	return out
}

// left is for how long an agent is still taken up, in equal shares.
func (h hand) left(q *queue) (out [rehearsedLefts]time.Duration) {
	known := h.talks >= 0 && q.pace.Handles.known()
	if known {
		q.pace.Handles.evenly(h.talks+h.until, out[:]) // the wrap-up is still to come, whole
	}
	for i := range out {
		switch {
		case known:
			out[i] -= h.talks
		case h.talks >= 0:
			out[i] = max(h.until, q.spec.Handle-h.talks)
		default:
			out[i] = max(0, h.until)
		}
	}
	return out
}

const (
	rehearsedLengths = 64
	rehearsedLefts   = 8
)

// rehearsal is a queue to be played through.
type rehearsal struct {
	crew     [][rehearsedLefts]time.Duration
	callers  int // the one asked for is the last
	dice     dice
	slower   float64
	lengths  [rehearsedLengths]time.Duration
	patience float64 // how many of those ahead give up, per second and caller
}

// play is the wait of the last caller in one course of events. luck, from 0 to 1, is how
// the conversation of the first agent turns out: the plays go through all chances evenly.
func (r *rehearsal) play(free []time.Duration, luck float64) time.Duration {
	for i := range r.crew {
		if i > 0 {
			luck = r.dice.next()
		}
		free[i] = time.Duration(r.slower * float64(r.crew[i][int(luck*rehearsedLefts)]))
	}
	heapify(free)
	for n := 1; n < r.callers; n++ {
		at := free[0]
		if r.givesUp(at) {
			continue
		}
		length := r.lengths[int(r.dice.next()*rehearsedLengths)]
		free[0] = at + time.Duration(r.slower*float64(length))
		sink(free, 0)
	}
	return free[0]
}

// givesUp tells whether a caller ahead has left before an agent is free for him.
func (r *rehearsal) givesUp(at time.Duration) bool {
	return r.dice.next() > math.Exp(-r.patience*at.Seconds())
}

// dice are chances that follow from a seed alone.
type dice uint64

func (d *dice) next() float64 {
	*d++
	return float64(mixed(uint64(*d))>>11) / (1 << 53)
}

// heapify and sink keep the smallest in front.
func heapify(h []time.Duration) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		sink(h, i)
	}
}

func sink(h []time.Duration, i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if h[i] <= h[child] {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

// told is what a caller was told of the wait: it never grows. The first estimate is kept,
// to be judged by how long it truly took.
type told struct {
	position int
	estimate estimate // zero = none yet
	first    estimate
	at       time.Duration // of the first
}

// tell works out what a caller may be told now.
func (b *board) tell(t *ticket) told {
	ahead := t.class.queue.ahead(t)
	if t.told.position == 0 || ahead+1 < t.told.position {
		t.told.position = ahead + 1
	}
	if t.offer != nil || t.isBack() && t.out() { // waits no longer, and the queue may have left the config
		return t.told
	}
	e := b.forecast(t.condition(), ahead, t.id)
	if e.P50 == never {
		return t.told // nobody is there to wait for: no new word
	}
	if t.told.first.P90 == 0 {
		t.told.first, t.told.estimate, t.told.at = e, e, b.now.Mono
		return t.told
	}
	before := &t.told.estimate
	before.P50, before.P90 = min(before.P50, e.P50), min(before.P90, e.P90)
	return t.told
}

// Accuracy says how true the estimates were that callers were told, since the process
// began: of those who were told one and then answered, how many waited no longer.
type Accuracy struct {
	Judged    uint64 `json:"judged"`
	WithinP50 uint64 `json:"within_p50"`
	WithinP90 uint64 `json:"within_p90"`
}

// judge compares what an answered caller was told first with what became of it.
func (b *board) judge(t *ticket) {
	if t.told.first.P90 == 0 {
		return
	}
	kept := b.kept[t.entry.Queue]
	truly := b.now.Mono - t.told.at
	kept.Judged++
	if truly <= t.told.first.P50 {
		kept.WithinP50++
	}
	if truly <= t.told.first.P90 {
		kept.WithinP90++
	}
	b.kept[t.entry.Queue] = kept
}
