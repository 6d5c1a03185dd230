package acd_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"breakwater/acd"
	shifts "breakwater/acd/shift"
)

// What the model knows of how people are spared. It reckons from inputs and events: hard
// calls in a row, protected calls, time at work, lifts, breaks asked about.

const (
	hardRows promise = "no more hard calls in a row than there may be"
	capsHold promise = "a cap holds"
	capsSay  promise = "why names the cap that keeps a caller waiting"
)

func TestPromiseNoMoreHardCallsInARow(t *testing.T) { keeps(t, hardRows) }
func TestPromiseACapHolds(t *testing.T)             { keeps(t, capsHold) }
func TestPromiseACapSaysSo(t *testing.T)            { keeps(t, capsSay) }

// load is what an agent was given lately, as the model reckons it.
type load struct {
	row     int // hard calls that ended, without an easy one or a long pause between them
	events  int
	askedTo time.Duration
	again   bool // a call was answered before the question about the break was
	lifts   map[acd.Cap]time.Duration
	work    [][2]time.Duration // when a call rang, went on or was wrapped up
	hard    bool               // the caller in hand is
	talk    time.Duration      // began then
}

// randomCare are rules that a short day can meet.
func randomCare(t *rapid.T) acd.Care {
	draw := func(what string, of ...int) int { return rapid.SampledFrom(of).Draw(t, what) }
	return acd.Care{
		Occupancy: draw("occupancy", -1, 5, 20), OccupancyOver: rapid.SampledFrom([]time.Duration{4 * time.Minute, 10 * time.Minute}).Draw(t, "over"),
		Break: time.Minute, BreakEvery: 5 * time.Minute, BreakAsk: rapid.SampledFrom([]time.Duration{-1, 30 * time.Second}).Draw(t, "ask"),
		HardInRow: draw("in a row", 1, 2), HardRelief: rapid.SampledFrom([]time.Duration{time.Minute, 30 * time.Minute}).Draw(t, "relief"),
		AfterEvent: rapid.SampledFrom([]string{"low", "any"}).Draw(t, "after an event"), TalkAfter: 1, OffHostileAfter: draw("off hostile", -1, 1, 2),
		Newcomer: 90, Ramp: []int{50, 60, 70, 80}, BreakGuard: draw("break guard", -1, 80), ShiftGuard: draw("shift guard", -1, 80),
	}
}

// spend notes who was at work since the last turn.
func (m *model) spend(until time.Duration) {
	for _, p := range m.people {
		if p.seat != 0 || m.now < p.wrapEnd {
			to := until
			if p.seat == 0 {
				to = min(to, p.wrapEnd)
			}
			p.load.work = append(p.load.work, [2]time.Duration{m.now, to})
		}
	}
}

// busy is how long the worker was at work within the last d.
func (p *worker) busy(now, d time.Duration) (sum time.Duration) {
	for _, w := range p.load.work {
		sum += max(0, w[1]-max(w[0], now-d))
	}
	return sum
}

func (m *model) lifted(p *worker, c acd.Cap) bool { return m.now < p.load.lifts[c] }

// careEvent follows what events and inputs say of an agent's load.
func (m *model) careEvent(p *worker, e acd.Event, in *acd.Input) {
	l := &p.load
	if e.State == acd.NotReady || e.State == acd.LoggedOut {
		l.askedTo, l.again = 0, false
	}
	switch e.Kind {
	case acd.KindBreakDue:
		l.askedTo, l.again = m.now+e.Length, false
	case acd.KindBreakLater:
		l.askedTo = 0
	case acd.KindAnswered:
		l.talk = m.now
		l.again, l.askedTo = l.again || m.now < l.askedTo, 0
		l.hard = m.callers[e.Ticket].hard
	case acd.KindCapLifted:
		if l.lifts == nil {
			l.lifts = map[acd.Cap]time.Duration{}
		}
		l.lifts[in.Lift.Cap] = m.now + in.Lift.For
	case acd.KindFinished:
		if p.talked && l.talk-p.gapFrom >= m.plan.Settings.Care.HardRelief {
			l.row = 0
		}
		if in.Outcome.Event {
			l.events++
		}
		if l.hard || in.Outcome.Event {
			l.row++
		} else {
			l.row = 0
		}
	}
}

// rowFull tells whether another hard call now would be one too many.
func (m *model) rowFull(p *worker) bool {
	c := &m.plan.Settings.Care
	return c.HardInRow > 0 && p.load.row >= c.HardInRow && m.now-p.gapFrom < c.HardRelief && !m.lifted(p, acd.CapRow)
}

// spares tells which rules keep a caller from an agent now: words of the sentence that why
// must say. slack widens what is counted of the time at work, because the floor counts it
// in slices of two minutes; with a negative one only what is sure is told.
func (m *model) spares(name string, c *caller, slack time.Duration) (rules []string) {
	p, care, q := m.people[name], &m.plan.Settings.Care, m.plan.Queues[c.queue]
	if care.Occupancy == -1 && care.Newcomer == -1 || c.urgent || q.Urgent { // nobody is spared, or a life is at stake
		return nil
	}
	is := m.plan.Agents[name]
	note := func(yes bool, words string) {
		if yes {
			rules = append(rules, words)
		}
	}
	most, hostile := care.Occupancy, q.Intensity == "hostile"
	ramp := is.Back != "" && !m.lifted(p, acd.CapRamp)
	if ramp { // back for ten days: the second week
		most = care.Ramp[1]
		if care.Occupancy > 0 {
			most = min(most, care.Occupancy)
		}
	}
	allowed := care.OccupancyOver * time.Duration(most) / 100
	note(most > 0 && !m.lifted(p, acd.CapLoad) && p.busy(m.now, care.OccupancyOver+slack)+slack/120 > allowed, "occupancy cap")
	note((m.now < p.load.askedTo || p.load.again) && care.Break > 0 && care.BreakAsk > 0, "take the break")
	note(m.rowFull(p) && (c.hard || hostile), "in a row")
	note(is.Since != "" && c.hard && !m.lifted(p, acd.CapNewcomer), "new here")
	note(ramp && c.hard, "coming back")
	note(care.OffHostileAfter > 0 && p.load.events >= care.OffHostileAfter && hostile && !m.lifted(p, acd.CapHostile), "spared hostile queues")
	note(slack > 0 && m.onShift[name] && care.BreakGuard > 0, "too close to a break")
	note(slack > 0 && m.onShift[name] && care.ShiftGuard > 0 && !m.lifted(p, acd.CapShift), "too close to the end")
	return rules
}

// slice is how coarsely the floor counts time at work.
const slice = 2 * time.Minute

// offeredInSpite checks an offer against what spares the agent for sure.
func (m *model) offeredInSpite(name string, c *caller) {
	p, q := m.people[name], m.plan.Queues[c.queue]
	if (c.hard || q.Intensity == "hostile") && m.rowFull(p) && !c.urgent && !q.Urgent {
		m.accuse(hardRows, "%s is offered %s after %d hard calls in a row", name, c.call, p.load.row)
	}
	if kept := m.spares(name, c, -slice); len(kept) > 0 {
		m.accuse(capsHold, "%s is offered %s in spite of %q", name, c.call, kept)
	}
}

// capsSay checks that nobody waits for a cap that is not named.
func (s *shift) capsSay() {
	m := s.model
	for id, c := range m.callers {
		if c.served || len(c.seats) > 0 || m.now < c.patient {
			continue
		}
		for name := range m.people {
			if !m.free(name) || m.now < c.bars[name] || !m.able(name, c) {
				continue
			}
			may := m.spares(name, c, slice)
			if len(may) == 0 {
				m.accuse(noStarving, "call %s (ticket %d) waits in %s while no rule keeps it from %s", c.call, id, c.queue, name)
				continue
			}
			lines, err := s.floor.Why(acd.Whom{Call: c.call})
			if err != nil {
				m.accuse(capsSay, "why %s: %v", c.call, err)
			}
			if !slices.ContainsFunc(lines, func(line string) bool {
				named := strings.Contains(line, name) || strings.Contains(line, " more")
				return named && slices.ContainsFunc(may, func(words string) bool { return strings.Contains(line, words) })
			}) {
				m.accuse(capsSay, "%s is kept from %s by one of %q, and why says %q", name, c.call, may, lines)
			}
		}
	}
}

// lead lets a supervisor lift a cap, or say that they talked, or the house tell shifts.
func (s *shift) lead() {
	name := rapid.SampledFrom(s.employed()).Draw(s.T, "led")
	switch rapid.IntRange(0, 3).Draw(s.T, "lead") {
	case 0:
		s.do(acd.Input{Kind: acd.InTalked, Agent: name, Why: "boss"})
	case 1:
		from := s.now.Wall.Add(-time.Minute)
		middle := from.Add(time.Duration(rapid.IntRange(2, 20).Draw(s.T, "until the break")) * time.Minute)
		s.model.onShift = map[string]bool{name: true}
		s.do(acd.Input{Kind: acd.InShifts, Shifts: acd.Shifts{name: {
			{From: from, To: middle, Kind: shifts.Work},
			{From: middle, To: middle.Add(5 * time.Minute), Kind: shifts.Break},
			{From: middle.Add(5 * time.Minute), To: middle.Add(15 * time.Minute), Kind: shifts.Work},
		}}})
	default:
		s.do(acd.Input{Kind: acd.InLift, Lift: &acd.Lift{
			Agent: name, By: "boss", Reason: "a storm", For: time.Duration(rapid.IntRange(1, 10).Draw(s.T, "minutes")) * time.Minute,
			Cap: rapid.SampledFrom([]acd.Cap{acd.CapLoad, acd.CapRow, acd.CapNewcomer, acd.CapRamp, acd.CapHostile, acd.CapShift}).Draw(s.T, "cap"),
		}})
	}
}
