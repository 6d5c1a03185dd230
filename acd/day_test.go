package acd

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// day is a random day on a board, with a witness who knows the promises and sees
// only what goes out: events, offers and the commands given.
type day struct {
	*rapid.T
	b     *board
	plan  Plan
	now   Stamp
	calls int

	events  []Event
	turns   []*Turn             // as a decision log has them
	offers  map[uint64][]uint64 // ticket → seats out or answered
	agent   map[uint64]string   // seat → agent
	ticket  map[uint64]uint64   // seat → ticket
	talking []uint64
	busy    map[string]uint64 // agent → seat
	missed  map[[2]string]Event
	wrapEnd map[string]time.Duration // earliest honest end of the wrap-up in force
	restMin map[string]time.Duration // earliest honest end of the rest
	granted map[string]Event
	earned  map[string]Outcome // of the conversation that goes on, as it was said last
	talkEnd map[string]time.Duration
	private map[string]bool // phones in a call of their own
	places  map[uint64]int  // last told, by ticket
	chosen  string          // the agent who gives a command in this turn

	load    map[string]*eased // by agent
	drafts  map[string]Entry  // by call
	entries map[uint64]Entry  // by ticket
	handled map[string]int    // conversations that ended, by queue
}

func newDay(t *rapid.T) *day {
	d := &day{
		T: t, b: newBoard(), offers: map[uint64][]uint64{}, agent: map[uint64]string{}, ticket: map[uint64]uint64{},
		busy: map[string]uint64{}, missed: map[[2]string]Event{}, wrapEnd: map[string]time.Duration{},
		restMin: map[string]time.Duration{}, granted: map[string]Event{}, earned: map[string]Outcome{}, talkEnd: map[string]time.Duration{},
		private: map[string]bool{},
		places:  map[uint64]int{}, load: map[string]*eased{}, drafts: map[string]Entry{}, entries: map[uint64]Entry{}, handled: map[string]int{},
	}
	d.now = Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "boot", Mono: time.Hour}
	d.plan = drawPlan(t)
	d.replan()
	return d
}

func drawPlan(t *rapid.T) Plan {
	p := Plan{Queues: map[string]QueueSpec{}, Agents: map[string]AgentSpec{}, Dial: []string{"0"}}
	if rapid.Bool().Draw(t, "people are spared") {
		p.Settings.Care = drawCare(t)
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "agents") {
		p.Agents[fmt.Sprintf("a%d", i)] = AgentSpec{Skills: map[string]int{
			"x": rapid.IntRange(0, 3).Draw(t, "x"), "y": rapid.IntRange(0, 3).Draw(t, "y"),
		}, Since: rapid.SampledFrom([]string{"", "", "2026-02-05"}).Draw(t, "since"), Back: rapid.SampledFrom([]string{"", "", "2026-02-20"}).Draw(t, "back")}
	}
	needs := []string{"", "x >= 1", "x >= 2 || y >= 2", "data.tier != 2 || y >= 1", "x + 1 >= data.tier"}
	for i := range rapid.IntRange(1, 4).Draw(t, "queues") {
		q := QueueSpec{
			Strategy: rapid.SampledFrom([]Strategy{LongestIdle, LeastOccupied, RoundRobin, Linear, BestSkill, RingAll, FewestCalls, LeastTalk, WeightedRandom, Gentlest, RingProgressively}).Draw(t, "strategy"),
			Needs:    rapid.SampledFrom(needs).Draw(t, "needs"),
			Priority: rapid.IntRange(0, 5).Draw(t, "priority"),
			Weight:   rapid.SampledFrom([]float64{0, 0.5, 3}).Draw(t, "weight"),
			MaxSize:  rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "size"),
			WrapUp:   rapid.SampledFrom([]time.Duration{0, -1, 10 * time.Second}).Draw(t, "wrap-up"),
			MaxWait:  rapid.SampledFrom([]time.Duration{0, 2 * time.Minute}).Draw(t, "max wait"),
			LeaveOn:  rapid.SampledFrom([][]AgentState{nil, {}, {LoggedOut, NotReady}}).Draw(t, "leave on"),
			Handle:   rapid.SampledFrom([]time.Duration{0, time.Minute, 20 * time.Minute}).Draw(t, "handle"),

			Intensity: rapid.SampledFrom([]string{"", "low", "hostile"}).Draw(t, "intensity"),
			Urgent:    rapid.IntRange(0, 5).Draw(t, "urgent") == 0,
		}
		q.Callback = CallbackSpec{
			Prefixes: []string{"030"}, Tries: rapid.IntRange(0, 2).Draw(t, "tries"), Keep: rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "keep"),
			Hours: rapid.SampledFrom([]string{"", "00:00-24:00", "07:30-08:02"}).Draw(t, "hours"),
		}
		q.Voicemail = VoicemailSpec{
			Most: rapid.SampledFrom([]int{-1, 0, 2}).Draw(t, "messages"), Keep: rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "keep them"),
			Longest: rapid.SampledFrom([]time.Duration{0, 10 * time.Second}).Draw(t, "longest"),
		}
		if rapid.Bool().Draw(t, "relaxed") {
			q.Relax = []Relax{{After: 30 * time.Second, Needs: rapid.SampledFrom(needs).Draw(t, "relax")}}
		}
		if rapid.Bool().Draw(t, "reserve") {
			q.Reserve, q.Service.Over = []string{"a0"}, time.Minute
		}
		if rapid.Bool().Draw(t, "boost") {
			q.Boosts = []Boost{{When: "data.tier == 3", Minutes: 2}}
		}
		q.Door = Door{
			JoinWhen: rapid.SampledFrom([][]AgentState{nil, nil, {Ready, OnCall}}).Draw(t, "join when"),
			MaxEWT:   rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 5 * time.Minute}).Draw(t, "max ewt"),
			MaxRatio: rapid.SampledFrom([]float64{0, 0, 2}).Draw(t, "max ratio"),
		}
		p.Queues[fmt.Sprintf("q%d", i)] = q
	}
	return p
}

func (d *day) replan() {
	r, err := prepare(d.plan)
	if err != nil {
		d.Fatalf("plan: %v", err)
	}
	d.say(Input{Kind: InPlan, Plan: &r.plan, routes: r})
}

// do lets something happen and checks every promise.
func (d *day) do(in Input) error {
	e := &errand{in: in}
	if in.Kind == "" {
		e = nil
	}
	t, err := d.b.apply(d.now, e.acts(nil))
	if e != nil || d.b.turn.rang { // as the floor notes them
		d.turns = append(d.turns, d.b.noted(nil, e.input(), err))
	}
	for _, e := range t.events {
		d.witness(e)
	}
	for _, o := range t.offers {
		d.offered(o)
	}
	d.check()
	return err
}

// say is do for what cannot fail.
func (d *day) say(in Input) {
	if err := d.do(in); err != nil {
		d.Fatal(err)
	}
}

func (d *day) witness(e Event) {
	if n := len(d.events); n > 0 && e.Seq != d.events[n-1].Seq+1 {
		d.Fatalf("event %d follows %d", e.Seq, d.events[n-1].Seq)
	}
	d.events = append(d.events, e)
	at, a := e.At.Mono, e.Agent
	if a != "" {
		d.ease(e)
	}
	switch e.Kind {
	case KindEntered, KindParked:
		d.entries[e.Ticket] = d.drafts[e.Call]
	case KindOffered:
		if other, two := d.busy[a]; two {
			d.Fatalf("%s is offered assignment %d while %d lasts", a, e.Assignment, other)
		}
		d.busy[a] = e.Assignment
		d.agent[e.Assignment], d.ticket[e.Assignment] = a, e.Ticket
		if d.private[e.Phone] {
			d.Fatalf("%s is offered assignment %d in another call on phone %s", a, e.Assignment, e.Phone)
		}
		if end, ok := d.talkEnd[a]; ok && at < end+15*time.Second {
			d.Fatalf("%s is offered a call %s after talk, the gap is 15s", a, at-end)
		}
		if m, ok := d.missed[[2]string{a, fmt.Sprint(e.Ticket)}]; ok && at < m.At.Mono+m.Length {
			d.Fatalf("%s is offered ticket %d %s after missing it, the delay is %s", a, e.Ticket, at-m.At.Mono, m.Length)
		}
	case KindMissed, KindStruckOut:
		d.missed[[2]string{a, fmt.Sprint(e.Ticket)}] = e
		d.over(e)
	case KindReleased:
		d.over(e)
	case KindRestGranted:
		d.granted[a] = e
	case KindFinished, KindRecovered:
		if e.Kind == KindRecovered { // whoever died says no more which assignment it was
			e.Assignment = d.busy[a]
		}
		d.over(e)
		d.talkEnd[a], d.wrapEnd[a] = at, at+e.Length
		delete(d.earned, a)
	case KindWrapUpExtended:
		d.wrapEnd[a] += e.Length
	case KindRestExtended:
		if end, running := d.restMin[a]; running {
			d.restMin[a] = end + e.Length - d.granted[a].Length
		}
		g := d.granted[a]
		g.Length = e.Length
		d.granted[a] = g
	case KindRestDeclined:
		if d.chosen != a {
			d.Fatalf("the rest of %s was declined by nobody", a)
		}
		delete(d.granted, a)
		delete(d.restMin, a)
	}
	d.states(e, at)
}

// states checks that no wrap-up and no rest is left early.
func (d *day) states(e Event, at time.Duration) {
	a := e.Agent
	end, wrapping := d.wrapEnd[a]
	if wrapping && e.State != "" && e.State != WrapUp && e.Kind != KindPhoneBusy && e.Kind != KindPhoneFree {
		if at < end && d.chosen != a {
			d.Fatalf("the wrap-up of %s lost %s by %s", a, end-at, e.Kind)
		}
		delete(d.wrapEnd, a)
		if g, ok := d.granted[a]; ok {
			d.restMin[a] = min(at, end) + g.Length
		}
	}
	rest, resting := d.restMin[a]
	if !resting || e.State == "" || e.Kind == KindPhoneBusy || e.Kind == KindPhoneFree {
		return
	}
	if e.Kind == KindRestOver && at < rest || at < rest && e.State != Resting && e.State != LoggedOut {
		d.Fatalf("the rest of %s lost %s by %s", a, rest-at, e.Kind)
	}
	if e.Kind == KindRestOver {
		delete(d.restMin, a)
		delete(d.granted, a)
	}
}

func (d *day) over(e Event) {
	if d.busy[e.Agent] != e.Assignment {
		d.Fatalf("%s ends assignment %d, has %d", e.Agent, e.Assignment, d.busy[e.Agent])
	}
	delete(d.busy, e.Agent)
	d.talking = slices.DeleteFunc(d.talking, func(id uint64) bool { return id == e.Assignment })
	t := d.ticket[e.Assignment]
	d.offers[t] = slices.DeleteFunc(d.offers[t], func(id uint64) bool { return id == e.Assignment })
}

func (d *day) offered(o outgoing) {
	if len(d.offers[o.ticket]) > 0 && o.offer.spec.Strategy != RingProgressively {
		d.Fatalf("ticket %d has a second offer", o.ticket)
	}
	if len(o.offer.seats) > 1 && o.offer.spec.Strategy != RingAll && o.offer.spec.Strategy != RingProgressively {
		d.Fatalf("ticket %d rings %d agents by %s", o.ticket, len(o.offer.seats), o.offer.spec.Strategy)
	}
	t := d.b.tickets[o.ticket]
	for _, s := range o.offer.seats {
		if d.b.seats[s.id] != s || slices.Contains(d.offers[o.ticket], s.id) {
			continue // of ring-progressively: known, or has missed
		}
		d.offers[o.ticket] = append(d.offers[o.ticket], s.id)
		if _, again := t.missed[s.agent]; again {
			d.nobodyElse(t, s.agent)
		}
		for _, other := range d.b.inOrder() {
			if other.listed && t.prefer != s.agent && s.agent.able(other.condition()) && !other.class.queue.holdsBack(s.agent) &&
				d.b.ineligible(other, s.agent) == "" && other.before(t, d.now.Mono) && !d.passed(s, other) {
				d.Fatalf("%s gets ticket %d although %d is before it", s.agent.Name, t.id, other.id)
			}
		}
	}
}

// nobodyElse checks that nobody who did not miss the caller is free for it.
func (d *day) nobodyElse(t *ticket, again *agent) {
	for _, a := range d.b.agents {
		if _, too := t.missed[a]; !too && a != again && a.able(t.condition()) && d.b.hindranceTo(a, t.condition()) == nothing {
			d.Fatalf("ticket %d goes to %s again although %s is free", t.id, again.Name, a.Name)
		}
	}
}

func (d *day) check() {
	if broken := d.b.audit(); len(broken) > 0 {
		d.Fatalf("broken: %q", broken)
	}
	if c := d.b.count; c.WrapUpsCutShort+c.RestsCutShort+c.DoubleOffers+c.StarvedCallers > 0 {
		d.Fatalf("counters: %+v", c)
	}
	if len(d.b.alarms) > len(d.b.agents)+len(d.b.tickets)+2 {
		d.Fatalf("%d alarms", len(d.b.alarms))
	}
	for name, q := range d.b.routes.queues {
		if q.reserve == nil {
			continue
		}
		if want := d.b.lateByHand(name); q.reserve.lates.count != want {
			d.Fatalf("%d callers of %s are late, by hand %d", q.reserve.lates.count, name, want)
		}
	}
	for _, t := range d.b.inOrder() {
		if t.pos == 0 && (t.back == nil || t.back.seat == nil) {
			d.Fatalf("ticket %d has no alarm", t.id)
		}
		d.told(t)
	}
	for name := range d.b.agents {
		if lines, err := d.b.why(Whom{Agent: name}); err != nil || len(lines) == 0 {
			d.Fatalf("why %s: %q, %v", name, lines, err)
		}
	}
}

// live lets one random thing happen.
func (d *day) live() {
	d.chosen = ""
	switch rapid.IntRange(0, 17).Draw(d.T, "what") {
	case 0, 1, 2:
		ms := rapid.IntRange(1, 60_000).Draw(d.T, "ms") * rapid.SampledFrom([]int{1, 1, 4}).Draw(d.T, "times")
		d.wait(time.Duration(ms) * time.Millisecond)
	case 3, 4, 5:
		d.enter()
	case 6:
		if len(d.b.tickets) > 0 {
			t := rapid.SampledFrom(d.b.inOrder()).Draw(d.T, "leaves")
			d.say(Input{Kind: InLeave, Ticket: t.id, Why: "abandoned"})
		}
	case 7, 8:
		d.ring()
	case 9:
		if len(d.talking) > 0 {
			d.finish(rapid.SampledFrom(d.talking).Draw(d.T, "ends"))
		}
	case 10, 11, 12:
		d.command()
	case 13:
		d.asks()
	case 14:
		d.led()
	case 15:
		d.leavesMessage()
	case 16:
		d.earns()
	default:
		d.oddity()
	}
}
