package trial

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"breakwater/loadtest/chart"
)

// Bounds are what a load must stay within to count as carried.
type Bounds struct {
	P99  time.Duration // of the delay that the server adds
	Loss float64       // share of frames
}

// broken says why a reading is out of bounds; empty when it is within.
func (b Bounds) broken(r *Reading) string {
	switch {
	case r.Tally.Strangers > 0:
		return fmt.Sprintf("%d frames of strangers", r.Tally.Strangers)
	case r.Tally.Unheard > 0:
		return fmt.Sprintf("%d parties are not heard", r.Tally.Unheard)
	case r.Loss >= b.Loss:
		return fmt.Sprintf("loss %.4f %%", 100*r.Loss)
	case r.P99() >= b.P99:
		return fmt.Sprintf("p99 %v", r.P99())
	}
	return ""
}

// Curve measures a server at each number of calls, rising.
type Curve struct {
	Calls  []int
	Rate   float64
	Settle time.Duration
	For    time.Duration
}

// Run gives one reading for each.
func (t Curve) Run(ctx context.Context, s *Stage, name string, pid int, w io.Writer) (all []*Reading, err error) {
	head(w)
	for _, n := range t.Calls {
		r, err := t.at(ctx, s, name, pid, n)
		if err != nil {
			return all, err
		}
		r.row(w)
		all = append(all, r)
	}
	return all, s.Clear(ctx)
}

func (t Curve) at(ctx context.Context, s *Stage, name string, pid, n int) (*Reading, error) {
	if err := s.Hold(ctx, n, t.Rate); err != nil {
		return nil, err
	}
	if err := wait(ctx, t.Settle); err != nil {
		return nil, err
	}
	r, err := s.measure(ctx, name, pid, n, t.For)
	if err != nil {
		return nil, err
	}
	if ended, how := s.gone(); ended > 0 {
		return r, fmt.Errorf("%d of %d calls ended by themselves, one of them: %s", ended, n, how)
	}
	return r, nil
}

// Capacity finds the highest load that stays within bounds: upwards in steps, then
// between the last that did and the first that did not. A load that fails once is
// given a second chance, since others may use the machine, too.
type Capacity struct {
	Curve
	Bounds Bounds
	First  int
	Step   int
	Exact  int // how exactly the limit is found, in calls
	Most   int
}

// Run gives the highest number of calls that was carried, and every reading.
func (t Capacity) Run(ctx context.Context, s *Stage, name string, pid int, w io.Writer) (carried int, all []*Reading, err error) {
	head(w)
	try := func(n int) (bool, error) {
		why := ""
		for range 2 {
			r, err := t.at(ctx, s, name, pid, n)
			if err != nil {
				return false, err
			}
			r.row(w)
			all = append(all, r)
			if why = t.Bounds.broken(r); why == "" {
				break
			}
		}
		if why != "" {
			fmt.Fprintf(w, "%d calls are too many: %s\n", n, why)
		}
		return why == "", nil
	}
	carried, err = search(t.First, t.Step, t.Exact, t.Most, try)
	if err != nil {
		return carried, all, err
	}
	return carried, all, s.Clear(ctx)
}

// search finds the highest n that try accepts, upwards in steps and then by halves.
func search(first, step, exact, most int, try func(int) (bool, error)) (int, error) {
	good, bad := 0, 0
	for n := first; n <= most && bad == 0; n += step {
		ok, err := try(n)
		switch {
		case err != nil:
			return good, err
		case ok:
			good = n
		default:
			bad = n
		}
	}
	for bad-good > exact {
		n := good + (bad-good)/2
		ok, err := try(n)
		switch {
		case err != nil:
			return good, err
		case ok:
			good = n
		default:
			bad = n
		}
	}
	return good, nil
}

// Charts draws readings over the number of calls, one line for each name: what a
// call costs, and how late its sound is.
func Charts(title string, limit time.Duration, readings ...[]*Reading) []byte {
	cost := chart.Chart{Title: title + ": processor time of a call", X: "calls at once", Y: "ms of CPU per call-second"}
	delay := chart.Chart{Title: title + ": delay added, one way", X: "calls at once", Y: "ms", Limit: limit.Seconds() * 1000}
	for _, series := range readings {
		if len(series) == 0 {
			continue
		}
		name := series[0].What
		c, p50, p99 := chart.Line{Name: name}, chart.Line{Name: name + " p50"}, chart.Line{Name: name + " p99"}
		for _, r := range series {
			x := float64(r.Calls)
			c.Points = append(c.Points, chart.Point{X: x, Y: r.PerCall})
			p50.Points = append(p50.Points, chart.Point{X: x, Y: r.P50().Seconds() * 1000})
			p99.Points = append(p99.Points, chart.Point{X: x, Y: r.P99().Seconds() * 1000})
		}
		cost.Lines = append(cost.Lines, c)
		delay.Lines = append(delay.Lines, p50, p99)
	}
	return chart.SVG(cost, delay)
}

// CompareCharts draws a comparison: of the rounds, the one whose cost is in the middle.
func CompareCharts(steps []Step) []byte {
	var floor, server []*Reading
	for _, s := range steps {
		floor, server = append(floor, middle(s.Floor)), append(server, middle(s.Server))
	}
	return Charts("server and floor", 0, floor, server)
}

// middle is the reading whose cost is the median.
func middle(of []*Reading) *Reading {
	sorted := slices.SortedFunc(slices.Values(of), func(a, b *Reading) int { return cmp.Compare(a.PerCall, b.PerCall) })
	return sorted[len(sorted)/2]
}
