// Package rehearsal plays a logged day again under another plan. Callers come when they
// came, talk as long as they talked and leave when they left; agents log in, pause and
// answer as they did. Only who is offered whom, and when, is decided anew, by the same
// board that runs the floor.
package rehearsal

import (
	"errors"
	"io"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
)

// Day is what people did on a logged day, without what the floor decided.
type Day struct {
	Begin   *acd.Picture
	Events  []acd.Event // as they were
	Gaps    int         // where turns are missing; the people in them are not played
	moments []moment
	callers map[string]*caller  // by call
	order   []string            // calls as they came
	habits  map[string][]answer // of agents, in order
	end     acd.Stamp
}

// moment is an input that does not hang on what the floor decided.
type moment struct {
	at     time.Duration
	phones *acd.PhoneWords
	in     acd.Input
}

// caller is what is known of one call in one queue.
type caller struct {
	talk     time.Duration // of the conversation; 0 = there was none
	patience time.Duration // until the caller left; 0 = would wait for ever
	waited   time.Duration // until answered, where the caller was
	leaves   string        // why
	outcome  acd.Outcome
}

// answer is what an agent made of an offer.
type answer struct {
	after time.Duration
	miss  acd.Miss // empty = answered
}

// answerUnknown is how soon an agent answers of whom the day tells no offer.
const answerUnknown = 5 * time.Second

// errEmpty says that a log holds no day.
var errEmpty = errors.New("the log holds no picture of the floor to begin from")

// reading is a log being read.
type reading struct {
	day     *Day
	offered map[uint64]acd.Event // by assignment
	talking map[uint64]acd.Event // answered, by assignment
	entered map[uint64]acd.Event // by ticket
}

// Read takes the day from the files of a log, in order.
func Read(files ...io.Reader) (*Day, error) {
	r := &reading{
		day:     &Day{callers: map[string]*caller{}, habits: map[string][]answer{}},
		offered: map[uint64]acd.Event{}, talking: map[uint64]acd.Event{}, entered: map[uint64]acd.Event{},
	}
	for _, f := range files {
		for p, err := range chronicle.Read(f) {
			if err != nil {
				return nil, err
			}
			switch {
			case p.Picture != nil && r.day.Begin == nil:
				r.day.Begin, r.day.end = p.Picture, p.Picture.At
			case p.Torn != nil || p.Dropped > 0:
				r.day.Gaps++
			case p.Turn != nil && r.day.Begin != nil:
				r.turn(p.Turn)
			}
		}
	}
	if r.day.Begin == nil {
		return nil, errEmpty
	}
	r.day.guessPatience()
	return r.day, nil
}

// turn takes what people did in it. Across a restart of the server the clock of the
// first picture goes on by the wall.
func (r *reading) turn(t *acd.Turn) {
	d := r.day
	at := d.Begin.At.Mono + t.At.Wall.Sub(d.Begin.At.Wall)
	d.end = acd.Stamp{Wall: t.At.Wall, Boot: d.Begin.At.Boot, Mono: at}
	switch t.In.Kind {
	case acd.InEnter, acd.InCommand, acd.InPhones, acd.InShifts, acd.InLift, acd.InTakeTalk, acd.InTalked:
		if !r.follows(t.In) {
			d.moments = append(d.moments, moment{at, t.Phones, t.In})
		}
	default:
		if t.Phones != nil {
			d.moments = append(d.moments, moment{at: at, phones: t.Phones})
		}
	}
	for _, e := range t.Events {
		d.Events = append(d.Events, e)
		r.event(t, e)
	}
}

// follows tells of inputs that followed from what the floor decided, and come at another
// time or not at all when the day is played again: a caller who enters a second time,
// and what an agent did about one wrap-up or rest.
func (r *reading) follows(in acd.Input) bool {
	switch {
	case in.Kind == acd.InEnter:
		return r.day.callers[in.Entry.Call] != nil
	case in.Kind != acd.InCommand:
		return false
	}
	switch in.Command.Verb {
	case acd.EndWrapUp, acd.ExtendWrapUp, acd.ExtendRest, acd.DeclineRest:
		return true
	case acd.LogIn, acd.LogOut, acd.GoReady, acd.GoNotReady:
	}
	return false
}

func (r *reading) event(t *acd.Turn, e acd.Event) {
	d := r.day
	switch e.Kind {
	case acd.KindEntered:
		r.entered[e.Ticket] = e
		if d.callers[e.Call] == nil {
			d.callers[e.Call] = &caller{}
			d.order = append(d.order, e.Call)
		}
	case acd.KindLeft:
		if c, from := d.callers[e.Call], r.entered[e.Ticket]; c != nil && from.Call != "" && c.patience == 0 {
			c.patience, c.leaves = max(time.Millisecond, e.At.Wall.Sub(from.At.Wall)), e.Reason
		}
	case acd.KindOffered:
		r.offered[e.Assignment] = e
	case acd.KindAnswered:
		if c, from := d.callers[e.Call], r.entered[e.Ticket]; c != nil && c.waited == 0 && from.Call != "" {
			c.waited = e.At.Wall.Sub(from.At.Wall)
		}
		r.habit(e, "")
		r.talking[e.Assignment] = e
	case acd.KindMissed, acd.KindStruckOut:
		r.habit(e, acd.Miss(e.Reason))
	case acd.KindFinished:
		from, talked := r.talking[e.Assignment]
		c := d.callers[from.Call]
		if !talked || c == nil {
			return
		}
		c.talk = max(time.Millisecond, e.At.Wall.Sub(from.At.Wall))
		if t.In.Kind == acd.InFinish && t.In.Assignment == e.Assignment {
			c.outcome = *t.In.Outcome
		}
	}
}

func (r *reading) habit(e acd.Event, miss acd.Miss) {
	if o, ok := r.offered[e.Assignment]; ok {
		r.day.habits[e.Agent] = append(r.day.habits[e.Agent], answer{max(0, e.At.Wall.Sub(o.At.Wall)), miss})
	}
}

// typicalTalk is the median conversation of the day: it stands for callers who were not
// served then.
func (d *Day) typicalTalk() time.Duration {
	var all []time.Duration
	for _, c := range d.callers {
		if c.talk > 0 {
			all = append(all, c.talk)
		}
	}
	if len(all) == 0 {
		return 3 * time.Minute
	}
	return quantile(all, 0.5)
}
