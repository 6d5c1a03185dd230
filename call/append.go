package call

import (
	"breakwater/jsonline"
	"breakwater/media"
)

// What the journal keeps of every call, as JSON.

// AppendJSON appends the record as encoding/json writes it.
func (r *Record) AppendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("id", r.ID)
	o.Text("version", r.Version)
	o.TextOrNone("policy", r.Policy)
	o.Text("caller", r.Caller)
	o.Text("dialled", r.Dialled)
	o.TextOrNone("trunk", r.Trunk)
	o.TextOrNone("phone", r.Phone)
	o.TextOrNone("language", r.Language)
	if len(r.Data) > 0 {
		o.Put(jsonline.Table(o.Field("data"), r.Data, jsonline.TextValue))
	}
	o.Time("start", r.Start)
	o.TimeOrNone("answered", r.Answered)
	o.TimeOrNone("end", r.End)
	o.Put(r.Cause.appendJSON(o.Field("cause")))
	o.TextOrNone("callback", r.Callback)
	o.TextOrNone("message", r.Message)
	o.TextOrNone("queue", r.Queue)
	o.TextOrNone("agent", r.Agent)
	o.TextOrNone("talk_with", r.TalkWith)
	o.IntOrNone("warnings", int64(r.Warnings))
	o.TrueOrNone("protected", r.Protected)
	o.TrueOrNone("caller_wanted_more", r.WantedMore)
	o.TimeOrNone("notice_at", r.NoticeAt)
	r.lists(&o)
	return o.Close()
}

// lists appends what a record has many of.
func (r *Record) lists(o *jsonline.Object) {
	if len(r.Recordings) > 0 {
		o.Put(jsonline.Strings(o.Field("recordings"), r.Recordings))
	}
	o.Put(jsonline.List(o.Field("legs"), r.Legs, (*LegRecord).appendJSON))
	if len(r.Attempts) > 0 {
		o.Put(jsonline.List(o.Field("attempts"), r.Attempts, (*Attempt).appendJSON))
	}
	if len(r.Steps) > 0 {
		o.Put(jsonline.List(o.Field("steps"), r.Steps, (*Step).appendJSON))
	}
	if len(r.Segments) > 0 {
		o.Put(jsonline.List(o.Field("segments"), r.Segments, (*Segment).appendJSON))
	}
}

func (l *LegRecord) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Put(l.Party.appendJSON(o.Field("party")))
	o.TextOrNone("agent", l.Agent)
	o.TimeOrNone("answer", l.Answer)
	o.TimeOrNone("end", l.End)
	o.Put(l.Cause.appendJSON(o.Field("cause")))
	o.TextOrNone("codec", l.Codec)
	o.Put(appendQuality(o.Field("quality"), &l.Quality))
	o.TrueOrNone("lent", l.Lent)
	return o.Close()
}

func (p *Party) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("ID", p.ID)
	o.Bool("Incoming", p.Incoming)
	o.Text("Phone", p.Phone)
	o.Text("Trunk", p.Trunk)
	o.Text("Number", p.Number)
	o.Text("Name", p.Name)
	o.Text("Dialled", p.Dialled)
	switch {
	case p.Remote.Zone() != "": // may be any text
		o.Text("Remote", p.Remote.String())
	case p.Remote.IsValid():
		o.Put(append(p.Remote.AppendTo(append(o.Field("Remote"), '"')), '"'), nil)
	default:
		o.Text("Remote", "")
	}
	o.Time("Since", p.Since)
	o.Int("Hops", int64(p.Hops))
	return o.Close()
}

func (c *Cause) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Uint("by", uint64(c.By))
	o.IntOrNone("status", int64(c.Status))
	o.Text("metric", c.Metric)
	o.TextOrNone("text", c.Text)
	return o.Close()
}

func appendQuality(dst []byte, q *media.Quality) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Uint("Sent", q.Sent)
	o.Uint("Received", q.Received)
	o.Uint("Lost", q.Lost)
	o.Int("Jitter", int64(q.Jitter))
	o.Int("RoundTrip", int64(q.RoundTrip))
	o.Uint("Strangers", q.Strangers)
	o.Uint("FarLost", q.FarLost)
	o.Int("FarJitter", int64(q.FarJitter))
	o.Float("MOS", q.MOS)
	o.Float("WorstMOS", q.WorstMOS)
	o.Float("FarMOS", q.FarMOS)
	o.Uint("Discarded", q.Discarded)
	o.Put(jsonline.List(o.Field("Minutes"), q.Minutes, appendMinute))
	return o.Close()
}

func appendMinute(m *media.Minute, dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Int("Number", int64(m.Number))
	o.Float("MOS", m.MOS)
	o.Float("FarMOS", m.FarMOS)
	return o.Close()
}

func (a *Attempt) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("queue", a.Queue)
	o.Text("agent", a.Agent)
	o.Text("phone", a.Phone)
	o.Time("at", a.At)
	o.Int("rang_ns", int64(a.Rang))
	o.Text("result", a.Result)
	o.Text("reason", a.Reason)
	return o.Close()
}

func (s *Step) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Time("at", s.At)
	o.Int("mono_ns", int64(s.Mono))
	o.Text("name", s.Name)
	o.TextOrNone("note", s.Note)
	return o.Close()
}

func (s *Segment) appendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("kind", s.Kind)
	o.TextOrNone("queue", s.Queue)
	o.TextOrNone("agent", s.Agent)
	o.Time("from", s.From)
	o.Time("to", s.To)
	return o.Close()
}

// AppendJSON appends the shift as encoding/json writes it.
func (s *EarShift) AppendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("agent", s.Agent)
	o.TimeOrNone("began", s.Began)
	o.TimeOrNone("last", s.Last)
	o.Int("listened_ns", int64(s.Listened))
	o.Float("exposure_pa2h", s.Exposure)
	o.Uint("frames_limited", s.Limited)
	return o.Close()
}
