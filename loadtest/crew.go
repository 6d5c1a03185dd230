package main

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"breakwater/sip/siptest"
)

// The pilot tones by which each side proves that it hears the other.
const (
	agentTone  = 440.0
	callerTone = 620.0
	toneLevel  = -10.0 // dBm0

	audibleTone = -40.0 // dBm0, over the whole call
)

// crew is the agents of a run, each at a phone of their own.
type crew struct {
	server        netip.AddrPort
	password, pin string
	transport     string
	phones        []*siptest.Phone

	answered atomic.Int64 // calls
	deaf     atomic.Int64 // calls in which the caller's tone was never heard
	doubles  atomic.Int64 // calls that came while another one was alive
	working  sync.WaitGroup
}

func (c *crew) phone(n int) (*siptest.Phone, error) {
	return siptest.New(siptest.Options{
		Name: phoneName(n), Password: c.password, Server: c.server, Transport: c.transport,
		Policy: siptest.AnswerAfter(0), Keep: 5 * time.Second,
	})
}

// start registers phones 1 to n and logs an agent in at each, ten at a time.
func (c *crew) start(ctx context.Context, n int) error {
	c.phones = make([]*siptest.Phone, n)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(10)
	for i := range n {
		g.Go(func() (err error) {
			if c.phones[i], err = c.phone(i + 1); err != nil {
				return err
			}
			if err := c.phones[i].Register(gctx); err != nil {
				return fmt.Errorf("phone %s: %w", phoneName(i+1), err)
			}
			return c.logIn(gctx, c.phones[i], i+1)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, p := range c.phones {
		c.working.Go(func() { c.work(ctx, p) })
	}
	return nil
}

// logIn dials *11 and types number and PIN; the server hangs up when it has
// said its piece.
func (c *crew) logIn(ctx context.Context, p *siptest.Phone, n int) error {
	call, err := p.Call(ctx, "*11")
	if err != nil {
		return err
	}
	if err := call.WaitAnswered(ctx); err != nil {
		return fmt.Errorf("dial *11: %w", err)
	}
	if err := call.SendDigits(ctx, agentNumber(n)+"#"+c.pin+"#"); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	if _, err := call.WaitEnded(ctx); err != nil {
		return fmt.Errorf("log in: the server does not end the call: %w", err)
	}
	return nil
}

// logInAndLeave logs an agent in and removes the phone's registration.
func (c *crew) logInAndLeave(ctx context.Context, n int) error {
	p, err := c.phone(n)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.Register(ctx); err != nil {
		return err
	}
	if err := c.logIn(ctx, p, n); err != nil {
		return err
	}
	return p.Unregister(ctx)
}

// work takes the calls of one phone, one after the other, until ctx ends.
func (c *crew) work(ctx context.Context, p *siptest.Phone) {
	for {
		select {
		case call := <-p.Incoming():
			for call != nil {
				call = c.serve(ctx, p, call)
			}
		case <-ctx.Done():
			return
		}
	}
}

// serve talks until the call ends; it gives a call that came meanwhile.
func (c *crew) serve(ctx context.Context, p *siptest.Phone, call *siptest.Call) (next *siptest.Call) {
	c.answered.Add(1)
	call.PlayTone(agentTone, toneLevel)
	select {
	case <-call.Ended():
	case next = <-p.Incoming():
		if call.End().By == "" {
			c.doubles.Add(1)
		}
	case <-ctx.Done():
		return nil
	}
	if call.Heard().Tone(callerTone) < audibleTone {
		c.deaf.Add(1)
	}
	return next
}

// stop logs every agent out, unregisters and closes the phones. It is called
// after work's context has ended.
func (c *crew) stop(ctx context.Context) {
	c.working.Wait()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(10)
	for _, p := range c.phones {
		if p == nil {
			continue
		}
		g.Go(func() error {
			defer p.Close()
			if call, err := p.Call(gctx, "*12"); err == nil {
				_, _ = call.WaitEnded(gctx) // the run is over; what remains logged in is logged in anew
			}
			_ = p.Unregister(gctx) // it expires by itself
			return nil
		})
	}
	_ = g.Wait() // no function gives an error
}
