package acd

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Care is how the floor spares people: every cap on load, and what follows a hard
// call. A number of -1 switches a rule off. No rule shortens a wrap-up or a rest, and
// every rule that keeps a call from an agent is named by Why.
type Care struct {
	Occupancy     int           `yaml:"occupancy"`      // percent of the time of occupancy_over that may go into ring, talk and wrap-up before offers wait; pauses, rests and idle time all count as relief; default 85, -1 = no cap
	OccupancyOver time.Duration `yaml:"occupancy_over"` // 2m to 1h, counted in steps of 2m; default 30m

	Break        time.Duration `yaml:"break"`         // break earned by every break_every of logged-in time; default 5m, -1 = none
	BreakEvery   time.Duration `yaml:"break_every"`   // default 55m
	BreakAsk     time.Duration `yaml:"break_ask"`     // how long offers wait while an agent is asked to take a break that is due; not-ready takes it, ready says later; default 60s, -1 = asked, but no offer waits
	BreakReasons []string      `yaml:"break_reasons"` // not-ready reasons that are a break; empty = all

	HardInRow  int           `yaml:"hard_in_row"` // calls in a row from callers of tier T2 or above or with a protection event; then neither such a caller nor one of a hostile queue is offered; default 2, -1 = no limit
	HardRelief time.Duration `yaml:"hard_relief"` // so long without a call, and the row is over; default 30m
	AfterEvent string        `yaml:"after_event"` // which call comes after one with a protection event: low = an easy caller of a queue of low intensity when one waits, any = whatever comes; default low

	TalkAfter       int `yaml:"talk_after"`        // protected calls in a working day until a team leader is asked to talk with the agent, and again with the call that counts for off_hostile_after; default 3, -1 = never
	OffHostileAfter int `yaml:"off_hostile_after"` // protected calls in a working day until no caller of a hostile queue is offered any more that day; default 4, -1 = never

	Newcomer int   `yaml:"newcomer"` // days from an agent's since in which no caller of tier T2 or above is offered; default 90, -1 = none
	Ramp     []int `yaml:"ramp"`     // occupancy cap in percent, a week each, from an agent's back on; no caller of tier T2 or above meanwhile; default [50, 60, 70, 80], [] = none

	BreakGuard int `yaml:"break_guard"` // no offer of a queue when its calls, wrap-up included, likely run into the agent's next break: that many percent of them are shorter than the time left; default 80, -1 = off
	ShiftGuard int `yaml:"shift_guard"` // the same for the end of the shift; default 80, -1 = off
}

// The words of Care.AfterEvent.
const (
	afterLow = "low"
	afterAny = "any"
)

// WithDefaults fills the fields that are zero. An empty but present ramp means none.
func (c Care) WithDefaults() Care {
	setDefault(&c.Occupancy, 85)
	setDefault(&c.OccupancyOver, 30*time.Minute)
	setDefault(&c.Break, 5*time.Minute)
	setDefault(&c.BreakEvery, 55*time.Minute)
	setDefault(&c.BreakAsk, time.Minute)
	setDefault(&c.HardInRow, 2)
	setDefault(&c.HardRelief, 30*time.Minute)
	setDefault(&c.AfterEvent, afterLow)
	setDefault(&c.TalkAfter, 3)
	setDefault(&c.OffHostileAfter, 4)
	setDefault(&c.Newcomer, 90)
	setDefault(&c.BreakGuard, 80)
	setDefault(&c.ShiftGuard, 80)
	if c.Ramp == nil {
		c.Ramp = []int{50, 60, 70, 80}
	}
	return c
}

// Check says what is wrong, by dotted key. Zero fields are their defaults.
func (c Care) Check() map[string]string {
	w := wrongs{}
	number := func(key string, n, most int) {
		if n < -1 || n > most {
			w[key] = fmt.Sprintf("%d is not between 1 and %d; -1 switches it off", n, most)
		}
	}
	number("occupancy", c.Occupancy, 100)
	number("hard_in_row", c.HardInRow, 100)
	number("talk_after", c.TalkAfter, 100)
	number("off_hostile_after", c.OffHostileAfter, 100)
	number("newcomer", c.Newcomer, 3650)
	number("break_guard", c.BreakGuard, 99)
	number("shift_guard", c.ShiftGuard, 99)
	for i, n := range c.Ramp {
		if n < 1 || n > 100 {
			w[fmt.Sprintf("ramp.%d", i)] = fmt.Sprintf("%d is not between 1 and 100", n)
		}
	}
	if over := c.OccupancyOver; over != 0 && (over < careSlot || over > careSlots*careSlot) {
		w["occupancy_over"] = fmt.Sprintf("%s is not between %s and %s", over, careSlot, careSlots*careSlot)
	}
	if c.Break > time.Hour || c.Break < 0 && c.Break != off {
		w["break"] = fmt.Sprintf("%s is not between 1s and 1h; -1 switches it off", c.Break)
	}
	if c.BreakAsk > time.Hour || c.BreakAsk < 0 && c.BreakAsk != off {
		w["break_ask"] = fmt.Sprintf("%s is not between 1s and 1h; -1 keeps no offer back", c.BreakAsk)
	}
	if c.BreakEvery != 0 && (c.BreakEvery < time.Minute || c.BreakEvery > 24*time.Hour) {
		w["break_every"] = fmt.Sprintf("%s is not between 1m and 24h", c.BreakEvery)
	}
	w.length("hard_relief", c.HardRelief, 24*time.Hour)
	w.word("after_event", c.AfterEvent, "", afterLow, afterAny)
	return w
}

// off switches a length off.
const off = time.Duration(-1)

// Tier is how far a caller is known to be hard on people, T0 to T4 (protection.md §1.9).
// It is bound to who the caller is, never to how a voice sounds.
type Tier int

// hardTier is the tier from which on a caller counts as hard: guarded, managed, paused.
const hardTier Tier = 2

// mostTier is T4, a pause of the phone service.
const mostTier Tier = 4

// ParseTier reads T0 to T4, or 0 to 4. Anything else is no tier, and counts as T0.
func ParseTier(word string) (Tier, bool) {
	word = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(word)), "T")
	if len(word) != 1 || word[0] < '0' || word[0] > '0'+byte(mostTier) {
		return 0, false
	}
	return Tier(word[0] - '0'), true
}

// String writes T2.
func (t Tier) String() string { return fmt.Sprintf("T%d", int(t)) }

func (t Tier) hard() bool { return t >= hardTier }

// hard tells whether a caller counts as one who is hard on people: known for it, or it has
// happened in this very call.
func (e *Entry) hard() bool { return e.Tier.hard() || e.Event }

// callerKind is what the rules of care look at in a caller. As text it begins the signature
// of what callers of that kind have to themselves.
type callerKind string

const (
	easyCaller   callerKind = ""
	hardCaller   callerKind = "hard;"
	urgentCaller callerKind = "urgent;" // hard or not
)

func (e *Entry) kind() callerKind {
	switch {
	case e.Urgent:
		return urgentCaller
	case e.hard():
		return hardCaller
	}
	return easyCaller
}

// CareFact is what an event says for the sake of those rules. It makes replay
// independent of the settings of the day: what they led to stands in the event.
type CareFact struct {
	Tier   Tier          `json:"tier,omitempty"`   // entered, offered: of the caller
	Event  bool          `json:"event,omitempty"`  // the call had a protection event: entered and offered, with an agent before; finished, with this one
	Urgent bool          `json:"urgent,omitempty"` // offered: the caller is an emergency, whatever the queue
	Row    int           `json:"row,omitempty"`    // finished: hard calls in a row, this one included
	Paid   time.Duration `json:"paid,omitempty"`   // the end of a pause or absence: logged-in time that it paid off as break
	Cap    Cap           `json:"cap,omitempty"`    // cap-lifted
	By     string        `json:"by,omitempty"`     // cap-lifted, talk-taken, talked: the supervisor
}

// careState is what of an agent the rules of care go by. It is part of person and
// changes by happen alone.
type careState struct {
	Busy   busyWindow    `json:"busy,omitzero"`
	Work   time.Duration `json:"work,omitempty"`    // logged in and at work, as far as no break has paid it off
	Asked  time.Duration `json:"asked,omitempty"`   // Work when a break was last asked about
	Ask    time.Duration `json:"ask,omitempty"`     // offers wait for the answer until then; 0 = nothing is asked
	Again  bool          `json:"again,omitempty"`   // a call was answered before the question was: ask once more after it
	Row    int           `json:"row,omitempty"`     // hard calls in a row
	Hard   bool          `json:"hard,omitempty"`    // the caller in hand is
	Tender bool          `json:"tender,omitempty"`  // the last call had a protection event
	Events int           `json:"events,omitempty"`  // calls with a protection event in this working day
	First  time.Duration `json:"first,omitempty"`   // of them
	Talk   bool          `json:"talk,omitempty"`    // a talk with the team leader is asked for
	TalkAt time.Duration `json:"talk_at,omitempty"` // since then
	TalkBy string        `json:"talk_by,omitempty"` // who has taken it on
	Lifts  []lift        `json:"lifts,omitempty"`   // never changed in place
}

const (
	// workingDay is how long protected calls count, from the first on. A calendar day
	// would forget a night shift's evening at midnight.
	workingDay = 16 * time.Hour
	// betweenDays is how long somebody is logged out who has gone home: longer than the
	// gap of a split shift may be, shorter than the rest between two shifts must be.
	betweenDays = 4*time.Hour + 30*time.Minute
)

// happen notes what an event says of an agent's load. since is when the agent came into
// the state in which it happens. Only the agent or the clock ends the question about a
// break: the ring of an emergency call does not, and who takes that call is asked again.
func (c *careState) happen(e *Event, at, since time.Duration) {
	switch e.Kind {
	case KindLogIn:
		if at-since >= betweenDays {
			c.Events, c.First, c.Row, c.Tender = 0, 0, 0, false
			c.Talk, c.TalkBy = false, ""
		}
		c.pay(e.Care.Paid)
	case KindReady, KindLogOut:
		c.pay(e.Care.Paid)
	case KindBreakDue:
		c.Asked, c.Ask, c.Again = c.Work, at+e.Length, false
	case KindBreakLater:
		c.Ask = 0
	case KindOffered:
		c.Hard = e.Care.Tier.hard() || e.Care.Event
	case KindAnswered:
		c.Tender = false
		c.Again, c.Ask = c.Again || c.Ask > at, 0
	case KindFinished, KindRecovered:
		c.Row, c.Hard = e.Care.Row, false
		if e.Care.Event {
			c.Tender = true
			if at-c.First > workingDay || c.Events == 0 {
				c.Events, c.First = 0, at
			}
			c.Events++
		}
	case KindTalkWanted:
		c.Talk, c.TalkAt, c.TalkBy = true, at, ""
	case KindTalkTaken:
		c.TalkBy = e.Care.By
	case KindTalked:
		c.Talk, c.TalkBy = false, ""
	case KindCapLifted:
		c.lift(lift{Cap: e.Care.Cap, Until: at + e.Length, By: e.Care.By, Reason: e.Reason}, at)
	}
	if e.State == NotReady || e.State == LoggedOut { // the break, now
		c.Ask, c.Again = 0, false
	}
}

// pay takes work off that a break has paid for.
func (c *careState) pay(work time.Duration) {
	c.Work = max(0, c.Work-work)
	c.Asked = min(c.Asked, c.Work)
}

// account adds a stretch of time in a state.
func (c *careState) account(s AgentState, from, to time.Duration) {
	switch s {
	case Offered, OnCall, WrapUp:
		c.Busy.spend(from, to, true)
		c.Work += to - from
	case Ready:
		c.Work += to - from
	case Resting, NotReady, Missed, LoggedOut, onward: // neither work, nor does it pay
	}
}

// shift moves every moment to another clock.
func (c *careState) shift(by time.Duration) {
	for _, m := range []*time.Duration{&c.Busy.From, &c.First, &c.TalkAt} {
		*m += by
	}
	if c.Ask != 0 {
		c.Ask += by
	}
	c.Lifts = slices.Clone(c.Lifts)
	for i := range c.Lifts {
		c.Lifts[i].Until += by
	}
}

// The busy time of the last hour is known in slots.
const (
	careSlot  = 2 * time.Minute
	careSlots = 30
)

// busyWindow is how much of the last hour went into ring, talk and wrap-up.
type busyWindow struct {
	From time.Duration     `json:"from"` // the slot that runs began then
	Now  uint32            `json:"now"`  // busy milliseconds in it
	Past [careSlots]uint32 `json:"past"` // in those before, the newest first
}

// spend adds a stretch of time that ends the known past. Time that is not busy need not
// be told: it is what is left.
func (w *busyWindow) spend(from, to time.Duration, busy bool) {
	from = max(from, w.From)
	if late := (to - w.From) / careSlot; late > careSlots {
		*w = busyWindow{From: w.From + (late-careSlots)*careSlot}
		from = max(from, w.From)
	}
	for w.From+careSlot <= to {
		end := w.From + careSlot
		if busy && from < end {
			w.Now += millis(end - from)
		}
		from = max(from, end)
		copy(w.Past[1:], w.Past[:])
		w.Past[0], w.Now, w.From = w.Now, 0, end
	}
	if busy && from < to {
		w.Now += millis(to - from)
	}
}

func millis(d time.Duration) uint32 { return uint32(d / time.Millisecond) }

// under tells when the busy time within the last `over` falls to the given length, if
// nothing is added from at on; at when it is not above it. The oldest slot leaves
// evenly while the newest fills.
func (w busyWindow) under(length, over, at time.Duration) time.Duration {
	w.spend(at, at, false)
	n := int(min(careSlots, (over+careSlot-1)/careSlot))
	most := int64(length / time.Millisecond)
	for begin := w.From; ; begin += careSlot {
		kept := int64(w.Now)
		for _, past := range w.Past[:n-1] {
			kept += int64(past)
		}
		if oldest := int64(w.Past[n-1]); kept <= most {
			free := begin
			if over := kept + oldest - most; over > 0 {
				free += time.Duration(float64(careSlot) * float64(over) / float64(oldest))
			}
			if free < begin+careSlot {
				return max(at, free)
			}
		}
		copy(w.Past[1:], w.Past[:])
		w.Past[0], w.Now = w.Now, 0
	}
}
