package trial

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"breakwater/loadtest/flood"
)

// Comparison puts a server beside the floor, with the same generator in the same
// run: at each number of calls both are measured in turn, several times. The
// server's calls stay up and are silent while the floor is measured.
type Comparison struct {
	Source []byte        // of the floor, C
	Dir    string        // where it is built
	Before []string      // command that the floor is started with, such as taskset
	Ports  uint16        // first of the floor's ports; two for each call
	Tick   time.Duration // of the floor; 0 is the floor, else it is for information
	Calls  []int         // rising
	Rounds int
	Rate   float64       // calls placed a second
	Settle time.Duration // before each reading
	For    time.Duration // each reading
}

// Step is one number of calls.
type Step struct {
	Calls  int        `json:"calls"`
	Floor  []*Reading `json:"floor"`
	Server []*Reading `json:"server"`
	Ratio  float64    `json:"ratio"` // of the processor time, server to floor; median of the rounds
}

// Run gives one step for each number of calls, and prints each reading as it comes.
func (t Comparison) Run(ctx context.Context, s *Stage, name string, pid int, w io.Writer) (steps []Step, err error) {
	program, err := buildFloor(ctx, t.Source, t.Dir)
	if err != nil {
		return nil, err
	}
	command := append(slices.Clone(t.Before), program)
	most := slices.Max(t.Calls)
	if err := s.Staff(ctx, most); err != nil {
		return nil, err
	}
	bare, err := s.bare(most, t.Ports)
	if err != nil {
		return nil, err
	}
	head(w)
	for _, n := range t.Calls {
		if err := s.Fill(ctx, n, t.Rate); err != nil {
			return steps, err
		}
		step, err := t.step(ctx, s, bare[:n], command, Step{Calls: n}, func(r *Reading) { r.row(w) }, name, pid)
		if err != nil {
			return steps, err
		}
		steps = append(steps, *step)
		fmt.Fprintf(w, "%d calls: the server costs %.2f times the floor (median of %d rounds)\n", n, step.Ratio, t.Rounds)
		if ended, how := s.gone(); ended > 0 {
			return steps, fmt.Errorf("%d calls ended by themselves, one of them: %s", ended, how)
		}
	}
	return steps, s.Clear(ctx)
}

// step is one number of calls, several rounds.
func (t Comparison) step(ctx context.Context, s *Stage, bare []bareCall, command []string, step Step, show func(*Reading), name string, pid int) (*Step, error) {
	relay, err := startFloor(ctx, command, t.Tick, pairsOf(bare))
	if err != nil {
		return nil, err
	}
	defer func() { _ = relay.stop() }() // its measurements are taken
	var ratios []float64
	for range t.Rounds {
		s.crowd.Quiet(true)
		talk(bare, true)
		floor, err := t.floor(ctx, s, relay.pid(), pid, step.Calls)
		if err != nil {
			return nil, err
		}
		show(floor)
		talk(bare, false)
		s.crowd.Quiet(false)
		server, err := t.reading(ctx, s, name, pid, step.Calls)
		if err != nil {
			return nil, err
		}
		show(server)
		step.Floor, step.Server = append(step.Floor, floor), append(step.Server, server)
		ratios = append(ratios, server.PerCall/floor.PerCall)
	}
	step.Ratio = median(ratios)
	return &step, nil
}

// floor is a reading of the floor, and what the server, whose calls are silent but up, used
// meanwhile: on the same core, that would make the floor dearer.
func (t Comparison) floor(ctx context.Context, s *Stage, relay, server, calls int) (*Reading, error) {
	before, err := usageOf(server)
	if err != nil {
		return nil, err
	}
	r, err := t.reading(ctx, s, "floor", relay, calls)
	if err != nil {
		return nil, err
	}
	after, err := usageOf(server)
	if err != nil {
		return nil, err
	}
	r.Beside = (after.CPU - before.CPU).Seconds() / after.At.Sub(before.At).Seconds()
	return r, nil
}

func (t Comparison) reading(ctx context.Context, s *Stage, what string, pid, calls int) (*Reading, error) {
	if err := wait(ctx, t.Settle); err != nil {
		return nil, err
	}
	return s.measure(ctx, what, pid, calls, t.For)
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
