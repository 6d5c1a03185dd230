package rehearsal

import (
	"errors"
	"fmt"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
)

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
	dialled map[uint64]bool          // tickets for which an agent was on the line when the log began
}

func newReading() *reading {
	return &reading{
		day:     &Day{habits: map[string][]answer{}, parked: map[uint64]*visit{}},
		offered: map[uint64]acd.Event{}, talking: map[uint64]acd.Event{}, reached: map[uint64]time.Time{},
		entered: map[uint64]time.Time{}, visits: map[uint64]*visit{}, last: map[string]*visit{}, over: map[*visit]time.Duration{}, dialled: map[uint64]bool{},
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
				r.begin(p.Picture)
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

// begin takes the picture that the day begins with. What people did with the callbacks and
// messages that wait in it is learned from then on.
func (r *reading) begin(p *acd.Picture) {
	r.day.Begin, r.day.end = p, p.At
	for _, t := range p.Tickets {
		if t.Back == nil {
			continue
		}
		r.day.parked[t.ID] = r.waits(t.ID, t.Back.Callback, p.At.Wall)
		if t.Back.Seat != 0 {
			r.dialled[t.ID] = true
		}
	}
}

// waits notes a callback or message of somebody who came before the log began.
func (r *reading) waits(ticket uint64, c acd.Callback, from time.Time) *visit {
	v := &visit{asked: &wish{callback: c}}
	r.visits[ticket], r.entered[ticket] = v, from
	return v
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
		if t.In.Ticket != 0 && t.Refused != "" {
			break // they waited on
		}
		if t.In.Callback.IsMessage() {
			m.visit, plays = r.speaks(at, t.In)
			break
		}
		m.visit, plays = r.begins(), true
	case acd.InPark:
		if plays = r.goingOn(t.In); plays {
			m.visit = r.waits(t.In.Ticket, *t.In.Callback, t.At.Wall)
		}
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
	case acd.InReached, acd.InUnreached: // else it follows from what the day tells of the number
		plays = r.dialled[t.In.Ticket]
		delete(r.dialled, t.In.Ticket)
	default: // follows from what the floor decided; what was earned so far matters to a crash alone
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

// speaks notes who leaves a message; plays tells whether it is all they do. Who waited
// before, or was kept out, leaves it when that visit ends in the same way.
func (r *reading) speaks(at time.Duration, in acd.Input) (v *visit, plays bool) {
	v = &visit{asked: &wish{callback: *in.Callback}}
	before := r.last[in.Entry.Call]
	r.last[in.Entry.Call] = v
	switch {
	case before != nil && in.Ticket != 0: // that visit ends in this turn
		before.next, before.then = in.Entry, v
	case before == nil || before.how == notYetOver:
		return v, true
	default:
		before.next, before.then, before.pause = in.Entry, v, max(0, at-r.over[before])
	}
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
	case acd.KindSaid:
		r.said(v, e)
	case acd.KindLeft:
		if v.isMessage() { // and nothing was said
			e.Length = 0
			r.said(v, e)
			break
		}
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
		r.answers(v, e)
	case acd.KindFinished:
		r.finished(at, t, e)
	}
}

func (r *reading) ends(v *visit, by how, at time.Duration) {
	if v != nil {
		v.how, r.over[v] = by, at
	}
}

// said notes that a message was left, or that nothing was said.
func (r *reading) said(v *visit, e acd.Event) {
	if v.isMessage() {
		v.said = &said{max(0, e.At.Wall.Sub(r.entered[e.Ticket])), e.Length}
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

// answers notes what became of a number, which was dialled when the agent had answered.
func (r *reading) answers(v *visit, e acd.Event) {
	if v == nil {
		return
	}
	for id, a := range r.talking {
		if a.Ticket != e.Ticket {
			continue
		}
		d := dialled{after: max(0, e.At.Wall.Sub(a.At.Wall))}
		switch {
		case e.Kind == acd.KindReached && e.Reason == acd.ReachedHeard:
			d.heard = true
			r.day.hearings = append(r.day.hearings, d.after)
		case e.Kind == acd.KindReached:
			r.reached[id] = e.At.Wall
		case e.Reason == acd.UnreachedAgentLeft:
			return // it was no try
		default:
			d.why = e.Reason
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
