package limit

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// Sum is how often something was done and how late it was begun, altogether. Both only grow.
type Sum struct {
	Times uint64
	Late  time.Duration
}

// Deed is something of the server that must not be late.
type Deed struct {
	Name  string        // for the log: "requests"
	Bound time.Duration // how late it may be
	Sum   Sum           // until now
}

// Verdict is how late the server is.
type Verdict struct {
	Late  bool
	Share float64       // of new calls that are to be refused, 0 to 1
	Worst string        // the deed that is nearest to its bound, or farthest beyond
	By    time.Duration // how late that is
	Bound time.Duration
	Of    map[string]time.Duration // how late each deed is, by name
}

// Lateness tells from how late things are done which share of new calls has to be
// refused. It keeps no clock: its owner calls Step once a Window.
//
// A deed is late by the least mean of its last three windows: by a queue that stands. A
// pause of the machine is not one, because what waited meanwhile is done at once after it.
// Lateness begins at the bound.
//
// What is refused then is the sum of two: of what lateness asks for now, nothing at half the
// bound and everything at twice, and of what it went on asking for, which grows while more
// is late than half the bound and shrinks otherwise. A call makes work for as long as it
// lasts; without the second the server would swing between all and nothing.
type Lateness struct {
	before []Sum
	recent [][standing]time.Duration // means of the last windows, the newest last
	late   bool
	held   float64 // the second of the two
}

// Window is the time between two steps.
const Window = 50 * time.Millisecond

// standing is for how many windows something is late before it counts: one holds what
// waited in a pause, and the next may, too.
const standing = 3

// fewest is how many deeds a window has at least: where it had fewer the missing ones were
// in time. One request that was late is no sign of anything.
const fewest = 5

// How much is refused, by lateness in parts of its bound.
const (
	lateUntil = 0.5  // where it ends
	lateAll   = 2    // where everything is refused
	holdMore  = 0.05 // what is held of the part beyond lateUntil, each window
	holdLess  = 0.01 // what is let go of in each window that is in time: all of it in 5 s
)

// Step takes what was done until now. The deeds are the same in every step; their bounds
// may change.
func (l *Lateness) Step(deeds []Deed) Verdict {
	if l.before == nil { // what was before is nobody's business
		l.recent = make([][standing]time.Duration, len(deeds))
		for _, d := range deeds {
			l.before = append(l.before, d.Sum)
		}
	}
	v := Verdict{Of: map[string]time.Duration{}}
	worst := 0.0
	for i, d := range deeds {
		times := max(d.Sum.Times-l.before[i].Times, fewest)
		mean := (d.Sum.Late - l.before[i].Late) / time.Duration(times)
		l.before[i] = d.Sum
		means := &l.recent[i]
		copy(means[:], means[1:])
		means[standing-1] = mean
		late := slices.Min(means[:])
		v.Of[d.Name] = late
		if part := float64(late) / float64(d.Bound); v.Worst == "" || part > worst {
			worst, v.Worst, v.By, v.Bound = part, d.Name, late, d.Bound
		}
	}
	v.Share = l.share(worst)
	v.Late = l.late
	return v
}

// share is what lateness, in parts of its bound, has refused.
func (l *Lateness) share(part float64) float64 {
	if l.late = part >= 1 || l.late && (part > lateUntil || l.held > 0); !l.late {
		return 0
	}
	now := max(0, (part-lateUntil)/(lateAll-lateUntil))
	switch {
	case part <= lateUntil:
		l.held = max(0, l.held-holdLess)
	case now+l.held < 1: // more than everything cannot be refused
		l.held = min(1, l.held+holdMore*min(part-lateUntil, lateAll))
	}
	return min(1, now+l.held)
}

// Gate refuses a share of new calls, and every repetition of an INVITE that it refused:
// whoever was told no must not ring an agent by the copy that was under way. It is safe
// for concurrent use.
type Gate struct {
	seed maphash.Seed // nobody can choose two INVITEs that are alike

	mu         sync.Mutex // protects the following
	share      float64
	owed       float64 // refusals that the calls so far have left over
	young, old map[uint64]struct{}
	turned     time.Time
}

// Bounds of what a Gate remembers.
const (
	repeatsFor  = 32 * time.Second // RFC 3261 §17.1.1.2: 64·T1, after which no INVITE comes again
	mostRefused = 1 << 16          // of one such time; beyond it the oldest are forgotten
)

// NewGate makes one that refuses nothing.
func NewGate() *Gate { return &Gate{seed: maphash.MakeSeed(), young: map[uint64]struct{}{}} }

// Set changes the share that is refused, and forgets whose repetitions no longer come.
func (g *Gate) Set(now time.Time, share float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.share = share; share == 0 {
		g.owed = 0
	}
	if now.Sub(g.turned) >= repeatsFor {
		g.turn(now)
	}
}

// Open tells whether nothing would be refused.
func (g *Gate) Open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.share == 0 && len(g.young)+len(g.old) == 0
}

// Refuses judges an INVITE by what its repetitions have in common; again says that it is
// one of those, of a call that was refused before. New calls are refused evenly: with a
// share of a quarter every fourth one is.
func (g *Gate) Refuses(now time.Time, invite string) (refused, again bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := maphash.String(g.seed, invite)
	_, young := g.young[key]
	_, old := g.old[key]
	if young || old {
		return true, true
	}
	if g.owed += g.share; g.owed < 1 {
		return false, false
	}
	g.owed--
	g.note(now, key)
	return true, false
}

// Refused tells the gate of an INVITE that was refused for another reason.
func (g *Gate) Refused(now time.Time, invite string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.note(now, maphash.String(g.seed, invite))
}

// note needs mu.
func (g *Gate) note(now time.Time, key uint64) {
	if len(g.young) >= mostRefused {
		g.turn(now)
	}
	g.young[key] = struct{}{}
}

// turn needs mu.
func (g *Gate) turn(now time.Time) { g.old, g.young, g.turned = g.young, map[uint64]struct{}{}, now }
