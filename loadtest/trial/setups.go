package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"breakwater/loadtest/crowd"
)

// Setups are calls that are set up through a queue, answered by an agent, and torn
// down at once, at a rate that does not care whether the server keeps up.
type Setups struct {
	Agents int
	Rate   float64       // calls a second
	For    time.Duration // how long calls are placed
	Talk   time.Duration // from the agent's ACK to BYE
	Silent bool          // nobody speaks: signalling alone
	Settle time.Duration // after the last call, which counts as its cost, too
	Seed   uint64        // of who hangs up
}

// Placed is what became of calls that came and went.
type Placed struct {
	Rate    float64        `json:"rate"`      // that was asked for
	Reached float64        `json:"reached"`   // that was placed
	Calls   int            `json:"calls"`     // which an agent had, and which ended well
	Refused int            `json:"refused"`   // calls that the server had too much to do for, and said so by 503
	Failed  map[string]int `json:"failed"`    // by what went wrong
	Repeats int64          `json:"repeats"`   // requests that we sent again: somebody was slow or lost them
	Doubles int64          `json:"doubles"`   // calls to a phone that had one
	Odd     int64          `json:"odd"`       // calls from nobody or to nobody, unreadable messages
	PerCall float64        `json:"cpu_ms"`    // of the server, for each call from INVITE to its last trace
	Own     float64        `json:"own_ms"`    // the same of the generator
	Cores   float64        `json:"cores"`     // that the server kept busy while calls were placed
	OwnCore float64        `json:"own_cores"` // that the generator did
	Noise   float64        `json:"other_cores"`
	RSS     int64          `json:"rss_bytes"`
	Times   *crowd.Times   `json:"times"`
}

// Failures counts the calls that went wrong. Refused ones did not begin.
func (p *Placed) Failures() (n int) {
	for _, count := range p.Failed {
		n += count
	}
	return n
}

// clock is what processes have used at a moment.
type clock struct {
	server, own usage
	all         time.Duration
}

func look(pid int) (c clock, err error) {
	if c.server, err = usageOf(pid); err != nil {
		return c, err
	}
	if c.own, err = usageOf(os.Getpid()); err != nil {
		return c, err
	}
	c.all, err = busy()
	return c, err
}

// Run plays it. All calls are over when it returns.
func (t Setups) Run(ctx context.Context, s *Stage, pid int) (*Placed, error) {
	if err := s.Staff(ctx, t.Agents); err != nil {
		return nil, err
	}
	s.crowd.Mute(t.Silent)
	odd := s.odd()
	begin, err := look(pid)
	if err != nil {
		return nil, err
	}
	s.crowd.Count()
	n := &notes{failed: map[string]int{}}
	calls, placed, took := t.place(ctx, s, n)
	busiest, err := look(pid)
	calls.Wait()
	if err = errors.Join(err, wait(ctx, t.Settle)); err != nil {
		return nil, err
	}
	end, err := look(pid)
	if err != nil {
		return nil, err
	}
	out := n.total(placed)
	out.Rate, out.Reached, out.Times = t.Rate, float64(placed)/took.Seconds(), s.crowd.Count()
	out.charge(begin, busiest, end, placed)
	now := s.odd()
	out.Repeats, out.Doubles, out.Odd = now[0]-odd[0], now[1]-odd[1], now[2]-odd[2]
	return out, nil
}

// charge tells what the calls cost.
func (p *Placed) charge(begin, busiest, end clock, placed int) {
	per := func(d time.Duration) float64 { return 1000 * d.Seconds() / float64(max(placed, 1)) }
	p.PerCall, p.Own = per(end.server.CPU-begin.server.CPU), per(end.own.CPU-begin.own.CPU)
	span := busiest.server.At.Sub(begin.server.At).Seconds()
	p.Cores = (busiest.server.CPU - begin.server.CPU).Seconds() / span
	p.OwnCore = (busiest.own.CPU - begin.own.CPU).Seconds() / span
	p.Noise = max((busiest.all-begin.all).Seconds()/span-p.Cores-p.OwnCore, 0)
	p.RSS = end.server.RSS
}

// odd counts what no call's end tells.
func (s *Stage) odd() [3]int64 {
	c := &s.crowd.Counts
	return [3]int64{c.Repeats.Load(), c.Doubles.Load(), c.Unknown.Load() + c.Unannounced.Load() + c.Unreadable.Load()}
}

// notes are how calls ended.
type notes struct {
	mu      sync.Mutex // protects the following
	failed  map[string]int
	refused int
}

func (n *notes) add(err error) {
	if err == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if no := (*crowd.Refused)(nil); errors.As(err, &no) && no.TooMuch() {
		n.refused++
		return
	}
	n.failed[err.Error()]++
}

func (n *notes) total(placed int) *Placed {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := &Placed{Failed: maps.Clone(n.failed), Refused: n.refused}
	p.Calls = placed - p.Failures() - p.Refused
	return p
}

// place places the calls; the group it gives is done when they are over.
func (t Setups) place(ctx context.Context, s *Stage, n *notes) (calls *sync.WaitGroup, placed int, took time.Duration) {
	calls = &sync.WaitGroup{}
	random := rand.New(rand.NewPCG(t.Seed, 2))
	began := time.Now()
	next := time.NewTimer(0)
	defer next.Stop()
	for total := int(t.Rate * t.For.Seconds()); placed < total; placed++ {
		if due := time.Until(began.Add(time.Duration(float64(placed) / t.Rate * float64(time.Second)))); due > 0 {
			next.Reset(due)
			select {
			case <-next.C:
			case <-ctx.Done():
				return calls, placed, time.Since(began)
			}
		}
		byAgent := random.IntN(2) == 0
		calls.Go(func() { n.add(s.serve(ctx, t.Talk, byAgent)) })
	}
	return calls, placed, time.Since(began)
}

// patience is how long a caller of a trial waits, for whatever it is.
const patience = 30 * time.Second

// serve is one call from INVITE to its end, which is the caller's BYE or the agent's.
func (s *Stage) serve(ctx context.Context, talk time.Duration, byAgent bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience+talk, errors.New("no agent"))
	defer cancel()
	call, err := s.place(ctx)
	if err != nil {
		return err
	}
	bye, enough := context.WithTimeoutCause(context.WithoutCancel(ctx), patience+talk+patience, errors.New("no end"))
	defer enough()
	if err := call.AwaitAgent(ctx); err != nil {
		return errors.Join(err, call.Hangup(bye))
	}
	if err := wait(ctx, talk); err != nil {
		return errors.Join(err, call.Hangup(bye))
	}
	if byAgent {
		return call.HangupAgent(bye)
	}
	return call.Hangup(bye)
}

// PlacedHead is the head of the readable table.
func PlacedHead(w io.Writer) {
	fmt.Fprintf(w, "%7s %8s %7s %7s %9s %10s %6s %10s %7s | %-21s | %-21s | %-21s\n", "rate", "reached", "calls", "failed",
		"ms/call", "generator", "cores", "gen. cores", "others", "INVITE → 200 p50/p99", "→ agent's INVITE", "BYE → 200")
}

// Row is its line in the table, and what went wrong.
func (p *Placed) Row(w io.Writer) {
	fmt.Fprintf(w, "%7.0f %8.1f %7d %7d %9.3f %10.3f %6.2f %10.2f %7.2f", p.Rate, p.Reached, p.Calls, p.Failures(), p.PerCall, p.Own, p.Cores, p.OwnCore, p.Noise)
	for _, h := range []interface {
		Percentile(q float64) time.Duration
	}{&p.Times.Answered, &p.Times.Offered, &p.Times.Ended} {
		fmt.Fprintf(w, " | %9v / %9v", h.Percentile(0.5), h.Percentile(0.99))
	}
	fmt.Fprintln(w)
	if p.Refused > 0 {
		fmt.Fprintf(w, "!       %d× refused by 503, told after %v / %v\n", p.Refused, p.Times.Refused.Percentile(0.5), p.Times.Refused.Percentile(0.99))
	}
	if p.Repeats+p.Doubles+p.Odd > 0 {
		fmt.Fprintf(w, "!       %d requests sent again, %d calls to phones in a call, %d odd messages\n", p.Repeats, p.Doubles, p.Odd)
	}
	for _, why := range slices.Sorted(maps.Keys(p.Failed)) {
		fmt.Fprintf(w, "!       %d× %s\n", p.Failed[why], why)
	}
}
