package figures

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd"
	"breakwater/acd/figures/shield"
)

// works tells whether the agent's time belongs to an offer or conversation.
func (a *actor) works() bool {
	return a.state == acd.Offered || a.state == acd.OnCall || a.state == acd.WrapUp
}

// doing is what the agent's time goes into now.
func (a *actor) doing() (shield.Doing, bool) {
	doing, counts := map[acd.AgentState]shield.Doing{
		acd.Ready: shield.Idle, acd.Offered: shield.Ringing, acd.OnCall: shield.Talking, acd.WrapUp: shield.Wrapping,
		acd.NotReady: shield.Away, acd.Missed: shield.Away,
	}[a.state]
	if a.private && !a.works() {
		doing = shield.Private
	}
	return doing, counts
}

// passes notes what the agent's time until now went into.
func (d *theDay) passes(a *actor) {
	if doing, counts := a.doing(); counts {
		s := stretch{agent: a.name, doing: doing, took: d.now - a.since}
		if a.works() {
			s.seat = a.seat
		}
		d.spent = append(d.spent, s)
	}
	a.since = d.now
}

// move tells an agent's event.
func (d *theDay) move(a *actor, e acd.Event, to acd.AgentState) {
	d.passes(a)
	if a.with != nil {
		e.Queue, e.Call = a.with.queue, a.with.call
		if e.Kind != acd.KindRecovered { // nobody knows the caller then
			e.Ticket, e.Assignment = a.with.ticket, a.seat
		}
	}
	e.Agent, e.State = a.name, to
	a.state = to
	d.tell(e)
}

// over ends what an agent had with a caller: from now on it can count.
func (d *theDay) over(a *actor) {
	for i := range d.spent {
		if s := &d.spent[i]; s.seat == a.seat && a.seat != 0 {
			s.done = true
		}
	}
	a.with, a.seat, a.rest = nil, 0, false
}

// agent lets an agent do one of the things that are possible.
func (d *theDay) agent(t *rapid.T, a *actor) {
	pick := rapid.IntRange(0, 9).Draw(t, "do")
	switch a.state {
	case acd.LoggedOut:
		switch {
		case a.rest && pick < 3:
			d.move(a, acd.Event{Kind: acd.KindRestOver}, acd.LoggedOut)
			d.over(a)
		case a.rest:
			d.move(a, acd.Event{Kind: acd.KindLogIn}, acd.Resting)
		default:
			d.move(a, acd.Event{Kind: acd.KindLogIn}, acd.Ready)
		}
	case acd.Ready:
		d.free(t, a, pick)
	case acd.NotReady, acd.Missed:
		if pick < 3 {
			d.phone(a)
			return
		}
		d.move(a, acd.Event{Kind: acd.KindReady}, acd.Ready)
	case acd.Offered:
		d.offered(t, a, pick)
	case acd.OnCall:
		d.talks(t, a, pick)
	case acd.WrapUp:
		d.wrapsUp(a, pick)
	case acd.Resting:
		d.rests(a, pick)
	}
}

// phone begins or ends a call that is not a queue's.
func (d *theDay) phone(a *actor) {
	d.passes(a)
	a.private = !a.private
	d.tell(acd.Event{Kind: map[bool]string{true: acd.KindPhoneBusy, false: acd.KindPhoneFree}[a.private], Agent: a.name})
}

func (d *theDay) free(t *rapid.T, a *actor, pick int) {
	switch {
	case a.private || pick == 2:
		d.phone(a)
	case pick == 0:
		d.move(a, acd.Event{Kind: acd.KindLogOut}, acd.LoggedOut)
	case pick == 1:
		d.move(a, acd.Event{Kind: acd.KindNotReady, Reason: "lunch"}, acd.NotReady)
	case len(d.backs) > 0 && (pick == 3 || len(d.line) == 0):
		d.offer(a, d.backs[0])
		d.backs = d.backs[1:]
	case len(d.line) > 0:
		c := d.line[0]
		d.line = d.line[1:]
		together := rapid.IntRange(0, 3).Draw(t, "together") == 0
		for _, o := range d.agents {
			if o == a || together && o.state == acd.Ready && !o.private {
				d.offer(o, c)
			}
		}
	}
}

func (d *theDay) offer(a *actor, c *caller) {
	a.with, a.seat = c, d.id()
	d.calls[a.seat] = c.call
	d.move(a, acd.Event{Kind: acd.KindOffered, Length: 20 * time.Second}, acd.Offered)
}

// rung are the other agents whose phones ring for the caller.
func (d *theDay) rung(c *caller, but *actor) (out []*actor) {
	for _, o := range d.agents {
		if o != but && o.with == c && o.state == acd.Offered {
			out = append(out, o)
		}
	}
	return out
}

// missed ends an offer; the caller waits on, unless another phone rings.
func (d *theDay) missed(a *actor, kind string, why acd.Miss, to acd.AgentState) {
	c := a.with
	d.move(a, acd.Event{Kind: kind, Reason: string(why)}, to)
	d.over(a)
	switch {
	case len(d.rung(c, a)) > 0:
	case c.parked:
		d.backs = append(d.backs, c)
	default:
		d.line = append([]*caller{c}, d.line...)
	}
}

func (d *theDay) offered(t *rapid.T, a *actor, pick int) {
	c := a.with
	switch pick {
	case 0, 1:
		why := rapid.SampledFrom([]acd.Miss{acd.MissNoAnswer, acd.MissDeclined, acd.MissBusy, acd.MissNotRegistered, acd.MissUnreachable}).Draw(t, "miss")
		d.missed(a, acd.KindMissed, why, acd.Ready)
	case 2:
		d.missed(a, acd.KindStruckOut, acd.MissNoAnswer, acd.Missed)
	case 3:
		d.missed(a, acd.KindReleased, "not-taken", acd.Ready)
	case 4: // the caller is faster
		d.tell(d.of(c, map[bool]string{false: acd.KindLeft, true: acd.KindRemoved}[c.parked], map[bool]string{false: "abandoned", true: "callback-cancelled"}[c.parked]))
		for _, o := range append(d.rung(c, a), a) {
			d.move(o, acd.Event{Kind: acd.KindReleased, Reason: string(acd.MissCallerLeft)}, acd.Ready)
			d.over(o)
		}
	default:
		d.move(a, acd.Event{Kind: acd.KindAnswered, Length: d.now - c.at}, acd.OnCall)
		for _, o := range d.rung(c, a) {
			d.move(o, acd.Event{Kind: acd.KindReleased, Reason: string(acd.MissOtherAnswered)}, acd.Ready)
			d.over(o)
		}
	}
}

// talks goes on with a conversation; of a callback, first with dialling.
func (d *theDay) talks(t *rapid.T, a *actor, pick int) {
	c := a.with
	switch {
	case !c.parked || c.reached:
		d.finish(t, a, pick)
	case pick < 7:
		c.reached = true
		d.tell(d.of(c, acd.KindReached, ""))
	default:
		d.tell(d.of(c, acd.KindUnreached, acd.UnreachedBusy))
		if pick == 9 {
			d.tell(d.of(c, acd.KindRemoved, "callback-tries"))
		} else {
			d.backs = append(d.backs, c)
		}
		a.due = d.now
		d.move(a, acd.Event{Kind: acd.KindFinished, Reason: "unreached", Talk: acd.Talk{Length: d.now - a.since}}, acd.WrapUp)
	}
}

func (d *theDay) finish(t *rapid.T, a *actor, pick int) {
	length := d.now - a.since
	talk := acd.Talk{Length: length, Protected: pick < 3, Held: length / time.Duration(rapid.IntRange(2, 9).Draw(t, "held"))}
	why := rapid.SampledFrom([]string{"caller_ended", "agent_finished", "transferred", "network"}).Draw(t, "cause")
	if talk.Protected {
		d.shield[d.calls[a.seat]] = true
		talk.Warnings = pick
		why = rapid.SampledFrom([]string{"protected_disconnect", "one_strike", "customer_after_warning", "long_call_end", "agent_lost"}).Draw(t, "protected")
	}
	if pick == 1 || pick == 2 {
		a.rest = true
		d.move(a, acd.Event{Kind: acd.KindRestGranted, Level: pick, Length: 10 * time.Minute}, acd.OnCall)
	}
	d.move(a, acd.Event{Kind: acd.KindFinished, Reason: why, Length: 30 * time.Second, Talk: talk}, acd.WrapUp)
	a.due = d.now + 30*time.Second
	if c := a.with; why == "transferred" {
		d.enter(queuesOfDay[1-slices.Index(queuesOfDay, c.queue)], d.calls[a.seat], c.age+d.now-c.at, acd.AgainTransferred)
	}
}

func (d *theDay) wrapsUp(a *actor, pick int) {
	to := map[bool]acd.AgentState{false: acd.Ready, true: acd.Resting}[a.rest]
	switch {
	case pick == 0:
		a.due += time.Minute
		d.move(a, acd.Event{Kind: acd.KindWrapUpExtended, Length: time.Minute}, acd.WrapUp)
		return
	case pick == 1 && a.rest:
		d.move(a, acd.Event{Kind: acd.KindRestExtended, Length: 20 * time.Minute}, acd.WrapUp)
		return
	case pick == 2 && a.rest:
		d.move(a, acd.Event{Kind: acd.KindRestDeclined}, acd.WrapUp)
		a.rest = false
		return
	case pick == 3:
		to = acd.LoggedOut
		d.move(a, acd.Event{Kind: acd.KindLogOut}, to)
	case d.now >= a.due || pick == 4: // of a floor that breaks its word
		d.move(a, acd.Event{Kind: acd.KindWrapUpOver}, to)
	default:
		d.move(a, acd.Event{Kind: acd.KindWrapUpEnded}, to)
	}
	if !a.rest {
		d.over(a)
	}
}

func (d *theDay) rests(a *actor, pick int) {
	switch pick {
	case 0:
		d.move(a, acd.Event{Kind: acd.KindRestExtended, Length: 20 * time.Minute}, acd.Resting)
	case 1:
		d.move(a, acd.Event{Kind: acd.KindLogOut}, acd.LoggedOut)
	case 2:
		d.move(a, acd.Event{Kind: acd.KindRestDeclined}, acd.Ready)
		d.over(a)
	default:
		d.move(a, acd.Event{Kind: acd.KindRestOver}, acd.Ready)
		d.over(a)
	}
}
