// Package store keeps what must outlive the process: registrations, the floor's
// ledger, and call records. It decides nothing.
package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/store/memory"
	"breakwater/store/sqlite"
)

// Store is everything that is kept. All methods are safe for concurrent use.
type Store interface {
	call.Directory
	call.Journal
	call.Exposures
	acd.Ledger
	Close() error
}

// Open opens what the URL names: "memory:" forgets at the end, "sqlite:FILE" keeps
// everything in one file (made with its folder when missing). An unknown URL is an
// error that names the known ones.
func Open(ctx context.Context, url string, log *slog.Logger) (Store, error) {
	kind, rest, _ := strings.Cut(url, ":")
	switch {
	case kind == "memory" && rest == "":
		return memory.New(), nil
	case kind == "sqlite" && rest != "":
		s, err := sqlite.Open(ctx, rest, log)
		if err != nil {
			return nil, err // not s: a nil *sqlite.Store in an interface is not nil
		}
		return s, nil
	}
	return nil, fmt.Errorf("store %q is not known; known are memory: and sqlite:FILE", url)
}
