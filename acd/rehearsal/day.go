// Package rehearsal plays a logged day again under another plan. Callers come when they
// came, talk as long as they talked, leave when they left, ask to be called back when they
// asked and go on where they went on; agents log in, pause and answer as they did. Only
// who is offered whom, and when, is decided anew, by the same board that runs the floor.
package rehearsal

import (
	"io"
	"maps"
	"slices"
	"time"

	"breakwater/acd"
)

// Day is what people did on a logged day, without what the floor decided.
type Day struct {
	Begin    *acd.Picture
	Events   []acd.Event // as they were
	Unread   []string    // what of the log cannot be read, file and line first; it is not played
	Unplayed int         // callbacks after a lost line: they follow from what happened to agents
	moments  []moment
	visits   []*visit            // as they came
	parked   map[uint64]*visit   // callbacks and messages that waited when the log began, by ticket
	hearings []time.Duration     // of messages, by agents
	habits   map[string][]answer // of agents, in order
	end      acd.Stamp
}

// File is a file of a log.
type File struct {
	Name string
	io.Reader
}

// moment is an input that does not hang on what the floor decided.
type moment struct {
	at     time.Duration
	phones *acd.PhoneWords
	in     acd.Input
	visit  *visit // of who enters, or is to be called back
}

// how a visit ended on the day.
type how string

const (
	byLeaving  how = "left"
	byLimit    how = "limit" // taken out by one, or kept out at the door
	byTalking  how = "talked"
	notYetOver how = ""
)

// visit is what is known of one caller in one queue.
type visit struct {
	talk     time.Duration // of the conversation; 0 = there was none
	patience time.Duration // until the caller left; 0 = would wait for ever
	waited   time.Duration // until answered or called back later, where the caller was
	leaves   string        // why
	outcome  acd.Outcome
	asked    *wish // to be called back, or to leave a message
	said     *said // of a message; nil = it was not over when the log ended
	dials    []dialled
	cancel   time.Duration // on the day's clock; 0 = nobody took the callback out

	how   how
	next  *acd.Entry // how the caller came back after this; nil = did not
	then  *visit     // of next
	pause time.Duration
}

// wish is a caller's wish to be called back.
type wish struct {
	after    time.Duration // from the beginning of the visit
	callback acd.Callback
}

// isMessage tells whether the visit is a message being left and waiting to be heard.
func (v *visit) isMessage() bool { return v != nil && v.asked != nil && v.asked.callback.IsMessage() }

// said is how a message was left.
type said struct {
	after  time.Duration // from its place on, greeting and tone included
	length time.Duration // 0 = nothing was said
}

// dialled is what became of dialling a number, or of a message.
type dialled struct {
	after time.Duration // from the agent's answer on
	why   string        // empty = reached
	heard bool          // of a message: dealt with, and nobody was called
}

// answer is what an agent made of an offer.
type answer struct {
	after time.Duration
	miss  acd.Miss // empty = answered
}

// answerUnknown is how soon an agent answers of whom the day tells no offer.
const answerUnknown = 5 * time.Second

// join lets a visit that a limit ended know what the caller did in the next: they would
// have waited, talked and left the same had they stayed.
func (d *Day) join() {
	for i := len(d.visits) - 1; i >= 0; i-- {
		v := d.visits[i]
		if v.how != byLimit || v.then == nil || v.asked != nil || v.then.isMessage() {
			continue
		}
		v.talk, v.outcome = v.then.talk, v.then.outcome
		if so := v.waited + v.pause; v.then.patience > 0 {
			v.patience, v.leaves = so+v.then.patience, v.then.leaves
		} else {
			v.waited = so + v.then.waited
		}
	}
}

// TypicalTalk is the median conversation of the day: it stands for callers who were not
// served then.
func (d *Day) TypicalTalk() time.Duration {
	return d.typical(3*time.Minute, func(v *visit) time.Duration { return v.talk })
}

// typicalDial is the median time until a number that was called back answered.
func (d *Day) typicalDial() time.Duration {
	return d.typical(15*time.Second, func(v *visit) time.Duration {
		if n := len(v.dials); n > 0 && v.dials[n-1].why == "" {
			return v.dials[n-1].after
		}
		return 0
	})
}

// typicalHearing is the median time in which an agent dealt with a message.
func (d *Day) typicalHearing() time.Duration {
	if len(d.hearings) == 0 {
		return time.Minute
	}
	return quantile(d.hearings, 0.5)
}

// typical is the median of what is above 0, or what is given where nothing is.
func (d *Day) typical(otherwise time.Duration, of func(*visit) time.Duration) time.Duration {
	var all []time.Duration
	for _, v := range d.visits {
		if n := of(v); n > 0 {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return otherwise
	}
	return quantile(all, 0.5)
}

// Callers are how many came; who comes again after a conversation is not counted twice.
func (d *Day) Callers() int {
	n := 0
	for _, e := range d.Events {
		if e.Kind == acd.KindEntered && e.Reason == "" {
			n++
		}
	}
	return n
}

// Agents are those who were offered a call on the day, in order.
func (d *Day) Agents() []string { return slices.Sorted(maps.Keys(d.habits)) }

// End is when the log ends.
func (d *Day) End() time.Time { return d.end.Wall }
