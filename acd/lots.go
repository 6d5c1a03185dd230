package acd

import (
	"hash/fnv"
	"math"
)

// lots draw among the free agents of a queue, each with his share. Every agent who
// becomes free draws a waiting time that is exponential with his share as its rate; who
// is first in line is drawn. That is the draw of a raffle with these shares, at the price
// of a sorted line: the exponential does not remember, so whoever is still in the line
// when another is taken has the same chances as one who draws then. That needs a clock
// that moves on to each lot taken.
type lots struct {
	clock int64
	drawn []int64 // by agent rank; good while the agent is in lines
}

// lotUnit is one mean waiting time at share 1.
const lotUnit = 1 << 24

// drawLots gives an agent a lot in every queue that draws, whether or not somebody has
// called yet whom he could serve there: it must not hang on which classes of callers are
// remembered, for a picture knows none that nobody is of.
func (b *board) drawLots(a *agent) {
	for _, q := range b.routes.draws {
		if q.steps[0].order[a.rank] != outside {
			q.lots.draw(b.ids.Seq, a.Name, a.rank, q.spec)
		}
	}
}

// draw gives an agent a lot. The seed is the number of the floor's last event, so that
// the same events give the same draws.
func (l *lots) draw(seed uint64, agent string, rank int, q QueueSpec) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(q.Name + "\x00" + agent))       // a hash takes everything
	u := float64(mixed(seed^h.Sum64())>>11+1) / (1 << 53) // in (0, 1]
	l.drawn[rank] = l.clock + int64(-math.Log(u)/float64(share(q, agent))*lotUnit)
}

// takeFirst moves the clock to the first lot in the line.
func (l *lots) takeFirst(c *condition) {
	if l == nil {
		return
	}
	if first, ok := c.first(); ok {
		l.clock = max(l.clock, first[0])
	}
}

// mixed spreads a number over all bits (the finalizer of SplitMix64).
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// share is an agent's share of a queue's lots.
func share(q QueueSpec, agent string) int {
	if n := q.Shares[agent]; n > 0 {
		return n
	}
	return 1
}
