package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"breakwater/loadtest/chart"
	"breakwater/loadtest/flood"
)

// Churn is calls that come and go: each waits for an agent, talks for a while that
// differs from call to call, and hangs up.
type Churn struct {
	Agents  int
	Rate    float64       // calls a second
	Talk    time.Duration // on average; each call has between a half and one and a half of it
	For     time.Duration // how long calls are placed
	Warm    time.Duration // at the beginning, which slopes leave out
	Every   time.Duration // between two samples
	Seed    uint64        // of what differs
	Metrics Metrics
}

// Churned is what became of it.
type Churned struct {
	Calls   int                `json:"calls"`
	Failed  map[string]int     `json:"failed"` // by what went wrong
	Samples []Sample           `json:"samples"`
	Slopes  map[string]float64 `json:"slopes_per_hour"`
	Tally   *flood.Tally       `json:"tally"`
}

// Failures counts the calls that went wrong.
func (c *Churned) Failures() (n int) {
	for _, count := range c.Failed {
		n += count
	}
	return n
}

// Run plays it. The calls are over when it returns.
func (t Churn) Run(ctx context.Context, s *Stage, pid int) (*Churned, error) {
	if err := s.Staff(ctx, t.Agents); err != nil {
		return nil, err
	}
	out := &Churned{Failed: map[string]int{}}
	if err := s.flood.Begin(ctx); err != nil {
		return nil, err
	}
	sampling, enough := context.WithCancel(ctx)
	defer enough()
	sampled := make(chan error, 1)
	go func() { sampled <- t.sample(sampling, s, pid, out) }()
	calls := t.place(ctx, s, out)
	enough() // what follows is only the end of the last calls
	err := <-sampled
	calls.Wait()
	if err != nil {
		return out, err
	}
	out.Tally, err = s.flood.End(ctx)
	out.Slopes = slopes(out.Samples, t.Warm)
	return out, err
}

// place places the calls; the group it gives is done when they are over.
func (t Churn) place(ctx context.Context, s *Stage, out *Churned) *sync.WaitGroup {
	var calls sync.WaitGroup
	var mu sync.Mutex // protects out
	note := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		out.Calls++
		if err != nil {
			out.Failed[err.Error()]++
		}
	}
	random := rand.New(rand.NewPCG(t.Seed, 1))
	began := time.Now()
	clock := time.NewTimer(0)
	defer clock.Stop()
	step := time.Duration(float64(time.Second) / t.Rate)
	for due := time.Duration(0); due < t.For; due += step {
		clock.Reset(time.Until(began.Add(due)))
		select {
		case <-clock.C:
		case <-ctx.Done():
			return &calls
		}
		talk := time.Duration((0.5 + random.Float64()) * float64(t.Talk))
		calls.Go(func() { note(s.visit(ctx, talk)) })
	}
	return &calls
}

// visit is one caller. It hangs up even when the run is over.
func (s *Stage) visit(ctx context.Context, talk time.Duration) error {
	call, err := s.place(ctx)
	if err != nil {
		return err
	}
	clock := time.NewTimer(talk)
	defer clock.Stop()
	select {
	case <-clock.C:
	case <-ctx.Done():
	case <-call.Ended():
		return errors.New("ended by itself: " + call.End())
	}
	bye, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), 20*time.Second, errors.New("no answer to BYE"))
	defer cancel()
	return call.Hangup(bye)
}

func (t Churn) sample(ctx context.Context, s *Stage, pid int, out *Churned) error {
	began := time.Now()
	clock := time.NewTicker(t.Every)
	defer clock.Stop()
	for {
		got, err := s.sample(ctx, began, pid, t.Metrics)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		out.Samples = append(out.Samples, got)
		select {
		case <-clock.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// measures are the values of a sample by name.
func (s Sample) measures() map[string]float64 {
	return map[string]float64{
		"rss_bytes": s.RSS, "descriptors": s.Descriptors, "threads": s.Threads, "heap_bytes": s.Heap, "goroutines": s.Goroutines, "ports": s.Ports,
	}
}

// slopes gives, by least squares, how fast each measure grows, an hour.
func slopes(all []Sample, warm time.Duration) map[string]float64 {
	lines := map[string][]chart.Point{}
	for _, s := range all {
		if s.After < warm {
			continue
		}
		for name, v := range s.measures() {
			lines[name] = append(lines[name], chart.Point{X: s.After.Hours(), Y: v})
		}
	}
	out := map[string]float64{}
	for name, points := range lines {
		out[name] = slope(points)
	}
	return out
}

// slope is that of the straight line nearest to the points; 0 of fewer than two.
func slope(points []chart.Point) float64 {
	n := float64(len(points))
	if n < 2 {
		return 0
	}
	var x, y, xx, xy float64
	for _, p := range points {
		x, y = x+p.X/n, y+p.Y/n
	}
	for _, p := range points {
		xx += (p.X - x) * (p.X - x)
		xy += (p.X - x) * (p.Y - y)
	}
	if xx == 0 {
		return 0
	}
	return xy / xx
}

// Print is the readable form.
func (c *Churned) Print(w io.Writer) {
	fmt.Fprintf(w, "calls        %d, failed %d\n", c.Calls, c.Failures())
	for _, why := range slices.Sorted(maps.Keys(c.Failed)) {
		fmt.Fprintf(w, "!            %d× %s\n", c.Failed[why], why)
	}
	if t := c.Tally; t != nil {
		fmt.Fprintf(w, "sound        %d frames whole, %d altered, %d lost, %d double, %d late; strangers %d\n",
			t.Whole, t.Altered, t.Lost, t.Doubles, t.Reordered, t.Strangers)
		fmt.Fprintf(w, "delay        %v\n", t.Both())
		for _, line := range t.Strange {
			fmt.Fprintf(w, "!            %s\n", line)
		}
	}
	if len(c.Samples) == 0 {
		return
	}
	first, last := c.Samples[0].measures(), c.Samples[len(c.Samples)-1].measures()
	for _, name := range slices.Sorted(maps.Keys(c.Slopes)) {
		fmt.Fprintf(w, "%-12s first %.0f, last %.0f, grows by %.0f an hour\n", name, first[name], last[name], c.Slopes[name])
	}
}

// Chart draws the samples over time, each measure as a share of its highest value.
func (c *Churned) Chart(title string) []byte {
	highest := map[string]float64{}
	for _, s := range c.Samples {
		for name, v := range s.measures() {
			highest[name] = max(highest[name], v)
		}
	}
	picture := chart.Chart{Title: title, X: "minutes", Y: "% of the highest"}
	for _, name := range slices.Sorted(maps.Keys(highest)) {
		line := chart.Line{Name: name}
		for _, s := range c.Samples {
			if highest[name] > 0 {
				line.Points = append(line.Points, chart.Point{X: s.After.Minutes(), Y: 100 * s.measures()[name] / highest[name]})
			}
		}
		picture.Lines = append(picture.Lines, line)
	}
	return chart.SVG(picture)
}
