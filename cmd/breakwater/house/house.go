// Package house builds every room of the server, connects them and runs them until
// told to stop. It is the only place that knows all rooms.
package house

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
	"breakwater/acd/figures"
	"breakwater/api"
	"breakwater/call"
	"breakwater/config"
	"breakwater/media"
	"breakwater/sip"
	"breakwater/store"
)

// Options say where the house stands.
type Options struct {
	Config  string // directory of the config files
	Version string // of the software
	Log     *slog.Logger
}

// House is a running server, room by room from the ground up.
type House struct {
	Keeper   *config.Keeper
	Store    store.Store
	Engine   *media.Engine
	Floor    *acd.Floor
	Exchange *call.Exchange
	SIP      *sip.Server
	API      net.Listener

	backlog   *store.Backlog    // nil = the store is on this machine
	decisions *chronicle.Writer // nil = none are kept
	figures   *figures.Book

	opts    Options
	face    *api.Server
	token   string
	started time.Time
	shifts  *shifts
}

// Build opens every room; nothing is served yet. Whatever was opened is closed again
// when a later room cannot be.
func Build(ctx context.Context, o Options) (_ *House, err error) {
	h := &House{opts: o, started: time.Now()}
	defer func() {
		if err == nil {
			return
		}
		if h.Exchange != nil {
			err = errors.Join(err, h.Exchange.Close(ctx)) // it has no call yet, but its desk is open
		}
		h.close()
	}()
	if h.Keeper, err = config.Keep(o.Config, o.Log); err != nil {
		return nil, err
	}
	c := h.Keeper.Current()
	if h.Store, err = store.Open(ctx, c.Store.Address(), o.Log); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if h.Engine, err = media.Open(c.Media, o.Log); err != nil {
		return nil, fmt.Errorf("open the sound: %w", err)
	}
	if err = h.openFloor(ctx, c); err != nil {
		return nil, fmt.Errorf("open the floor: %w", err)
	}
	if h.shifts, err = newShifts(c, h.Floor, o.Log); err != nil {
		return nil, err
	}
	parts := sip.Parts{Engine: h.Engine, Directory: h.Store, Log: o.Log, Floor: h.Floor.Lateness}
	if h.SIP, err = sip.Open(ctx, c.SIPPlan(), parts); err != nil {
		return nil, fmt.Errorf("open the wire: %w", err)
	}
	h.Exchange, err = call.NewExchange(ctx, c.CallPlan(), call.Parts{
		Floor: h.Floor, Dialer: h.SIP, Journal: h.Store, Doses: h.Store, Sounds: call.OverEngine(h.Engine), Archive: h.Engine,
		Ears: call.EarsOver(), Book: h.Keeper.Book(), Log: o.Log, Version: o.Version, Folder: c.Media.Recordings,
	})
	if err != nil {
		return nil, fmt.Errorf("open the exchange: %w", err)
	}
	h.register()
	return h, h.openFace(ctx, c.API)
}

// openLedger gives the floor's ledger. One on another machine may be away: its events then
// wait on this one, beside the recordings as the records do.
func (h *House) openLedger(ctx context.Context, c *config.Config) (_ acd.Ledger, err error) {
	if h.Store.Health().Engine != "redis" || c.Media.Recordings == "" {
		return h.Store, nil
	}
	file := filepath.Join(filepath.Dir(filepath.Clean(c.Media.Recordings)), "events.spill")
	h.backlog, err = store.OpenBacklog(ctx, h.Store, file, h.opts.Log)
	return h.backlog, err
}

// openFloor opens the floor and the log of its decisions.
func (h *House) openFloor(ctx context.Context, c *config.Config) (err error) {
	ledger, err := h.openLedger(ctx, c)
	if err != nil {
		return err
	}
	h.figures = figures.NewBook(h.Store, c.FiguresPlan())
	more := []acd.Option{acd.WithWritten(h.figures.Heard)}
	if d := c.Floor.Decisions; !d.Off {
		if h.decisions, err = chronicle.New(d, h.opts.Version, h.opts.Log); err != nil {
			return err
		}
		more = append(more, acd.WithChronicle(h.decisions))
	}
	h.Floor, err = acd.NewFloor(ctx, c.FloorPlan(), ledger, h.opts.Log, more...)
	return err
}

// runFloor runs the floor, and after it what keeps its decisions, so that the last of
// them is written.
func (h *House) runFloor(ctx context.Context) error {
	if h.decisions == nil {
		return h.Floor.Run(ctx)
	}
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	written := make(chan error, 1)
	go func() { written <- h.decisions.Run(writing) }()
	err := h.Floor.Run(ctx)
	stop()
	return errors.Join(err, <-written)
}

// register lets every room take part in a config edit.
func (h *House) register() {
	h.Keeper.Register("floor", func(_, next *config.Config) (func(), error) { return h.Floor.Prepare(next.FloorPlan()) })
	h.Keeper.Register("shifts", h.shifts.prepare)
	h.Keeper.Register("figures", func(_, next *config.Config) (func(), error) {
		return func() { h.figures.Set(next.FiguresPlan()) }, nil
	})
	h.Keeper.Register("calls", func(_, next *config.Config) (func(), error) { return h.Exchange.Prepare(next.CallPlan()) })
	h.Keeper.Register("sip", func(_, next *config.Config) (func(), error) { return h.SIP.Prepare(next.SIPPlan()) })
}

// openFace binds the admin's address and reads or makes the token.
func (h *House) openFace(ctx context.Context, s api.Settings) error {
	token, err := tokenIn(s.TokenFile)
	if err != nil {
		return err
	}
	h.token = token
	var lc net.ListenConfig
	if h.API, err = lc.Listen(ctx, "tcp", s.Listen); err != nil {
		return fmt.Errorf("open the api: %w", err)
	}
	h.face = api.New(h.shown(), h.opts.Log)
	return nil
}

// Run serves until ctx ends, then stops from the roof down: no new calls, every call
// ended and its record sealed, the floor's last events written, the store closed.
func (h *House) Run(ctx context.Context) error {
	defer h.close()
	rooms, stopRooms := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRooms()
	wire, stopWire := context.WithCancel(rooms)
	defer stopWire()
	ended, running := make(chan error, 11), 0
	run := func(name string, f func() error) {
		running++
		go func() {
			err := f()
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			ended <- err
		}()
	}
	run("floor", func() error { return h.runFloor(rooms) })
	run("sip", func() error { return h.SIP.Serve(wire, h.Exchange) })
	run("api", func() error { return h.face.Serve(rooms, h.API) })
	run("config", func() error { return h.Keeper.Watch(rooms) })
	run("callbacks", func() error { return h.Exchange.ServeCallbacks(rooms) })
	run("talks", func() error { return h.Exchange.ServeTalks(rooms) })
	run("shifts", func() error { return h.shifts.run(rooms) })
	run("history", func() error { return h.forget(rooms) })
	run("lease", func() error { return h.guardLease(rooms) })
	run("figures", func() error { return h.figures.Run(rooms, h.opts.Log) })
	if h.backlog != nil {
		run("events", func() error { return h.backlog.Run(rooms) })
	}

	var first error
	select {
	case <-ctx.Done():
	case first = <-ended: // a room that ends by itself takes the house with it
		running--
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := errors.Join(first, h.Exchange.Close(grace))
	stopWire()
	stopRooms()
	for range running {
		err = errors.Join(err, <-ended)
	}
	return err
}

// stopTime is how long calls may take to end when the server stops.
const stopTime = 10 * time.Second

// close closes what is not closed by its own Run. It may be called on a house half
// built.
func (h *House) close() {
	if h.API != nil {
		_ = h.API.Close() // closed by Serve already when it ran
	}
	if h.SIP != nil {
		over, end := context.WithCancel(context.Background())
		end()
		_ = h.SIP.Serve(over, nobody{}) // served already, or begun and ended at once: either way its sockets are closed
	}
	if h.Engine != nil {
		if err := h.Engine.Close(); err != nil {
			h.opts.Log.Error("close the sound", "err", err)
		}
	}
	if h.Store != nil {
		if err := h.Store.Close(); err != nil {
			h.opts.Log.Error("close the store", "err", err)
		}
	}
}

// nobody takes no call: for a wire that is closed before it was ever served.
type nobody struct{}

func (nobody) Incoming(call.Leg) bool      { return false }
func (nobody) PhoneReachable(string, bool) {}

// Token is the bearer token of the api.
func (h *House) Token() string { return h.token }

// tokenIn reads the token file, or makes it with a new token (mode 0600).
func tokenIn(file string) (string, error) {
	text, err := os.ReadFile(file)
	switch {
	case err == nil && len(firstLine(text)) >= tokenLength:
		return firstLine(text), nil
	case err == nil:
		return "", fmt.Errorf("token file %s: its first line is shorter than %d characters", file, tokenLength)
	case !errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("token file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	token := newToken()
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	return token, nil
}
