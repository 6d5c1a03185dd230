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
	Open     int           // still on the line when the day ends
}

// Judge computes a day from its events: the queues by the formulas of figures, with
// answers within 20 s for the service level.
func (d *Day) Judge(events []acd.Event) (Outcome, error) {
	engine := figures.New(figures.Rules{}.WithDefaults())
	waits, entered := map[string][]time.Duration{}, map[uint64]acd.Event{}
	for _, e := range events {
		engine.Add(e)
		from, onLine := entered[e.Ticket]
		switch e.Kind {
		case acd.KindEntered:
			entered[e.Ticket] = e
		case acd.KindAnswered:
			if onLine {
				waits[e.Queue] = append(waits[e.Queue], e.At.Wall.Sub(from.At.Wall))
			}
			delete(entered, e.Ticket)
		case acd.KindLeft, acd.KindRemoved, acd.KindParked:
			delete(entered, e.Ticket)
		}
	}
	open := map[string]int{}
	for _, e := range entered {
		open[e.Queue]++
	}
	cuts, err := figures.Cut(d.Begin.At.Wall, d.end.Wall.Add(time.Second), figures.Whole)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Queues: map[string]Queue{}}
	for _, name := range engine.Queues() {
		out.Queues[name] = Queue{engine.Queue(name, cuts)[0], quantile(waits[name], 0.5), quantile(waits[name], 0.9), open[name]}
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

// number is a figure of a column; known is false where there is nothing to tell.
type number struct {
	value float64
	known bool
}

// text writes a number under the others of its column.
func (n number) text(format string) string {
	if !n.known {
		return "       -"
	}
	return fmt.Sprintf(format, n.value)
}

// row is a figure of each column. Shares are percent, lengths seconds.
type row struct {
	label  string
	unit   string
	of     func(Column) number
	format string
	rare   bool // not shown where it is 0 everywhere
}

// Print writes the outcomes side by side, and what changes from the last but one to the
// last. Loads are told as least, middle and most, so that nobody's is read off; with
// agents each is named.
func Print(w io.Writer, agents bool, columns ...Column) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\t")
	for _, c := range columns {
		fmt.Fprint(t, c.Title, "\t")
	}
	fmt.Fprintln(t, map[bool]string{true: "change", false: ""}[len(columns) > 1])
	blank := strings.Repeat("\t", len(columns)+1) // a line without cells would begin a new table
	for _, name := range named(columns, func(c Column) []string { return slices.Collect(maps.Keys(c.Queues)) }) {
		fmt.Fprintf(t, "queue %s%s\n", name, blank)
		for _, r := range queueRows(name) {
			if !r.rare || slices.ContainsFunc(columns, func(c Column) bool { return r.of(c).value != 0 }) {
				r.print(t, columns)
			}
		}
	}
	fmt.Fprintf(t, "load of agents%s\n", blank)
	for i, label := range []string{"least", "middle", "most"} {
		r := row{label, " %", func(c Column) number { return c.rank(i) }, "%8.1f", false}
		r.print(t, columns)
	}
	if agents {
		for _, name := range named(columns, func(c Column) []string { return slices.Collect(maps.Keys(c.Load)) }) {
			r := row{name, " %", func(c Column) number { load, known := c.Load[name]; return number{100 * load, known} }, "%8.1f", false}
			r.print(t, columns)
		}
	}
	return t.Flush()
}

// named are the names in any of the columns, in order.
func named(columns []Column, of func(Column) []string) []string {
	var out []string
	for _, c := range columns {
		out = append(out, of(c)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func queueRows(name string) []row {
	of := func(tell func(Queue) number) func(Column) number {
		return func(c Column) number {
			q, known := c.Queues[name]
			if !known {
				return number{}
			}
			return tell(q)
		}
	}
	count := func(n int) number { return number{float64(n), true} }
	share := func(r figures.Ratio) number { v, known := r.Value(); return number{100 * v, known} }
	return []row{
		{"callers", "", of(func(q Queue) number { return count(q.Callers.Entered) }), "%8.0f", false},
		{"answered", "", of(func(q Queue) number { return count(q.Callers.Answered) }), "%8.0f", false},
		{"kept or taken out by a limit", "", of(func(q Queue) number { return count(q.Callers.Refused + q.Callers.Removed) }), "%8.0f", true},
		{"callbacks begun", "", of(func(q Queue) number { return count(q.Callers.Parked) }), "%8.0f", true},
		{"callbacks reached", "", of(func(q Queue) number { return count(q.Callers.Back) }), "%8.0f", true},
		{"messages left", "", of(func(q Queue) number { return count(q.Callers.Messages) }), "%8.0f", true},
		{"messages heard", "", of(func(q Queue) number { return count(q.Callers.Heard) }), "%8.0f", true},
		{"still waiting at the end", "", of(func(q Queue) number { return count(q.Open) }), "%8.0f", true},
		{"answered within 20 s (SL-A)", " %", of(func(q Queue) number { return share(q.Level.A) }), "%8.1f", false},
		{"average wait (ASA)", " s", of(func(q Queue) number { d, known := q.Waits.ASA.Value(); return number{d.Seconds(), known} }), "%8.1f", false},
		{"half waited at most", " s", of(func(q Queue) number { return number{q.P50.Seconds(), q.Callers.Answered > 0} }), "%8.1f", false},
		{"nine of ten waited at most", " s", of(func(q Queue) number { return number{q.P90.Seconds(), q.Callers.Answered > 0} }), "%8.1f", false},
		{"hung up", " %", of(func(q Queue) number { return share(q.Waits.Abandon) }), "%8.1f", false},
	}
}

// print writes a row. A change too small to be shown is none.
func (r row) print(w io.Writer, columns []Column) {
	fmt.Fprint(w, "  ", r.label)
	for _, c := range columns {
		n := r.of(c)
		fmt.Fprint(w, "\t", n.text(r.format))
		if n.known {
			fmt.Fprint(w, r.unit)
		}
	}
	if n := len(columns); n > 1 {
		before, after := r.of(columns[n-2]), r.of(columns[n-1])
		change := number{after.value - before.value, before.known && after.known}
		text := change.text(strings.Replace(r.format, "%", "%+", 1))
		if change.known && strings.Trim(text, " +-0.") == "" {
			text = "       ="
		}
		fmt.Fprint(w, "\t", text)
	}
	fmt.Fprintln(w)
}

// rank is the least, the middle or the most load.
func (o Outcome) rank(which int) number {
	all := slices.Sorted(maps.Values(o.Load))
	if len(all) == 0 {
		return number{}
	}
	return number{100 * all[[]int{0, len(all) / 2, len(all) - 1}[which]], true}
}
