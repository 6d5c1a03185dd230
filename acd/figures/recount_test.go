package figures

import (
	"slices"
	"time"

	"breakwater/acd"
)

// recount computes a queue's figures from the raw events as docs/figures.md tells them, by
// looking at each caller's and each agent's events together. It shares nothing with the
// engine but the shape of the answer.
func recount(events []acd.Event, queue string, r Rules) QueueFigures {
	r = r.WithDefaults()
	f := QueueFigures{Queue: queue}
	recountCallers(events, r, &f)
	sum := total{}
	for _, w := range worksOf(events) {
		if w.queue == queue {
			sum.add(w)
		}
	}
	sum.tell(&f)
	return f
}

// recountCallers follows each ticket from its first event to its last.
func recountCallers(events []acd.Event, r Rules, f *QueueFigures) {
	c := &f.Callers
	tickets := map[uint64][]acd.Event{}
	for _, e := range events {
		switch {
		case e.Kind == acd.KindRefused && e.Queue == f.Queue:
			c.Refused++
		case e.Ticket != 0 && e.Queue == f.Queue:
			tickets[e.Ticket] = append(tickets[e.Ticket], e)
		}
	}
	var waited, gaveUp, longest time.Duration
	within, leftWithin := 0, 0
	for _, all := range tickets {
		first := all[0]
		c.Entered++
		if first.Reason != "" && first.Kind == acd.KindEntered || first.Reason == acd.BackLost {
			c.Again++
		}
		if first.Kind == acd.KindEntered && first.Reason == acd.AgainWanted {
			c.Wanted++
		}
		if first.Kind == acd.KindParked {
			c.Direct++
		}
		if end, over := firstOf(all[min(1, len(all)-1):], acd.KindAnswered, acd.KindLeft, acd.KindRemoved, acd.KindOrphaned, acd.KindParked); over && first.Kind == acd.KindEntered {
			wait := end.At.Wall.Sub(first.At.Wall)
			longest = max(longest, wait)
			switch {
			case end.Kind == acd.KindAnswered:
				c.Answered++
				waited += wait
				if wait <= r.Within {
					within++
				}
			case end.Reason == "abandoned":
				c.Abandoned++
				gaveUp += wait
				if wait <= r.Within {
					leftWithin++
				}
				if first.Length+wait < r.Short {
					c.Short++
				}
			case end.Kind == acd.KindLeft:
				c.Elsewhere++
			case end.Kind == acd.KindRemoved:
				c.Removed++
			case end.Kind == acd.KindOrphaned:
				c.CutOff++
			}
		}
		at := slices.IndexFunc(all, func(e acd.Event) bool { return e.Kind == acd.KindParked })
		if at < 0 {
			continue
		}
		c.Parked++
		switch _, reached := firstOf(all[at:], acd.KindReached); {
		case reached:
			c.Back++
		default:
			if _, gone := firstOf(all[at:], acd.KindRemoved, acd.KindLeft, acd.KindOrphaned); gone {
				c.NotBack++
			}
		}
	}
	c.Offered = c.Entered - c.Short
	ended := c.Answered + c.Abandoned + c.Removed + c.Elsewhere + c.CutOff + c.Parked
	ratio := func(part, whole int) Ratio { return Ratio{float64(part), float64(whole)} }
	f.Level = Level{
		Within: Span(r.Within), A: ratio(within, c.Answered+c.Abandoned-c.Short), B: ratio(within+leftWithin, c.Answered+c.Abandoned),
		C: ratio(within, c.Answered), D: ratio(within, ended-c.Short+c.Refused),
	}
	f.Waits = Waits{
		ASA: Mean{waited, c.Answered}, ATA: Mean{gaveUp, c.Abandoned}, Longest: Span(longest),
		Abandon: ratio(c.Abandoned, ended), AbandonNet: ratio(c.Abandoned-c.Short, ended-c.Short),
	}
}

func firstOf(events []acd.Event, kinds ...string) (acd.Event, bool) {
	i := slices.IndexFunc(events, func(e acd.Event) bool { return slices.Contains(kinds, e.Kind) })
	if i < 0 {
		return acd.Event{}, false
	}
	return events[i], true
}

// aWork is an offer and what came of it.
type aWork struct {
	queue, cause                                      string
	miss                                              string
	talked, protected, rested, declined, transferred  bool
	warnings                                          int
	ring, talk, held, wrap, spent, entitled, restTook time.Duration
}

// worksOf cuts each agent's events at the offers.
func worksOf(events []acd.Event) (out []aWork) {
	people, protected := map[string][]acd.Event{}, map[string]bool{}
	for _, e := range events {
		if e.Agent != "" && e.Kind != acd.KindPhoneBusy && e.Kind != acd.KindPhoneFree {
			people[e.Agent] = append(people[e.Agent], e)
		}
	}
	var pieces [][]acd.Event
	for _, all := range people {
		from := -1
		for i, e := range all {
			if e.Kind == acd.KindOffered {
				if from >= 0 {
					pieces = append(pieces, all[from:i])
				}
				from = i
			}
		}
		if from >= 0 {
			pieces = append(pieces, all[from:])
		}
	}
	for _, p := range pieces {
		end, _ := firstOf(p, acd.KindFinished)
		_, granted := firstOf(p, acd.KindRestGranted)
		_, answered := firstOf(p, acd.KindAnswered)
		_, died := firstOf(p, acd.KindRecovered)
		if end.Talk.Protected || granted || answered && died {
			protected[p[0].Call] = true
		}
	}
	for _, p := range pieces {
		if w, over := aWorkOf(p, protected[p[0].Call]); over {
			out = append(out, w)
		}
	}
	return out
}

// aWorkOf reads a piece of an agent's day that begins with an offer.
func aWorkOf(p []acd.Event, protected bool) (w aWork, over bool) {
	offer := p[0]
	w = aWork{queue: offer.Queue, protected: protected}
	if miss, is := firstOf(p, acd.KindMissed, acd.KindStruckOut, acd.KindReleased); is {
		w.miss, w.ring = miss.Reason, miss.At.Wall.Sub(offer.At.Wall)
		w.spent = w.ring
		return w, true
	}
	answer, answered := firstOf(p, acd.KindAnswered)
	end := slices.IndexFunc(p, func(e acd.Event) bool { return e.Kind == acd.KindFinished || e.Kind == acd.KindRecovered })
	if end < 0 {
		return w, false
	}
	wrapped, is := firstOf(p[end:], acd.KindWrapUpOver, acd.KindWrapUpEnded, acd.KindLogOut)
	if !is {
		return w, false
	}
	closed, died := wrapped, p[end].Kind == acd.KindRecovered
	grant, rests := firstOf(p, acd.KindRestGranted)
	if rests {
		done, is := firstOf(p, acd.KindRestOver, acd.KindRestDeclined)
		if !is {
			return w, false
		}
		w.rested, w.entitled, w.declined = true, grant.Length, done.Kind == acd.KindRestDeclined
		for _, e := range p {
			if e.Kind == acd.KindRestExtended {
				w.entitled = e.Length
			}
		}
		if done.At.Wall.After(wrapped.At.Wall) {
			closed, w.restTook = done, done.At.Wall.Sub(wrapped.At.Wall)
		}
	}
	w.protected = w.protected || died
	w.ring, w.cause, w.spent = p[end].At.Wall.Sub(offer.At.Wall), p[end].Reason, closed.At.Wall.Sub(offer.At.Wall)
	if answered {
		w.ring = answer.At.Wall.Sub(offer.At.Wall)
	}
	w.warnings = p[end].Talk.Warnings
	if w.talked = answered && !died && w.cause != "unreached"; w.talked {
		w.talk, w.held, w.wrap = p[end].At.Wall.Sub(answer.At.Wall), p[end].Talk.Held, wrapped.At.Wall.Sub(p[end].At.Wall)
		w.transferred = w.cause == "transferred"
	}
	return w, true
}

// total is many works.
type total struct {
	offers, talks, transferred        int
	agent, device, nobody             int
	talk, held, wrap                  time.Duration
	protected, warnings, ended        int
	rests, declined                   int
	entitled, taken, protectedlySpent time.Duration
}

func (s *total) add(w aWork) {
	s.offers++
	switch w.miss {
	case "":
	case "no-answer", "declined":
		s.agent++
	case "busy", "not-registered", "unreachable":
		s.device++
	default:
		s.nobody++
	}
	if w.talked {
		s.talks++
		s.talk, s.held, s.wrap = s.talk+w.talk, s.held+w.held, s.wrap+w.wrap
	}
	if w.transferred {
		s.transferred++
	}
	if slices.Contains([]string{"protected_disconnect", "one_strike", "long_call_end"}, w.cause) {
		s.ended++
	}
	if !w.protected {
		return
	}
	if w.talked {
		s.protected++
	}
	s.warnings += w.warnings
	s.protectedlySpent += w.spent
	if w.rested {
		s.rests++
		s.entitled, s.taken = s.entitled+w.entitled, s.taken+w.restTook
	}
	if w.declined {
		s.declined++
	}
}

func (s *total) tell(f *QueueFigures) {
	ratio := func(part, whole float64) Ratio { return Ratio{part, whole} }
	n, judged := float64(s.talks), float64(s.talks+s.agent)
	f.Handling = Handling{
		Handled: s.talks, ATT: Mean{s.talk, s.talks}, Hold: Mean{s.held, s.talks}, ACW: Mean{s.wrap, s.talks}, AHT: Mean{s.talk + s.wrap, s.talks},
		ACWShare: ratio(s.wrap.Seconds(), (s.talk + s.wrap).Seconds()), Transfer: ratio(float64(s.transferred), n),
	}
	f.Offers = Offers{
		Offers: s.offers, AnswerRate: ratio(n, judged), Rona: ratio(float64(s.agent), judged), Unanswered: s.agent, Device: s.device, Withdrawn: s.nobody,
	}
	f.Protection = Protection{
		Protected: s.protected, Warnings: s.warnings, Ended: s.ended, PerMille: ratio(1000*float64(s.ended), n), Rests: s.rests, Declined: s.declined,
		Entitled: Span(s.entitled), Taken: Span(s.taken), TakenRate: ratio(s.taken.Seconds(), s.entitled.Seconds()), Spent: Span(s.protectedlySpent),
	}
}

// recountCare computes the protection of the house from the raw events.
func recountCare(events []acd.Event, r Rules) CareFigures {
	f := recountBroken(events)
	f.LongestRun = recountRuns(events, r.WithDefaults().Gap)
	sum, house := total{}, QueueFigures{}
	for _, w := range worksOf(events) {
		sum.add(w)
	}
	sum.tell(&house)
	f.Protection = house.Protection
	return f
}

// recountRuns is the most conversations of one agent with less than the gap before each
// but the first.
func recountRuns(events []acd.Event, gap time.Duration) (longest int) {
	offered, ended, runs := map[string]time.Time{}, map[string]time.Time{}, map[string]int{}
	talks := map[string]bool{}
	for _, e := range events {
		a, at := e.Agent, e.At.Wall
		switch e.Kind {
		case acd.KindOffered:
			offered[a] = at
		case acd.KindAnswered:
			if runs[a]++; offered[a].Sub(ended[a]) >= gap {
				runs[a] = 1
			}
			longest, talks[a] = max(longest, runs[a]), true
		case acd.KindFinished, acd.KindRecovered:
			if talks[a] {
				ended[a], talks[a] = at, false
			}
		}
	}
	return longest
}

// recountBroken counts from the raw events what must not be.
func recountBroken(events []acd.Event) (f CareFigures) {
	finished, due, granted, began := map[string]time.Time{}, map[string]time.Time{}, map[string]time.Duration{}, map[string]time.Time{}
	wraps := 0
	for _, e := range events {
		a, at := e.Agent, e.At.Wall
		switch e.Kind {
		case acd.KindFinished, acd.KindRecovered:
			finished[a], due[a] = at, at.Add(e.Length)
		case acd.KindWrapUpExtended:
			due[a] = due[a].Add(e.Length)
		case acd.KindRestGranted, acd.KindRestExtended:
			granted[a] = e.Length
		case acd.KindWrapUpOver, acd.KindWrapUpEnded, acd.KindLogOut:
			if finished[a].IsZero() {
				continue // it logs out without one
			}
			began[a], finished[a] = at, time.Time{}
			if e.Kind == acd.KindWrapUpOver {
				wraps++
				if at.Before(due[a].Add(-100 * time.Millisecond)) {
					f.WrapUpsCut++
				}
			}
		case acd.KindRestOver:
			if at.Sub(began[a]) < granted[a]-100*time.Millisecond {
				f.RestsCut++
			}
		}
	}
	f.WrapUpsRate = Ratio{float64(f.WrapUpsCut), float64(wraps)}
	return f
}
