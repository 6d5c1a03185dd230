package trial

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Steady holds so many calls for so long, and measures.
type Steady struct {
	Calls  int
	Rate   float64       // calls placed a second, on the way there
	Settle time.Duration // before it counts
	For    time.Duration
}

// Run gives one reading; the calls are hung up afterwards.
func (t Steady) Run(ctx context.Context, s *Stage, name string, pid int, w io.Writer) (*Reading, error) {
	if err := s.Staff(ctx, t.Calls); err != nil {
		return nil, err
	}
	if err := s.Fill(ctx, t.Calls, t.Rate); err != nil {
		return nil, err
	}
	if err := wait(ctx, t.Settle); err != nil {
		return nil, err
	}
	r, err := s.measure(ctx, name, pid, t.Calls, t.For)
	if err != nil {
		return nil, err
	}
	head(w)
	r.row(w)
	for _, line := range r.Tally.Strange {
		fmt.Fprintln(w, "!", line)
	}
	if n, how := s.gone(); n > 0 {
		return r, fmt.Errorf("%d calls ended by themselves, one of them: %s", n, how)
	}
	return r, s.Clear(ctx)
}
