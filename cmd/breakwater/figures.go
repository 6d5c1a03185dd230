package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"breakwater/acd/figures"
	"breakwater/store"
)

type figuresCommand struct {
	server
	span
	Report string `arg:"" help:"What to report: queues, protection, team or queue-log." enum:"queues,protection,team,queue-log" default:"queues"`
	Queue  string `help:"One queue only."`
	Team   string `help:"Name of the team."`
	Step   string `help:"Length of a period: whole, 15m, 1h, day or another length."`
	CSV    bool   `help:"Print CSV." name:"csv"`
	JSON   bool   `help:"Print JSON." name:"json"`
}

// span is a time that is asked about.
type span struct {
	From     string `help:"Beginning: 2026-01-31, 2026-01-31T09:00:00Z, or -15m. Default: today." placeholder:"TIME"`
	To       string `help:"End. Default: now, or the end of the day." placeholder:"TIME"`
	TimeZone string `help:"Time zone of dates, e.g. Europe/Berlin. Default: that of the server's config."`
}

func (s span) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"from": s.From, "to": s.To, "time_zone": s.TimeZone} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// Run asks the server and prints the answer.
func (c figuresCommand) Run() error { return c.print(os.Stdout) }

func (c figuresCommand) print(w io.Writer) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	return c.pour(path, patience, func(answer io.Reader) error {
		if c.CSV || c.JSON || c.Report != "queues" {
			_, err := io.Copy(w, answer)
			return err
		}
		var r queueReport
		if err := json.NewDecoder(answer).Decode(&r); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		return r.print(w)
	})
}

// patience is how long a report is waited for: as long as the server takes for one.
const patience = 5 * time.Minute

// path is the question as the api takes it.
func (c figuresCommand) path() (string, error) {
	q := c.query()
	if c.Step != "" {
		q.Set("step", c.Step)
	}
	if c.CSV {
		q.Set("format", "csv")
	}
	path := "/v1/figures/" + map[string]string{"queue-log": "queue_log"}[c.Report]
	switch c.Report {
	case "queues":
		path += "queues"
		if c.Queue != "" {
			q.Set("queue", c.Queue)
		}
	case "team":
		if c.Team == "" {
			return "", errors.New("--team is needed: figures of a person are that person's own, at /v1/own/figures")
		}
		path += "teams/" + url.PathEscape(c.Team)
	case "protection":
		path += "protection"
	}
	return path + "?" + q.Encode(), nil
}

// queueReport is what a person reads of an answer about queues.
type queueReport struct {
	Formula string `json:"formula"`
	Zone    string `json:"time_zone"`
	Periods []struct {
		From    time.Time  `json:"from"`
		Figures []queueRow `json:"figures"`
	} `json:"periods"`
}

type queueRow struct {
	Queue   string `json:"queue"`
	Callers struct {
		Entered, Answered, Abandoned int
	} `json:"callers"`
	Level struct {
		A *float64 `json:"sl_a"`
		B *float64 `json:"sl_b"`
		C *float64 `json:"sl_c"`
		D *float64 `json:"sl_d"`
	} `json:"service_level"`
	Waits struct {
		ASA *float64 `json:"asa_seconds"`
	} `json:"waits"`
	Handling struct {
		Handled int      `json:"handled"`
		AHT     *float64 `json:"aht_seconds"`
	} `json:"handling"`
}

func (r queueReport) print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "from\tqueue\tentered\tanswered\tabandoned\tSL-A\tSL-B\tSL-C\tSL-D\tASA\tAHT\t\n")
	for _, p := range r.Periods {
		for _, f := range p.Figures {
			fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", p.From.Format("2006-01-02 15:04"), f.Queue,
				f.Callers.Entered, f.Callers.Answered, f.Callers.Abandoned,
				percent(f.Level.A), percent(f.Level.B), percent(f.Level.C), percent(f.Level.D), inSeconds(f.Waits.ASA), inSeconds(f.Handling.AHT))
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nformulas %s (docs/figures.md), time zone %s\n", r.Formula, r.Zone)
	return err
}

func percent(share *float64) string {
	if share == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100**share)
}

func inSeconds(s *float64) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f s", *s)
}

// history is the traffic of a queue as it was: for staffing.
type history struct {
	server
	span
	Queue string `help:"Take calls and handle time from this queue's past, in the busiest interval." placeholder:"NAME"`
	Store string `help:"Read the past from a store that no server uses, e.g. sqlite:var/breakwater.db, instead of asking one." placeholder:"URL"`
}

// load is the busiest interval of the queue, and its handle time over the whole.
func (h history) load(per time.Duration) (figures.Load, time.Time, error) {
	if h.Store != "" {
		return h.stored(per)
	}
	q := h.query()
	q.Set("queue", h.Queue)
	q.Set("step", per.String())
	var r struct {
		Periods []struct {
			From    time.Time `json:"from"`
			Figures []struct {
				Callers  struct{ Offered, Refused int } `json:"callers"`
				Handling struct {
					Handled int      `json:"handled"`
					AHT     *float64 `json:"aht_seconds"`
				} `json:"handling"`
			} `json:"figures"`
		} `json:"periods"`
	}
	err := h.pour("/v1/figures/queues?"+q.Encode(), patience, func(answer io.Reader) error {
		if err := json.NewDecoder(answer).Decode(&r); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		return nil
	})
	if err != nil {
		return figures.Load{}, time.Time{}, err
	}
	var b busiest
	for _, p := range r.Periods {
		for _, f := range p.Figures {
			aht := 0.0
			if f.Handling.AHT != nil {
				aht = *f.Handling.AHT
			}
			b.add(p.From, f.Callers.Offered+f.Callers.Refused, f.Handling.Handled, time.Duration(aht*float64(time.Second)))
		}
	}
	return b.load(h.Queue, per)
}

// stored reads the past from a store.
func (h history) stored(per time.Duration) (_ figures.Load, _ time.Time, err error) {
	ctx := context.Background()
	s, err := store.Open(ctx, h.Store, slog.New(slog.DiscardHandler))
	if err != nil {
		return figures.Load{}, time.Time{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	from, to, err := h.dates()
	if err != nil {
		return figures.Load{}, time.Time{}, err
	}
	now := time.Now()
	r, err := figures.NewBook(s, figures.Settings{}).Queues(ctx, figures.Ask{From: from, To: to, Step: per.String(), Queue: h.Queue}, now)
	if err != nil {
		return figures.Load{}, time.Time{}, err
	}
	var b busiest
	for _, p := range r.Periods {
		for _, f := range p.Figures {
			aht, _ := f.Handling.AHT.Value()
			b.add(p.From, f.Callers.Offered+f.Callers.Refused, f.Handling.Handled, aht)
		}
	}
	return b.load(h.Queue, per)
}

// dates reads the period without a server: by dates of the given zone.
func (h history) dates() (from, to time.Time, err error) {
	zone := time.Local
	if h.TimeZone != "" {
		if zone, err = time.LoadLocation(h.TimeZone); err != nil {
			return from, to, fmt.Errorf("--time-zone %q is not known; write for example Europe/Berlin", h.TimeZone)
		}
	}
	if from, err = time.ParseInLocation(time.DateOnly, h.From, zone); err != nil {
		return from, to, fmt.Errorf("--from %q is no date; with --store write for example 2026-01-31", h.From)
	}
	if to = from.AddDate(0, 0, 1); h.To != "" {
		if to, err = time.ParseInLocation(time.DateOnly, h.To, zone); err != nil {
			return from, to, fmt.Errorf("--to %q is no date; with --store write for example 2026-01-31", h.To)
		}
	}
	return from, to, nil
}

// busiest finds the interval with the most callers.
type busiest struct {
	at      time.Time
	calls   int
	handled int
	took    time.Duration
}

func (b *busiest) add(at time.Time, calls, handled int, aht time.Duration) {
	if calls > b.calls {
		b.at, b.calls = at, calls
	}
	b.handled += handled
	b.took += aht * time.Duration(handled)
}

func (b *busiest) load(queue string, per time.Duration) (figures.Load, time.Time, error) {
	if b.calls == 0 || b.handled == 0 {
		return figures.Load{}, time.Time{}, fmt.Errorf("queue %s had no calls in this time that were handled: give --calls and --aht", strings.TrimSpace(queue))
	}
	return figures.Load{Calls: float64(b.calls), Per: per, AHT: b.took / time.Duration(b.handled)}, b.at, nil
}
