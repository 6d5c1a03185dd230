package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// gather is how long two transactions of many writers are apart at least: whoever
	// comes meanwhile shares the next one, and pages that many change are written once:
	// what a busy house waits for here is a caller's answer, which nobody hears. Whoever
	// comes to an idle store does not wait.
	gather = 15 * time.Millisecond
	// together is how many writes one transaction takes at most, so that the first
	// does not wait long for the last.
	together = 256
)

// errClosed answers whoever writes after the end.
var errClosed = errors.New("sqlite: the store is closed")

// writer is the one goroutine that writes, and what waits for it. Nothing bounds the
// queue but those who wait for it: each has one write in it.
type writer struct {
	db    *sql.DB // one connection
	life  context.Context
	stmts statements
	dirty atomic.Bool // something was written since the last flush
	ended sync.WaitGroup

	turn  sync.Mutex // held from begin to commit, and by what may not come between; protects the following
	last  uint64     // Seq of the newest event, when known
	known bool

	mu     sync.Mutex // protects the following
	queue  []*write
	closed bool
	kick   chan struct{} // capacity 1; closed at the end
}

// write is one method's part of a transaction.
type write struct {
	what func(context.Context) error
	ctx  context.Context
	done chan error // capacity 1
}

// statements are parsed once: SQLite takes longer to understand an insert than to do it.
type statements struct {
	begin, commit, rollback     *sql.Stmt
	last, compact, events       *sql.Stmt
	caller, uncaller            *sql.Stmt
	draft, record, undraft      *sql.Stmt
	bind, unbind, keepsExposure *sql.Stmt
}

func newWriter(ctx context.Context, db *sql.DB) *writer {
	return &writer{db: db, life: context.WithoutCancel(ctx), kick: make(chan struct{}, 1)}
}

// prepare understands every statement. The tables are there.
func (w *writer) prepare(ctx context.Context) error {
	for into, text := range map[**sql.Stmt]string{
		&w.stmts.begin: `BEGIN IMMEDIATE`, &w.stmts.commit: `COMMIT`, &w.stmts.rollback: `ROLLBACK`,
		&w.stmts.last: `SELECT max(
			coalesce((SELECT max(seq) FROM events), 0), coalesce((SELECT seq FROM snapshot), 0))`,
		&w.stmts.events:   `INSERT INTO events (seq, wall, body) VALUES (?, ?, ?)`,
		&w.stmts.caller:   `INSERT INTO callers (seq, body) VALUES (?, ?)`,
		&w.stmts.uncaller: `DELETE FROM callers WHERE seq <= ?`,
		&w.stmts.compact: `INSERT INTO snapshot (one, seq, body) VALUES (1, ?, ?)
			ON CONFLICT DO UPDATE SET seq = excluded.seq, body = excluded.body`,
		&w.stmts.draft: `INSERT INTO drafts (id, start, body)
			SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM records WHERE id = ?1)
			ON CONFLICT DO UPDATE SET body = excluded.body`,
		&w.stmts.record: `INSERT INTO records (id, start, caller, agent, queue, body)
			VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		&w.stmts.undraft: `DELETE FROM drafts WHERE id = ?`,
		&w.stmts.bind: `INSERT INTO bindings (aor, id, expires, wire) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET expires = excluded.expires, wire = excluded.wire`,
		&w.stmts.unbind: `DELETE FROM bindings WHERE (aor = ? AND id = ?) OR expires < ?`,
		&w.stmts.keepsExposure: `INSERT INTO exposures (agent, began, pa2h, body) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET pa2h = excluded.pa2h, body = excluded.body WHERE excluded.pa2h >= exposures.pa2h`,
	} {
		var err error
		if *into, err = w.db.PrepareContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) start() { w.ended.Go(w.run) }

// close writes what waits, and ends the goroutine and the connection.
func (w *writer) close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.kick)
	}
	w.mu.Unlock()
	w.ended.Wait()
	return w.db.Close() // and the statements with it
}

// write does what in a transaction that others may share: it succeeds or fails as if
// it had one of its own. When ctx ends first its error is returned, and what was
// asked for may be done all the same. Since what may outlive the call, it shares
// nothing with it that changes.
func (w *writer) write(ctx context.Context, what func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	o := &write{what: what, ctx: ctx, done: make(chan error, 1)}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return errClosed
	}
	w.queue = append(w.queue, o)
	select {
	case w.kick <- struct{}{}:
	default:
	}
	w.mu.Unlock()
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("sqlite: %w", ctx.Err())
	}
}

// run writes until the end, and what waits then.
func (w *writer) run() {
	var last time.Time
	for range w.kick {
		if rest := gather - time.Since(last); rest > 0 {
			<-time.After(rest)
		}
		last = time.Now()
		for batch := w.next(); len(batch) > 0; batch = w.next() {
			w.take(batch)
		}
	}
	for batch := w.next(); len(batch) > 0; batch = w.next() {
		w.take(batch)
	}
}

// next gives what waits and is still wanted.
func (w *writer) next() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), together)
	batch := w.queue[:n:n]
	w.queue = w.queue[n:]
	if len(w.queue) == 0 {
		w.queue = nil
	}
	return batch
}

// take writes a batch and answers everybody. Where one of many fails, each is
// written alone: one's refusal is nobody else's.
func (w *writer) take(batch []*write) {
	wanted := batch[:0]
	for _, o := range batch {
		if err := o.ctx.Err(); err != nil {
			o.done <- fmt.Errorf("sqlite: %w", err)
			continue
		}
		wanted = append(wanted, o)
	}
	if len(wanted) == 0 {
		return
	}
	err := w.within(w.life, func(ctx context.Context) error {
		for _, o := range wanted {
			if err := o.what(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if locked := (*notBegun)(nil); err != nil && len(wanted) > 1 && !errors.As(err, &locked) {
		for i := range wanted {
			w.take(wanted[i : i+1])
		}
		return
	}
	for _, o := range wanted {
		o.done <- err
	}
}

// notBegun says that no transaction could begin: another process holds the file, and
// would hold it for the next attempt, too.
type notBegun struct{ err error }

func (n *notBegun) Error() string { return "sqlite: " + n.err.Error() }
func (n *notBegun) Unwrap() error { return n.err }

// within runs what in a transaction of its own, to its end even where ctx ends meanwhile:
// an interrupted connection would be replaced by another that is in no transaction. It is
// made of prepared statements on the one connection and not a sql.Tx, which would make
// every statement anew for each transaction.
func (w *writer) within(ctx context.Context, what func(context.Context) error) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if _, err := w.stmts.begin.ExecContext(w.life); err != nil {
		return &notBegun{err}
	}
	err := what(w.life)
	if err == nil {
		if _, err = w.stmts.commit.ExecContext(w.life); err == nil {
			w.dirty.Store(true)
			return nil
		}
		err = fmt.Errorf("sqlite: %w", err)
	}
	w.known = false
	_, undone := w.stmts.rollback.ExecContext(w.life)
	return errors.Join(err, undone)
}

// newest gives the Seq of the newest event, in the ledger or the snapshot. It is asked
// within a transaction, and once only: nobody else writes.
func (w *writer) newest(ctx context.Context) (uint64, error) {
	if !w.known {
		if err := w.stmts.last.QueryRowContext(ctx).Scan(&w.last); err != nil {
			return 0, err
		}
		w.known = true
	}
	return w.last, nil
}
