// Package store keeps what must outlive the process: registrations, the floor's
// ledger and its history, and call records. It decides nothing.
package store

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/store/memory"
	"breakwater/store/redis"
	"breakwater/store/sqlite"
)

// Store is everything that is kept, and whether it can be kept now. All methods are
// safe for concurrent use.
type Store interface {
	Engine
	Health() Health
	// Lost is closed when another server has taken over: nothing will be kept any more.
	// It is nil where that cannot happen.
	Lost() <-chan struct{}
}

// Engine is one way to keep everything. All of them are held to one contract.
type Engine interface {
	call.Directory
	call.Journal
	call.Exposures
	acd.Ledger
	History
	Archive
	Close() error
}

// Archive is the records of calls that have ended and the shifts of ears, until they are
// forgotten.
type Archive interface {
	// ForgetRecords deletes the sealed records of calls that began before a moment, and
	// those of protected calls only where they began before another. Drafts stay.
	ForgetRecords(ctx context.Context, before, protected time.Time) error
	// ForgetExposures deletes what agents' ears got in shifts that began before a moment.
	ForgetExposures(ctx context.Context, before time.Time) error
}

// History is the past of the floor: the ledger's events, those of snapshots too, until
// they are forgotten.
type History interface {
	// Events gives what happened from from (inclusive) to to (exclusive), by At.Wall,
	// in order of Seq, without Event.Who: figures need no number. It holds nothing open while the caller works, and what is
	// appended meanwhile need not be seen. After an error it ends.
	Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error]
	// Forget deletes the events before a moment; never one that Load still gives.
	Forget(ctx context.Context, before time.Time) error
}

// Open opens what the URL names: "memory:" forgets at the end, "sqlite:FILE" keeps
// everything in one file (made with its folder when missing), redis://HOST:PORT/DB (or
// rediss:// with TLS) in a Redis. An unknown URL is an error that names the known ones.
func Open(ctx context.Context, url string, log *slog.Logger) (Store, error) {
	kind, rest, _ := strings.Cut(url, ":")
	var e Engine
	var err error
	switch {
	case kind == "memory" && rest == "":
		e = memory.New()
	case kind == "sqlite" && rest != "":
		e, err = sqlite.Open(ctx, rest, log)
	case kind == "redis" || kind == "rediss":
		e, err = redis.Open(ctx, url, log)
		kind = "redis"
	default:
		return nil, fmt.Errorf("store %q is not known; known are memory:, sqlite:FILE and redis://HOST:PORT", kind)
	}
	if err != nil {
		return nil, err // not e: a nil *sqlite.Store in an interface is not nil
	}
	return watch(e, kind, log), nil
}
