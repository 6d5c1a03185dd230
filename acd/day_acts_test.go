package acd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"
)

func (d *day) wait(t time.Duration) {
	d.now.Mono += t
	d.now.Wall = d.now.Wall.Add(t)
	d.say(Input{})
}

func (d *day) enter() {
	d.calls++
	e := d.draft()
	e.Priority = rapid.SampledFrom([]int{0, 0, 1}).Draw(d.T, "extra")
	e.Head = rapid.IntRange(0, 9).Draw(d.T, "head") == 0
	e.Prefer = rapid.SampledFrom([]string{"", "", "a0"}).Draw(d.T, "prefer")
	if e.Head {
		e.Since = d.now.Wall.Add(-time.Minute)
	}
	err := d.do(Input{Kind: InEnter, Entry: &e})
	var refused *Refused
	if err != nil && !errors.As(err, &refused) {
		d.Fatalf("enter: %v", err)
	}
}

// asks lets a waiting caller wish to be called back; a few share a number.
func (d *day) asks() {
	if rapid.IntRange(0, 3).Draw(d.T, "at a time") == 0 {
		d.later()
		return
	}
	if len(d.b.tickets) == 0 {
		return
	}
	t := rapid.SampledFrom(d.b.inOrder()).Draw(d.T, "asks")
	c := Callback{Number: rapid.SampledFrom([]string{"0301", "0302", "0303", "0900"}).Draw(d.T, "number"), Kind: BackAsked}
	err := d.do(Input{Kind: InPark, Ticket: t.id, Callback: &c})
	if err != nil && !errors.Is(err, ErrNoCallback) && !errors.Is(err, ErrNoTicket) {
		d.Fatalf("park: %v", err)
	}
}

// leavesMessage begins a message, and mostly says it.
func (d *day) leavesMessage() {
	d.calls++
	e := Entry{Call: fmt.Sprintf("c%d", d.calls), Queue: rapid.SampledFrom(slices.Sorted(maps.Keys(d.plan.Queues))).Draw(d.T, "message to")}
	c := Callback{Kind: BackMessage, Number: rapid.SampledFrom([]string{"", "0301"}).Draw(d.T, "from"), Message: "m.wav"}
	in := Input{Kind: InCallBack, Entry: &e, Callback: &c}
	if waits := d.b.inOrder(); len(waits) > 0 && rapid.Bool().Draw(d.T, "has waited") { // or asks for what cannot be
		t := rapid.SampledFrom(waits).Draw(d.T, "waits")
		e, in.Ticket = t.entry, t.id
		e.Head, e.Prefer, e.Again = false, "", ""
	}
	err := d.do(in)
	left := func(e Event) bool { return e.Ticket == in.Ticket && e.Reason == leftToSpeak }
	if turn := d.turns[len(d.turns)-1]; in.Ticket != 0 && slices.ContainsFunc(turn.Events, left) != (err == nil) {
		d.Fatalf("the caller of ticket %d is in two places or in none: %v", in.Ticket, err)
	}
	switch {
	case errors.Is(err, ErrMessagesFull), errors.Is(err, ErrNoCallback), in.Ticket != 0 && (errors.Is(err, ErrNoTicket) || errors.Is(err, ErrNoQueue)):
		return
	case err != nil:
		d.Fatalf("message: %v", err)
	}
	said := rapid.SampledFrom([]time.Duration{-1, 0, time.Second, time.Minute}).Draw(d.T, "said")
	if said < 0 { // the call broke
		return
	}
	d.say(Input{Kind: InSpoken, Ticket: d.b.ids.Ticket, Length: said})
}

// dialled lets the number of a callback be answered, or not, or the call break.
func (d *day) dialled(t *ticket, seat uint64) {
	why := rapid.SampledFrom([]string{"", UnreachedBusy, UnreachedNoAnswer, UnreachedAgentLeft, UnreachedTrunk, UnreachedNoWord}).Draw(d.T, "dialled")
	in := Input{Kind: InReached, Ticket: t.id}
	switch why {
	case UnreachedNoWord:
		return
	case "":
	default:
		in = Input{Kind: InUnreached, Ticket: t.id, Why: why}
	}
	if err := d.do(in); err != nil {
		d.Fatalf("%s: %v", in.Kind, err)
	}
	if why != "" {
		d.finish(seat)
	}
}

// ring takes an offer, or brings one of its seats to an end.
func (d *day) ring() {
	var out []*ticket
	for _, t := range d.b.inOrder() {
		if t.offer != nil {
			out = append(out, t)
		}
	}
	if len(out) == 0 {
		return
	}
	t := rapid.SampledFrom(out).Draw(d.T, "rings")
	if !t.offer.taken {
		d.say(Input{Kind: InTaken, Ticket: t.id})
	}
	if len(d.offers[t.id]) == 0 {
		return
	}
	id := rapid.SampledFrom(d.offers[t.id]).Draw(d.T, "seat")
	why := rapid.SampledFrom([]Miss{
		"", "", MissBusy, MissDeclined, MissNotRegistered, MissUnreachable, MissNoAnswer, MissCallerLeft,
	}).Draw(d.T, "how")
	if why != "" {
		d.say(Input{Kind: InMissed, Assignment: id, Why: string(why)})
		return
	}
	if err := d.do(Input{Kind: InAnswered, Assignment: id}); err != nil {
		d.Fatalf("answer: %v", err)
	}
	d.talking = append(d.talking, id)
	if len(d.offers[t.id]) != 1 {
		d.Fatalf("ticket %d was answered and %d seats are left", t.id, len(d.offers[t.id]))
	}
	if t.isBack() {
		d.dialled(t, id)
	}
}

// earns lets a conversation come to something, or to something else, before it ends.
func (d *day) earns() {
	if len(d.talking) == 0 {
		return
	}
	id := rapid.SampledFrom(d.talking).Draw(d.T, "earns")
	o := d.outcome("so far")
	for range rapid.IntRange(1, 2).Draw(d.T, "said") {
		d.say(Input{Kind: InEarned, Assignment: id, Outcome: &o})
	}
	d.earned[d.agent[id]] = o
}

func (d *day) outcome(when string) Outcome {
	o := Outcome{Cause: "caller_ended", Rest: rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(d.T, "rest "+when)}
	o.Event = rapid.IntRange(0, 2).Draw(d.T, "an event "+when) == 0
	o.Protected, o.Raised = o.Event, rapid.Bool().Draw(d.T, "raised "+when)
	if o.Rest > 0 {
		o.RestFor = time.Duration(o.Rest) * time.Minute
		o.RestMax = 2 * o.RestFor
	}
	return o
}

func (d *day) finish(id uint64) {
	o := d.outcome("at the end")
	if err := d.do(Input{Kind: InFinish, Assignment: id, Outcome: &o}); err != nil {
		d.Fatalf("finish: %v", err)
	}
}

func (d *day) command() {
	d.chosen = rapid.SampledFrom(slices.Sorted(maps.Keys(d.plan.Agents))).Draw(d.T, "agent")
	c := Command{
		Verb: rapid.SampledFrom([]Verb{
			LogIn, LogIn, LogIn, LogIn, LogOut, GoReady, GoReady, GoNotReady, EndWrapUp, ExtendWrapUp, ExtendRest, DeclineRest,
		}).Draw(d.T, "verb"),
		Phone:  rapid.SampledFrom([]string{"p-" + d.chosen, "p-" + d.chosen, "at home-" + d.chosen, "p-a0"}).Draw(d.T, "phone"),
		Reason: rapid.SampledFrom([]string{"lunch", "tea"}).Draw(d.T, "reason"),
	}
	err := d.do(Input{Kind: InCommand, Agent: d.chosen, Command: &c})
	if err != nil && !errors.Is(err, ErrNotNow) && !errors.Is(err, ErrPhoneUsed) && !errors.Is(err, ErrNoAgent) {
		d.Fatalf("%s: %v", c.Verb, err)
	}
}

// oddity is what happens rarely: phones come and go, the config changes, the clock is set.
func (d *day) oddity() {
	phone := rapid.SampledFrom([]string{"p-", "p-", "at home-"}).Draw(d.T, "which") + rapid.SampledFrom(slices.Sorted(maps.Keys(d.plan.Agents))).Draw(d.T, "whose")
	yes := rapid.Bool().Draw(d.T, "yes")
	switch rapid.IntRange(0, 4).Draw(d.T, "oddity") {
	case 0:
		d.private[phone] = yes
		d.say(Input{Kind: InPhones, Phones: &PhoneWords{Busy: map[string]bool{phone: yes}}})
	case 1:
		d.say(Input{Kind: InPhones, Phones: &PhoneWords{Away: map[string]bool{phone: !yes}}})
	case 2:
		d.plan = drawPlan(d.T)
		d.replan()
	case 3:
		d.anyShifts()
	case 4:
		d.now.Wall = d.now.Wall.Add(rapid.SampledFrom([]time.Duration{-time.Hour, -20 * time.Minute, -90 * time.Millisecond, 90 * time.Millisecond, 2 * time.Second, 40 * time.Minute}).Draw(d.T, "the clock is set by"))
		d.say(Input{})
	}
}

// home ends everything and lets all clocks run out.
func (d *day) home() {
	d.chosen = ""
	for len(d.talking) > 0 {
		d.finish(d.talking[0])
	}
	for _, t := range d.b.inOrder() {
		d.say(Input{Kind: InLeave, Ticket: t.id, Why: "abandoned"})
	}
	for range 30 {
		d.wait(10 * time.Minute)
	}
	for name, a := range d.b.agents {
		switch a.State {
		case Ready, LoggedOut, NotReady, Missed:
		default:
			d.Fatalf("%s is stuck in %s", name, a.State)
		}
	}
	if n := len(d.b.seats) + len(d.b.tickets) + len(d.b.calls); n > 0 {
		d.Fatalf("%d seats, tickets or calls are left", n)
	}
}
