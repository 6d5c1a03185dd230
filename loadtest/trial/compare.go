package trial

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"breakwater/loadtest/flood"
)

// Comparison puts a server beside the floor, with the same generator in the same
// run: at each number of calls both are measured in turn, several times. While the floor is
// measured the server has no call, and what it does all the same is told. Every second round
// begins with the server, so that a machine that becomes slower or faster favours neither.
type Comparison struct {
	Source  []byte        // of the floor, C
	Dir     string        // where it is built
	Before  []string      // command that the floor is started with, such as taskset
	Ports   uint16        // first of the floor's ports; two for each call
	Tick    time.Duration // of the floor; 0 is the floor, else it is for information
	Calls   []int         // rising
	Rounds  int
	Rate    float64       // calls placed a second, on the way there
	Settle  time.Duration // before each reading
	For     time.Duration // each reading
	Metrics Metrics       // of the server; without, its word on what it did is not asked for
}

// Step is one number of calls.
type Step struct {
	Calls  int        `json:"calls"`
	Floor  []*Reading `json:"floor"`
	Server []*Reading `json:"server"`
	Sure   int        `json:"sure"`  // rounds in which neither reading is doubtful
	Ratio  float64    `json:"ratio"` // of the processor time, server to floor; median of the sure rounds, of all if none is
}

// Run gives one step for each number of calls, and prints each reading as it comes.
func (t Comparison) Run(ctx context.Context, s *Stage, name string, pid int, w io.Writer) (steps []Step, err error) {
	program, err := buildFloor(ctx, t.Source, t.Dir)
	if err != nil {
		return nil, err
	}
	most := slices.Max(t.Calls)
	if err := s.Staff(ctx, most); err != nil {
		return nil, err
	}
	bare, err := s.bare(most, t.Ports)
	if err != nil {
		return nil, err
	}
	head(w)
	r := round{Comparison: t, stage: s, name: name, pid: pid, command: append(slices.Clone(t.Before), program)}
	for _, n := range t.Calls {
		step, err := r.step(ctx, bare[:n], func(r *Reading) { r.row(w) })
		if err != nil {
			return steps, err
		}
		steps = append(steps, *step)
		fmt.Fprintf(w, "%d calls: the server costs %.2f times the floor (median of %d rounds without doubt, of %d)\n", n, step.Ratio, step.Sure, t.Rounds)
	}
	return steps, s.Clear(ctx)
}

// round is what the rounds of a comparison have in common.
type round struct {
	Comparison
	stage   *Stage
	name    string
	pid     int
	command []string // of the floor
}

// step is one number of calls, several rounds.
func (t *round) step(ctx context.Context, bare []bareCall, show func(*Reading)) (*Step, error) {
	relay, err := startFloor(ctx, t.command, t.Tick, pairsOf(bare))
	if err != nil {
		return nil, err
	}
	defer func() { _ = relay.stop() }() // its measurements are taken
	step := &Step{Calls: len(bare)}
	floor := func() error {
		r, err := t.floor(ctx, relay.pid(), bare)
		if err == nil {
			show(r)
			step.Floor = append(step.Floor, r)
		}
		return err
	}
	server := func() error {
		r, err := t.server(ctx, step.Calls)
		if err == nil {
			show(r)
			step.Server = append(step.Server, r)
		}
		return err
	}
	for n := range t.Rounds {
		turns := []func() error{floor, server}
		if n%2 == 1 {
			turns = []func() error{server, floor}
		}
		for _, measure := range turns {
			if err := measure(); err != nil {
				return nil, err
			}
		}
	}
	step.sum()
	return step, nil
}

// sum makes the ratio of the readings.
func (s *Step) sum() {
	var sure, all []float64
	for i, floor := range s.Floor {
		server := s.Server[i]
		all = append(all, server.PerCall/floor.PerCall)
		if floor.doubt() == "" && server.doubt() == "" {
			sure = append(sure, all[i])
		}
	}
	if s.Sure, s.Ratio = len(sure), median(sure); s.Sure == 0 {
		s.Ratio = median(all)
	}
}

// floor is a reading of the floor, and what the server, which has no call, used meanwhile: on
// the same core, that would make the floor dearer.
func (t *round) floor(ctx context.Context, relay int, bare []bareCall) (*Reading, error) {
	if err := t.stage.Clear(ctx); err != nil {
		return nil, err
	}
	talk(bare, true)
	defer talk(bare, false)
	if err := wait(ctx, t.Settle); err != nil {
		return nil, err
	}
	before, err := usageOf(t.pid)
	if err != nil {
		return nil, err
	}
	r, err := t.stage.measure(ctx, "floor", relay, len(bare), t.For)
	if err != nil {
		return nil, err
	}
	after, err := usageOf(t.pid)
	if err != nil {
		return nil, err
	}
	r.Beside = (after.CPU - before.CPU).Seconds() / after.At.Sub(before.At).Seconds()
	return r, nil
}

// server is a reading of the server, and by its own word what it did for the calls.
func (t *round) server(ctx context.Context, calls int) (*Reading, error) {
	if err := t.stage.Fill(ctx, calls, t.Rate); err != nil {
		return nil, err
	}
	if err := wait(ctx, t.Settle); err != nil {
		return nil, err
	}
	before, err := t.deeds(ctx)
	if err != nil {
		return nil, err
	}
	r, err := t.stage.measure(ctx, t.name, t.pid, calls, t.For)
	if err != nil {
		return nil, err
	}
	after, err := t.deeds(ctx)
	if err != nil {
		return nil, err
	}
	if t.Metrics.URL != "" {
		r.Guarded = (after.guarded - before.guarded) / (after.at.Sub(before.at).Seconds() * float64(calls))
		r.Recorded = after.recording / float64(calls)
	}
	if ended, how := t.stage.gone(); ended > 0 {
		return nil, fmt.Errorf("%d calls ended by themselves, one of them: %s", ended, how)
	}
	return r, nil
}

// deeds are what a server says that it has done.
type deeds struct {
	at        time.Time
	guarded   float64 // frames toward agents' ears
	recording float64 // recordings that run
}

func (t *round) deeds(ctx context.Context) (d deeds, err error) {
	if t.Metrics.URL == "" {
		return d, nil
	}
	all, err := t.Metrics.Scrape(ctx)
	if err != nil {
		return d, err
	}
	d.at = time.Now()
	for name, v := range all {
		switch {
		case strings.HasSuffix(name, "media_frames_guarded_total"):
			d.guarded = v
		case strings.HasSuffix(name, "media_recordings_running"):
			d.recording = v
		}
	}
	return d, nil
}

// bareCall is two parties that the floor connects.
type bareCall struct {
	a, b *flood.Leg
	pair pair
}

// bare makes parties for the floor; they are silent.
func (s *Stage) bare(n int, first uint16) ([]bareCall, error) {
	ports, err := freePorts(2*n, first)
	if err != nil {
		return nil, err
	}
	calls := make([]bareCall, n)
	for i := range calls {
		a, err := s.flood.Leg(flood.Caller)
		if err != nil {
			return nil, err
		}
		b, err := s.flood.Leg(flood.Agent)
		if err != nil {
			return nil, err
		}
		a.Expect(b)
		p := pair{ports[2*i], ports[2*i+1], a.Address(), b.Address()}
		calls[i] = bareCall{a, b, p}
		a.Quiet(true)
		b.Quiet(true)
		a.Talk(addr(p.portA), 0)
		b.Talk(addr(p.portB), 0)
	}
	return calls, nil
}

// freePorts finds so many UDP ports that nobody has, upwards from the first.
func freePorts(n int, first uint16) ([]uint16, error) {
	ports := make([]uint16, 0, n)
	for p := int(first); p < 1<<16 && len(ports) < n; p++ {
		conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr(uint16(p))))
		if err != nil {
			continue
		}
		_ = conn.Close()
		ports = append(ports, uint16(p))
	}
	if len(ports) < n {
		return nil, fmt.Errorf("the floor needs %d ports from %d on: %d are free", n, first, len(ports))
	}
	return ports, nil
}

func talk(calls []bareCall, on bool) {
	for _, c := range calls {
		c.a.Quiet(!on)
		c.b.Quiet(!on)
	}
}

func pairsOf(calls []bareCall) []pair {
	pairs := make([]pair, len(calls))
	for i, c := range calls {
		pairs[i] = c.pair
	}
	return pairs
}

// median of an odd number is the middle one, of an even number the mean of both.
func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
