package trial

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// Sample is how much of the machine a server holds at one moment.
type Sample struct {
	After       time.Duration `json:"after_ns"` // since the sampling began
	Calls       int           `json:"calls"`    // agents that talk
	RSS         float64       `json:"rss_bytes"`
	Descriptors float64       `json:"descriptors"`
	Threads     float64       `json:"threads"`
	Heap        float64       `json:"heap_bytes"` // allocated: what lives, and garbage since the last collection
	Goroutines  float64       `json:"goroutines"`
	Ports       float64       `json:"ports"` // open and draining
}

// sample asks the kernel, and the server where it has metrics.
func (s *Stage) sample(ctx context.Context, began time.Time, pid int, m Metrics) (Sample, error) {
	u, err := usageOf(pid)
	if err != nil {
		return Sample{}, err
	}
	got := Sample{
		After: time.Since(began), Calls: s.crowd.Talking(),
		RSS: float64(u.RSS), Descriptors: float64(u.Descriptors), Threads: float64(u.Threads),
	}
	if m.URL == "" {
		return got, nil
	}
	all, err := m.Scrape(ctx)
	if err != nil {
		return Sample{}, err
	}
	got.Heap, got.Goroutines = all["go_memstats_heap_alloc_bytes"], all["go_goroutines"]
	for name, v := range all {
		if strings.HasSuffix(name, "media_ports_open") || strings.HasSuffix(name, "media_ports_draining") {
			got.Ports += v
		}
	}
	return got, nil
}

// Memory holds so many calls and tells what each of them takes: the difference
// between a server with calls and the same server before, its agents logged in.
type Memory struct {
	Calls   int
	Rate    float64
	Settle  time.Duration
	For     time.Duration // the reading
	Watch   time.Duration // heap is read for so long: the lowest value is nearest to what lives; Go collects every two minutes at least
	Rest    time.Duration // after hang-up, before what is left is counted
	Metrics Metrics
}

// Held is what a server held before, during and after.
type Held struct {
	Before  Sample   `json:"before"`
	During  Sample   `json:"during"`
	After   Sample   `json:"after"`
	RSS     float64  `json:"rss_bytes_per_call"`
	Heap    float64  `json:"heap_bytes_per_call"`
	Reading *Reading `json:"reading"`
}

// Run measures one load and what it leaves behind.
func (t Memory) Run(ctx context.Context, s *Stage, name string, pid int, w io.Writer) (*Held, error) {
	if err := s.Staff(ctx, t.Calls); err != nil {
		return nil, err
	}
	var h Held
	var err error
	if h.Before, err = t.lowest(ctx, s, pid); err != nil {
		return nil, err
	}
	if err = s.Fill(ctx, t.Calls, t.Rate); err != nil {
		return nil, err
	}
	if err = wait(ctx, t.Settle); err != nil {
		return nil, err
	}
	head(w)
	if h.Reading, err = s.measure(ctx, name, pid, t.Calls, t.For); err != nil {
		return nil, err
	}
	h.Reading.row(w)
	if h.During, err = t.lowest(ctx, s, pid); err != nil {
		return nil, err
	}
	if n, how := s.gone(); n > 0 {
		return &h, fmt.Errorf("%d calls ended by themselves, one of them: %s", n, how)
	}
	if err = s.Clear(ctx); err != nil {
		return &h, err
	}
	if err = wait(ctx, t.Rest); err != nil {
		return &h, err
	}
	if h.After, err = t.lowest(ctx, s, pid); err != nil {
		return &h, err
	}
	n := float64(t.Calls)
	h.RSS, h.Heap = (h.During.RSS-h.Before.RSS)/n, (h.During.Heap-h.Before.Heap)/n
	h.print(w)
	return &h, nil
}

// lowest samples for a while; the heap is the lowest that was seen, all else the last.
func (t Memory) lowest(ctx context.Context, s *Stage, pid int) (Sample, error) {
	const every = 5 * time.Second
	began := time.Now()
	low := math.Inf(1)
	for {
		now, err := s.sample(ctx, began, pid, t.Metrics)
		if err != nil {
			return now, err
		}
		low = min(low, now.Heap)
		now.Heap = low
		if time.Since(began)+every > t.Watch {
			return now, nil
		}
		if err := wait(ctx, every); err != nil {
			return now, err
		}
	}
}

func (h *Held) print(w io.Writer) {
	fmt.Fprintf(w, "%-8s %6s %9s %9s %11s %8s %12s %6s\n", "", "calls", "RSS", "heap", "descriptors", "threads", "goroutines", "ports")
	for _, r := range []struct {
		when string
		s    Sample
	}{{"before", h.Before}, {"during", h.During}, {"after", h.After}} {
		fmt.Fprintf(w, "%-8s %6d %8.1fM %8.1fM %11.0f %8.0f %12.0f %6.0f\n", r.when, r.s.Calls,
			r.s.RSS/(1<<20), r.s.Heap/(1<<20), r.s.Descriptors, r.s.Threads, r.s.Goroutines, r.s.Ports)
	}
	fmt.Fprintf(w, "a call takes %.1f KiB of RSS and %.1f KiB of heap\n", h.RSS/1024, h.Heap/1024)
}
