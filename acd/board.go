package acd

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
	"time"
)

// loadEvery is how often the occupancy of idle agents is worked out anew for
// the strategies that compare what changes while
// they wait: occupancy and strain fall, and at midnight a new day begins.
const loadEvery = time.Minute

// reckonAtOnce is for how many agents it is done in one turn: no offer waits for all.
const reckonAtOnce = 32

// board is every queue and every agent, and the rules. It has no clock, no
// goroutine and no I/O: apply is told the time and what happened, and answers what
// to do. Floor.Run owns it.
type board struct {
	now      Stamp
	zero     time.Time // what the wall clock shows at 0 of the other
	routes   *routes
	agents   map[string]*agent
	phones   map[string]*phone
	tickets  map[uint64]*ticket
	calls    map[string]*ticket
	backs    map[string][]*ticket // callbacks by the ending of their number, in the order they came
	askers   map[string][]*ticket // the same by the ending of their caller's
	seats    map[uint64]*seat
	recent   map[string]string // round robin: who was offered last, by queue
	paces    paces
	levels   map[string]*level   // of queues with reserve agents
	kept     map[string]Accuracy // of estimates told
	outages  map[string]*outage  // of trunks, by the beginnings of the numbers they dial
	carriers map[string]carrier  // what they did with callbacks, by the same
	alarms   alarms
	reckon   alarm // of loadEvery
	reckoned int   // rank of the agent who is next then
	weighing alarm // of levelEvery
	ids      ids
	planned  bool         // somebody has shifts
	ending   line[*agent] // near the end of work by the plan of shifts
	touched  []*agent     // to be looked at when the turn settles
	fresh    []*ticket    // waiting again or anew in this turn
	turn     turn
	count    Counters
	room     noteRoom // for the decision log
}

// ids are the last numbers given.
type ids struct {
	Seq    uint64 `json:"seq"`
	Ticket uint64 `json:"ticket"`
	Seat   uint64 `json:"assignment"`
	Turn   uint64 `json:"-"` // of misses
}

// turn is what one apply asks the floor to do, in this order.
type turn struct {
	revoked []uint64    // seats taken back: stop ringing
	settled []uint64    // seats that are over otherwise, or answered
	removed []expulsion // callers taken out by a limit
	gone    []uint64    // tickets that are over
	offers  []outgoing  // offers to hand out
	views   []AgentView // agents that may look different now
	events  []Event     // for the ledger
	gaveUp  []Launch    // callbacks that ended without a conversation
	flagged []*queue    // queues where the last serving agent of a condition stopped
	rang    bool        // a clock ran out
	steps   int         // agents and callers that a loop looked at or a line moved, where there may be many: tests hold it to bounds
}

type expulsion struct {
	ticket  uint64
	removal Removal
}

type outgoing struct {
	ticket uint64
	offer  *offer
}

func newBoard() *board {
	b := &board{
		agents: map[string]*agent{}, phones: map[string]*phone{}, tickets: map[uint64]*ticket{},
		calls: map[string]*ticket{}, backs: map[string][]*ticket{}, askers: map[string][]*ticket{}, seats: map[uint64]*seat{}, recent: map[string]string{},
		paces: paces{}, levels: map[string]*level{}, kept: map[string]Accuracy{}, outages: map[string]*outage{}, carriers: map[string]carrier{},
		routes: &routes{queues: map[string]*queue{}, pools: map[likeness]*pool{}},
	}
	b.reckon = alarm{order: 1 << 63, ring: (*board).reckonLoads}
	b.weighing = alarm{order: 1<<63 + 1, ring: (*board).weighAll}
	return b
}

// apply moves the board to now, lets what is due happen, then act, and matches
// callers and agents. The turn is good until the next apply.
func (b *board) apply(now Stamp, act func(*board) error) (*turn, error) {
	b.turn = turn{
		revoked: b.turn.revoked[:0], settled: b.turn.settled[:0], removed: b.turn.removed[:0], gone: b.turn.gone[:0],
		gaveUp: b.turn.gaveUp[:0], offers: b.turn.offers[:0], views: b.turn.views[:0], events: b.turn.events[:0], flagged: b.turn.flagged[:0],
	}
	b.moveTo(now)
	b.ringDue()
	var err error
	if act != nil {
		b.settle() // what came due by itself is matched before what is asked now
		err = act(b)
	}
	b.settle()
	return &b.turn, err
}

// ringDue lets everything due happen.
func (b *board) ringDue() {
	for b.alarms.next() <= b.now.Mono {
		a := b.alarms[0]
		b.turn.rang = true
		b.alarms.set(a, never)
		a.ring(b)
	}
}

// settle brings lines, counts and alarms up to date for everybody touched, and
// matches until nothing changes any more. Nobody is matched before all lines are up to
// date: a caller whom a limit takes out may call the reserve agents of his queue, and after
// a wrap-up that is over a rest may be.
func (b *board) settle() {
	var looked, free []*agent
	var changed []*condition
	for len(b.touched) > 0 || len(b.fresh) > 0 {
		free = append(free, b.refreshAll(&looked)...)
		b.leaveEmpty()
		changed = b.standAll(changed)
		b.ringDue()
		if len(b.touched)+len(b.fresh) > 0 {
			continue
		}
		b.match(free, changed)
		free, changed = nil, nil
	}
	slices.SortFunc(looked, func(x, y *agent) int { return strings.Compare(x.Name, y.Name) })
	for _, a := range slices.Compact(looked) {
		b.turn.views = append(b.turn.views, b.view(a))
	}
}

// touch notes that an agent must be looked at before the turn is over.
func (b *board) touch(a *agent) {
	if !a.touched {
		a.touched = true
		b.touched = append(b.touched, a)
	}
}

// refreshAll looks at everybody touched and gives those who became offerable,
// longest idle first.
func (b *board) refreshAll(looked *[]*agent) []*agent {
	var free []*agent
	for i := 0; i < len(b.touched); i++ {
		a := b.touched[i]
		a.touched = false
		*looked = append(*looked, a)
		if b.refresh(a) {
			free = append(free, a)
		}
	}
	b.touched = b.touched[:0]
	slices.SortFunc(free, func(x, y *agent) int {
		return cmp.Or(cmp.Compare(x.Idle, y.Idle), cmp.Compare(x.rank, y.rank))
	})
	return free
}

// refresh lists or unlists an agent, counts the state and sets the alarm. It
// tells whether the agent has become offerable.
func (b *board) refresh(a *agent) bool {
	b.turn.steps++
	if state := b.shown(a); a.counted != state {
		for _, g := range a.pools {
			if g.move(a.counted, state) {
				b.flagLeft(g)
			}
		}
		a.counted = state
	}
	was := a.spared
	b.spare(a)
	b.noteEnding(a, was.edges.near)
	b.alarms.set(&a.alarm, b.due(a))
	can := b.hindrance(a) == nothing
	if can == a.listed && (!can || was.bars == a.spared.bars && !was.edges.near && !a.spared.edges.near) {
		return false
	}
	if a.listed {
		b.list(a, false)
	}
	if can {
		b.list(a, true)
	}
	return can
}

// list puts an agent in the lines of all conditions met, or takes him out.
func (b *board) list(a *agent, in bool) {
	if in {
		a.ranked = a.rankedAt(b.now)
		b.drawLots(a)
	}
	b.stepIn(a, in)
}

// stepIn puts an agent in his lines by what strategies compare, as noted of him, or takes
// him out by them.
func (b *board) stepIn(a *agent, in bool) {
	if in {
		a.apart = a.spared.edges.near
	}
	a.listed = in
	a.eachLine(func(l *lines, c *condition) { b.post(a, l, c, in) })
}

// post puts an agent in the lines of a condition, unless a rule of care keeps its callers
// away, or takes him out.
func (b *board) post(a *agent, l *lines, c *condition, in bool) {
	b.turn.steps++
	k := a.standing(c)
	switch {
	case !in:
		l.offerable.remove(k)
		l.tender.remove(k)
	case b.keeps(a, c) == nothing:
		l.offerable.add(k, a)
		if a.spared.bars.tender && c.gentle() {
			l.tender.add(k, a)
		}
	}
}

// reckonLoads works out anew what strategies compare of the next idle agents.
func (b *board) reckonLoads() {
	names := b.routes.names
	for range min(reckonAtOnce, len(names)) {
		if b.reckoned >= len(names) {
			b.reckoned = 0
		}
		b.rerank(b.agents[names[b.reckoned]])
		b.reckoned++
	}
	b.alarms.set(&b.reckon, b.now.Mono+b.reckonEvery())
}

// reckonEvery is how often some are looked at, so that everybody is once in loadEvery.
func (b *board) reckonEvery() time.Duration {
	return loadEvery / time.Duration(max(1, (len(b.routes.names)+reckonAtOnce-1)/reckonAtOnce))
}

// flagLeft notes which queues may have callers with nobody left who serves.
func (b *board) flagLeft(g *pool) {
	for _, c := range g.conds {
		if c.queue.waiting > 0 && c.serving() == 0 && !slices.Contains(b.turn.flagged, c.queue) {
			b.turn.flagged = append(b.turn.flagged, c.queue)
		}
	}
}

// record puts an event on the way to the ledger.
func (b *board) record(e Event) {
	b.ids.Seq++
	e.Seq = b.ids.Seq
	b.paces.happen(&e)
	if e.Kind == KindFinished && b.planned {
		b.paceChanged(e.Queue)
	}
	b.turn.events = append(b.turn.events, e)
}

// stamp gives a moment of this clock on both clocks.
func (b *board) stamp(at time.Duration) Stamp {
	return Stamp{Wall: b.now.Wall.Add(at - b.now.Mono), Boot: b.now.Boot, Mono: at}
}

// alarm is the next moment at which something is due for an agent or a ticket.
// Each has exactly one, so the heap is never larger than the floor.
type alarm struct {
	at    time.Duration
	pos   int    // place in the heap + 1; 0 = not in it
	order uint64 // breaks ties the same way every time
	ring  func(*board)
}

// alarms is a heap by moment.
type alarms []*alarm

// set moves, adds or (with never) removes an alarm.
func (h *alarms) set(a *alarm, at time.Duration) {
	switch {
	case at == never && a.pos == 0:
	case at == never:
		heap.Remove(h, a.pos-1)
	case a.pos == 0:
		a.at = at
		heap.Push(h, a)
	case a.at != at:
		a.at = at
		heap.Fix(h, a.pos-1)
	}
}

// next is when the first alarm rings.
func (h alarms) next() time.Duration {
	if len(h) == 0 {
		return never
	}
	return h[0].at
}

// Len, Less, Swap, Push and Pop are for container/heap.
func (h alarms) Len() int { return len(h) }

// Less orders by moment, then by who came first.
func (h alarms) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].order, h[j].order)) < 0
}

// Swap keeps the places noted in the alarms.
func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].pos, h[j].pos = i+1, j+1
}

// Push adds at the end.
func (h *alarms) Push(x any) {
	a := x.(*alarm)
	*h = append(*h, a)
	a.pos = len(*h)
}

// Pop takes from the end.
func (h *alarms) Pop() any {
	old := *h
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	a.pos = 0
	return a
}
