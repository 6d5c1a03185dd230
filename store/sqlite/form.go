package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"breakwater/acd"
)

// form is the version of the tables below, which the file holds as its user_version. A
// server brings an older file into its own form at the start, once and in one transaction:
// a crash leaves all of the old form or all of the new one. A newer file it refuses.
//
// Form 0 is that of the servers that wrote no version. Every event had a row of its own in
// the table ledger, and drafts and records stood in tables without rowids: there a body of
// more than a quarter of a page has another page to itself, and to look for an id reads
// the bodies on the way. Of the eight pages that a call wrote that was three.
const form = 1

const tables = `
CREATE TABLE IF NOT EXISTS bindings (
	aor TEXT NOT NULL, id TEXT NOT NULL, expires INTEGER NOT NULL, wire BLOB NOT NULL,
	PRIMARY KEY (aor, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, wall INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS callers (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS snapshot (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS drafts (
	n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, start INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS records (
	n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, start INTEGER NOT NULL, caller TEXT NOT NULL, agent TEXT NOT NULL,
	queue TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS exposures (
	agent TEXT NOT NULL, began INTEGER NOT NULL, pa2h REAL NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (agent, began)) WITHOUT ROWID;
`

const indices = `
CREATE INDEX IF NOT EXISTS ledger_wall ON events (wall);
CREATE INDEX IF NOT EXISTS records_start ON records (start);
CREATE INDEX IF NOT EXISTS records_agent ON records (agent, start);
CREATE INDEX IF NOT EXISTS records_caller ON records (caller, start);
CREATE INDEX IF NOT EXISTS records_queue ON records (queue, start);
CREATE INDEX IF NOT EXISTS exposures_began ON exposures (began);
`

// refusal stops a server that knows of no versions, which would otherwise take a row of
// many events for a damaged one: it asks for the columns of the table ledger before it
// does anything, and the error it ends with names the table that this view lacks. Who
// alters a table drops the view first: SQLite looks through every view then.
const refusal = `CREATE VIEW ledger AS SELECT seq, wall, body FROM this_store_was_written_by_a_newer_server`

// reform brings the file into today's form.
func (s *Store) reform(ctx context.Context) error {
	var has int
	if err := s.write.db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&has); err != nil {
		return err
	}
	if has == form {
		return nil
	}
	if has > form {
		return fmt.Errorf("a newer server wrote it: its form is %d, and this one knows %d at most; start the newer one, or put the copy from before it back", has, form)
	}
	began := time.Now()
	tx, err := s.write.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	old, err := s.change(ctx, tx)
	if err != nil {
		return errors.Join(fmt.Errorf("bring it into form %d: %w", form, err), tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("bring it into form %d: %w", form, err)
	}
	if old {
		s.log.Info("the store has its new form", "file", s.file, "form", form, "took", time.Since(began).Round(time.Millisecond))
		err := s.rewrite() // the log has grown by all that was copied
		if !errors.Is(err, errBusy) && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		s.write.dirty.Store(true) // somebody reads the file as it was: the log stays for now, and the flusher sees to it
	}
	return nil
}

// change does the steps, and says whether there was anything before.
func (s *Store) change(ctx context.Context, tx *sql.Tx) (old bool, err error) {
	steps, err := changes(ctx, tx)
	if old = len(steps) > len(newFile); old {
		s.log.Info("the store is brought into a new form", "file", s.file, "form", form)
	}
	for i := 0; i < len(steps) && err == nil; i++ {
		err = steps[i](ctx, tx)
	}
	return old, err
}

// step is a part of a change of form.
type step func(context.Context, *sql.Tx) error

// run is a step of statements.
func run(text string) step {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, text)
		return err
	}
}

// newFile is what an empty file needs.
var newFile = []step{ //nolint:gochecknoglobals // a table
	run(tables), run(indices), run(refusal), run(fmt.Sprintf(`PRAGMA user_version = %d`, form)),
}

// changes gives the steps from the form a file without a version has, which is that of
// one of many servers or none.
func changes(ctx context.Context, tx *sql.Tx) (steps []step, err error) {
	has := map[string]bool{}
	for _, table := range []string{"ledger", "drafts", "records"} {
		var is bool
		if err := tx.QueryRowContext(ctx, `SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = ?`, table).Scan(&is); err != nil {
			return nil, err
		}
		has[table] = is
	}
	var copies []step
	if has["ledger"] {
		steps = append(steps, dateLedger, run(`ALTER TABLE ledger RENAME TO events`)) // a row of one event is as good as one of many
	}
	if has["drafts"] {
		steps = append(steps, run(`ALTER TABLE drafts RENAME TO drafts_before`))
		copies = append(copies, run(`INSERT INTO drafts (id, start, body) SELECT id, start, body FROM drafts_before ORDER BY id`),
			run(`DROP TABLE drafts_before`))
	}
	if has["records"] {
		steps = append(steps, run(`ALTER TABLE records RENAME TO records_before`))
		copies = append(copies, run(`INSERT INTO records (id, start, caller, agent, queue, body)
			SELECT id, start, caller, agent, queue, body FROM records_before ORDER BY id`), // an id tells the time
			run(`DROP TABLE records_before`)) // and its indices, whose names are needed again
	}
	steps = append(append(steps, newFile[0]), copies...)
	return append(steps, newFile[1:]...), nil
}

// dateLedger gives the ledger of a server long before this one the column that Events
// asks by.
func dateLedger(ctx context.Context, tx *sql.Tx) error {
	var dated bool
	err := tx.QueryRowContext(ctx, `SELECT count(*) > 0 FROM pragma_table_info('ledger') WHERE name = 'wall'`).Scan(&dated)
	if err == nil && !dated {
		_, err = tx.ExecContext(ctx, `ALTER TABLE ledger ADD COLUMN wall INTEGER NOT NULL DEFAULT 0`)
		if err == nil {
			err = dateEvents(ctx, tx)
		}
	}
	if err != nil {
		return fmt.Errorf("date the ledger: %w", err)
	}
	return nil
}

// dateEvents fills the column of every event there is; such a ledger held 10,000 at most.
func dateEvents(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT body FROM ledger`)
	if err != nil {
		return err
	}
	defer rows.Close()
	walls := map[uint64]int64{}
	for rows.Next() {
		var body []byte
		var e acd.Event
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &e); err != nil {
			return err
		}
		walls[e.Seq] = nanos(e.At.Wall)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for seq, wall := range walls {
		if _, err := tx.ExecContext(ctx, `UPDATE ledger SET wall = ? WHERE seq = ?`, wall, int64(seq)); err != nil {
			return err
		}
	}
	return nil
}
