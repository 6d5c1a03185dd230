package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// Saturated is a queue in which callers always wait: whoever ends a call frees an
// agent, whose phone should ring at once.
type Saturated struct {
	Agents  int
	Waiting int           // callers beyond those who talk
	Talk    time.Duration // on average, from the agent's ACK to BYE; each has between a half and one and a half
	Rate    float64       // callers a second, on the way there
	Warm    time.Duration // before it counts
	For     time.Duration // how long it counts
	Silent  bool          // nobody speaks
	Seed    uint64        // of who hangs up, and when
}

// Run plays it. All calls are over when it returns.
func (t Saturated) Run(ctx context.Context, s *Stage, pid int) (*Placed, error) {
	if err := s.Staff(ctx, t.Agents); err != nil {
		return nil, err
	}
	s.crowd.Mute(t.Silent)
	n := &notes{failed: map[string]int{}}
	odd := s.odd()
	open, closeDoors := context.WithCancel(ctx)
	defer closeDoors()
	var callers sync.WaitGroup
	defer callers.Wait()
	began := time.Now()
	for i := range t.Agents + t.Waiting {
		if err := wait(ctx, time.Until(began.Add(time.Duration(float64(i)/t.Rate*float64(time.Second))))); err != nil {
			return nil, err
		}
		callers.Go(func() { t.again(open, s, n, rand.New(rand.NewPCG(t.Seed, uint64(i)))) })
	}
	if err := wait(ctx, t.Warm); err != nil {
		return nil, err
	}
	out, err := t.count(ctx, s, pid)
	now := s.odd() // a caller who is let go may cross the INVITE that somebody is called by for them
	closeDoors()   // who talks or waits is let go
	callers.Wait()
	if err != nil {
		return nil, err
	}
	out.Failed = n.total(0).Failed
	out.Repeats, out.Doubles, out.Odd = now[0]-odd[0], now[1]-odd[1], now[2]-odd[2]
	return out, nil
}

// count watches for as long as it counts.
func (t Saturated) count(ctx context.Context, s *Stage, pid int) (*Placed, error) {
	begin, err := look(pid)
	if err != nil {
		return nil, err
	}
	s.crowd.Count()
	if err := wait(ctx, t.For); err != nil {
		return nil, err
	}
	times := s.crowd.Count()
	end, err := look(pid)
	if err != nil {
		return nil, err
	}
	calls := int(times.Ended.Count())
	out := &Placed{Calls: calls, Times: times, Reached: float64(calls) / t.For.Seconds()}
	out.charge(begin, end, end, calls)
	return out, nil
}

// again is one caller after the other, until the doors close.
func (t Saturated) again(open context.Context, s *Stage, n *notes, random *rand.Rand) {
	for open.Err() == nil {
		talk := time.Duration((0.5 + random.Float64()) * float64(t.Talk))
		err := s.serve(open, talk, random.IntN(2) == 0)
		if err != nil && open.Err() == nil {
			n.add(err)
		}
	}
}

// errNobodyFreed says that a measurement has nothing to tell.
var errNobodyFreed = errors.New("no agent was freed while more callers waited than phones were idle")

// Freed prints, and judges, how fast a freed agent's phone rang; most 0 judges nothing.
func (p *Placed) Freed(w io.Writer, most time.Duration) error {
	all := p.Times.FreedByAgent
	all.Merge(&p.Times.FreedByCaller)
	fmt.Fprintf(w, "calls        %d, %.1f a second, failed %d; %d requests sent again, %d calls to phones in a call, %d odd messages\n",
		p.Calls, p.Reached, p.Failures(), p.Repeats, p.Doubles, p.Odd)
	fmt.Fprintf(w, "cores        server %.2f, generator %.2f, others %.2f\n", p.Cores, p.OwnCore, p.Noise)
	fmt.Fprintf(w, "agent free → the next caller's INVITE at that phone\n")
	fmt.Fprintf(w, "  from the agent's BYE   %v\n", &p.Times.FreedByAgent)
	fmt.Fprintf(w, "  from the caller's BYE  %v\n", &p.Times.FreedByCaller)
	fmt.Fprintf(w, "  both                   %v\n", &all)
	switch p99 := all.Percentile(0.99); {
	case all.Count() == 0:
		return errNobodyFreed
	case most > 0 && p99 > most:
		return fmt.Errorf("agent free → phone rings: p99 %v, at most %v is allowed", p99, most)
	}
	return nil
}
