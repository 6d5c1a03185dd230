package rehearsal

import (
	"cmp"
	"container/heap"
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

// play is a day under way.
type play struct {
	day    *Day
	floor  *acd.Rerun
	tell   func(*acd.Turn) // may be nil
	todo   deeds
	events []acd.Event

	calls   map[uint64]string     // ticket → call
	entries map[string]*acd.Entry // by call, as it entered last
	live    map[uint64]bool       // assignments that ring or talk
	heard   map[string]int        // offers an agent has had
	since   map[string]time.Time  // when a call came first
	placed  int                   // deeds so far
	talk    time.Duration         // of callers who were not served on the day
}

// Play plays the day under a plan and gives the events that came of it. A nil plan is
// that of the day. What was going on when the log began is let end.
func (d *Day) Play(plan *acd.Plan) ([]acd.Event, error) { return d.play(plan, nil) }

// play also tells each turn, when somebody wants to know.
func (d *Day) play(plan *acd.Plan, tell func(*acd.Turn)) ([]acd.Event, error) {
	floor, err := acd.Resume(d.Begin)
	if err != nil {
		return nil, err
	}
	p := &play{
		day: d, floor: floor, tell: tell, talk: d.typicalTalk(), calls: map[uint64]string{}, entries: map[string]*acd.Entry{},
		live: map[uint64]bool{}, heard: map[string]int{}, since: map[string]time.Time{},
	}
	if plan != nil {
		p.plan(plan)
	}
	for _, m := range d.moments {
		p.later(m.at, m, nil)
	}
	p.run(d.end.Mono)
	return p.events, nil
}

func (p *play) plan(plan *acd.Plan) {
	p.do(p.day.Begin.At.Mono, moment{in: acd.Input{Kind: acd.InPlan, Plan: plan}})
}

func (p *play) later(at time.Duration, m moment, still func() bool) {
	p.placed++
	heap.Push(&p.todo, &deed{at: at, order: p.placed, moment: m, still: still})
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
func (p *play) do(at time.Duration, m moment) {
	begin := p.day.Begin.At
	now := acd.Stamp{Wall: begin.Wall.Add(at - begin.Mono), Boot: begin.Boot, Mono: at}
	t := p.floor.Apply(now, m.phones, m.in)
	if p.tell != nil {
		p.tell(t)
	}
	for _, x := range t.Removed {
		p.overflow(at, x)
	}
	for _, e := range t.Events {
		p.event(at, e, m.in.Entry)
	}
	for _, id := range t.Revoked {
		delete(p.live, id)
	}
	for _, o := range t.Offers {
		p.offered(at, o)
	}
}

func (p *play) event(at time.Duration, e acd.Event, entry *acd.Entry) {
	p.events = append(p.events, e)
	c := p.day.callers[e.Call]
	switch e.Kind {
	case acd.KindEntered:
		p.calls[e.Ticket], p.entries[e.Call] = e.Call, entry
		if p.since[e.Call].IsZero() {
			p.since[e.Call] = e.At.Wall
		}
		if c != nil && c.patience > 0 {
			p.later(at+c.patience, moment{in: acd.Input{Kind: acd.InLeave, Ticket: e.Ticket, Why: c.leaves}}, func() bool {
				return p.calls[e.Ticket] != ""
			})
		}
	case acd.KindLeft, acd.KindRemoved:
		delete(p.calls, e.Ticket)
	case acd.KindAnswered:
		delete(p.calls, e.Ticket)
		talk, outcome := p.talk, acd.Outcome{Cause: "caller_ended"}
		if c != nil && c.talk > 0 {
			talk, outcome = c.talk, c.outcome
		}
		p.later(at+talk, moment{in: acd.Input{Kind: acd.InFinish, Assignment: e.Assignment, Outcome: &outcome}}, nil)
	}
}

// offered lets the call ring, and each agent do what he did with as manieth an offer of
// the day; an agent who had fewer begins again.
func (p *play) offered(at time.Duration, o acd.MadeOffer) {
	p.later(at, moment{in: acd.Input{Kind: acd.InTaken, Ticket: o.Ticket}}, nil)
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
		p.later(at+how.after, moment{in: in}, func() bool { return p.live[s.Assignment] })
	}
}

// overflow lets a caller whom a limit took out go on in another queue, with his age.
func (p *play) overflow(at time.Duration, x acd.OutOfQueue) {
	queue, ok := strings.CutPrefix(x.Target, "queue:")
	entry := p.entries[p.calls[x.Ticket]]
	if !ok || entry == nil {
		return
	}
	next := *entry
	next.Queue = queue
	if next.Since.IsZero() {
		next.Since = p.since[next.Call]
	}
	p.later(at, moment{in: acd.Input{Kind: acd.InEnter, Entry: &next}}, nil)
}
