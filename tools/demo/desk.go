package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"breakwater/acd"
	"breakwater/sip/siptest"
)

// desk is a desk phone and the agent who sits at it.
type desk struct {
	agent, number string
	pin           string
	phone         *siptest.Phone
	voice         float64
}

// seats says which agent sits at which phone, and how it reaches the server.
var seats = []struct{ agent, phone, transport string }{
	{"anna", "201", "tcp"},
	{"ben", "202", "udp"},
	{"carla", "203", "udp"},
	{"dora", "204", "udp"},
	{"emil", "205", "udp"},
	{"fay", "206", "tcp"},
	{"gina", "207", "udp"},
	{"hugo", "208", "udp"},
	{"ivan", "209", "udp"},
	{"sofia", "210", "udp"},
}

// carrier is the address from which the config expects the carrier's calls.
const carrier = "127.0.0.2"

// seat registers every phone and logs every agent in, as people do it: by dialling.
func (st *stage) seat(ctx context.Context) error {
	udp, err := st.address("udp")
	if err != nil {
		return err
	}
	if st.city, err = siptest.New(siptest.Options{Name: "city", Server: udp, Local: netip.MustParseAddr(carrier)}); err != nil {
		return fmt.Errorf("carrier: %w", err)
	}
	c := st.house.Keeper.Current()
	for _, s := range seats {
		server, err := st.address(s.transport)
		if err != nil {
			return err
		}
		phone, err := siptest.New(siptest.Options{
			Name: s.phone, Password: c.Phones[s.phone].Password, Server: server, Transport: s.transport,
			Policy: siptest.Policy{One: true},
		})
		if err != nil {
			return fmt.Errorf("phone %s: %w", s.phone, err)
		}
		st.desks[s.agent] = &desk{s.agent, c.Agents[s.agent].Number, c.Agents[s.agent].PIN, phone, st.voice()}
	}
	errs := make(chan error, len(st.desks))
	var all sync.WaitGroup
	for _, d := range st.desks {
		all.Go(func() { errs <- d.logIn(ctx) })
	}
	all.Wait()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	if err != nil {
		return err
	}
	st.tell.line("", "%d desk phones have registered; their agents logged in by *11, number # PIN #", len(seats))
	return st.allReady(ctx)
}

// logIn registers the phone and dials *11; number and PIN are typed ahead.
func (d *desk) logIn(ctx context.Context) error {
	if err := d.phone.Register(ctx); err != nil {
		return fmt.Errorf("phone of %s: %w", d.agent, err)
	}
	return d.dial(ctx, "*11", d.number+"#"+d.pin+"#")
}

// dial dials a code, types what it asks for and listens until the server has spoken
// and hung up.
func (d *desk) dial(ctx context.Context, code, typed string) error {
	c, err := d.phone.Call(ctx, code)
	if err != nil {
		return err
	}
	if err := c.WaitAnswered(ctx); err != nil {
		return fmt.Errorf("%s dials %s: %w", d.agent, code, err)
	}
	if err := c.SendDigits(ctx, typed); err != nil {
		return fmt.Errorf("%s: %w", d.agent, err)
	}
	_, err = c.WaitEnded(ctx)
	return err
}

// allReady asks the status address: logging in must have made every agent ready.
func (st *stage) allReady(ctx context.Context) error {
	agents, err := st.agents(ctx)
	if err != nil {
		return err
	}
	for _, a := range agents {
		if a.State != acd.Ready {
			return fmt.Errorf("%s is %s after logging in, not %s", a.Name, a.State, acd.Ready)
		}
	}
	return nil
}

// until looks again and again until ready says yes or ctx ends.
func until(ctx context.Context, ready func() (bool, error)) error {
	look := time.NewTicker(40 * time.Millisecond)
	defer look.Stop()
	for {
		if ok, err := ready(); ok || err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
