package figures

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd"
	"breakwater/acd/figures/shield"
)

// noon is where the days of tests begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// queuesOfDay are those of random days; who overflows from one comes to the other.
var queuesOfDay = []string{"orders", "refunds"}

// theDay is a random day of a floor, as its events tell it: callers who wait, overflow,
// leave, ask to be called back; agents who ring alone and together, talk, wrap up, rest,
// miss, and go; and servers that die. What agents' time went into is noted beside, by who
// makes the events and not by the engine; of callers recount_test.go knows it.
type theDay struct {
	now    time.Duration
	boot   int
	booted time.Duration
	events []acd.Event
	ids    uint64
	agents []*actor
	line   []*caller // on the line, and no phone rings for them
	backs  []*caller // callbacks for which nobody is on the line
	spent  []stretch
	shield map[string]bool   // calls that are protected
	lost   map[uint64]bool   // offers and conversations that a crash cut off
	calls  map[uint64]string // of each assignment: its call
}

// stretch is what an agent's time went into.
type stretch struct {
	agent string
	doing shield.Doing
	seat  uint64 // of ring, talk and wrap-up
	took  time.Duration
	done  bool
}

type caller struct {
	ticket  uint64
	call    string
	queue   string
	at      time.Duration
	age     time.Duration // that they had then
	parked  bool
	reached bool // who is called back
}

type actor struct {
	name    string
	state   acd.AgentState
	since   time.Duration
	private bool
	with    *caller
	seat    uint64
	rest    bool          // granted or running
	due     time.Duration // the wrap-up ends by its clock
}

// randomDay makes a day of so many steps.
func randomDay(t *rapid.T, steps int) *theDay {
	d := &theDay{shield: map[string]bool{}, lost: map[uint64]bool{}, calls: map[uint64]string{}}
	for i := range rapid.IntRange(1, 7).Draw(t, "agents") {
		d.agents = append(d.agents, &actor{name: fmt.Sprintf("agent%d", i), state: acd.LoggedOut})
	}
	for range steps {
		d.now += time.Duration(rapid.IntRange(0, 60_000).Draw(t, "pass")) * time.Millisecond
		switch who := rapid.IntRange(0, 59).Draw(t, "who"); {
		case who == 59:
			d.crash(t)
		case who < 20:
			d.caller(t)
		default:
			d.agent(t, d.agents[rapid.IntRange(0, len(d.agents)-1).Draw(t, "agent")])
		}
	}
	return d
}

func (d *theDay) id() uint64 { d.ids++; return d.ids }

func (d *theDay) tell(e acd.Event) {
	e.Seq = d.id()
	e.At = acd.Stamp{Wall: noon.Add(d.now), Boot: fmt.Sprint("boot", d.boot), Mono: 20*time.Second + d.now - d.booted}
	d.events = append(d.events, e)
}

// of is an event of a caller, after their wait in this queue.
func (d *theDay) of(c *caller, kind, reason string) acd.Event {
	e := acd.Event{Kind: kind, Reason: reason, Queue: c.queue, Call: c.call, Ticket: c.ticket}
	if !c.parked {
		e.Length = d.now - c.at
	}
	return e
}

func (d *theDay) enter(queue, call string, age time.Duration, again string) {
	c := &caller{ticket: d.id(), call: call, queue: queue, at: d.now, age: age}
	if call == "" {
		c.call = fmt.Sprint("c", c.ticket)
	}
	d.line = append(d.line, c)
	d.tell(acd.Event{Kind: acd.KindEntered, Queue: queue, Call: c.call, Ticket: c.ticket, Length: age, Reason: again})
}

// park makes a callback of a caller.
func (d *theDay) park(c *caller, kind string) {
	e := d.of(c, acd.KindParked, kind)
	e.Length = c.age + d.now - c.at
	c.parked = true
	d.backs = append(d.backs, c)
	d.tell(e)
}

// caller lets a caller come or go.
func (d *theDay) caller(t *rapid.T) {
	queue := rapid.SampledFrom(queuesOfDay).Draw(t, "queue")
	what := rapid.IntRange(0, 14).Draw(t, "caller")
	switch {
	case what < 7:
		d.enter(queue, map[bool]string{true: "c1"}[what == 0], 0, map[int]string{0: acd.AgainWanted, 1: acd.AgainRescued}[what])
	case what == 7:
		d.tell(acd.Event{Kind: acd.KindRefused, Queue: queue, Call: "x", Reason: "full"})
	case what == 8: // never on the line
		kind := rapid.SampledFrom([]string{acd.BackAsked, acd.BackScheduled, acd.BackLost}).Draw(t, "kind")
		d.park(&caller{ticket: d.id(), call: fmt.Sprint("d", d.ids), queue: queue, at: d.now}, kind)
	case what == 9 && len(d.backs) > 0:
		d.tell(d.of(d.backs[0], acd.KindRemoved, "callback-cancelled"))
		d.backs = d.backs[1:]
	case len(d.line) > 0:
		c := d.line[0]
		d.line = d.line[1:]
		d.goes(c, what)
	}
}

// goes ends a caller's wait without an agent.
func (d *theDay) goes(c *caller, what int) {
	other := queuesOfDay[1-slices.Index(queuesOfDay, c.queue)]
	switch what {
	case 10:
		d.tell(d.of(c, acd.KindLeft, "menu"))
	case 11:
		d.park(c, acd.BackAsked)
	case 12: // to the other queue, at the age they have
		d.tell(d.of(c, acd.KindRemoved, "wait"))
		d.enter(other, c.call, c.age+d.now-c.at, "")
	case 13:
		d.tell(d.of(c, acd.KindRemoved, "empty"))
	default:
		d.tell(d.of(c, acd.KindLeft, "abandoned"))
	}
}

// crash ends the server, and perhaps the machine. Who talked is gone; who waited is called
// back, or cut off where no number is known.
func (d *theDay) crash(t *rapid.T) {
	d.now += time.Duration(rapid.IntRange(0, 90_000).Draw(t, "down")) * time.Millisecond
	if rapid.Bool().Draw(t, "the machine, too") {
		d.boot, d.booted = d.boot+1, d.now
	}
	waiting := d.line
	d.line = nil
	for _, a := range d.agents {
		c, was := a.with, a.state
		if was != acd.Offered && was != acd.OnCall {
			continue
		}
		d.lost[a.seat] = true
		talk := acd.Talk{}
		if was == acd.OnCall {
			d.shield[d.calls[a.seat]] = true
			if talk.Warnings = rapid.IntRange(0, 2).Draw(t, "warned"); talk.Warnings > 0 { // what was earned before outlives the server
				a.rest, talk.Protected = true, true
				d.move(a, acd.Event{Kind: acd.KindRestGranted, Level: 1, Length: 3 * time.Minute}, acd.OnCall)
			}
		}
		d.move(a, acd.Event{Kind: acd.KindRecovered, Length: 30 * time.Second, Talk: talk}, acd.WrapUp)
		a.due = d.now + 30*time.Second
		switch {
		case c.parked && !c.reached:
			d.backs = append(d.backs, c)
		case was == acd.Offered && !slices.Contains(waiting, c):
			waiting = append(waiting, c)
		}
	}
	for _, c := range waiting {
		if c.ticket%3 == 0 {
			e := d.of(c, acd.KindOrphaned, "")
			e.Length = 0
			d.tell(e)
			continue
		}
		d.park(c, acd.BackCrash)
	}
}

// own gives how an agent's time was spent as far as it may count.
func (d *theDay) own(a *actor) (out [shield.Doings]time.Duration) {
	for _, s := range d.spent {
		if s.agent == a.name && (s.seat == 0 || s.done && !d.lost[s.seat] && !d.shield[d.calls[s.seat]]) {
			out[s.doing] += s.took
		}
	}
	if doing, counts := a.doing(); counts && !a.works() {
		out[doing] += d.now - a.since
	}
	return out
}

// whole is one period that holds the day.
func (d *theDay) whole() Cuts { return Cuts{noon.Add(-time.Hour), noon.Add(d.now + time.Hour)} }
