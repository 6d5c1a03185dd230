package rehearsal

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"breakwater/acd"
)

// deed is something that people will do.
type deed struct {
	at    time.Duration
	order int
	moment
	still func() bool // nil = in any case
}

// deeds is a heap by time, then by who came first.
type deeds []*deed

// Len, Less, Swap, Push and Pop are for container/heap.
func (h deeds) Len() int { return len(h) }

// Less orders by time, then by who came first.
func (h deeds) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].order, h[j].order)) < 0
}

// Swap changes two.
func (h deeds) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push adds at the end.
func (h *deeds) Push(x any) { *h = append(*h, x.(*deed)) }

// Pop takes from the end.
func (h *deeds) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// Played is what came of a day.
type Played struct {
	Events []acd.Event
	Lost   map[string]int // callers whose way cannot be followed, by where it ends
}

// play is a day under way.
type play struct {
	day   *Day
	floor *acd.Rerun
	plan  *acd.Plan       // in force
	tell  func(*acd.Turn) // may be nil
	todo  deeds
	out   Played

	tickets map[uint64]*wait     // of callers and callbacks that wait, or are dialled
	talks   map[uint64]*wait     // by assignment
	live    map[uint64]bool      // assignments that ring or talk
	heard   map[string]int       // offers an agent has had
	since   map[string]time.Time // when a call came first
	placed  int                  // deeds so far
	talk    time.Duration        // of callers who were not served on the day
	dial    time.Duration        // of numbers that were not reached on the day
	hearing time.Duration        // of messages that were not heard on the day
}

// wait is a visit being played.
type wait struct {
	*visit
	entry *acd.Entry // nil = began before the log, or is a callback made by hand
	from  time.Duration
	back  bool // is called back
	tries int
}

// Play plays the day under a plan and gives what came of it. A nil plan is that of the
// day. What was going on when the log began is let end.
func (d *Day) Play(plan *acd.Plan) (Played, error) { return d.play(plan, nil) }

// play also tells each turn, when somebody wants to know.
func (d *Day) play(plan *acd.Plan, tell func(*acd.Turn)) (Played, error) {
	floor, err := acd.Resume(d.Begin)
	if err != nil {
		return Played{}, err
	}
	p := &play{
		day: d, floor: floor, plan: &d.Begin.Plan, tell: tell, talk: d.TypicalTalk(), dial: d.typicalDial(), out: Played{Lost: map[string]int{}},
		tickets: map[uint64]*wait{}, talks: map[uint64]*wait{}, live: map[uint64]bool{}, heard: map[string]int{}, since: map[string]time.Time{},
	}
	p.hearing = d.typicalHearing()
	for _, id := range slices.Sorted(maps.Keys(d.parked)) {
		w := &wait{visit: d.parked[id], from: d.Begin.At.Mono}
		p.tickets[id] = w
		p.isParked(d.Begin.At.Mono, id, w)
	}
	if plan != nil {
		if t := p.do(d.Begin.At.Mono, moment{in: acd.Input{Kind: acd.InPlan, Plan: plan}}); t.Refused != "" {
			return Played{}, errors.New(t.Refused)
		}
	}
	for _, m := range d.moments {
		if plan != nil && m.in.Kind == acd.InPlan { // an edit of that day
			m.in = acd.Input{}
		}
		p.later(m.at, m, nil)
	}
	p.run(d.end.Mono)
	return p.out, nil
}

func (p *play) later(at time.Duration, m moment, still func() bool) {
	p.placed++
	heap.Push(&p.todo, &deed{at: at, order: p.placed, moment: m, still: still})
}

// input is later for an input alone.
func (p *play) input(at time.Duration, in acd.Input, still func() bool) {
	p.later(at, moment{in: in}, still)
}

// run lets everything happen in its order until the day ends.
func (p *play) run(end time.Duration) {
	for {
		rings, waits := p.floor.Next()
		switch {
		case len(p.todo) > 0 && (!waits || p.todo[0].at <= rings):
			next := heap.Pop(&p.todo).(*deed)
			if next.at > end {
				return
			}
			if next.still == nil || next.still() {
				p.do(next.at, next.moment)
			}
		case waits && rings <= end:
			p.do(rings, moment{})
		default:
			return
		}
	}
}

// do lets one thing happen on the floor and plans what people do about what comes of it.
func (p *play) do(at time.Duration, m moment) *acd.Turn {
	begin := p.day.Begin.At
	now := acd.Stamp{Wall: begin.Wall.Add(at - begin.Mono), Boot: begin.Boot, Mono: at}
	t := p.floor.Apply(now, m.phones, m.in)
	if p.tell != nil {
		p.tell(t)
	}
	if m.in.Kind == acd.InPlan && t.Refused == "" {
		p.plan = m.in.Plan
	}
	for _, x := range t.Removed {
		if w := p.tickets[x.Ticket]; w != nil && !w.back {
			p.sendOn(at, w, x.Target)
		}
	}
	for _, e := range t.Events {
		p.event(at, e, m)
	}
	if t.Refused != "" && m.in.Kind == acd.InEnter {
		p.turnedAway(at, m, t)
	}
	for _, id := range t.Revoked {
		delete(p.live, id)
	}
	for _, o := range t.Offers {
		p.offered(at, o)
	}
	return t
}

func (p *play) event(at time.Duration, e acd.Event, m moment) {
	p.out.Events = append(p.out.Events, e)
	w := p.tickets[e.Ticket]
	switch e.Kind {
	case acd.KindEntered:
		p.entered(at, e, m)
	case acd.KindParked:
		p.parked(at, e, m)
	case acd.KindLeft:
		delete(p.tickets, e.Ticket)
		p.goOn(at, w, byLeaving)
	case acd.KindRemoved, acd.KindReached:
		delete(p.tickets, e.Ticket)
	case acd.KindAnswered:
		p.answered(at, e, w)
	case acd.KindFinished:
		w := p.talks[e.Assignment]
		delete(p.talks, e.Assignment)
		p.goOn(at, w, byTalking)
	}
}

func (p *play) entered(at time.Duration, e acd.Event, m moment) {
	w := &wait{visit: m.visit, entry: m.in.Entry, from: at}
	p.tickets[e.Ticket] = w
	if p.since[e.Call].IsZero() {
		p.since[e.Call] = e.At.Wall
	}
	if w.visit == nil {
		return
	}
	waits := func() bool { return p.tickets[e.Ticket] == w && !w.back }
	if w.asked != nil {
		p.input(at+w.asked.after, acd.Input{Kind: acd.InPark, Ticket: e.Ticket, Callback: &w.asked.callback}, waits)
	}
	if w.patience > 0 {
		p.input(at+w.patience, acd.Input{Kind: acd.InLeave, Ticket: e.Ticket, Why: w.leaves}, waits)
	}
}

// parked notes that a ticket has no line any more.
func (p *play) parked(at time.Duration, e acd.Event, m moment) {
	w := p.tickets[e.Ticket]
	if w == nil {
		w = &wait{visit: m.visit, from: at}
		p.tickets[e.Ticket] = w
	}
	p.isParked(at, e.Ticket, w)
}

// isParked plans what becomes of a ticket without a line while it waits.
func (p *play) isParked(at time.Duration, ticket uint64, w *wait) {
	w.back = true
	if w.visit == nil {
		return
	}
	waits := func() bool { return p.tickets[ticket] == w }
	if w.cancel > 0 {
		p.input(max(at, w.cancel), acd.Input{Kind: acd.InCancel, Ticket: ticket}, waits)
	}
	if w.said != nil {
		p.input(at+w.said.after, acd.Input{Kind: acd.InSpoken, Ticket: ticket, Length: w.said.length}, waits)
	}
}

// answered lets the two talk, or the agent dial who is to be called back.
func (p *play) answered(at time.Duration, e acd.Event, w *wait) {
	if w == nil {
		w = &wait{}
	}
	talk, outcome := p.talk, acd.Outcome{Cause: "caller_ended"}
	if w.visit != nil && w.talk > 0 {
		talk, outcome = w.talk, w.outcome
	}
	if !w.back {
		delete(p.tickets, e.Ticket)
		p.talks[e.Assignment] = w
		p.input(at+talk, acd.Input{Kind: acd.InFinish, Assignment: e.Assignment, Outcome: &outcome}, nil)
		return
	}
	how := dialled{after: p.dial}
	if w.isMessage() {
		how = dialled{after: p.hearing, heard: true}
	}
	if w.visit != nil && len(w.dials) > 0 {
		how = w.dials[min(w.tries, len(w.dials)-1)]
	}
	w.tries++
	at += how.after
	if how.heard {
		p.input(at, acd.Input{Kind: acd.InReached, Ticket: e.Ticket, Why: acd.ReachedHeard}, nil)
		p.input(at, acd.Input{Kind: acd.InFinish, Assignment: e.Assignment, Outcome: &acd.Outcome{Cause: "message_heard"}}, nil)
		return
	}
	if how.why != "" {
		p.input(at, acd.Input{Kind: acd.InUnreached, Ticket: e.Ticket, Why: how.why}, nil)
		p.input(at+sayUnreached, acd.Input{Kind: acd.InFinish, Assignment: e.Assignment, Outcome: &acd.Outcome{Cause: "unreached"}}, nil)
		return
	}
	p.talks[e.Assignment] = w
	p.input(at, acd.Input{Kind: acd.InReached, Ticket: e.Ticket}, nil)
	p.input(at+talk, acd.Input{Kind: acd.InFinish, Assignment: e.Assignment, Outcome: &outcome}, nil)
}

// sayUnreached is how long an agent is told that a number was not reached.
const sayUnreached = 3 * time.Second

// offered lets the call ring, and each agent do what he did with as manieth an offer of
// the day; an agent who had fewer begins again.
func (p *play) offered(at time.Duration, o acd.MadeOffer) {
	taken := acd.Input{Kind: acd.InTaken, Ticket: o.Ticket}
	if w := p.tickets[o.Ticket]; w != nil && w.back {
		taken = acd.Input{Kind: acd.InLaunched, Ticket: o.Ticket, Why: fmt.Sprintf("callback-%d-%d", o.Ticket, w.tries)}
	}
	p.input(at, taken, nil)
	for _, s := range o.Seats {
		p.live[s.Assignment] = true
		how := answer{after: answerUnknown}
		if h := p.day.habits[s.Agent]; len(h) > 0 {
			how = h[p.heard[s.Agent]%len(h)]
		}
		p.heard[s.Agent]++
		in := acd.Input{Kind: acd.InAnswered, Assignment: s.Assignment}
		if how.miss != "" {
			in.Kind, in.Why = acd.InMissed, string(how.miss)
		}
		p.input(at+how.after, in, func() bool { return p.live[s.Assignment] })
	}
}

// goOn lets a caller whose visit ended as on the day come again as then.
func (p *play) goOn(at time.Duration, w *wait, by how) {
	if w == nil || w.visit == nil || w.how != by || w.next == nil {
		return
	}
	p.again(at+w.pause, w.next, w.then)
}

// again lets a caller enter once more, with the age of the call.
func (p *play) again(at time.Duration, e *acd.Entry, v *visit) {
	if v.isMessage() {
		p.later(at, moment{in: acd.Input{Kind: acd.InCallBack, Entry: e, Callback: &v.asked.callback}, visit: v}, nil)
		return
	}
	next := *e
	if since := p.since[e.Call]; !since.IsZero() && !next.Since.IsZero() {
		next.Since = since
	}
	p.later(at, moment{in: acd.Input{Kind: acd.InEnter, Entry: &next}, visit: v}, nil)
}

// turnedAway sends a caller on whom a limit kept out at the door, or whose queue is not in
// the plan.
func (p *play) turnedAway(at time.Duration, m moment, t *acd.Turn) {
	spec, known := p.plan.Queues[m.in.Entry.Queue]
	if !known {
		p.out.Lost[fmt.Sprintf("queue %s, which is not in the config", m.in.Entry.Queue)]++
		return
	}
	limit := ""
	for _, e := range t.Events {
		if e.Kind == acd.KindRefused {
			limit = e.Reason
		}
	}
	p.sendOn(at, &wait{visit: m.visit, entry: m.in.Entry, from: at}, map[string]string{
		"empty": spec.OnEmpty, "full": spec.OnFull, "ewt": spec.OnEWT, "ratio": spec.OnRatio,
	}[limit])
}

// sendOn lets a caller whom a limit took out or kept out go on: in another queue, with
// the age; where a menu leads as they went on the day; else nobody knows.
func (p *play) sendOn(at time.Duration, w *wait, target string) {
	queue, isQueue := strings.CutPrefix(target, "queue:")
	knows := w.visit != nil && w.how == byLimit && w.next != nil
	switch {
	case isQueue && w.entry != nil:
		next, v := *w.entry, w.rest(at-w.from)
		if knows && !w.then.isMessage() {
			next, v = *w.next, w.then
		}
		next.Queue, next.Since = queue, p.since[next.Call]
		p.later(at, moment{in: acd.Input{Kind: acd.InEnter, Entry: &next}, visit: v}, nil)
	case knows:
		p.again(at+w.pause, w.next, w.then)
	default:
		p.out.Lost[cmp.Or(target, "the end of the call (no target)")]++
	}
}

// rest is a visit that goes on elsewhere after so long; nil when it is not known.
func (w *wait) rest(waited time.Duration) *visit {
	if w.visit == nil {
		return nil
	}
	v := *w.visit
	if v.patience > 0 {
		v.patience = max(time.Millisecond, v.patience-waited)
	}
	if v.asked != nil {
		v.asked = &wish{max(0, v.asked.after-waited), v.asked.callback}
	}
	return &v
}
