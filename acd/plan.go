package acd

import (
	"cmp"
	"container/heap"
	"fmt"
	"maps"
	"slices"
	"time"
)

// maxIdleClasses bounds what a queue remembers of calls' data that no caller has now.
const maxIdleClasses = 32

// routes is a checked and compiled plan. Preparing it is the dear part (every
// condition for every agent) and is done outside the floor's goroutine; the board
// takes it over by adopt.
type routes struct {
	plan     Plan // with defaults
	settings Settings
	names    []string // agents by rank
	specs    []AgentSpec
	careers  []career
	farthest time.Duration // of all queues' reach
	envs     []map[string]any
	queues   map[string]*queue
	pools    map[likeness]*pool // of the conditions in use
	order    []string           // queue names, sorted
	draws    []*queue           // those of weighted random
	dial     []string           // beginnings of the numbers that trunks take
}

// prepare checks and compiles a plan.
func prepare(p Plan) (*routes, error) {
	if wrong := p.Check(); len(wrong) > 0 {
		first := slices.Sorted(maps.Keys(wrong))[0]
		return nil, fmt.Errorf("plan: %s: %s (%d wrong in all)", first, wrong[first], len(wrong))
	}
	p = p.WithDefaults()
	r := &routes{plan: p, settings: p.Settings, dial: p.Dial, names: slices.Sorted(maps.Keys(p.Agents)), queues: map[string]*queue{}, pools: map[likeness]*pool{}}
	d := newDictionary(p.Agents)
	for _, name := range r.names {
		r.specs = append(r.specs, p.Agents[name])
		since, _ := parseDay(p.Agents[name].Since) // both were checked
		back, _ := parseDay(p.Agents[name].Back)
		r.careers = append(r.careers, career{since, back})
		r.envs = append(r.envs, d.env(p.Agents[name]))
	}
	r.order = slices.Sorted(maps.Keys(p.Queues))
	for _, name := range r.order {
		q, err := r.queue(p.Queues[name], d)
		if err != nil {
			return nil, err
		}
		r.queues[name] = q
		if q.lots != nil {
			r.draws = append(r.draws, q)
		}
	}
	return r, nil
}

func (r *routes) queue(spec QueueSpec, d dictionary) (*queue, error) {
	q := &queue{spec: spec, classes: map[string]*class{}, leave: map[AgentState]bool{}}
	for _, s := range spec.LeaveOn {
		q.leave[s] = true
	}
	if spec.Strategy == WeightedRandom {
		q.lots = &lots{drawn: make([]int64, len(r.names))}
	}
	q.reserve = r.reserves(spec)
	for _, s := range spec.JoinWhen {
		if q.join == nil {
			q.join = map[AgentState]bool{}
		}
		q.join[s] = true
	}
	var err error
	if q.hours, err = spec.Callback.window(); err != nil {
		return nil, fmt.Errorf("queue %s: callback: %w", spec.Name, err)
	}
	if q.boosts, _, err = d.boosts(spec); err != nil {
		return nil, fmt.Errorf("queue %s: %w", spec.Name, err)
	}
	needs, wrong := d.needs(spec)
	for _, err := range wrong {
		return nil, fmt.Errorf("queue %s: %w", spec.Name, err)
	}
	for i, n := range needs {
		s := step{need: n, conditions: map[string]*condition{}}
		if i > 0 {
			s.after = spec.Relax[i-1].After
		}
		s.order = r.standing(spec, n)
		if !n.usesData() {
			s.able = r.able(s.order, n, nil)
		}
		q.steps = append(q.steps, s)
	}
	return q, nil
}

func (r *routes) uses(any ...Strategy) bool {
	for _, q := range r.queues {
		if slices.Contains(any, q.spec.Strategy) {
			return true
		}
	}
	return false
}

// outside marks an agent who is not named by the queue's Agents.
const outside = int64(1) << 62

// standing is each agent's fixed place for the strategies that have one, by rank.
func (r *routes) standing(spec QueueSpec, n *need) []int64 {
	named := spec.Agents
	if len(named) > 0 {
		named = slices.Concat(named, spec.Reserve)
	}
	listed := make(map[string]int64, len(named))
	for i, name := range named {
		listed[name] = int64(i)
	}
	order := make([]int64, len(r.names))
	for rank, name := range r.names {
		at, ok := listed[name]
		switch {
		case len(listed) > 0 && !ok:
			order[rank] = outside
		case spec.Strategy == BestSkill:
			order[rank] = -int64(n.best(r.specs[rank]))
		case (spec.Strategy == Linear || spec.Strategy == RoundRobin) && ok:
			order[rank] = at
		case spec.Strategy == Linear || spec.Strategy == RoundRobin:
			order[rank] = int64(rank)
		}
	}
	return order
}

// able tells, by rank, who meets a need for a call with that data.
func (r *routes) able(order []int64, n *need, data map[string]any) []bool {
	able := make([]bool, len(r.names))
	for rank := range r.names {
		able[rank] = order[rank] != outside && n.met(r.envs[rank], data)
	}
	return able
}

// adopt puts a plan in force. Waiting callers are judged by it at once;
// conversations, wrap-ups and rests go on as they began.
func (b *board) adopt(r *routes) {
	b.routes = r
	clear(b.outages) // a trunk may have another address
	clear(b.carriers)
	b.alarms.set(&b.reckon, never)
	b.reckoned = 0
	if r.uses(LeastOccupied, FewestCalls, LeastTalk, Gentlest) {
		b.alarms.set(&b.reckon, b.now.Mono+b.reckonEvery())
	}
	b.meet(r)
	for _, name := range r.order {
		r.queues[name].pace = b.paces.of(name)
	}
	b.measure(r)
	b.reckonReaches()
	for _, a := range b.agents {
		a.listed, a.posts, a.pools, a.counted = false, nil, nil, ""
		b.touch(a)
	}
	for _, t := range b.inOrder() {
		t.listed, t.late = false, false
		if t.isBack() {
			t.back.doubt = 0
		}
		q := r.queues[t.entry.Queue]
		if q == nil {
			b.orphan(t)
			continue
		}
		b.classify(t, q)
	}
	for _, name := range r.order { // so that views know every queue before its first caller
		b.classFor(r.queues[name], nil, easyCaller)
	}
}

// orphan deals with a caller whose queue is no more. With an offer out it goes on
// as it began, and leaves when it comes back unanswered.
func (b *board) orphan(t *ticket) {
	switch {
	case t.isBack() && t.offer == nil && t.back.seat == nil:
		b.giveUp(t, "no-queue")
	case t.offer == nil && !t.isBack():
		b.expel(t, "empty", t.class.queue.spec.OnEmpty)
	}
}

// meet makes the plan's agents known. Who left the plan stays known until the next
// start, so that a rest outlasts an edit and its undoing.
func (b *board) meet(r *routes) {
	b.ending = line[*agent]{}
	for _, a := range b.agents {
		a.rank, a.spared.edges.near = -1, false
	}
	for rank, name := range r.names {
		a := b.agents[name]
		if a == nil {
			a = newAgent(person{Name: name, State: LoggedOut, Since: b.now.Mono, Gap: longAgo, Pause: longAgo})
			b.agents[name] = a
		}
		a.rank, a.order, a.spec, a.career = rank, uint64(rank), r.specs[rank], r.careers[rank]
	}
	b.orderRest()
}

// orderRest gives those who left the plan places of their own among alarms that ring
// at the same moment, after everybody of the plan.
func (b *board) orderRest() {
	var rest []*agent
	for _, a := range b.agents {
		if a.rank < 0 {
			rest = append(rest, a)
		}
	}
	slices.SortFunc(rest, func(x, y *agent) int { return cmp.Compare(x.Name, y.Name) })
	for i, a := range rest {
		a.order = 1<<31 + uint64(i)
	}
	heap.Init(&b.alarms)
}

// classify gives a ticket its way through the queue's steps, and its place.
func (b *board) classify(t *ticket, q *queue) {
	t.class, t.step = b.classFor(q, t.entry.Data, t.entry.kind()), q.stepAt(b.waited(t))
	t.class.enter()
	if t.isBack() {
		q.park(t, 1)
	}
	if t.offer == nil {
		b.fresh = append(b.fresh, t)
	}
}

// classFor finds or makes the class of callers of a kind, and of calls with such data.
func (b *board) classFor(q *queue, data map[string]any, kind callerKind) *class {
	sign := string(kind)
	for _, s := range q.steps {
		if s.need.usesData() {
			sign += s.need.signature(data) + "|"
		}
	}
	for _, boost := range q.boosts {
		sign += boost.when.signature(data) + "|"
	}
	q.recent++
	if c := q.classes[sign]; c != nil {
		c.used = q.recent
		return c
	}
	b.forgetClasses(q)
	c := &class{queue: q, sign: sign, used: q.recent, boost: q.boost(data)}
	for i := range q.steps {
		c.conds = append(c.conds, b.conditionFor(q, i, data, kind))
	}
	q.classes[sign] = c
	q.idle++
	return c
}

// enter and leave count a class's callers.
func (c *class) enter() {
	if c.tickets == 0 {
		c.queue.idle--
	}
	c.count(1)
}

func (c *class) leave() {
	c.count(-1)
	if c.tickets == 0 {
		c.queue.idle++
	}
}

func (c *class) count(n int) {
	c.tickets += n
	c.queue.waiting += n
	for _, k := range c.conds {
		k.tickets += n
	}
}

// conditionFor finds or makes a queue's condition for callers of a kind and calls with
// such data, and lists the agents who meet it.
func (b *board) conditionFor(q *queue, i int, data map[string]any, kind callerKind) *condition {
	s := &q.steps[i]
	sign := string(kind)
	if s.need.usesData() {
		sign += s.need.signature(data)
	}
	if c := s.conditions[sign]; c != nil {
		return c
	}
	c := &condition{queue: q, step: i, need: s.need, data: data, able: s.able, order: s.order, kind: kind}
	if c.able == nil {
		c.able = b.routes.able(s.order, s.need, data)
	}
	s.conditions[sign] = c
	q.all = append(q.all, c)
	_, fresh := b.routes.poolOf(c)
	for rank, ok := range c.able {
		if ok {
			b.join(b.agents[b.routes.names[rank]], c, fresh)
		}
	}
	return c
}

// join makes an agent one of those who meet a condition; fresh = its pool is new.
func (b *board) join(a *agent, c *condition, fresh bool) {
	a.posts = append(a.posts, c)
	if fresh {
		a.pools = append(a.pools, c.pool)
		if a.counted != "" {
			c.pool.move("", a.counted)
		}
	}
	switch {
	case a.listed && a.apart:
		b.post(a, &c.apart, c, true)
	case a.listed && fresh:
		b.post(a, &c.pool.lines, c, true)
	}
}

// forgetClasses drops half of the classes that no caller has now, the longest unused
// first, with the conditions only they used: half, so that it is seldom done.
func (b *board) forgetClasses(q *queue) {
	if q.idle < maxIdleClasses {
		return
	}
	var idle []*class
	for _, c := range q.classes {
		if c.tickets == 0 {
			idle = append(idle, c)
		}
	}
	slices.SortFunc(idle, func(x, y *class) int { return cmp.Compare(x.used, y.used) })
	for _, old := range idle[:len(idle)-maxIdleClasses/2] {
		delete(q.classes, old.sign)
		q.idle--
	}
	for _, c := range q.all {
		c.dead = c.need.usesData()
	}
	for _, k := range q.classes {
		for _, c := range k.conds {
			c.dead = false
		}
	}
	dead := func(c *condition) bool { return c.dead }
	for i := range q.steps {
		maps.DeleteFunc(q.steps[i].conditions, func(_ string, c *condition) bool { return c.dead })
	}
	q.all = slices.DeleteFunc(q.all, dead)
	gone := b.routes.prunePools()
	for _, name := range b.routes.names {
		a := b.agents[name]
		a.posts = slices.DeleteFunc(a.posts, dead)
		if gone {
			a.pools = slices.DeleteFunc(a.pools, func(p *pool) bool { return len(p.conds) == 0 })
		}
	}
}

// inOrder gives the waiting callers in the order they came.
func (b *board) inOrder() []*ticket {
	out := make([]*ticket, 0, len(b.tickets))
	for _, t := range b.tickets {
		out = append(out, t)
	}
	slices.SortFunc(out, func(x, y *ticket) int { return int(x.id) - int(y.id) })
	return out
}

// waited is how long a caller has waited in all.
func (b *board) waited(t *ticket) time.Duration { return b.now.Mono - t.since }
