package acd

import (
	"iter"
	"math"
	"slices"
)

// pool is the conditions, of whatever queues, that the same agents meet, who stand in
// the same order and are spared by the same rules there: they share one line and one
// count. Where everybody serves every queue, who becomes free steps into one line and not
// into one for each queue and step.
type pool struct {
	like  likeness
	conds []*condition
	asked []*condition             // of conds, those with callers waiting, in no order
	lines                          // of all agents but those who stand apart
	heads [len(countedStates)]int  // agents by state
	ends  [len(countedStates)]bool // states that callers of some condition leave on
}

// likeness is what conditions of a pool have in common.
type likeness struct {
	able  string   // a bit for each agent, by rank
	order string   // the places of strategies that have fixed ones, else empty
	by    Strategy // one of those that order alike
	queue *queue   // which has lots or reserve agents, that are its own; else nil

	urgent, hostile, gentle, hard bool // what the rules of care go by
}

// countedStates are the states that agents are counted by.
var countedStates = [...]AgentState{Ready, OnCall, WrapUp, Offered, NotReady, LoggedOut, Resting, Missed}

// lines are agents who are offerable.
type lines struct {
	offerable line[*agent]
	tender    line[*agent] // of those, who should get calls of low intensity first
}

// likenessOf is what of a condition decides about its pool.
func likenessOf(c *condition) likeness {
	spec := &c.queue.spec
	l := likeness{
		able: bitsOf(c.able), by: spec.Strategy,
		urgent: c.urgent(), hostile: c.queue.hostile(), gentle: c.gentle(), hard: c.kind == hardCaller,
	}
	switch spec.Strategy {
	case Linear, RoundRobin, BestSkill:
		l.order, l.by = placesOf(c.order, c.able), Linear
	case RingAll, RingProgressively:
		l.by = LongestIdle
	case LongestIdle, LeastOccupied, FewestCalls, LeastTalk, Gentlest, WeightedRandom: // orders like no other
	}
	if c.queue.lots != nil || c.queue.reserve != nil {
		l.queue = c.queue
	}
	return l
}

// bitsOf packs who is able into text, which can be compared.
func bitsOf(able []bool) string {
	bits := make([]byte, (len(able)+7)/8)
	for rank, is := range able {
		if is {
			bits[rank/8] |= 1 << (rank % 8)
		}
	}
	return string(bits)
}

// placesOf packs the places of those who are able.
func placesOf(order []int64, able []bool) string {
	places := make([]byte, 0, 4*len(order))
	for rank, at := range order {
		if able[rank] {
			places = append(places, byte(at>>24), byte(at>>16), byte(at>>8), byte(at))
		}
	}
	return string(places)
}

// poolOf puts a new condition into its pool. fresh tells that the pool is new, too.
func (r *routes) poolOf(c *condition) (g *pool, fresh bool) {
	like := likenessOf(c)
	if g = r.pools[like]; g == nil {
		g, fresh = &pool{like: like}, true
		r.pools[like] = g
	}
	c.pool = g
	g.conds = append(g.conds, c)
	for i, s := range countedStates {
		g.ends[i] = g.ends[i] || c.queue.leave[s]
	}
	return g, fresh
}

// prune drops the conditions that are dead, and tells whether none is left.
func (g *pool) prune() bool {
	g.conds = slices.DeleteFunc(g.conds, func(c *condition) bool { return c.dead })
	return len(g.conds) == 0
}

// prunePools forgets the conditions that are dead, and the pools that had no others.
func (r *routes) prunePools() (gone bool) {
	for like, g := range r.pools {
		if g.prune() {
			delete(r.pools, like)
			gone = true
		}
	}
	return gone
}

// move counts an agent who goes from one state to another; from is empty for one who was
// not yet counted. left tells that nobody is in the old state any more, and that somebody
// may leave for that.
func (g *pool) move(from, to AgentState) (left bool) {
	next := slices.Index(countedStates[:], to)
	g.heads[next]++
	if from == "" {
		return false
	}
	was := slices.Index(countedStates[:], from)
	g.heads[was]--
	return g.heads[was] == 0 && g.ends[next]
}

// count counts the agents in some states.
func (g *pool) count(in func(AgentState) bool) int {
	sum := 0
	for i, n := range g.heads {
		if n > 0 && in(countedStates[i]) {
			sum += n
		}
	}
	return sum
}

// serving are the able agents in none of the queue's LeaveOn states.
func (c *condition) serving() int {
	return c.pool.count(func(s AgentState) bool { return !c.queue.leave[s] })
}

// present are the able agents who are logged in.
func (c *condition) present() int {
	return c.pool.count(func(s AgentState) bool { return s != LoggedOut })
}

// joinable are the able agents in one of the queue's JoinWhen states.
func (c *condition) joinable() int {
	return c.pool.count(func(s AgentState) bool { return c.queue.join[s] })
}

// staffed are the able agents who are at work.
func (c *condition) staffed() int { return c.pool.count(isStaffed) }

// call notes that the condition has callers waiting, or none any more.
func (c *condition) call(waits bool) {
	g := c.pool
	switch i := slices.Index(g.asked, c); {
	case waits && i < 0:
		g.asked = append(g.asked, c)
	case !waits && i >= 0:
		last := len(g.asked) - 1
		g.asked[i], g.asked[last] = g.asked[last], nil
		g.asked = g.asked[:last]
	}
}

// free is how many agents are offerable for the condition's callers.
func (c *condition) free() int {
	return len(c.pool.offerable.items) + len(c.apart.offerable.items)
}

// front is before everybody in a line.
var front = key{math.MinInt64, math.MinInt64, math.MinInt64}

// offerable are the agents who may be offered the condition's callers, in their order: from
// a place on, then those before it.
func (c *condition) offerable(from key) iter.Seq[*agent] {
	return merged(&c.pool.offerable, &c.apart.offerable, from)
}

// tender are those of them who should get calls of low intensity first.
func (c *condition) tender() iter.Seq[*agent] {
	return merged(&c.pool.tender, &c.apart.tender, front)
}

// first is where the first agent in line stands.
func (c *condition) first() (k key, ok bool) {
	for _, l := range []*line[*agent]{&c.pool.offerable, &c.apart.offerable} {
		if len(l.items) > 0 && (!ok || l.items[0].key.compare(k) < 0) {
			k, ok = l.items[0].key, true
		}
	}
	return k, ok
}

// merged walks two lines as if they were one.
func merged(x, y *line[*agent], from key) iter.Seq[*agent] {
	return func(yield func(*agent) bool) {
		i, _ := x.find(from)
		k, _ := y.find(from)
		if walk(x.items[i:], y.items[k:], yield) {
			walk(x.items[:i], y.items[:k], yield)
		}
	}
}

func walk(x, y []placed[*agent], yield func(*agent) bool) bool {
	for len(x)+len(y) > 0 {
		next := &x
		if len(x) == 0 || len(y) > 0 && y[0].key.compare(x[0].key) < 0 {
			next = &y
		}
		if !yield((*next)[0].it) {
			return false
		}
		*next = (*next)[1:]
	}
	return true
}

// eachLine goes through the lines an agent stands or may stand in, each with a condition
// that they are of. Who is near the end of work by the plan stands apart: what reaches
// that far differs by queue.
func (a *agent) eachLine(each func(*lines, *condition)) {
	for _, g := range a.pools {
		if !a.apart {
			each(&g.lines, g.conds[0])
			continue
		}
		for _, c := range g.conds {
			each(&c.apart, c)
		}
	}
}

// rerank moves an agent in the lines where what strategies compare of him has changed.
func (b *board) rerank(a *agent) {
	b.turn.steps++
	before, now := a.ranked, a.rankedAt(b.now)
	if !a.listed || now == before {
		return
	}
	a.eachLine(func(l *lines, c *condition) {
		a.ranked = before
		from := a.standing(c)
		a.ranked = now
		if to := a.standing(c); to != from {
			b.turn.steps++
			l.offerable.move(from, to, a)
			l.tender.move(from, to, a)
		}
	})
	a.ranked = now
}
