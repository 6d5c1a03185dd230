package acd

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// never is a moment that does not come.
const never = time.Duration(math.MaxInt64)

// longAgo is a moment before any other; it leaves room for arithmetic.
const longAgo = -time.Duration(1 << 61)

// key orders a line; the first number counts most.
type key [3]int64

func (k key) compare(o key) int { return slices.Compare(k[:], o[:]) }

// line keeps things in order: a sorted slice, found by halving. At the sizes of a
// floor the move of memory behind an insertion costs less than the steps of a tree.
type line[T any] struct{ items []placed[T] }

type placed[T any] struct {
	key key
	it  T
}

func (l *line[T]) find(k key) (int, bool) {
	return slices.BinarySearchFunc(l.items, k, func(p placed[T], k key) int { return p.key.compare(k) })
}

func (l *line[T]) add(k key, it T) {
	if i, there := l.find(k); !there {
		l.items = slices.Insert(l.items, i, placed[T]{k, it})
	}
}

func (l *line[T]) remove(k key) bool {
	i, there := l.find(k)
	switch {
	case !there:
		return false
	case i == 0: // the usual end of a place in a queue: no memory moves
		l.items[0] = placed[T]{}
		l.items = l.items[1:]
	default:
		l.items = slices.Delete(l.items, i, i+1)
	}
	return true
}

// move changes the place of what stands there; nothing when it does not.
func (l *line[T]) move(from, to key, it T) {
	if l.remove(from) {
		l.add(to, it)
	}
}

// queue is one queue of the plan in force.
type queue struct {
	spec    QueueSpec
	steps   []step              // steps[0] is Needs, then Relax in order
	all     []*condition        // every condition in use, for positions and views
	classes map[string]*class   // by signature of the call's data
	leave   map[AgentState]bool // LeaveOn as a set
	join    map[AgentState]bool // JoinWhen as a set; nil = not said
	boosts  []boosted
	turnout
	hours   window   // in which numbers are called back
	idle    int      // classes without a ticket
	recent  uint64   // counts uses of classes
	pace    *pace    // lives on when the plan changes
	lots    *lots    // weighted random; else nil
	reserve *reserve // nil = none
	reach   reach    // reckoned while anybody has shifts
}

// turnout counts the tickets of a queue. A callback or message does not stand in line while
// it is left alone: until its time or its hours, after a try in vain, while it is said.
type turnout struct {
	waiting     int // all, offered ones too
	parked      int // of waiting: callbacks and messages
	messages    int // of parked
	lined       int // of waiting: in line for an agent
	due         int // of parked: in line
	messagesDue int // of messages: in line
}

// wanting are those who wait for an agent now: on the line, or in line to be called back
// or heard.
func (q *turnout) wanting() int { return q.waiting - q.parked + q.due }

// stand counts a ticket that steps into line, or out of it.
func (q *turnout) stand(t *ticket, n int) {
	q.lined += n
	if t.isBack() {
		q.due += n
	}
	if t.isMessage() {
		q.messagesDue += n
	}
}

// step is one condition of a queue by waiting time, as prepared: who can serve.
type step struct {
	after      time.Duration
	need       *need
	able       []bool                // by agent rank; nil when it depends on the call
	order      []int64               // by agent rank: linear, round robin, best skill
	conditions map[string]*condition // by the signature of this need
}

// condition is one step of a queue for calls with the same data: the agents who
// meet it and are offerable, and the callers at that step.
type condition struct {
	queue   *queue
	step    int
	need    *need
	data    map[string]any
	able    []bool // by agent rank
	order   []int64
	kind    callerKind // of the callers
	pool    *pool
	apart   lines // of those near the end of their work; the others stand in the pool's
	waiting line[*ticket]
	tickets int // callers of its classes, at whatever step
	marked  bool
	dead    bool // forgotten: no class uses it
}

// class is the way of a caller through a queue's steps. Callers whose data means
// the same to the queue share it.
type class struct {
	queue   *queue
	sign    string
	conds   []*condition
	tickets int
	used    uint64
	boost   int // minutes, of all calls with such data
}

// served tells whether anybody able from the step on is in none of the states that
// callers leave on. Where there are no such states nobody leaves.
func (c *class) served(from int) bool {
	return len(c.queue.leave) == 0 || slices.ContainsFunc(c.conds[from:], func(c *condition) bool { return c.serving() > 0 })
}

// ticket is one caller's place, as the board sees it.
type ticket struct {
	alarm
	id        uint64
	entry     Entry
	since     time.Duration // original age
	entered   time.Duration
	class     *class
	step      int
	listed    bool // stands in the line of its condition
	late      bool // counted as such by the queue's reserve
	offer     *offer
	missed    map[*agent]barred
	prefer    *agent
	pausedTil time.Duration // the call was too slow to take offers
	untaken   int
	told      told
	back      *parked // nil = the caller is on the line
}

// barred says that an agent missed a ticket: never again before until, and then
// only when nobody else can. turn counts, so that the earliest goes first.
type barred struct {
	until time.Duration
	turn  uint64
}

// offer is a ticket's one offer that is out.
type offer struct {
	at    time.Duration
	more  time.Duration // ring-progressively: when one more agent is to ring; else never
	until time.Duration // once taken: when its call must have said how it went
	taken bool
	spec  QueueSpec
	seats []*seat
}

// seat is one agent's part in an offer, or in the conversation that came of it.
type seat struct {
	id       uint64
	agent    *agent
	ticket   *ticket // nil once the conversation has begun
	number   uint64  // of the ticket
	spec     QueueSpec
	queue    string
	call     string
	reason   string
	answered bool
}

func (t *ticket) condition() *condition { return t.class.conds[t.step] }

// place orders callers of one queue: rescued ones first, then by score. Within a
// queue all scores grow alike, so the order never changes with time: a head start
// of minutes is the same as having come that much earlier.
func (t *ticket) place() key {
	head := int64(1)
	if t.first() {
		head = 0
	}
	return key{head, int64(t.came()), int64(t.id)}
}

// came is when the caller would have come to stand here without a head start.
func (t *ticket) came() time.Duration {
	return t.since - time.Duration(float64(t.headStart())*float64(time.Minute)/t.class.queue.spec.Weight)
}

// first and headStart are what a caller has over others besides the age. A callback has
// nothing: it never goes before an older caller who is on the line.
func (t *ticket) first() bool { return t.entry.Head && !t.isBack() }

func (t *ticket) headStart() int {
	if t.isBack() {
		return min(0, t.class.boost)
	}
	return t.entry.Priority + t.class.boost
}

// score compares callers of different queues, in seconds of waiting at weight 1. It
// is made of came, so that rounding never orders callers of one queue otherwise than place.
func (t *ticket) score(now time.Duration) float64 {
	spec := t.class.queue.spec
	return 60*float64(spec.Priority) + spec.Weight*(now-t.came()).Seconds()
}

// compare orders callers by who is served first, whatever their queues.
func (t *ticket) compare(o *ticket, now time.Duration) int {
	if t.first() != o.first() {
		if t.first() {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(o.score(now), t.score(now)), cmp.Compare(t.came(), o.came()), cmp.Compare(t.id, o.id))
}

// park counts a ticket without a line, or one less.
func (q *turnout) park(t *ticket, n int) {
	if q.parked += n; t.isMessage() {
		q.messages += n
	}
}

// before tells whether a caller is served before another.
func (t *ticket) before(o *ticket, now time.Duration) bool { return t.compare(o, now) < 0 }

// stepAt is the relax step that the waiting time has reached.
func (q *queue) stepAt(waited time.Duration) int {
	i := len(q.steps) - 1
	for i > 0 && q.steps[i].after > waited {
		i--
	}
	return i
}

// nextStep is when the ticket reaches its next step.
func (t *ticket) nextStep() time.Duration {
	if t.step+1 >= len(t.class.queue.steps) {
		return never
	}
	return t.since + t.class.queue.steps[t.step+1].after
}

// ahead counts the callers in front; those with an offer out are not counted.
func (q *queue) ahead(t *ticket) int {
	n, k := 0, t.place()
	for _, c := range q.all {
		i, _ := c.waiting.find(k)
		n += i
	}
	return n
}
