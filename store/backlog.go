package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"breakwater/acd"
	"breakwater/store/redis"
)

const (
	// backlogBytes bounds the file: about two million events. Beyond it Append fails, and
	// the floor keeps on in memory.
	backlogBytes = 512 << 20
	// backlogBatch is how many events go to the ledger at once when it is back.
	backlogBatch = 1000
	// backlogWithin is how long an event waits for the ledger before it goes to the file:
	// less than the floor waits for a promise to be durable.
	backlogWithin = time.Second
	// backlogFirst and backlogMost pace the attempts while the ledger is away.
	backlogFirst, backlogMost = 100 * time.Millisecond, 2 * time.Second
)

// Backlog is a ledger in front of one on another machine. What that does not take goes to
// a file of this machine, is durable there, and comes to the ledger in order and once when
// it is back: by Run, or by the next start after a kill. Only one server may write to the
// ledger (its lease sees to that), so an event that is there already is this one.
type Backlog struct {
	acd.Ledger
	path string
	log  *slog.Logger
	kick chan struct{} // capacity 1: something waits

	force func(folder string) error // to the disk, with the names in it

	mu   sync.Mutex // protects what follows; held while this machine's disk works, never while the ledger does
	held int        // events in the file that the ledger has not
	last uint64     // Seq of the newest in the file
	size int64      // of what is whole in the file
	sent int64      // of that, what the ledger has
	ends error      // only a snapshot helps any more, or nothing: the ledger has lost events, or another server has it
}

// OpenBacklog brings what a process before this one left in the file to the ledger. A file
// that does not follow what the ledger holds, because another server has written since, is
// put aside and told.
func OpenBacklog(ctx context.Context, l acd.Ledger, path string, log *slog.Logger) (*Backlog, error) {
	b := &Backlog{Ledger: l, path: path, log: log, kick: make(chan struct{}, 1), force: forceFolder}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(text) == 0 {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the events that wait: %w", err)
	}
	events, _, damaged := readLines(text)
	follows, err := b.bring(ctx, events)
	if err != nil {
		return nil, fmt.Errorf("bring the events of %s to the ledger: %w", path, err)
	}
	if damaged != nil || !follows {
		aside := aside(path)
		log.Error("events of an outage are put aside: the file is damaged, or another server has written since",
			"kept_in", aside, "read", len(events), "follow", follows, "damage", damaged)
		return b, os.Rename(path, aside)
	}
	log.Info("events of an outage are in the ledger", "events", len(events))
	return b, os.Remove(path)
}

// aside is where a file goes that is of no use, and may be to somebody who looks at it.
func aside(path string) string { return path + time.Now().UTC().Format(".20060102T150405") }

// errDamaged says that what waits cannot be read back: only a snapshot of the floor stands
// for it.
var errDamaged = fmt.Errorf("the file of the events that wait is damaged: %w", acd.ErrForgotten)

// bring adds the events that the ledger does not have. It tells whether all of them follow
// what it has.
func (b *Backlog) bring(ctx context.Context, events []acd.Event) (follows bool, err error) {
	_, there, err := b.Load(ctx)
	if err != nil {
		return false, err
	}
	known := map[uint64]acd.Event{}
	for _, e := range there {
		known[e.Seq] = e
	}
	for len(events) > 0 {
		e, ok := known[events[0].Seq]
		if !ok {
			break
		}
		if same, err := sameEvent(e, events[0]); err != nil || !same {
			return false, err
		}
		events = events[1:]
	}
	for len(events) > 0 {
		n := min(backlogBatch, len(events))
		switch err := b.Ledger.Append(ctx, events[:n]); {
		case errors.Is(err, acd.ErrAppended):
			return false, nil
		case err != nil:
			return false, err
		}
		events = events[n:]
	}
	return true, nil
}

// sameEvent compares what a ledger keeps of every event: how to reach a caller it gives
// back only for those who still wait.
func sameEvent(x, y acd.Event) (bool, error) {
	x.Who, y.Who = nil, nil
	a, err := json.Marshal(x)
	if err != nil {
		return false, err
	}
	b, err := json.Marshal(y)
	return bytes.Equal(a, b), err
}

// Append implements acd.Ledger. It fails where neither the ledger nor the file takes the
// events, and where the ledger refuses them.
func (b *Backlog) Append(ctx context.Context, events []acd.Event) error {
	if len(events) == 0 {
		return nil
	}
	b.mu.Lock()
	held, err := b.held, b.ends
	b.mu.Unlock()
	switch {
	case err != nil:
		return err
	case held == 0:
		soon, cancel := context.WithTimeout(ctx, backlogWithin)
		err = b.Ledger.Append(soon, events)
		cancel()
		if err == nil || refuses(err) || errors.Is(err, acd.ErrAppended) {
			return err
		}
	}
	if full := b.keep(events); full != nil {
		return errors.Join(err, full)
	}
	if held == 0 {
		b.log.Error("the ledger is away: events go to a file of this machine until it is back", "file", b.path, "err", err)
	}
	select {
	case b.kick <- struct{}{}:
	default:
	}
	return nil
}

// refuses tells of an error that no second attempt mends.
func refuses(err error) bool {
	return errors.Is(err, acd.ErrForgotten) || errors.Is(err, redis.ErrFenced)
}

// Compact implements acd.Ledger. What waits comes first, unless the ledger has lost what
// stands before it: then the snapshot is all that helps, and stands for what waits, too.
func (b *Backlog) Compact(ctx context.Context, seq uint64, snapshot []byte) error {
	b.mu.Lock()
	held, ends := b.held, b.ends
	b.mu.Unlock()
	if held > 0 && !errors.Is(ends, acd.ErrForgotten) {
		return fmt.Errorf("%d events wait for the ledger", held)
	}
	if err := b.Ledger.Compact(ctx, seq, snapshot); err != nil || held == 0 {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(b.ends, errDamaged) {
		if err := os.Rename(b.path, aside(b.path)); err != nil {
			b.log.Warn("a damaged file is not put aside", "file", b.path, "err", err)
		}
	}
	b.ends = nil
	return b.empty()
}

// Waiting counts the events in the file that the ledger does not have.
func (b *Backlog) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// Run brings what waits to the ledger until ctx ends. What is left then waits for the
// next start.
func (b *Backlog) Run(ctx context.Context) error {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for wait := backlogFirst; ; {
		select {
		case <-ctx.Done():
			if n := b.Waiting(); n > 0 {
				b.log.Warn("events wait for the next start", "events", n, "file", b.path)
			}
			return nil
		case <-b.kick:
		case <-pause.C:
		}
		switch err := b.drain(ctx); {
		case err == nil:
			wait = backlogFirst
		case refuses(err):
			if errors.Is(err, errDamaged) {
				b.log.Error("events of an outage cannot be read back: the floor writes its state instead, and they are missing in figures", "file", b.path, "err", err)
			}
			b.mu.Lock()
			b.ends = err
			b.mu.Unlock()
		default:
			pause.Reset(wait)
			wait = min(2*wait, backlogMost)
		}
	}
}

// drain brings all that waits to the ledger, oldest first.
func (b *Backlog) drain(ctx context.Context) error {
	for {
		batch, end, err := b.next()
		if err != nil || len(batch) == 0 {
			return err
		}
		if err := b.send(ctx, batch); err != nil {
			return err
		}
		b.mu.Lock()
		b.sent, b.held = end, b.held-len(batch)
		done := b.held == 0
		if done {
			err = b.empty()
		}
		b.mu.Unlock()
		if done {
			b.log.Info("the events that waited are in the ledger")
			return err
		}
	}
}

// send takes a batch to the ledger. Where part of it is there already, because an attempt
// that was given up had arrived, one after the other.
func (b *Backlog) send(parent context.Context, batch []acd.Event) error {
	ctx, cancel := context.WithTimeout(parent, 5*backlogWithin)
	defer cancel()
	err := b.Ledger.Append(ctx, batch)
	if !errors.Is(err, acd.ErrAppended) || len(batch) == 1 {
		if errors.Is(err, acd.ErrAppended) {
			return nil
		}
		return err
	}
	for i := range batch {
		if err := b.send(parent, batch[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}
