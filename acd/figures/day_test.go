package figures

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd"
)

// noon is where the days of tests begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// theDay is a random day on a floor: its events, and beside them a plain account of
// what they mean, kept by who makes them and not by the engine.
type theDay struct {
	now    time.Duration
	events []acd.Event
	ids    uint64
	agents []*actor
	line   []*caller
	queue  map[string]*account
	spent  []stretch
	shield map[string]bool // calls that are protected
}

// account is what happened at a queue.
type account struct {
	entered, refused, answered, abandoned, short, removed, within int
	waited                                                        time.Duration
	talks                                                         int
	talk, wrap                                                    time.Duration
}

// stretch is what an agent's time went into.
type stretch struct {
	agent string
	state acd.AgentState
	call  string // of ring, talk and wrap-up
	took  time.Duration
	done  bool
}

type caller struct {
	ticket uint64
	call   string
	queue  string
	at     time.Duration
}

type actor struct {
	name  string
	state acd.AgentState
	since time.Duration
	with  *caller
	rest  bool
	talk  time.Duration
	wraps time.Duration // since
}

// randomDay makes a day of so many steps.
func randomDay(t *rapid.T, steps int) *theDay {
	d := &theDay{queue: map[string]*account{"orders": {}, "refunds": {}}, shield: map[string]bool{}}
	for i := range rapid.IntRange(1, 7).Draw(t, "agents") {
		d.agents = append(d.agents, &actor{name: fmt.Sprintf("agent%d", i), state: acd.LoggedOut})
	}
	for range steps {
		d.now += time.Duration(rapid.IntRange(0, 90_000).Draw(t, "pass")) * time.Millisecond
		if rapid.IntRange(0, 2).Draw(t, "who") == 0 {
			d.caller(t)
		} else {
			d.agent(t, d.agents[rapid.IntRange(0, len(d.agents)-1).Draw(t, "agent")])
		}
	}
	return d
}

func (d *theDay) id() uint64 { d.ids++; return d.ids }

func (d *theDay) tell(e acd.Event) {
	e.Seq = d.id()
	e.At = acd.Stamp{Wall: noon.Add(d.now), Boot: "b", Mono: d.now}
	d.events = append(d.events, e)
}

// caller lets a caller come or go.
func (d *theDay) caller(t *rapid.T) {
	queue := rapid.SampledFrom([]string{"orders", "refunds"}).Draw(t, "queue")
	a := d.queue[queue]
	switch what := rapid.IntRange(0, 9).Draw(t, "caller"); {
	case what < 7 || len(d.line) == 0:
		id := d.id()
		c := &caller{ticket: id, call: fmt.Sprint("c", id), queue: queue, at: d.now}
		if len(d.line) > 0 && what == 0 { // another conversation of a call
			c.call = "c1"
		}
		d.line = append(d.line, c)
		a.entered++
		d.tell(acd.Event{Kind: acd.KindEntered, Queue: queue, Call: c.call, Ticket: c.ticket})
	case what == 7:
		a.refused++
		d.tell(acd.Event{Kind: acd.KindRefused, Queue: queue, Call: "x", Reason: "full"})
	default:
		c := d.line[0]
		d.line = d.line[1:]
		wait, a := d.now-c.at, d.queue[c.queue]
		e := acd.Event{Kind: acd.KindLeft, Reason: "abandoned", Queue: c.queue, Call: c.call, Ticket: c.ticket, Length: wait}
		if what == 8 {
			e.Kind, e.Reason = acd.KindRemoved, "wait"
			a.removed++
		} else {
			a.abandoned++
			if wait < 5*time.Second {
				a.short++
			}
		}
		d.tell(e)
	}
}

// move tells an agent's event and notes what the time until now went into.
func (d *theDay) move(a *actor, e acd.Event, to acd.AgentState) {
	call := ""
	if a.with != nil {
		call = a.with.call
		e.Queue, e.Call, e.Ticket = a.with.queue, a.with.call, a.with.ticket
	}
	d.spent = append(d.spent, stretch{agent: a.name, state: a.state, call: call, took: d.now - a.since})
	e.Agent, e.State = a.name, to
	a.state, a.since = to, d.now
	d.tell(e)
}

// over ends what an agent had with a caller: from now on it can count.
func (d *theDay) over(a *actor) {
	for i := range d.spent {
		if s := &d.spent[i]; s.agent == a.name && s.call == a.with.call {
			s.done = true
		}
	}
	a.with, a.rest = nil, false
}

// agent lets an agent do one of the things that are possible.
func (d *theDay) agent(t *rapid.T, a *actor) {
	pick := rapid.IntRange(0, 9).Draw(t, "do")
	switch a.state {
	case acd.LoggedOut:
		d.move(a, acd.Event{Kind: acd.KindLogIn}, acd.Ready)
	case acd.Ready:
		switch {
		case pick == 0:
			d.move(a, acd.Event{Kind: acd.KindLogOut}, acd.LoggedOut)
		case pick == 1:
			d.move(a, acd.Event{Kind: acd.KindNotReady, Reason: "lunch"}, acd.NotReady)
		case len(d.line) > 0:
			a.with, d.line = d.line[0], d.line[1:]
			d.spent = append(d.spent, stretch{agent: a.name, state: acd.Ready, took: d.now - a.since, done: true})
			a.since = d.now
			d.move(a, acd.Event{Kind: acd.KindOffered}, acd.Offered)
		}
	case acd.NotReady:
		d.move(a, acd.Event{Kind: acd.KindReady}, acd.Ready)
	case acd.Offered:
		d.offered(a, pick)
	case acd.OnCall:
		d.finish(a, pick)
	case acd.WrapUp:
		d.queue[a.with.queue].wrap += d.now - a.wraps
		d.queue[a.with.queue].talks++
		d.queue[a.with.queue].talk += a.talk
		to := acd.Ready
		if a.rest {
			to = acd.Resting
		}
		d.move(a, acd.Event{Kind: acd.KindWrapUpEnded}, to)
		if !a.rest {
			d.over(a)
		}
	case acd.Resting:
		d.move(a, acd.Event{Kind: acd.KindRestOver}, acd.Ready)
		d.over(a)
	case acd.Missed:
	}
}

func (d *theDay) offered(a *actor, pick int) {
	if pick < 2 {
		c := a.with
		d.move(a, acd.Event{Kind: acd.KindMissed, Reason: string(acd.MissNoAnswer)}, acd.Ready)
		d.over(a)
		d.line = append([]*caller{c}, d.line...)
		return
	}
	q, wait := d.queue[a.with.queue], d.now-a.with.at
	q.answered++
	q.waited += wait
	if wait <= 20*time.Second {
		q.within++
	}
	d.move(a, acd.Event{Kind: acd.KindAnswered, Length: wait}, acd.OnCall)
}

func (d *theDay) finish(a *actor, pick int) {
	a.talk = d.now - a.since
	talk := acd.Talk{Length: a.talk, Protected: pick < 2}
	if pick < 2 {
		d.shield[a.with.call] = true
	}
	if pick == 1 {
		a.rest, talk.Warnings = true, 2
		d.move(a, acd.Event{Kind: acd.KindRestGranted, Level: 2, Length: 10 * time.Minute}, acd.OnCall)
	}
	d.move(a, acd.Event{Kind: acd.KindFinished, Reason: "caller_ended", Length: 30 * time.Second, Talk: talk}, acd.WrapUp)
	a.wraps = d.now
}

// own gives how an agent's time was spent as far as it may count.
func (d *theDay) own(agent string) map[acd.AgentState]time.Duration {
	out := map[acd.AgentState]time.Duration{}
	for _, s := range d.spent {
		inWork := s.state == acd.Offered || s.state == acd.OnCall || s.state == acd.WrapUp
		if s.agent != agent || s.state == acd.Resting || inWork && (!s.done || d.shield[s.call]) {
			continue
		}
		out[s.state] += s.took
	}
	return out
}

// whole is one period that holds the day.
func (d *theDay) whole() Cuts { return Cuts{noon.Add(-time.Hour), noon.Add(d.now + time.Hour)} }
