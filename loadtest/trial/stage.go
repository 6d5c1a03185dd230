// Package trial is what a load test does with a server: staff it, call it, hold so
// many calls, count what they cost and how they sounded, and compare that with the
// bare relay of folder floor.
package trial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"breakwater/loadtest/crowd"
	"breakwater/loadtest/flood"
	"breakwater/media/g711"
)

// House is how the server under test is laid out: what phones, agents and numbers
// it knows. A zero LogIn means that phones take calls as soon as they are registered.
type House struct {
	Server   netip.AddrPort
	Trunk    netip.Addr
	Number   string                              // what callers dial
	Phone    func(n int) (name, password string) // the n-th, from 1
	LogIn    string                              // what a phone dials first; empty: nothing
	LogOut   string                              // and at the end
	Identity func(n int) string                  // keys that the agent presses then
	Keys     string                              // what callers press when they are answered; empty: nothing
}

// Sound is how the parties speak.
type Sound struct {
	Law   g711.Law
	Level float64       // dBm0, active speech; 0 is −24
	Slot  time.Duration // of the pacing wheel
}

// Stage is the crowd, its sound, and the calls that are up. It belongs to one
// goroutine.
type Stage struct {
	house  House
	log    *slog.Logger
	flood  *flood.Flood
	crowd  *crowd.Crowd
	phones []*crowd.Phone
	calls  []*crowd.Call
	stop   context.CancelFunc
	ended  *errgroup.Group
}

// Open brings up sound and signalling, which run until Close.
func Open(ctx context.Context, h House, s Sound, log *slog.Logger) (*Stage, error) {
	if s.Level == 0 {
		s.Level = -24
	}
	speech, err := flood.Speech(s.Law, s.Level)
	if err != nil {
		return nil, err
	}
	f, err := flood.Open(flood.Settings{Law: s.Law, Speech: speech, Slot: s.Slot, Run: uint8(time.Now().Unix())})
	if err != nil {
		return nil, err
	}
	c, err := crowd.Open(crowd.Settings{Server: h.Server, Trunk: h.Trunk, Sound: f, Law: s.Law.String()})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx)) // an interrupted run must still hang up
	g, gctx := errgroup.WithContext(running)
	g.Go(func() error { return f.Run(gctx) })
	g.Go(func() error { return c.Run(gctx) })
	return &Stage{house: h, log: log, flood: f, crowd: c, stop: stop, ended: g}, nil
}

// Close ends sound and signalling, and forgets whatever is still up.
func (s *Stage) Close() error {
	s.stop()
	return s.ended.Wait()
}

// Leave hangs up, logs the agents out and removes the phones from a server that goes
// on without us.
func (s *Stage) Leave(ctx context.Context) error {
	errs := []error{s.Clear(ctx)}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, p := range s.phones {
		if p == nil {
			continue
		}
		g.Go(func() error {
			if s.house.LogOut != "" {
				if call, err := p.Dial(gctx, s.house.LogOut); err == nil {
					select {
					case <-call.Ended():
					case <-gctx.Done():
					}
				}
			}
			return p.Register(gctx, 0)
		})
	}
	s.phones = nil
	return errors.Join(append(errs, g.Wait())...)
}

// atOnce is how many phones register, log in, or hang up at the same time.
const atOnce = 150

// Staff brings the number of phones that take calls up to n.
func (s *Stage) Staff(ctx context.Context, n int) error {
	first := len(s.phones)
	if n <= first {
		return nil
	}
	began := time.Now()
	s.phones = append(s.phones, make([]*crowd.Phone, n-first)...)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := first; i < n; i++ {
		g.Go(func() (err error) {
			s.phones[i], err = s.logIn(gctx, i+1)
			return err
		})
	}
	err := g.Wait()
	s.log.Info("agents are ready", "agents", n, "took", time.Since(began).Round(time.Millisecond))
	return err
}

func (s *Stage) logIn(ctx context.Context, n int) (*crowd.Phone, error) {
	const expires = 2 * time.Hour
	name, password := s.house.Phone(n)
	p, err := s.crowd.Phone(name, password)
	if err != nil {
		return nil, err
	}
	if err := p.Register(ctx, expires); err != nil || s.house.LogIn == "" {
		return p, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("logging in takes too long"))
	defer cancel()
	call, err := p.Dial(ctx, s.house.LogIn)
	if err != nil {
		return p, fmt.Errorf("phone %s: %w", name, err)
	}
	if err := call.Sound.Press(ctx, s.house.Identity(n)); err != nil {
		return p, fmt.Errorf("phone %s: %w", name, err)
	}
	select {
	case <-call.Ended(): // the server says its piece and hangs up
		return p, nil
	case <-ctx.Done():
		return p, fmt.Errorf("phone %s: %w", name, context.Cause(ctx))
	}
}

// Hold brings the number of calls, and of agents, to n, up or down.
func (s *Stage) Hold(ctx context.Context, n int, rate float64) error {
	if n < len(s.calls) {
		return s.drop(ctx, len(s.calls)-n)
	}
	if err := s.Staff(ctx, n); err != nil {
		return err
	}
	return s.Fill(ctx, n, rate)
}

// Fill brings the number of calls up to n, at so many a second.
func (s *Stage) Fill(ctx context.Context, n int, rate float64) error {
	began := time.Now()
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	clock := time.NewTimer(0)
	defer clock.Stop()
	first := len(s.calls)
	for i := first; i < n; i++ {
		clock.Reset(time.Until(began.Add(time.Duration(float64(i-first) / rate * float64(time.Second)))))
		select {
		case <-clock.C:
		case <-gctx.Done():
			return g.Wait()
		}
		g.Go(func() error {
			call, err := s.place(gctx)
			if err != nil {
				return fmt.Errorf("call %d of %d: %w", i+1, n, err)
			}
			mu.Lock()
			defer mu.Unlock()
			s.calls = append(s.calls, call)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s.log.Info("calls are up", "calls", len(s.calls), "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// place dials, presses keys where a menu asks, and returns when the call is answered.
func (s *Stage) place(ctx context.Context) (*crowd.Call, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("no answer for a minute"))
	defer cancel()
	call, err := s.crowd.Dial(ctx, s.house.Number)
	if err != nil {
		return nil, err
	}
	if s.house.Keys != "" {
		if err := call.Sound.Press(ctx, s.house.Keys); err != nil {
			return nil, errors.Join(err, call.Hangup(ctx))
		}
	}
	return call, nil
}

// Clear hangs all calls up.
func (s *Stage) Clear(ctx context.Context) error { return s.drop(ctx, len(s.calls)) }

// drop hangs the last n calls up, at the callers.
func (s *Stage) drop(ctx context.Context, n int) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	kept := len(s.calls) - n
	for _, c := range s.calls[kept:] {
		g.Go(func() error { return c.Hangup(gctx) })
	}
	clear(s.calls[kept:])
	s.calls = s.calls[:kept]
	return g.Wait()
}

// gone counts the calls that ended by themselves.
func (s *Stage) gone() (n int, how string) {
	for _, c := range s.calls {
		select {
		case <-c.Ended():
			n, how = n+1, c.End()
		default:
		}
	}
	return n, how
}
