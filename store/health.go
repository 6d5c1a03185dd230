package store

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync"
	"time"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/store/redis"
)

// Health says whether what happens now is kept.
type Health struct {
	Engine   string    // memory, sqlite or redis
	Up       bool      // the last thing that was to be kept was kept
	Since    time.Time // up or down since then
	Why      string    // what is wrong; empty while it is up
	Lost     bool      // another server has taken over: nothing will be kept any more
	Overdue  bool      // the right to write has not been renewed for long: another server may have taken over, and nobody can tell
	Failures uint64    // what could not be kept or read since the start; most of it was tried again
}

// watched is an engine whose every answer is noted. The engine's own word, where it
// has one, counts too: it knows before anything is asked of it.
type watched struct {
	engine Engine
	name   string
	log    *slog.Logger

	mu       sync.Mutex // protects all following fields
	down     error
	since    time.Time
	failures uint64
}

// aware is an engine that knows by itself whether it can keep anything.
type aware interface{ Away() error }

// leased is an engine that another server can take over.
type leased interface {
	Fenced() <-chan struct{}
	Overdue() bool
}

func watch(e Engine, name string, log *slog.Logger) *watched {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &watched{engine: e, name: name, log: log, since: time.Now()}
}

// Health implements Store.
func (w *watched) Health() Health {
	if e, ok := w.engine.(aware); ok {
		if err := e.Away(); err != nil {
			w.fell(err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	h := Health{Engine: w.name, Up: w.down == nil, Since: w.since, Failures: w.failures, Lost: errors.Is(w.down, redis.ErrFenced)}
	if w.down != nil {
		h.Why = w.down.Error()
	}
	if e, ok := w.engine.(leased); ok && !h.Lost {
		h.Overdue = e.Overdue()
	}
	return h
}

// Lost implements Store.
func (w *watched) Lost() <-chan struct{} {
	if e, ok := w.engine.(leased); ok {
		return e.Fenced()
	}
	return nil
}

// note takes an engine's answer. A refusal by the rules and a caller who no longer
// waits are no failures.
func (w *watched) note(ctx context.Context, err error) error {
	switch {
	case err == nil:
		w.rose()
	case errors.Is(err, call.ErrSealed), errors.Is(err, acd.ErrAppended):
	case errors.Is(ctx.Err(), context.Canceled): // whatever its cause is: that of a call is how the call ended
	default:
		w.mu.Lock()
		w.failures++
		w.mu.Unlock()
		w.fell(err)
	}
	return err
}

func (w *watched) fell(err error) {
	w.mu.Lock()
	first := w.down == nil
	if first {
		w.since = time.Now()
	}
	w.down = err
	w.mu.Unlock()
	if first {
		w.log.Error("store down: what happens now is kept in memory until it is up again", "engine", w.name, "err", err)
	}
}

func (w *watched) rose() {
	if e, ok := w.engine.(aware); ok && e.Away() != nil {
		return // it took what it was given, and still says that it is not well
	}
	w.mu.Lock()
	was, since := w.down != nil, w.since
	if was {
		w.down, w.since = nil, time.Now()
	}
	w.mu.Unlock()
	if was {
		w.log.Info("store up again", "engine", w.name, "down", time.Since(since).Round(time.Millisecond))
	}
}

// Close implements Store.
func (w *watched) Close() error { return w.engine.Close() }

// Bindings implements call.Directory.
func (w *watched) Bindings(ctx context.Context) ([]call.Binding, error) {
	all, err := w.engine.Bindings(ctx)
	return all, w.note(ctx, err)
}

// Bind implements call.Directory.
func (w *watched) Bind(ctx context.Context, b call.Binding) error {
	return w.note(ctx, w.engine.Bind(ctx, b))
}

// Unbind implements call.Directory.
func (w *watched) Unbind(ctx context.Context, aor, id string) error {
	return w.note(ctx, w.engine.Unbind(ctx, aor, id))
}

// Begin implements call.Journal.
func (w *watched) Begin(ctx context.Context, r call.Record) error {
	return w.note(ctx, w.engine.Begin(ctx, r))
}

// Seal implements call.Journal.
func (w *watched) Seal(ctx context.Context, r call.Record) error {
	return w.note(ctx, w.engine.Seal(ctx, r))
}

// Keep implements call.Journal.
func (w *watched) Keep(ctx context.Context, sheets []call.Sheet) []error {
	answers := w.engine.Keep(ctx, sheets)
	for _, err := range answers {
		_ = w.note(ctx, err)
	}
	return answers
}

// Unsealed implements call.Journal.
func (w *watched) Unsealed(ctx context.Context) ([]call.Record, error) {
	all, err := w.engine.Unsealed(ctx)
	return all, w.note(ctx, err)
}

// Records implements call.Journal.
func (w *watched) Records(ctx context.Context, q call.Query) ([]call.Record, error) {
	all, err := w.engine.Records(ctx, q)
	return all, w.note(ctx, err)
}

// KeepExposure implements call.Exposures.
func (w *watched) KeepExposure(ctx context.Context, shifts ...call.EarShift) error {
	return w.note(ctx, w.engine.KeepExposure(ctx, shifts...))
}

// Exposures implements call.Exposures.
func (w *watched) Exposures(ctx context.Context, agent string, limit int) ([]call.EarShift, error) {
	all, err := w.engine.Exposures(ctx, agent, limit)
	return all, w.note(ctx, err)
}

// Append implements acd.Ledger.
func (w *watched) Append(ctx context.Context, events []acd.Event) error {
	return w.note(ctx, w.engine.Append(ctx, events))
}

// Load implements acd.Ledger.
func (w *watched) Load(ctx context.Context) ([]byte, []acd.Event, error) {
	snapshot, events, err := w.engine.Load(ctx)
	return snapshot, events, w.note(ctx, err)
}

// Compact implements acd.Ledger.
func (w *watched) Compact(ctx context.Context, seq uint64, snapshot []byte) error {
	return w.note(ctx, w.engine.Compact(ctx, seq, snapshot))
}

// Events implements History.
func (w *watched) Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	return func(yield func(acd.Event, error) bool) {
		for e, err := range w.engine.Events(ctx, from, to) {
			if err != nil {
				err = w.note(ctx, err)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Forget implements History.
func (w *watched) Forget(ctx context.Context, before time.Time) error {
	return w.note(ctx, w.engine.Forget(ctx, before))
}

// ForgetRecords implements Archive.
func (w *watched) ForgetRecords(ctx context.Context, before, protected time.Time) error {
	return w.note(ctx, w.engine.ForgetRecords(ctx, before, protected))
}

// ForgetExposures implements Archive.
func (w *watched) ForgetExposures(ctx context.Context, before time.Time) error {
	return w.note(ctx, w.engine.ForgetExposures(ctx, before))
}
