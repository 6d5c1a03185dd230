package acd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd/shift"
)

// eased is what the witness of a random day knows of an agent's load: reckoned from
// events, plans and lifts, without the floor's own notes.
type eased struct {
	row   int                   // hard calls that ended, without an easy one or a long pause between them
	began time.Duration         // the last conversation
	ended time.Duration         // the same
	spoke bool                  // there was one
	hard  bool                  // the caller in hand is
	hurt  []time.Duration       // the ends of calls with a protection event
	lifts map[Cap]time.Duration // until when
	asked time.Duration         // offers wait for an answer about a break until then
	again bool                  // a call was answered before the question was
	gone  time.Duration         // logged out since
	rang  time.Duration         // since when there is an offer, a call or a wrap-up
	atIt  bool                  // there is
	work  [][2]time.Duration    // earlier ones
}

// drawCare draws rules that a short day can meet.
func drawCare(t *rapid.T) Care {
	draw := func(what string, of ...int) int { return rapid.SampledFrom(of).Draw(t, what) }
	span := func(what string, of ...time.Duration) time.Duration { return rapid.SampledFrom(of).Draw(t, what) }
	return Care{
		Occupancy: draw("occupancy", 0, -1, 5, 20), OccupancyOver: span("over", 0, 2*careSlot, 5*careSlot),
		Break: span("break", off, time.Minute), BreakEvery: span("break every", time.Minute, 10*time.Minute),
		BreakAsk: span("ask", off, 0, 30*time.Second), BreakReasons: rapid.SampledFrom([][]string{nil, {"lunch"}, {"tea"}}).Draw(t, "what is a break"),
		HardInRow: draw("in a row", -1, 1, 2), HardRelief: span("relief", 0, time.Minute),
		AfterEvent: rapid.SampledFrom([]string{"", afterAny}).Draw(t, "after an event"), TalkAfter: draw("talk after", -1, 1, 2),
		OffHostileAfter: draw("off hostile after", -1, 1, 2), Newcomer: draw("newcomer", 0, -1, 20),
		Ramp:       rapid.SampledFrom([][]int{nil, {}, {10}, {10, 30}}).Draw(t, "ramp"),
		BreakGuard: draw("break guard", -1, 50, 80), ShiftGuard: draw("shift guard", -1, 50, 80),
	}
}

// led lets a team leader do something.
func (d *day) led() {
	name := rapid.SampledFrom([]string{"a0", "a1", "a2", "a9"}).Draw(d.T, "led")
	in := Input{Kind: InTalked, Agent: name, Why: "boss"}
	if rapid.IntRange(0, 3).Draw(d.T, "lifts") > 0 {
		in = Input{Kind: InLift, Lift: &Lift{
			Agent: name, By: "boss", Reason: "a storm", Cap: rapid.SampledFrom(caps).Draw(d.T, "cap"),
			For: time.Duration(rapid.IntRange(0, 10).Draw(d.T, "minutes")) * time.Minute,
		}}
	}
	if err := d.do(in); err != nil && !errors.Is(err, ErrNoAgent) {
		d.Fatalf("%s: %v", in.Kind, err)
	}
}

func (d *day) easedOf(name string) *eased {
	if d.load[name] == nil {
		d.load[name] = &eased{lifts: map[Cap]time.Duration{}}
	}
	return d.load[name]
}

// ease follows what an event says of an agent's load.
func (d *day) ease(e Event) {
	l, care, at := d.easedOf(e.Agent), d.plan.WithDefaults().Settings.Care, e.At.Mono
	switch e.Kind {
	case KindOffered:
		d.offeredInSpite(e, l, care)
		entry := d.entries[e.Ticket]
		l.hard, l.rang, l.atIt = entry.hard(), at, true
	case KindAnswered:
		l.began = at
		l.again, l.asked = l.again || at < l.asked, 0
	case KindFinished:
		d.handled[e.Queue]++
		if l.spoke && l.began-l.ended >= care.HardRelief {
			l.row = 0
		}
		l.row++
		if !l.hard && !e.Care.Event {
			l.row = 0
		}
		if e.Care.Event {
			l.hurt = append(l.hurt, at)
		}
		l.ended, l.spoke = at, true
	case KindRecovered:
		if e.Care.Event {
			l.hurt = append(l.hurt, at)
		}
	case KindBreakDue:
		l.asked, l.again = at+e.Length, false
	case KindBreakLater:
		l.asked = 0
	case KindCapLifted:
		l.lifts[e.Care.Cap] = at + e.Length
	case KindLogIn:
		if at-l.gone >= betweenDays {
			l.row, l.hurt = 0, nil
		}
	}
	if e.State == LoggedOut {
		l.gone = at
	}
	if e.State == LoggedOut || e.State == NotReady {
		l.asked, l.again = 0, false
	}
	if working := e.State == Offered || e.State == OnCall || e.State == WrapUp; l.atIt && !working && e.Kind != KindPhoneBusy && e.Kind != KindPhoneFree {
		l.work, l.atIt = append(l.work, [2]time.Duration{l.rang, at}), false
	}
}

// busy is how long the agent was at work in the last while.
func (l *eased) busy(now, within time.Duration) (sum time.Duration) {
	for _, w := range l.work {
		sum += max(0, w[1]-max(w[0], now-within))
	}
	return sum
}

// offeredInSpite holds an offer against every rule that spares the agent.
func (d *day) offeredInSpite(e Event, l *eased, care Care) {
	q, entry, at := d.plan.WithDefaults().Queues[e.Queue], d.entries[e.Ticket], e.At.Mono
	if e.Care.Tier != entry.Tier || e.Care.Event != entry.Event || e.Care.Urgent != entry.Urgent {
		d.Fatalf("%s is offered %s as %+v, the caller is of %s, event: %t", e.Agent, e.Call, e.Care, entry.Tier, entry.Event)
	}
	if q.Urgent || entry.Urgent {
		return
	}
	broken := func(yes bool, rule string) {
		if yes {
			d.Fatalf("%s is offered %s of %s %s: %+v", e.Agent, e.Call, e.Queue, rule, *l)
		}
	}
	free := func(c Cap) bool { return at < l.lifts[c] }
	hostile := q.Intensity == "hostile"
	is := d.plan.Agents[e.Agent]
	weeks, back := daysSince(is.Back, d.now.Wall)
	ramp := back && weeks/7 < len(care.Ramp) && !free(CapRamp)
	most := care.Occupancy
	if ramp {
		most = care.Ramp[weeks/7]
		if care.Occupancy > 0 {
			most = min(most, care.Occupancy)
		}
	}
	here, known := daysSince(is.Since, d.now.Wall)
	newcomer := known && here < care.Newcomer && !free(CapNewcomer)
	rowFull := care.HardInRow > 0 && l.row >= care.HardInRow && at-l.ended < care.HardRelief && !free(CapRow)
	hurt := 0
	for _, h := range l.hurt {
		if at-h <= workingDay {
			hurt++
		}
	}
	broken(at < l.asked && care.Break > 0 && care.BreakAsk > 0, "while asked about the break")
	broken(rowFull && (entry.hard() || hostile), "after too many hard ones")
	broken(newcomer && entry.hard(), "and is new here")
	broken(ramp && entry.hard(), "and is coming back to work")
	broken(hostile && care.OffHostileAfter > 0 && hurt >= care.OffHostileAfter && !free(CapHostile), "after protected calls")
	allowed := care.OccupancyOver * time.Duration(most) / 100
	broken(most > 0 && !free(CapLoad) && l.busy(at, care.OccupancyOver-careSlot) > allowed, "above the occupancy cap")
	if m := shift.Look(d.b.agents[e.Agent].shifts, d.now.Wall); m.On && d.handled[e.Queue] < knownFrom {
		ends := d.now.Wall.Add(q.Handle)
		broken(care.ShiftGuard > 0 && !ends.Before(m.End) && !free(CapShift), "too close to the end of the shift")
		broken(care.BreakGuard > 0 && !m.Break && !m.Pause.From.IsZero() && !ends.Before(m.Pause.From), "too close to a break")
	}
}

// daysSince counts the days from a date of the config.
func daysSince(date string, now time.Time) (int, bool) {
	t, err := time.ParseInLocation(time.DateOnly, date, now.Location())
	return int(now.Sub(t) / (24 * time.Hour)), err == nil
}

// passed tells whether a rule of care is why an agent was given a caller before an older one.
func (d *day) passed(s *seat, other *ticket) bool {
	care, c := d.b.routes.settings.Care, s.agent.Care
	due := care.Break > 0 && care.BreakAsk > 0 && (c.Again || c.Work-c.Asked >= care.BreakEvery) // an urgent call came before the question
	return s.reason == "a call of low intensity after a hard one" || due && !other.condition().urgent() || d.b.spares(s.agent, other)
}

// later asks for a callback at a time.
func (d *day) later() {
	d.calls++
	e := d.draft()
	c := Callback{
		Number: rapid.SampledFrom([]string{"0301", "0302", "0303"}).Draw(d.T, "number"), Kind: BackScheduled,
		At: d.now.Wall.Add(time.Duration(rapid.IntRange(0, 10).Draw(d.T, "in minutes")) * time.Minute),
	}
	if err := d.do(Input{Kind: InCallBack, Entry: &e, Callback: &c}); err != nil && !errors.Is(err, ErrNoCallback) {
		d.Fatalf("call back: %v", err)
	}
}

// draft is somebody who calls.
func (d *day) draft() Entry {
	e := Entry{
		Call:   fmt.Sprintf("c%d", d.calls),
		Queue:  rapid.SampledFrom(slices.Sorted(maps.Keys(d.plan.Queues))).Draw(d.T, "queue"),
		Data:   map[string]any{"tier": rapid.IntRange(0, 3).Draw(d.T, "tier")},
		Tier:   rapid.SampledFrom([]Tier{0, 0, 0, 1, 2, 3, 4}).Draw(d.T, "how hard"),
		Event:  rapid.IntRange(0, 9).Draw(d.T, "was hard before") == 0,
		Urgent: rapid.IntRange(0, 9).Draw(d.T, "an emergency") == 0,
	}
	d.drafts[e.Call] = e
	return e
}
