package api

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"breakwater/acd/figures"
)

// figurePaths are where reports are asked for. There is none of a person among them.
const figurePaths = "/v1/figures/"

// stream is an answer that is written while it is made, for nobody shall hold all of it.
// Reports take their time: the asker waits for a long one up to reporting.
type stream struct {
	kind  string // its media type
	write func(io.Writer) error
}

// pour sends a stream. What goes wrong before anything was sent is told as of any answer;
// later the connection is cut, so that a part does not look like the whole.
func (s *Server) pour(w http.ResponseWriter, r *http.Request, from stream) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(reporting)) // where there is a connection
	to := &begun{ResponseWriter: w, kind: from.kind}
	out := bufio.NewWriterSize(to, mostHeld)
	err := from.write(out)
	if err == nil {
		err = out.Flush()
	}
	switch {
	case err == nil && !to.is:
		to.begin()
	case err == nil:
	case !to.is:
		s.explain(w, r, err)
	default:
		s.log.Warn("a report is cut off", "path", r.URL.Path, "err", err)
		panic(http.ErrAbortHandler)
	}
}

// mostHeld is how much of a stream is held before any of it is sent.
const mostHeld = 64 << 10

// begun knows whether anything was sent.
type begun struct {
	http.ResponseWriter
	kind string
	is   bool
}

func (b *begun) begin() {
	b.is = true
	b.Header().Set("Content-Type", b.kind)
	b.WriteHeader(http.StatusOK)
}

// Write sends, after the header.
func (b *begun) Write(p []byte) (int, error) {
	if !b.is {
		b.begin()
	}
	return b.ResponseWriter.Write(p)
}

// figureAsk is a question about figures, as the address holds it.
type figureAsk struct {
	figures.Ask
	csv bool
	now time.Time
}

// ofZone is the parameter by which a report is of other days than those of the settings.
const ofZone = "time_zone"

// ask reads the parameters of a question; known are those that not every report has.
// Without a time it is about today, without a zone about that of the settings.
func (s *Server) ask(from url.Values, known ...string) (figureAsk, error) {
	given, err := once(from, append(known, "from", "to", "step", "format")...)
	if err != nil {
		return figureAsk{}, err
	}
	here, err := s.parts.Figures.Settings().Location()
	if name, asked := given[ofZone]; asked {
		here, err = time.LoadLocation(name)
	}
	if err != nil {
		return figureAsk{}, badRequest("time_zone: %q is not known; write for example Europe/Berlin", given[ofZone])
	}
	a := figureAsk{now: time.Now()}
	a.Step, a.Queue, a.Repeats = given["step"], given["queue"], given["repeats"] == "true"
	if a.From, a.To, err = period(given, a.now.In(here)); err != nil {
		return figureAsk{}, err
	}
	if within, asked := given["within"]; asked {
		if a.Within, err = time.ParseDuration(within); err != nil || a.Within < time.Second || a.Within > time.Hour {
			return figureAsk{}, badRequest("within: %q is not a length from 1s to 1h; write for example 20s", within)
		}
	}
	switch given["format"] {
	case "", "json":
	case "csv":
		a.csv = true
	default:
		return figureAsk{}, badRequest("format: %q is not json or csv", given["format"])
	}
	return a, nil
}

// period reads from and to: a date begins at midnight where it is asked, "last 15m" is
// from=-15m. Without from it is today from midnight on, without to it ends now, or with
// the day where from is a date.
func period(given map[string]string, now time.Time) (from, to time.Time, err error) {
	y, m, d := now.Date()
	from, to = time.Date(y, m, d, 0, 0, 0, 0, now.Location()), time.Date(y, m, d+1, 0, 0, 0, 0, now.Location())
	if text, asked := given["from"]; asked {
		if from, err = moment("from", text, now); err != nil {
			return from, to, err
		}
		to = now
		if len(text) == len(time.DateOnly) && !strings.HasPrefix(text, "-") {
			to = from.AddDate(0, 0, 1)
		}
	}
	if text, asked := given["to"]; asked {
		if to, err = moment("to", text, now); err != nil {
			return from, to, err
		}
	}
	if !from.Before(to) {
		return from, to, badRequest("to: %s is not after from %s", to.Format(time.RFC3339), from.Format(time.RFC3339))
	}
	return from, to, nil
}

// moment reads a time, a date, or a length before now such as -15m.
func moment(name, text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.In(now.Location()), nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return at, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago <= 0 {
		return now.Add(ago), nil
	}
	return time.Time{}, badRequest("%s: %q is not a time; write 2026-01-31, 2026-01-31T09:00:00Z (a + is written %%2B) or -15m", name, text)
}

// shown gives a report as it was asked for.
func shown[T any](r figures.Report[T], err error, a figureAsk) (any, error) {
	if a.csv {
		return stream{"text/csv; charset=utf-8", r.CSV}, err
	}
	return stream{"application/json", r.WriteJSON}, err
}

func (s *Server) queueFigures(r *http.Request) (any, error) {
	a, err := s.ask(r.URL.Query(), ofZone, "queue", "within", "repeats")
	if err != nil {
		return nil, err
	}
	out, err := s.parts.Figures.Queues(r.Context(), a.Ask, a.now)
	if err == nil && a.Queue != "" {
		err = s.queueKnown(r.Context(), a)
	}
	return shown(out, err, a)
}

// queueKnown refuses a queue that neither the floor has nor the time asked about: a row of
// zeros would say that nobody called.
func (s *Server) queueKnown(ctx context.Context, a figureAsk) error {
	asked := a.Queue
	now, err := s.parts.Floor.Queues(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, q := range now {
		known[q.Name] = true
	}
	if known[asked] {
		return nil
	}
	a.Queue = ""
	past, err := s.parts.Figures.Queues(ctx, a.Ask, a.now)
	if err != nil {
		return err
	}
	for _, p := range past.Periods {
		for _, f := range p.Figures {
			known[f.Queue] = true
		}
	}
	if known[asked] {
		return nil
	}
	return badRequest("queue: there is none %q now or in this time, but %s", asked, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

// teamFigures are by the days of the settings alone: days that begin at another hour could be
// subtracted until an hour is left, and the one who worked then. Without a time it is about
// yesterday, for of today there is nothing to tell.
func (s *Server) teamFigures(r *http.Request) (any, error) {
	given := r.URL.Query()
	if given.Has(ofZone) {
		return nil, badRequest("time_zone: the days of a team are those of figures.time_zone")
	}
	a, err := s.ask(given)
	if err != nil {
		return nil, err
	}
	if !given.Has("from") && !given.Has("to") {
		a.From, a.To = a.From.AddDate(0, 0, -1), a.From
	}
	out, err := s.parts.Figures.Team(r.Context(), r.PathValue("team"), a.Ask, a.now)
	return shown(out, err, a)
}

func (s *Server) careFigures(r *http.Request) (any, error) {
	a, err := s.ask(r.URL.Query(), ofZone)
	if err != nil {
		return nil, err
	}
	out, err := s.parts.Figures.Care(r.Context(), a.Ask, a.now)
	return shown(out, err, a)
}

// ownFigures are the agent's, who has shown number and PIN.
func (s *Server) ownFigures(r *http.Request) (any, error) {
	a, err := s.ask(r.URL.Query(), ofZone)
	if err != nil {
		return nil, err
	}
	agent, _ := r.Context().Value(whoKey{}).(string)
	out, err := s.parts.Figures.Own(r.Context(), agent, a.Ask, a.now)
	return shown(out, err, a)
}

// queueLog is the log for reporting tools made for Asterisk.
func (s *Server) queueLog(r *http.Request) (any, error) {
	a, err := s.ask(r.URL.Query(), ofZone)
	if err != nil {
		return nil, err
	}
	return stream{"text/plain; charset=utf-8", func(w io.Writer) error {
		return s.parts.Figures.QueueLog(r.Context(), w, a.From, a.To, s.parts.Members())
	}}, nil
}

// scrapeFigures tells the figures of queues, of the last quarter of an hour and of today.
// What is unknown is left out: a service level without calls is no number.
func (s *Server) scrapeFigures(ctx context.Context, out *sheet) {
	now := time.Now()
	for _, f := range s.parts.Figures.Recent(now) {
		tellFigures(out, f, label{"queue", f.Queue}, label{"window", "15m"})
	}
	if today, err := s.parts.Figures.Today(ctx, now); err == nil {
		for _, f := range today {
			tellFigures(out, f, label{"queue", f.Queue}, label{"window", "today"})
		}
	}
}

func tellFigures(out *sheet, f figures.Brief, of ...label) {
	out.add(gauge, "queue_answered", float64(f.Callers.Answered), of...)
	for name, r := range map[string]figures.Ratio{"queue_service_level": f.Level.A, "queue_abandon_rate": f.Waits.Abandon} {
		if v, known := r.Value(); known {
			out.add(gauge, name, v, of...)
		}
	}
	for name, m := range map[string]figures.Mean{"queue_asa_seconds": f.Waits.ASA, "queue_aht_seconds": f.Handling.AHT} {
		if v, known := m.Value(); known {
			out.add(gauge, name, v.Seconds(), of...)
		}
	}
}
