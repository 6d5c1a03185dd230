package trial

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"breakwater/loadtest/flood"
)

// Reading is one measurement of a load that is held.
type Reading struct {
	What    string        `json:"what"` // "floor" or the server's name
	Calls   int           `json:"calls"`
	Span    time.Duration `json:"span_ns"`
	PerCall float64       `json:"cpu_ms_per_call_second"` // of the server
	Core    float64       `json:"cores"`                  // that the server kept busy
	Own     float64       `json:"generator_ms_per_call_second"`
	Noise   float64       `json:"other_cores"` // kept busy by anything else, the kernel's own threads included

	Beside   float64 `json:"beside_cores"`                   // that the server kept busy while the floor was measured
	Guarded  float64 `json:"guarded_frames_per_call_second"` // by the server's own word; 0 = it was not asked
	Recorded float64 `json:"recordings_per_call"`            // the same

	RSS         int64 `json:"rss_bytes"`
	Threads     int   `json:"threads"`
	Descriptors int   `json:"descriptors"`

	Loss    float64      `json:"loss"`    // share of frames
	Altered float64      `json:"altered"` // share of frames
	Tally   *flood.Tally `json:"tally"`
}

// P50 is the median delay that the server added, both directions together.
func (r *Reading) P50() time.Duration { return r.Tally.Both().Percentile(0.5) }

// P99 is the same at the 99th percentile.
func (r *Reading) P99() time.Duration { return r.Tally.Both().Percentile(0.99) }

// doubt says why a reading tells more of the machine than of the server; empty when
// it does not.
func (r *Reading) doubt() string {
	const (
		lateness = 5 * time.Millisecond // a quarter of a frame
		others   = 0.3                  // cores
		beside   = 0.02                 // cores
	)
	var why []string
	if late := r.Tally.Late.Percentile(0.99); late > lateness || r.Tally.Stalls > 0 {
		why = append(why, fmt.Sprintf("the generator was late (p99 %v, %d stalls)", late, r.Tally.Stalls))
	}
	if r.Noise > others {
		why = append(why, fmt.Sprintf("others used %.1f cores", r.Noise))
	}
	if r.Beside > beside {
		why = append(why, fmt.Sprintf("the server used %.2f cores meanwhile", r.Beside))
	}
	return strings.Join(why, ", ")
}

// measure counts for a span what the calls that are up cost a process.
func (s *Stage) measure(ctx context.Context, what string, pid, calls int, span time.Duration) (*Reading, error) {
	var before, after [2]usage
	var load [2]time.Duration
	look := func(u *[2]usage, i int) (err error) {
		if u[0], err = usageOf(pid); err != nil {
			return err
		}
		if u[1], err = usageOf(os.Getpid()); err != nil {
			return err
		}
		load[i], err = busy()
		return err
	}
	if err := s.flood.Begin(ctx); err != nil {
		return nil, err
	}
	if err := look(&before, 0); err != nil {
		return nil, err
	}
	if err := wait(ctx, span); err != nil {
		return nil, err
	}
	if err := look(&after, 1); err != nil {
		return nil, err
	}
	tally, err := s.flood.End(ctx)
	if err != nil {
		return nil, err
	}
	if tally.Strangers > 0 { // however much or little was asked of the server
		return nil, fmt.Errorf("%s at %d calls: %d frames of strangers were heard: %s", what, calls, tally.Strangers, strings.Join(tally.Strange, "; "))
	}
	took := after[0].At.Sub(before[0].At).Seconds()
	cpu := (after[0].CPU - before[0].CPU).Seconds()
	own := (after[1].CPU - before[1].CPU).Seconds()
	per := 1000 / took / float64(max(calls, 1))
	return &Reading{
		What: what, Calls: calls, Span: span, PerCall: cpu * per, Core: cpu / took, Own: own * per,
		Noise: max((load[1]-load[0]).Seconds()-cpu-own, 0) / took,
		RSS:   after[0].RSS, Threads: after[0].Threads, Descriptors: after[0].Descriptors,
		Loss: tally.Loss(), Altered: tally.Changed(), Tally: tally,
	}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	clock := time.NewTimer(d)
	defer clock.Stop()
	select {
	case <-clock.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// head and row are the readable table.
func head(w io.Writer) {
	fmt.Fprintf(w, "%-10s %6s %10s %7s %10s %7s %9s %9s %9s %10s %8s %8s %7s %7s\n", "what", "calls", "ms/call·s", "cores", "generator", "others",
		"p50", "p99", "max", "loss", "altered", "strange", "unheard", "RSS")
}

func (r *Reading) row(w io.Writer) {
	d := r.Tally.Both()
	fmt.Fprintf(w, "%-10s %6d %10.3f %7.2f %10.3f %7.2f %9v %9v %9v %9.4f%% %7.2f%% %8d %7d %6dM\n", r.What, r.Calls, r.PerCall, r.Core, r.Own, r.Noise,
		d.Percentile(0.5), d.Percentile(0.99), d.Max().Round(time.Microsecond), 100*r.Loss, 100*r.Altered, r.Tally.Strangers, r.Tally.Unheard, r.RSS>>20)
	if why := r.doubt(); why != "" {
		fmt.Fprintf(w, "  ? doubtful: %s\n", why)
	}
}
