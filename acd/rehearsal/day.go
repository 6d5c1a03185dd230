// Package rehearsal plays a logged day again under another plan. Callers come when they
// came, talk as long as they talked, leave when they left, ask to be called back when they
// asked and go on where they went on; agents log in, pause and answer as they did. Only
// who is offered whom, and when, is decided anew, by the same board that runs the floor.
package rehearsal

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
)

// Day is what people did on a logged day, without what the floor decided.
type Day struct {
	Begin    *acd.Picture
	Events   []acd.Event // as they were
	Unread   []string    // what of the log cannot be read, file and line first; it is not played
	Unplayed int         // callbacks after a lost line: they follow from what happened to agents
	moments  []moment
	visits   []*visit            // as they came
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
	asked    *wish // to be called back
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

// dialled is what became of dialling a number.
type dialled struct {
	after time.Duration // from the agent's answer on
	why   string        // empty = reached
}

// answer is what an agent made of an offer.
type answer struct {
	after time.Duration
	miss  acd.Miss // empty = answered
}

// answerUnknown is how soon an agent answers of whom the day tells no offer.
const answerUnknown = 5 * time.Second

// reading is a log being read.
type reading struct {
	day     *Day
	offered map[uint64]acd.Event     // by assignment
	talking map[uint64]acd.Event     // answered, by assignment
	reached map[uint64]time.Time     // callbacks whose conversation began, by assignment
	entered map[uint64]time.Time     // by ticket
	visits  map[uint64]*visit        // by ticket
	last    map[string]*visit        // by call
	over    map[*visit]time.Duration // on the day's clock
}

func newReading() *reading {
	return &reading{
		day:     &Day{habits: map[string][]answer{}},
		offered: map[uint64]acd.Event{}, talking: map[uint64]acd.Event{}, reached: map[uint64]time.Time{},
		entered: map[uint64]time.Time{}, visits: map[uint64]*visit{}, last: map[string]*visit{}, over: map[*visit]time.Duration{},
	}
}

// Read takes the day from the files of a log, in order. The error names the file.
func Read(files ...File) (*Day, error) {
	r := newReading()
	for _, f := range files {
		if err := r.file(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if len(files) == 0 || r.day.Begin == nil {
		return nil, errors.New("the log holds no picture of the floor to begin from")
	}
	r.day.join()
	r.day.guessPatience()
	return r.day, nil
}

func (r *reading) file(f File) error {
	pictures := 0
	for p, err := range chronicle.Read(f) {
		switch {
		case err != nil:
			return err
		case p.Torn != nil:
			r.day.Unread = append(r.day.Unread, fmt.Sprintf("%s:%d: %v", f.Name, p.Line, p.Torn))
		case p.Dropped > 0:
			r.day.Unread = append(r.day.Unread, fmt.Sprintf("%s:%d: %d turns are missing, a slow disk dropped them", f.Name, p.Line, p.Dropped))
		case p.Picture != nil:
			if pictures++; r.day.Begin == nil {
				r.day.Begin, r.day.end = p.Picture, p.Picture.At
			}
		case p.Turn != nil && r.day.Begin != nil:
			r.turn(p.Turn)
		}
	}
	if pictures > 0 {
		return nil
	}
	return errors.New("this is no decision log: no line of it is a picture of the floor to begin from")
}

// turn takes what people did in it. Across a restart of the server the clock of the
// first picture goes on by the wall.
func (r *reading) turn(t *acd.Turn) {
	d := r.day
	at := d.Begin.At.Mono + t.At.Wall.Sub(d.Begin.At.Wall)
	d.end = acd.Stamp{Wall: t.At.Wall, Boot: d.Begin.At.Boot, Mono: at}
	v := r.input(at, t)
	for _, e := range t.Events {
		d.Events = append(d.Events, e)
		r.event(at, t, e, v)
	}
}

// input keeps what does not follow from the floor's decisions, and gives the visit that
// begins with it, if one does.
func (r *reading) input(at time.Duration, t *acd.Turn) *visit {
	d, m := r.day, moment{at: at, phones: t.Phones, in: t.In}
	plays := false
	switch t.In.Kind {
	case acd.InEnter:
		m.visit, plays = r.enters(at, t.In.Entry)
	case acd.InCallBack:
		if t.In.Callback.Kind == acd.BackLost {
			d.Unplayed++
			break
		}
		m.visit, plays = r.begins(), true
	case acd.InCancel:
		if v := r.visits[t.In.Ticket]; v != nil {
			v.cancel = at
		}
	case acd.InCommand:
		plays = ownWish(t.In.Command.Verb)
	case acd.InPlan, acd.InPhones, acd.InShifts, acd.InLift, acd.InTakeTalk, acd.InTalked:
		plays = true
	case acd.InAnswered, acd.InMissed, acd.InFinish, acd.InTaken, acd.InLeave:
		plays = r.goingOn(t.In)
	default: // follows from what the floor decided
	}
	if !plays {
		m.in = acd.Input{}
	}
	if plays || m.phones != nil {
		d.moments = append(d.moments, m)
	}
	return m.visit
}

// begins notes a visit.
func (r *reading) begins() *visit {
	v := &visit{}
	r.day.visits = append(r.day.visits, v)
	return v
}

// enters notes a caller who comes; plays tells whether by themselves. Who was here before
// comes again when the visit before ends in the same way.
func (r *reading) enters(at time.Duration, e *acd.Entry) (v *visit, plays bool) {
	before := r.last[e.Call]
	v = r.begins()
	r.last[e.Call] = v
	if before == nil {
		return v, true
	}
	before.next, before.then, before.pause = e, v, max(0, at-r.over[before])
	return v, false
}

// goingOn tells whether an input is about what began before the log did: nothing in the
// rehearsal would end it.
func (r *reading) goingOn(in acd.Input) bool {
	return in.Assignment > 0 && in.Assignment <= r.day.Begin.IDs.Seat || in.Ticket > 0 && in.Ticket <= r.day.Begin.IDs.Ticket
}

// ownWish tells commands that an agent gives by the day, from those about one wrap-up or
// rest, which come at another time or not at all when the day is played again.
func ownWish(v acd.Verb) bool {
	switch v {
	case acd.EndWrapUp, acd.ExtendWrapUp, acd.ExtendRest, acd.DeclineRest:
		return false
	case acd.LogIn, acd.LogOut, acd.GoReady, acd.GoNotReady:
	}
	return true
}

// event takes what an event tells of a caller or an agent. begun is the visit that the
// turn's input began.
func (r *reading) event(at time.Duration, t *acd.Turn, e acd.Event, begun *visit) {
	v := r.visits[e.Ticket]
	switch e.Kind {
	case acd.KindEntered:
		r.visits[e.Ticket], r.entered[e.Ticket] = begun, e.At.Wall
	case acd.KindRefused:
		r.ends(begun, byLimit, at)
	case acd.KindRemoved:
		r.ends(v, byLimit, at)
		if v != nil && v.asked == nil {
			v.waited = e.At.Wall.Sub(r.entered[e.Ticket])
		}
	case acd.KindLeft:
		r.ends(v, byLeaving, at)
		if v != nil {
			v.patience, v.leaves = max(time.Millisecond, e.At.Wall.Sub(r.entered[e.Ticket])), e.Reason
		}
	case acd.KindParked:
		r.parked(t, e, begun)
	case acd.KindOffered:
		r.offered[e.Assignment] = e
	case acd.KindAnswered:
		if v != nil && v.asked == nil && v.waited == 0 {
			v.waited = e.At.Wall.Sub(r.entered[e.Ticket])
		}
		r.habit(e, "")
		r.talking[e.Assignment] = e
	case acd.KindMissed, acd.KindStruckOut:
		r.habit(e, acd.Miss(e.Reason))
	case acd.KindReached, acd.KindUnreached:
		r.dialled(v, e)
	case acd.KindFinished:
		r.finished(at, t, e)
	}
}

func (r *reading) ends(v *visit, by how, at time.Duration) {
	if v != nil {
		v.how, r.over[v] = by, at
	}
}

// parked notes a callback: of a caller who waited and asked for it, or of nobody on a line.
func (r *reading) parked(t *acd.Turn, e acd.Event, begun *visit) {
	switch v := r.visits[e.Ticket]; {
	case v != nil && v.asked == nil && t.In.Callback != nil:
		v.waited = max(time.Millisecond, e.At.Wall.Sub(r.entered[e.Ticket]))
		v.asked = &wish{v.waited, *t.In.Callback}
	case v == nil && begun != nil:
		r.visits[e.Ticket], r.entered[e.Ticket] = begun, e.At.Wall
		begun.asked = &wish{callback: *t.In.Callback}
	}
}

// dialled notes what became of a number, which was dialled when the agent had answered.
func (r *reading) dialled(v *visit, e acd.Event) {
	if v == nil {
		return
	}
	for id, a := range r.talking {
		if a.Ticket != e.Ticket {
			continue
		}
		d := dialled{after: max(0, e.At.Wall.Sub(a.At.Wall))}
		if e.Kind == acd.KindReached {
			r.reached[id] = e.At.Wall
		} else if d.why = e.Reason; d.why == acd.UnreachedAgentLeft {
			return // it was no try
		}
		v.dials = append(v.dials, d)
		return
	}
}

func (r *reading) finished(at time.Duration, t *acd.Turn, e acd.Event) {
	from, talked := r.talking[e.Assignment]
	delete(r.talking, e.Assignment)
	v := r.visits[from.Ticket]
	began := from.At.Wall
	if v != nil && v.asked != nil {
		if began, talked = r.reached[e.Assignment], !r.reached[e.Assignment].IsZero(); !talked {
			return // the number was dialled in vain
		}
	}
	if !talked || v == nil {
		return
	}
	r.ends(v, byTalking, at)
	v.talk = max(time.Millisecond, e.At.Wall.Sub(began))
	if t.In.Kind == acd.InFinish && t.In.Assignment == e.Assignment {
		v.outcome = *t.In.Outcome
	}
}

func (r *reading) habit(e acd.Event, miss acd.Miss) {
	if o, ok := r.offered[e.Assignment]; ok {
		r.day.habits[e.Agent] = append(r.day.habits[e.Agent], answer{max(0, e.At.Wall.Sub(o.At.Wall)), miss})
	}
}

// join lets a visit that a limit ended know what the caller did in the next: they would
// have waited, talked and left the same had they stayed.
func (d *Day) join() {
	for i := len(d.visits) - 1; i >= 0; i-- {
		v := d.visits[i]
		if v.how != byLimit || v.then == nil || v.asked != nil {
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
