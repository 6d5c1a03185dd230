package acd_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd"
)

// Each promise of the queue page against random days, 100 in make test and as many as
// BREAKWATER_DAYS says in make soak; see TestMain.

func TestPromiseSingleOffer(t *testing.T)          { keeps(t, singleOffer) }
func TestPromiseNoWrapUpIsCutShort(t *testing.T)   { keeps(t, wholeWrapUp) }
func TestPromiseNoRestIsCutShort(t *testing.T)     { keeps(t, wholeRest) }
func TestPromiseNobodyIsForgotten(t *testing.T)    { keeps(t, noStarving) }
func TestPromiseNoAgentIsStuck(t *testing.T)       { keeps(t, notStuck) }
func TestPromiseEveryCallerHasOneEnd(t *testing.T) { keeps(t, oneEnd) }
func TestPromiseTheCountersStayZero(t *testing.T)  { keeps(t, countersAre) }

// keeps lives random days and fails when that promise is broken.
func keeps(t *testing.T, p promise) {
	rapid.Check(t, func(t *rapid.T) {
		d := newShift(t)
		for range rapid.IntRange(10, 200).Draw(t, "length") {
			d.live()
			if found := d.model.broken[p]; len(found) > 0 {
				t.Fatalf("%s:\n%s", p, strings.Join(found, "\n"))
			}
		}
		d.end()
		if found := d.model.broken[p]; len(found) > 0 {
			t.Fatalf("at the end of the day, %s:\n%s", p, strings.Join(found, "\n"))
		}
	})
}

// shift is a random day on a floor, seen from outside.
type shift struct {
	*rapid.T
	floor *acd.Rerun
	model *model
	now   acd.Stamp
	plan  acd.Plan
	calls int
}

func newShift(t *rapid.T) *shift {
	s := &shift{T: t, now: acd.Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "boot", Mono: time.Hour}}
	s.plan = randomPlan(t)
	var err error
	if s.floor, err = acd.NewRerun(s.plan, s.now); err != nil {
		t.Fatal(err)
	}
	s.model = newModel(s.plan, s.now.Mono)
	return s
}

func randomPlan(t *rapid.T) acd.Plan {
	p := acd.Plan{
		Settings: acd.Settings{Gap: rapid.SampledFrom([]time.Duration{-1, 15 * time.Second}).Draw(t, "gap")},
		Queues:   map[string]acd.QueueSpec{}, Agents: map[string]acd.AgentSpec{},
	}
	p.Settings.Care = uncapped
	if rapid.Bool().Draw(t, "people are spared") {
		p.Settings.Care = randomCare(t)
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "agents") {
		p.Agents[fmt.Sprintf("a%d", i)] = acd.AgentSpec{Skills: map[string]int{
			"x": rapid.IntRange(0, 3).Draw(t, "x"), "y": rapid.IntRange(0, 3).Draw(t, "y"),
		}, Since: rapid.SampledFrom([]string{"", "", "2026-02-01"}).Draw(t, "since"), Back: rapid.SampledFrom([]string{"", "", "2026-02-20"}).Draw(t, "back")}
	}
	needs := slices.Sorted(maps.Keys(demands))
	for i := range rapid.IntRange(1, 4).Draw(t, "queues") {
		q := acd.QueueSpec{
			Strategy: rapid.SampledFrom(strategies).Draw(t, "strategy"),
			Needs:    rapid.SampledFrom(needs).Draw(t, "needs"),
			Ring:     rapid.SampledFrom([]time.Duration{5 * time.Second, 20 * time.Second}).Draw(t, "ring"),
			WrapUp:   rapid.SampledFrom([]time.Duration{-1, 10 * time.Second, time.Minute}).Draw(t, "wrap-up"),
			MaxWait:  rapid.SampledFrom([]time.Duration{2 * time.Minute, time.Hour}).Draw(t, "max wait"),
			MaxSize:  rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "size"),
			Priority: rapid.IntRange(0, 5).Draw(t, "priority"),
			Weight:   rapid.SampledFrom([]float64{0.5, 1, 3}).Draw(t, "weight"),

			Intensity: rapid.SampledFrom([]string{"normal", "low", "hostile"}).Draw(t, "intensity"),
			Urgent:    rapid.IntRange(0, 9).Draw(t, "urgent") == 0,
			LeaveOn:   rapid.SampledFrom([][]acd.AgentState{{}, {}, {acd.LoggedOut}}).Draw(t, "leave on"),
		}
		if rapid.Bool().Draw(t, "listed") {
			for name := range p.Agents {
				if name != "a1" {
					q.Agents = append(q.Agents, name)
				}
			}
			slices.Sort(q.Agents)
		}
		if rapid.Bool().Draw(t, "relaxed") {
			q.Relax = []acd.Relax{{After: 20 * time.Second, Needs: rapid.SampledFrom(needs).Draw(t, "relax")}}
		}
		p.Queues[fmt.Sprintf("q%d", i)] = q
	}
	return p
}

// do lets one thing happen, shows it to the model, and lets it look.
func (s *shift) do(in acd.Input) *acd.Turn {
	t := s.floor.Apply(s.now, nil, in)
	s.model.hear(t)
	s.look()
	s.floor.Audit() // counts what it finds
	s.model.chooser = ""
	return t
}

// look checks what must hold between two turns.
func (s *shift) look() {
	s.model.look()
	s.capsSay()
}

func (s *shift) employed() []string { return slices.Sorted(maps.Keys(s.plan.Agents)) }

// live draws what happens next.
func (s *shift) live() {
	switch rapid.IntRange(0, 16).Draw(s.T, "what") {
	case 0, 1, 2:
		ms := rapid.IntRange(1, 40_000).Draw(s.T, "ms") * rapid.SampledFrom([]int{1, 1, 4}).Draw(s.T, "times")
		s.pass(time.Duration(ms) * time.Millisecond)
	case 3, 4, 5, 6:
		s.enter()
	case 7, 8, 9:
		s.seat()
	case 10:
		if id, c := s.someCaller(); c != nil {
			s.do(acd.Input{Kind: acd.InLeave, Ticket: id, Why: "abandoned"})
		}
	case 11, 12, 13:
		s.command()
	case 14:
		s.phone()
	case 15:
		s.lead()
	default:
		if rapid.IntRange(0, 3).Draw(s.T, "edit") == 0 {
			next := randomPlan(s.T)
			if t := s.floor.Apply(s.now, nil, acd.Input{Kind: acd.InPlan, Plan: &next}); t.Refused == "" {
				s.plan = next
				s.model.replan(next)
				s.model.hear(t)
				s.look()
			}
		}
	}
}

// pass lets time pass, alarm by alarm, as on a floor that is awake.
func (s *shift) pass(d time.Duration) {
	until := s.now.Mono + d
	for {
		next, rings := s.floor.Next()
		if !rings || next > until {
			break
		}
		s.at(max(next, s.now.Mono))
	}
	s.at(until)
}

func (s *shift) at(mono time.Duration) {
	s.now.Wall = s.now.Wall.Add(mono - s.now.Mono)
	s.now.Mono = mono
	s.do(acd.Input{})
}

func (s *shift) enter() {
	s.calls++
	s.do(acd.Input{Kind: acd.InEnter, Entry: &acd.Entry{
		Call: fmt.Sprintf("c%d", s.calls), Queue: rapid.SampledFrom(slices.Sorted(maps.Keys(s.plan.Queues))).Draw(s.T, "queue"),
		Data:   map[string]any{"tier": rapid.IntRange(0, 3).Draw(s.T, "tier")},
		Head:   rapid.IntRange(0, 9).Draw(s.T, "head") == 0,
		Prefer: rapid.SampledFrom([]string{"", "", "a0"}).Draw(s.T, "prefer"),
		Tier:   rapid.SampledFrom([]acd.Tier{0, 0, 1, 2, 4}).Draw(s.T, "how hard"),
		Event:  rapid.IntRange(0, 9).Draw(s.T, "was hard before") == 0,
		Urgent: rapid.IntRange(0, 9).Draw(s.T, "an emergency") == 0,
	}})
}

func (s *shift) someCaller() (uint64, *caller) {
	var waiting []uint64
	for _, id := range slices.Sorted(maps.Keys(s.model.callers)) {
		if !s.model.callers[id].served {
			waiting = append(waiting, id)
		}
	}
	if len(waiting) == 0 {
		return 0, nil
	}
	id := rapid.SampledFrom(waiting).Draw(s.T, "caller")
	return id, s.model.callers[id]
}

// seat lets something happen to an offer or a conversation, or twice, or too late.
func (s *shift) seat() {
	ids := slices.Sorted(maps.Keys(s.model.seats))
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(s.T, "seat")
	one := s.model.seats[id]
	if one.answered {
		if rapid.IntRange(0, 2).Draw(s.T, "earns first") == 0 { // what was earned so far grants and takes nothing
			s.do(acd.Input{Kind: acd.InEarned, Assignment: id, Outcome: &acd.Outcome{Rest: 3, RestFor: time.Hour, Event: true}})
		}
		o := &acd.Outcome{Cause: "caller_ended", Rest: rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(s.T, "rest")}
		o.Event = rapid.IntRange(0, 3).Draw(s.T, "an event") == 0
		o.RestFor = time.Duration(o.Rest) * time.Minute
		o.RestMax = 2 * o.RestFor
		s.do(acd.Input{Kind: acd.InFinish, Assignment: id, Outcome: o})
		return
	}
	s.do(acd.Input{Kind: acd.InTaken, Ticket: one.ticket})
	why := rapid.SampledFrom([]acd.Miss{
		"", "", "", "none", "none", acd.MissBusy, acd.MissDeclined, acd.MissNotRegistered, acd.MissUnreachable, acd.MissNoAnswer, acd.MissCallerLeft,
	}).Draw(s.T, "how")
	switch why {
	case "none":
	case "":
		s.do(acd.Input{Kind: acd.InAnswered, Assignment: id})
		s.do(acd.Input{Kind: acd.InAnswered, Assignment: id}) // a second 200 changes nothing
	default:
		s.do(acd.Input{Kind: acd.InMissed, Assignment: id, Why: string(why)})
		s.do(acd.Input{Kind: acd.InAnswered, Assignment: id}) // too late
	}
}

func (s *shift) command() {
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(s.plan.Agents))).Draw(s.T, "agent")
	if tired := s.tired(); len(tired) > 0 && rapid.Bool().Draw(s.T, "impatient") {
		name = rapid.SampledFrom(tired).Draw(s.T, "in wrap-up or rest")
	}
	c := acd.Command{
		Verb: rapid.SampledFrom([]acd.Verb{
			acd.LogIn, acd.LogIn, acd.LogIn, acd.LogOut, acd.GoReady, acd.GoReady, acd.GoNotReady, acd.EndWrapUp,
			acd.ExtendWrapUp, acd.ExtendRest, acd.DeclineRest,
		}).Draw(s.T, "verb"),
		Phone: rapid.SampledFrom([]string{"p-" + name, "p-a0"}).Draw(s.T, "phone"), Reason: "lunch",
	}
	s.model.chooser = name
	t := s.do(acd.Input{Kind: acd.InCommand, Agent: name, Command: &c})
	if p := s.model.people[name]; t.Refused == "" && (c.Verb == acd.LogIn || c.Verb == acd.GoReady) && p.phone != "" {
		p.doubtful = true // whether that counts as a word of the phone is not the model's to say
	}
}

// tired are those in a wrap-up or rest, whose keys matter most.
func (s *shift) tired() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(s.plan.Agents)) {
		if p := s.model.people[name]; p.state != acd.LoggedOut && (s.now.Mono < p.wrapEnd || p.rest > 0 || p.restEnd > 0) {
			names = append(names, name)
		}
	}
	return names
}

func (s *shift) phone() {
	name := "p-" + rapid.SampledFrom(slices.Sorted(maps.Keys(s.plan.Agents))).Draw(s.T, "whose")
	w := &acd.PhoneWords{}
	if rapid.Bool().Draw(s.T, "busy") {
		w.Busy = map[string]bool{name: rapid.Bool().Draw(s.T, "is busy")}
	} else {
		w.Away = map[string]bool{name: rapid.Bool().Draw(s.T, "is away")}
	}
	s.do(acd.Input{Kind: acd.InPhones, Phones: w})
}

// end sends everybody home and lets every clock run out.
func (s *shift) end() {
	for _, id := range slices.Sorted(maps.Keys(s.model.callers)) {
		if !s.model.callers[id].served {
			s.do(acd.Input{Kind: acd.InLeave, Ticket: id, Why: "abandoned"})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.model.seats)) {
		s.do(acd.Input{Kind: acd.InFinish, Assignment: id, Outcome: &acd.Outcome{Cause: "caller_ended"}})
	}
	free := &acd.PhoneWords{Busy: map[string]bool{}}
	for name := range s.model.phones {
		free.Busy[name] = false
	}
	s.do(acd.Input{Kind: acd.InPhones, Phones: free})
	for range 30 {
		s.pass(5 * time.Minute)
	}
	s.model.home(s.floor.Agents(), s.floor.Counters())
}
