package acd

import (
	"encoding/json"
	"fmt"

	"breakwater/jsonline"
)

// What is kept of every call, as JSON. Ledger and decision log write an event by the same
// lines; they differ in who called and in the time alone.

// AppendJSON appends the event as encoding/json writes it.
func (e *Event) AppendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Uint("seq", e.Seq)
	o.Put(e.At.AppendJSON(o.Field("at")))
	e.facts(&o, e.Who)
	return o.Close()
}

// AppendHistory appends what of the event is history: all but Who.
func (e *Event) AppendHistory(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Uint("seq", e.Seq)
	o.Put(e.At.AppendJSON(o.Field("at")))
	e.facts(&o, nil)
	return o.Close()
}

// AppendOf appends the event as one of a turn: it does not repeat the turn's time.
func (e *Event) AppendOf(turn *Stamp, dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Uint("seq", e.Seq)
	e.facts(&o, e.Who)
	if e.At != *turn && e.At != (Stamp{}) {
		o.Put(e.At.AppendJSON(o.Field("at")))
	}
	return o.Close()
}

// facts appends what an event tells beyond its place and time.
func (e *Event) facts(o *jsonline.Object, who *Caller) {
	o.Text("kind", e.Kind)
	o.TextOrNone("agent", e.Agent)
	o.TextOrNone("phone", e.Phone)
	o.TextOrNone("queue", e.Queue)
	o.TextOrNone("call", e.Call)
	o.UintOrNone("ticket", e.Ticket)
	o.UintOrNone("assignment", e.Assignment)
	o.TextOrNone("state", string(e.State))
	o.TextOrNone("reason", e.Reason)
	if e.Until != (Stamp{}) {
		o.Put(e.Until.AppendJSON(o.Field("until")))
	}
	o.IntOrNone("length", int64(e.Length))
	o.IntOrNone("level", int64(e.Level))
	o.IntOrNone("max", int64(e.Max))
	if e.Talk != (Talk{}) {
		o.Put(e.Talk.appendJSON(o.Field("talk")))
	}
	o.TextOrNone("caller", e.Caller)
	if who != nil {
		o.Put(who.AppendJSON(o.Field("who")))
	}
	if e.Care != (CareFact{}) {
		o.Put(e.Care.appendJSON(o.Field("care")))
	}
}

// AppendJSON appends the moment as encoding/json writes it.
func (s *Stamp) AppendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Time("wall", s.Wall)
	o.TextOrNone("boot", s.Boot)
	o.IntOrNone("mono", int64(s.Mono))
	return o.Close()
}

func (t *Talk) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.IntOrNone("length", int64(t.Length))
	o.TrueOrNone("protected", t.Protected)
	o.TrueOrNone("raised", t.Raised)
	o.IntOrNone("held", int64(t.Held))
	o.IntOrNone("warnings", int64(t.Warnings))
	return o.Close()
}

func (f *CareFact) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.IntOrNone("tier", int64(f.Tier))
	o.TrueOrNone("event", f.Event)
	o.TrueOrNone("urgent", f.Urgent)
	o.IntOrNone("row", int64(f.Row))
	o.IntOrNone("paid", int64(f.Paid))
	o.TextOrNone("cap", string(f.Cap))
	o.TextOrNone("by", f.By)
	return o.Close()
}

// AppendJSON appends the caller as encoding/json writes it.
func (c *Caller) AppendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.TextOrNone("number", c.Number)
	if len(c.Data) > 0 {
		o.Put(jsonline.Table(o.Field("data"), c.Data, jsonline.Any))
	}
	o.TextOrNone("prefer", c.Prefer)
	o.IntOrNone("tier", int64(c.Tier))
	o.TrueOrNone("event", c.Event)
	o.TrueOrNone("urgent", c.Urgent)
	if c.Back != nil {
		o.Put(c.Back.appendJSON(o.Field("back")))
	}
	return o.Close()
}

func (c *Callback) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("number", c.Number)
	o.Text("kind", c.Kind)
	o.TimeOrNone("at", c.At)
	o.IntOrNone("tries", int64(c.Tries))
	o.TextOrNone("message", c.Message)
	o.IntOrNone("length", int64(c.Length))
	return o.Close()
}

// AppendJSON appends the input as encoding/json writes it. A plan, which is rare and
// large, takes the way of encoding/json, and so do shifts and lifts.
func (in *Input) AppendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("kind", string(in.Kind))
	o.UintOrNone("ticket", in.Ticket)
	o.UintOrNone("assignment", in.Assignment)
	o.TextOrNone("agent", in.Agent)
	o.TextOrNone("why", in.Why)
	if in.Entry != nil {
		o.Put(in.Entry.appendJSON(o.Field("entry")))
	}
	if in.Command != nil {
		o.Put(in.Command.appendJSON(o.Field("command")))
	}
	if in.Outcome != nil {
		o.Put(in.Outcome.appendJSON(o.Field("outcome")))
	}
	if in.Phones != nil {
		o.Put(in.Phones.AppendJSON(o.Field("phones")))
	}
	if in.Plan != nil {
		o.Put(appendRare(o.Field("plan"), in.Plan))
	}
	if len(in.Shifts) > 0 {
		o.Put(appendRare(o.Field("shifts"), in.Shifts))
	}
	if in.Callback != nil {
		o.Put(in.Callback.appendJSON(o.Field("callback")))
	}
	if in.Lift != nil {
		o.Put(appendRare(o.Field("lift"), in.Lift))
	}
	o.IntOrNone("length", int64(in.Length))
	return o.Close()
}

// isZero tells of an input that a turn does not write: there was none.
func (in *Input) isZero() bool {
	return in.Kind == "" && in.Ticket == 0 && in.Assignment == 0 && in.Agent == "" && in.Why == "" && in.Length == 0 &&
		in.Entry == nil && in.Command == nil && in.Outcome == nil && in.Phones == nil && in.Plan == nil &&
		in.Shifts == nil && in.Callback == nil && in.Lift == nil && in.routes == nil
}

func appendRare(dst []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return dst, fmt.Errorf("write %T: %w", v, err)
	}
	return append(dst, text...), nil
}

func (e *Entry) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("Call", e.Call)
	o.Text("Queue", e.Queue)
	o.Text("Caller", e.Caller)
	o.Put(jsonline.Table(o.Field("Data"), e.Data, jsonline.Any))
	o.Time("Since", e.Since)
	o.Int("Priority", int64(e.Priority))
	o.Bool("Head", e.Head)
	o.Text("Prefer", e.Prefer)
	o.Text("Again", e.Again)
	o.Int("Tier", int64(e.Tier))
	o.Bool("Event", e.Event)
	o.Bool("Urgent", e.Urgent)
	return o.Close()
}

func (c *Command) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("Verb", string(c.Verb))
	o.Text("Phone", c.Phone)
	o.Text("Reason", c.Reason)
	return o.Close()
}

func (u *Outcome) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("Cause", u.Cause)
	o.Bool("Protected", u.Protected)
	o.Bool("Raised", u.Raised)
	o.Bool("Event", u.Event)
	o.Int("Rest", int64(u.Rest))
	o.Int("RestFor", int64(u.RestFor))
	o.Int("RestMax", int64(u.RestMax))
	o.Int("Held", int64(u.Held))
	o.Int("Warnings", int64(u.Warnings))
	return o.Close()
}

// AppendJSON appends the words as encoding/json writes them.
func (w *PhoneWords) AppendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	if len(w.Busy) > 0 {
		o.Put(jsonline.Table(o.Field("busy"), w.Busy, jsonline.BoolValue))
	}
	if len(w.Away) > 0 {
		o.Put(jsonline.Table(o.Field("away"), w.Away, jsonline.BoolValue))
	}
	return o.Close()
}

// AppendLog appends the turn as a line of a log has it: like encoding/json, but that its
// events come last and do not repeat its time.
func (t *Turn) AppendLog(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Put(t.At.AppendJSON(o.Field("at")))
	if t.Phones != nil {
		o.Put(t.Phones.AppendJSON(o.Field("phones")))
	}
	if !t.In.isZero() {
		o.Put(t.In.AppendJSON(o.Field("in")))
	}
	o.TextOrNone("refused", t.Refused)
	if len(t.Offers) > 0 {
		o.Put(jsonline.List(o.Field("offers"), t.Offers, (*MadeOffer).appendJSON))
	}
	if len(t.Revoked) > 0 {
		o.Put(jsonline.List(o.Field("revoked"), t.Revoked, jsonline.UintValue))
	}
	if len(t.Removed) > 0 {
		o.Put(jsonline.List(o.Field("removed"), t.Removed, (*OutOfQueue).appendJSON))
	}
	if len(t.Events) > 0 {
		o.Put(jsonline.List(o.Field("events"), t.Events,
			func(e *Event, dst []byte) ([]byte, error) { return e.AppendOf(&t.At, dst) }))
	}
	return o.Close()
}

func (m *MadeOffer) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Uint("ticket", m.Ticket)
	o.Put(jsonline.List(o.Field("seats"), m.Seats, (*MadeSeat).appendJSON))
	return o.Close()
}

func (s *MadeSeat) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Uint("assignment", s.Assignment)
	o.Text("agent", s.Agent)
	o.Text("phone", s.Phone)
	o.Text("reason", s.Reason)
	return o.Close()
}

func (x *OutOfQueue) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Uint("ticket", x.Ticket)
	o.Text("limit", x.Limit)
	o.TextOrNone("target", x.Target)
	return o.Close()
}
