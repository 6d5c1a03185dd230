package acd

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// InputKind is what happened to the floor.
type InputKind string

// The inputs of the floor. Whatever changes the board is one of them, so that a log
// of inputs is enough to decide everything again.
const (
	InPlan     InputKind = "plan"      // Plan
	InPhones   InputKind = "phones"    // Phones
	InEnter    InputKind = "enter"     // Entry
	InLeave    InputKind = "leave"     // Ticket, Why
	InTaken    InputKind = "taken"     // Ticket
	InAnswered InputKind = "answered"  // Assignment
	InMissed   InputKind = "missed"    // Assignment, Why is the Miss
	InEarned   InputKind = "earned"    // Assignment, Outcome as it would be now
	InFinish   InputKind = "finish"    // Assignment, Outcome
	InCommand  InputKind = "command"   // Agent, Command
	InShifts   InputKind = "shifts"    // Shifts; empty = nobody has any
	InLift     InputKind = "lift"      // Lift
	InTakeTalk InputKind = "take-talk" // Agent, Why is the team leader
	InTalked   InputKind = "talked"    // Agent, Why is the team leader

	InPark      InputKind = "park"      // Ticket, Callback
	InCallBack  InputKind = "call-back" // Entry, Callback; Ticket of a caller who waits and leaves a message instead
	InLaunched  InputKind = "launched"  // Ticket, Why is the call
	InReached   InputKind = "reached"   // Ticket, Why is empty or ReachedHeard
	InUnreached InputKind = "unreached" // Ticket, Why
	InSpoken    InputKind = "spoken"    // Ticket, Length
	InCancel    InputKind = "cancel"    // Ticket
)

// Input is one thing that happened to the floor, as plain data: it goes into the
// decision log and comes back from it the same. It is immutable once given.
type Input struct {
	Kind       InputKind   `json:"kind"`
	Ticket     uint64      `json:"ticket,omitempty"`
	Assignment uint64      `json:"assignment,omitempty"`
	Agent      string      `json:"agent,omitempty"`
	Why        string      `json:"why,omitempty"`
	Entry      *Entry      `json:"entry,omitempty"`
	Command    *Command    `json:"command,omitempty"`
	Outcome    *Outcome    `json:"outcome,omitempty"`
	Phones     *PhoneWords `json:"phones,omitempty"`
	Plan       *Plan       `json:"plan,omitempty"`
	Shifts     Shifts      `json:"shifts,omitempty"`
	Callback   *Callback   `json:"callback,omitempty"`
	Lift       *Lift       `json:"lift,omitempty"`

	Length time.Duration `json:"length,omitempty"`

	routes *routes // of Plan, when it was compiled before
}

// PhoneWords are the latest words of the wire about phones, by name.
type PhoneWords struct {
	Busy map[string]bool `json:"busy,omitempty"` // in a call that is not from a queue, or no longer
	Away map[string]bool `json:"away,omitempty"` // not registered or does not answer, or there again
}

// carry does what an input asks for. ticket is that of an enter.
func (b *board) carry(in *Input) (ticket uint64, err error) {
	if part := in.lacks(); part != "" {
		return 0, fmt.Errorf("input %s has no %s", in.Kind, part)
	}
	switch in.Kind {
	case InPlan:
		err = b.replan(in)
	case InPhones:
		b.hear(in.Phones)
	case InEnter:
		ticket, err = b.enter(*in.Entry)
	case InLeave:
		b.leave(in.Ticket, in.Why)
	case InTaken:
		err = b.taken(in.Ticket)
	case InAnswered:
		err = b.answered(in.Assignment)
	case InMissed:
		err = b.missed(in.Assignment, Miss(in.Why))
	case InEarned:
		err = b.earn(in.Assignment, *in.Outcome)
	case InFinish:
		err = b.finish(in.Assignment, *in.Outcome)
	case InCommand:
		err = b.command(in.Agent, *in.Command)
	case InShifts:
		b.roster(in.Shifts)
	case InLift:
		err = b.lift(*in.Lift)
	case InTakeTalk:
		err = b.takeTalk(in.Agent, in.Why)
	case InTalked:
		err = b.talked(in.Agent, in.Why)
	case InPark, InCallBack, InLaunched, InReached, InUnreached, InSpoken, InCancel:
		ticket, err = b.carryBack(in)
	default:
		err = fmt.Errorf("there is no input %q", in.Kind)
	}
	return ticket, err
}

// lacks names the part that an input of this kind needs and does not have.
func (in *Input) lacks() string {
	switch {
	case in.Kind == InPlan && in.Plan == nil:
		return "plan"
	case in.Kind == InPhones && in.Phones == nil:
		return "phones"
	case (in.Kind == InEnter || in.Kind == InCallBack) && in.Entry == nil:
		return "entry"
	case (in.Kind == InPark || in.Kind == InCallBack) && in.Callback == nil:
		return "callback"
	case (in.Kind == InFinish || in.Kind == InEarned) && in.Outcome == nil:
		return "outcome"
	case in.Kind == InCommand && in.Command == nil:
		return "command"
	case in.Kind == InLift && in.Lift == nil:
		return "lift"
	}
	return ""
}

// replan adopts a plan, compiled before or now.
func (b *board) replan(in *Input) error {
	r := in.routes
	if r == nil {
		var err error
		if r, err = prepare(*in.Plan); err != nil {
			return err
		}
	}
	b.adopt(r)
	return nil
}

// hear takes the words about phones, in the order of names so that it can be replayed.
func (b *board) hear(w *PhoneWords) {
	for _, name := range slices.Sorted(maps.Keys(w.Busy)) {
		b.phoneBusy(name, w.Busy[name])
	}
	for _, name := range slices.Sorted(maps.Keys(w.Away)) {
		b.phoneReachable(name, !w.Away[name])
	}
}

// plain gives call data as it comes back from a log: whole numbers are int, others
// float64, lists []any, tables map[string]any, and what is neither is its text. So an
// expression means the same the second time.
func plain(data map[string]any) map[string]any {
	if data == nil {
		return nil
	}
	out := make(map[string]any, len(data))
	for k, v := range data {
		out[k] = plainValue(reflect.ValueOf(v))
	}
	return out
}

// exactly is how far float64 counts without gaps.
const exactly = 1 << 53

func plainValue(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Invalid:
		return nil
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return int(v.Uint())
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); f >= -exactly && f <= exactly && f == float64(int(f)) {
			return int(f)
		}
		return v.Float()
	case reflect.Interface, reflect.Pointer:
		return plainValue(v.Elem())
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plainValue(v.Index(i))
		}
		return out
	case reflect.Map:
		out := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			out[fmt.Sprint(it.Key())] = plainValue(it.Value())
		}
		return out
	default:
		return fmt.Sprint(v)
	}
}
