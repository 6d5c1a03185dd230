package config

import (
	"context"
	"fmt"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quiet   = 250 * time.Millisecond // editors write a file in several steps: wait until they are done
	glances = 10 * time.Second       // network file systems send no events, and a directory may be replaced
)

// Watch reloads whenever the files have changed, until ctx ends. A bad edit is
// refused and reported by Status; the next good one is taken. The error says that
// watching cannot begin.
func (k *Keeper) Watch(ctx context.Context) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch config: %w", err)
	}
	defer func() { _ = w.Close() }() // it was only read from
	if err := w.Add(k.dir); err != nil {
		return fmt.Errorf("watch config directory %s: %w", k.dir, err)
	}
	again := func() {
		// A directory that was moved away and made anew is another one to the
		// kernel; adding it twice is harmless, and while it is gone there is
		// nothing to add.
		_ = w.Add(k.dir)
	}
	k.follow(ctx, w.Events, w.Errors, again)
	return nil
}

// follow waits for events to settle and then looks at the files. Errors of the
// watcher mean lost events, so they count as one.
func (k *Keeper) follow(ctx context.Context, events <-chan fsnotify.Event, errs <-chan error, again func()) {
	glance := time.NewTicker(glances)
	defer glance.Stop()
	settled := time.NewTimer(quiet) // the first look finds what changed before the watch began
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-events:
			if !ok {
				return
			}
			settled.Reset(quiet)
		case err := <-errs:
			k.log.Warn("config watch lost events", "dir", k.dir, "error", err)
			settled.Reset(quiet)
		case <-settled.C:
			k.look(ctx)
		case <-glance.C:
			again()
			k.look(ctx)
		}
	}
}

// look reloads if the files differ from what was read last. After a refusal it
// tries again in any case, since what was missing may be a secret or a port.
func (k *Keeper) look(ctx context.Context) {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return
	}
	if k.Status().Refusal == nil && k.onDisk() == k.seen {
		return
	}
	_, _ = k.reload() // told by Status and the log
}
