package acd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// backlogMost bounds the events kept for a ledger that is slow or away. Beyond
	// it they are given up for one snapshot of the state, which loses no promise.
	backlogMost = 1 << 16
	// promiseWithin is how long a method waits for its event to be durable.
	promiseWithin = 2 * time.Second
	// retryFirst and retryMost pace the attempts during an outage.
	retryFirst, retryMost = 100 * time.Millisecond, 2 * time.Second
	// attemptWithin bounds one attempt. Silence is an outage too.
	attemptWithin = 5 * time.Second
)

// journal takes the floor's events to the ledger. The floor's goroutine adds to it
// and never waits; run, its one writer, owns the ledger.
type journal struct {
	ledger   Ledger
	log      *slog.Logger
	failures *atomic.Uint64
	kick     chan struct{} // capacity 1
	again    *time.Timer   // a snapshot that failed is due; run's
	show     func([]AgentView)
	written  func([]Event)
	nudge    func() // makes the floor take a turn

	mu      sync.Mutex // guards what follows; held for a few lines
	backlog []Event
	dump    *dump // a snapshot to store after the events up to it
	at      progress
	waiters []*waiter
	views   map[string]shownAt
}

// dump is a snapshot that waits to be stored. Its state is the writer's alone.
type dump struct {
	seq   uint64
	state snapshot
	must  bool          // it stands for events that were given up
	pause time.Duration // after the failed attempt before; the writer's
	next  time.Time     // not before; the writer's
}

// waiter is to hear when everything up to seq is durable, or an attempt has failed.
type waiter struct {
	seq  uint64
	then func(error) // does not wait
}

// shownAt is an agent's look that may be shown once seq has been written, or at
// least tried.
type shownAt struct {
	seq  uint64
	view AgentView
}

func newJournal(l Ledger, log *slog.Logger, failures *atomic.Uint64, show func([]AgentView)) *journal {
	return &journal{
		ledger: l, log: log, failures: failures, kick: make(chan struct{}, 1), show: show,
		views: map[string]shownAt{}, written: func([]Event) {}, nudge: func() {},
	}
}

// add takes a turn's events and looks. It tells whether only a snapshot helps any
// more: the backlog is full, or the ledger has lost what stood before it.
func (j *journal) add(events []Event, views []AgentView, seq uint64) (full bool) {
	j.mu.Lock()
	full = j.at.gap || len(j.backlog)+len(events) > backlogMost
	if len(events) == 0 && len(views) == 0 {
		j.mu.Unlock()
		return full
	}
	j.backlog = append(j.backlog, events...)
	for _, v := range views {
		j.views[v.Name] = shownAt{seq, v}
	}
	j.mu.Unlock()
	j.wake()
	return full
}

// store asks for a snapshot. With must it replaces the backlog.
func (j *journal) store(d *dump) {
	j.mu.Lock()
	d.must = d.must || j.dump != nil && j.dump.must
	if d.must {
		j.backlog, j.at.gap = nil, false
	}
	j.dump = d
	j.mu.Unlock()
	j.wake()
}

// waiting counts the events that are not yet in the ledger.
func (j *journal) waiting() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.backlog)
}

func (j *journal) wake() {
	select {
	case j.kick <- struct{}{}:
	default:
	}
}

// when calls then once everything up to seq is durable, or an attempt to make it so has
// failed: ErrNotDurable. It may do so at once, or by the writer's goroutine.
func (j *journal) when(seq uint64, then func(error)) *waiter {
	w := &waiter{seq, then}
	j.mu.Lock()
	known, err := j.at.fate(seq)
	if !known {
		j.waiters = append(j.waiters, w)
	}
	j.mu.Unlock()
	if known {
		then(err)
	}
	return w
}

// wait returns when everything up to seq is durable. During an outage it returns
// ErrNotDurable after the first attempt, else after promiseWithin.
func (j *journal) wait(ctx context.Context, seq uint64) error {
	done := make(chan error, 1)
	w := j.when(seq, func(err error) { done <- err })
	timer := time.NewTimer(promiseWithin)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		j.giveUp(w)
		return fmt.Errorf("%w: %w", ErrNotDurable, context.Cause(ctx))
	case <-timer.C:
		j.giveUp(w)
		return fmt.Errorf("%w: the ledger did not answer within %s", ErrNotDurable, promiseWithin)
	}
}

func (j *journal) giveUp(w *waiter) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.waiters = slices.DeleteFunc(j.waiters, func(o *waiter) bool { return o == w })
}

// run writes until quit closes, then what is left, until ctx ends. What could not
// be written is the error.
func (j *journal) run(ctx context.Context, quit <-chan struct{}) error {
	pause, ending := retryFirst, false
	j.again = time.NewTimer(0)
	defer j.again.Stop()
	for {
		err := j.write(ctx)
		switch {
		case err == nil && ending:
			return nil
		case err == nil:
			pause = retryFirst
			select {
			case <-j.kick:
			case <-j.again.C:
			case <-quit:
				ending = true
			}
			continue
		case ending && ctx.Err() != nil:
			return fmt.Errorf("write the floor's last events: %w", err)
		}
		ending = j.rest(ctx, quit, pause) || ending
		pause = min(2*pause, retryMost)
	}
}

// rest waits between two attempts. It tells whether the end has come.
func (j *journal) rest(ctx context.Context, quit <-chan struct{}, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-ctx.Done():
		return true
	case <-quit: // closed: from now on only ctx and the timer count
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		return true
	}
}

// write takes everything there is to the ledger. A snapshot that stands for
// events given up comes first, any other after the events it includes.
func (j *journal) write(ctx context.Context) error {
	j.mu.Lock()
	batch, d := j.backlog, j.dump
	j.mu.Unlock()
	if d != nil && d.must {
		if err := j.compact(ctx, d); err != nil {
			return j.failed(d.seq, 0, err)
		}
		j.wrote(d.seq, 0, d)
	}
	for len(batch) > 0 {
		n, err := j.append(ctx, batch)
		if err != nil {
			return j.failed(batch[len(batch)-1].Seq, batch[n-1].Seq, err)
		}
		j.wrote(batch[n-1].Seq, n, nil)
		j.written(batch[:n])
		j.tellOperator(ctx, batch[:n])
		batch = batch[n:]
	}
	if d != nil && !d.must && !time.Now().Before(d.next) {
		if err := j.compact(ctx, d); err != nil {
			j.later(d, err)
		} else {
			j.wrote(d.seq, 0, d)
		}
	}
	j.wrote(0, 0, nil)
	return nil
}

// later puts off a snapshot that could not be stored. Nothing is lost, for the events are
// there, but how to reach callers who are gone is, too. Events do not wait for it, and the
// pauses double, up to an hour: about fifteen attempts until the next snapshot takes its place.
func (j *journal) later(d *dump, err error) {
	j.failures.Add(1)
	d.pause = min(max(retryFirst, 2*d.pause), compactAfter)
	d.next = time.Now().Add(d.pause)
	j.again.Reset(d.pause)
	j.log.Warn("ledger not compacted", "seq", d.seq, "again_in", d.pause, "error", err)
}

// append takes the first n events of the batch to the ledger. Those of a failed
// attempt go again alone: only then does "I have these" speak of exactly them, and
// what was added meanwhile is not taken for written.
func (j *journal) append(ctx context.Context, batch []Event) (n int, err error) {
	j.mu.Lock()
	unsure := j.at.unsure
	j.mu.Unlock()
	for n < len(batch) && batch[n].Seq <= unsure {
		n++
	}
	again := n > 0
	if !again {
		n = len(batch)
	}
	ctx, cancel := context.WithTimeout(ctx, attemptWithin)
	defer cancel()
	err = j.ledger.Append(ctx, batch[:n])
	if again && errors.Is(err, ErrAppended) {
		return n, nil // it arrived, though it was answered with an error
	}
	if err != nil {
		return n, fmt.Errorf("append %d events from %d: %w", n, batch[0].Seq, err)
	}
	return n, nil
}

// tellOperator logs what an operator would tell a colleague. It is done here and
// not on the floor's goroutine, which does no I/O.
func (j *journal) tellOperator(ctx context.Context, batch []Event) {
	for _, e := range batch {
		level := slog.LevelDebug
		switch e.Kind {
		case KindLogIn, KindLogOut, KindMoved, KindRestGranted, KindRemoved:
			level = slog.LevelInfo
		case KindStruckOut, KindOrphaned, KindRecovered:
			level = slog.LevelWarn
		}
		if j.log.Enabled(ctx, level) {
			j.log.Log(ctx, level, "floor", "event", e.Kind, "call", e.Call, "queue", e.Queue, "agent", e.Agent, "reason", e.Reason)
		}
	}
}

func (j *journal) compact(ctx context.Context, d *dump) error {
	blob, err := json.Marshal(d.state)
	if err != nil {
		return fmt.Errorf("snapshot at %d: %w", d.seq, err)
	}
	ctx, cancel := context.WithTimeout(ctx, attemptWithin)
	defer cancel()
	if err := j.ledger.Compact(ctx, d.seq, blob); err != nil {
		return fmt.Errorf("compact up to %d: %w", d.seq, err)
	}
	return nil
}

// wrote notes that everything up to seq is on disk, n events of the backlog and d
// among it, and tells who waits.
func (j *journal) wrote(seq uint64, n int, d *dump) {
	j.mu.Lock()
	back := j.at.wrote(seq)
	if n > 0 && len(j.backlog) >= n && j.backlog[n-1].Seq == seq { // else given up meanwhile
		j.backlog = append([]Event(nil), j.backlog[n:]...)
	}
	if d != nil && j.dump == d {
		j.dump = nil
	}
	served := j.served(j.at.durable)
	views := j.showable()
	j.mu.Unlock()
	tell(served, nil)
	j.show(views)
	if back {
		j.log.Info("ledger written again", "seq", seq)
	}
}

// failed notes a failed attempt; the first of an outage is an alarm. Nothing up to
// seq is durable, and what went out up to unsure may be or not.
func (j *journal) failed(seq, unsure uint64, err error) error {
	j.failures.Add(1)
	j.mu.Lock()
	first, gap := j.at.failed(seq, unsure, err)
	served := j.served(seq)
	views := j.showable()
	j.mu.Unlock()
	tell(served, fmt.Errorf("%w: %w", ErrNotDurable, err))
	j.show(views)
	if gap {
		j.nudge()
	}
	if first {
		j.log.Error("ledger not written: what is announced now would be forgotten by a crash", "error", err)
	}
	return err
}

// served takes out those who wait for seq or less.
func (j *journal) served(seq uint64) (served []*waiter) {
	rest := j.waiters[:0]
	for _, w := range j.waiters {
		if w.seq <= seq {
			served = append(served, w)
		} else {
			rest = append(rest, w)
		}
	}
	clear(j.waiters[len(rest):])
	j.waiters = rest
	return served
}

// dismiss tells whoever still waits that nothing is written any more.
func (j *journal) dismiss() {
	j.mu.Lock()
	served := j.served(math.MaxUint64)
	j.mu.Unlock()
	tell(served, ErrNotDurable)
}

func tell(served []*waiter, err error) {
	for _, w := range served {
		w.then(err)
	}
}

// showable takes the looks that need not wait any more.
func (j *journal) showable() []AgentView {
	var out []AgentView
	for name, s := range j.views {
		if s.seq <= j.at.tried {
			out = append(out, s.view)
			delete(j.views, name)
		}
	}
	return out
}
