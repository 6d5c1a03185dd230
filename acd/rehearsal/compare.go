package rehearsal

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"breakwater/acd"
	"breakwater/acd/figures"
)

// Outcome is what a day came to.
type Outcome struct {
	Queues map[string]Queue
	Load   map[string]float64 // by agent: share of the time logged in that went into ring, talk and wrap-up
}

// Queue is what a day came to in one queue.
type Queue struct {
	figures.QueueFigures
	P50, P90 time.Duration // of the waits of those answered
}

// Judge computes a day from its events: the queues by the formulas of figures, with
// answers within 20 s for the service level.
func (d *Day) Judge(events []acd.Event) (Outcome, error) {
	engine := figures.New(figures.Rules{}.WithDefaults())
	waits, entered := map[string][]time.Duration{}, map[uint64]time.Time{}
	for _, e := range events {
		engine.Add(e)
		switch from, known := entered[e.Ticket]; {
		case e.Kind == acd.KindEntered:
			entered[e.Ticket] = e.At.Wall
		case e.Kind == acd.KindAnswered && known:
			waits[e.Queue] = append(waits[e.Queue], e.At.Wall.Sub(from))
		}
	}
	cuts, err := figures.Cut(d.Begin.At.Wall, d.end.Wall.Add(time.Second), figures.Whole)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Queues: map[string]Queue{}}
	for _, name := range engine.Queues() {
		out.Queues[name] = Queue{engine.Queue(name, cuts)[0], quantile(waits[name], 0.5), quantile(waits[name], 0.9)}
	}
	out.Load, err = d.loads(events)
	return out, err
}

// spell is what an agent has done since a moment.
type spell struct {
	state        acd.AgentState
	since        time.Time
	busy, logged time.Duration
}

func (s *spell) until(at time.Time) {
	d := max(0, at.Sub(s.since))
	s.since = at
	switch s.state {
	case acd.LoggedOut:
		return
	case acd.Offered, acd.OnCall, acd.WrapUp:
		s.busy += d
	case acd.Ready, acd.Resting, acd.NotReady, acd.Missed:
	}
	s.logged += d
}

func (d *Day) loads(events []acd.Event) (map[string]float64, error) {
	floor, err := acd.Resume(d.Begin)
	if err != nil {
		return nil, err
	}
	spells := map[string]*spell{}
	for _, v := range floor.Agents() {
		spells[v.Name] = &spell{state: v.State, since: d.Begin.At.Wall}
	}
	for _, e := range events {
		if e.Agent == "" || e.State == "" || e.Kind == acd.KindPhoneBusy || e.Kind == acd.KindPhoneFree {
			continue
		}
		if spells[e.Agent] == nil {
			spells[e.Agent] = &spell{state: acd.LoggedOut, since: e.At.Wall}
		}
		s := spells[e.Agent]
		s.until(e.At.Wall)
		s.state = e.State
	}
	out := map[string]float64{}
	for name, s := range spells {
		if s.until(d.end.Wall); s.logged > 0 {
			out[name] = s.busy.Seconds() / s.logged.Seconds()
		}
	}
	return out, nil
}

// quantile of what need not be in order; 0 when there is none.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	all = slices.Clone(all)
	slices.Sort(all)
	return all[min(len(all)-1, int(q*float64(len(all))))]
}

// Column is an outcome with the words above it.
type Column struct {
	Title string
	Outcome
}

// Print writes the outcomes side by side. Loads are told as least, middle and most, so
// that nobody's is read off; with agents each is named.
func Print(w io.Writer, agents bool, columns ...Column) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	titles, queues, people := []string{""}, map[string]bool{}, map[string]bool{}
	for _, c := range columns {
		titles = append(titles, c.Title)
		for name := range c.Queues {
			queues[name] = true
		}
		for name := range c.Load {
			people[name] = true
		}
	}
	fmt.Fprintln(t, strings.Join(titles, "\t"))
	row := func(label string, cell func(Column) string) {
		fmt.Fprint(t, label)
		for _, c := range columns {
			fmt.Fprint(t, "\t", cell(c))
		}
		fmt.Fprintln(t)
	}
	for _, name := range slices.Sorted(maps.Keys(queues)) {
		row("queue "+name, func(Column) string { return "" })
		of := func(text func(Queue) string) func(Column) string {
			return func(c Column) string { return text(c.Queues[name]) }
		}
		row("  callers", of(func(q Queue) string { return fmt.Sprint(q.Callers.Entered) }))
		row("  answered within 20 s (SL-A)", of(func(q Queue) string { return percent(q.Level.A.Value()) }))
		row("  average wait (ASA)", of(func(q Queue) string { return average(q.Waits.ASA) }))
		row("  waits P50, P90", of(func(q Queue) string { return fmt.Sprintf("%.1f s, %.1f s", q.P50.Seconds(), q.P90.Seconds()) }))
		row("  hung up", of(func(q Queue) string { return percent(q.Waits.Abandon.Value()) }))
	}
	row("load of agents: least, middle, most", func(c Column) string { return c.spread() })
	for _, name := range slices.Sorted(maps.Keys(people)) {
		if agents {
			row("  "+name, func(c Column) string {
				load, worked := c.Load[name]
				return percent(load, worked)
			})
		}
	}
	return t.Flush()
}

func (o Outcome) spread() string {
	all := slices.Sorted(maps.Values(o.Load))
	if len(all) == 0 {
		return "-"
	}
	return fmt.Sprintf("%s, %s, %s", percent(all[0], true), percent(all[len(all)/2], true), percent(all[len(all)-1], true))
}

func percent(share float64, known bool) string {
	if !known {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

func average(m figures.Mean) string {
	if m.Count == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s", m.Sum.Seconds()/float64(m.Count))
}
