package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"breakwater/call"
)

const (
	usualLimit = 100
	recordRoom = 2048 // bytes: what most records fit in
)

// Begin implements call.Journal.
func (s *Store) Begin(ctx context.Context, r call.Record) error {
	body, err := r.AppendJSON(make([]byte, 0, recordRoom))
	if err != nil {
		return fmt.Errorf("begin %s: %w", r.ID, err)
	}
	id, start := r.ID, r.Start.UnixMilli()
	return s.write.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done, err := tx.StmtContext(ctx, s.write.stmts.draft).ExecContext(ctx, id, start, body)
		return once(done, err, "begin", id)
	})
}

// Seal implements call.Journal.
func (s *Store) Seal(ctx context.Context, r call.Record) error {
	body, err := r.AppendJSON(make([]byte, 0, recordRoom))
	if err != nil {
		return fmt.Errorf("seal %s: %w", r.ID, err)
	}
	id, row := r.ID, []any{r.ID, r.Start.UnixMilli(), r.Caller, r.Agent, r.Queue, body}
	return s.write.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done, err := tx.StmtContext(ctx, s.write.stmts.record).ExecContext(ctx, row...)
		if err := once(done, err, "seal", id); err != nil {
			return err
		}
		if _, err := tx.StmtContext(ctx, s.write.stmts.undraft).ExecContext(ctx, id); err != nil {
			return fmt.Errorf("seal %s: %w", id, err)
		}
		return nil
	})
}

// once turns "nothing was written" into ErrSealed.
func once(done sql.Result, err error, what, id string) error {
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, id, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("%s %s: %w", what, id, call.ErrSealed)
	}
	return nil
}

// Unsealed implements call.Journal.
func (s *Store) Unsealed(ctx context.Context) ([]call.Record, error) {
	return s.records(ctx, `SELECT body FROM drafts ORDER BY start, id`)
}

// Records implements call.Journal.
func (s *Store) Records(ctx context.Context, q call.Query) ([]call.Record, error) {
	var where []string
	var args []any
	add := func(condition string, arg any) {
		where = append(where, condition)
		args = append(args, arg)
	}
	for column, want := range map[string]string{"id": q.ID, "caller": q.Caller, "agent": q.Agent, "queue": q.Queue} {
		if want != "" {
			add(column+" = ?", want)
		}
	}
	if !q.From.IsZero() {
		add("start >= ?", q.From.UnixMilli())
	}
	if !q.To.IsZero() {
		add("start < ?", q.To.UnixMilli())
	}
	if len(where) == 0 {
		where = []string{"1"}
	}
	if q.Limit <= 0 {
		q.Limit = usualLimit
	}
	query := `SELECT body FROM records WHERE ` + strings.Join(where, " AND ") + ` ORDER BY start DESC, id DESC LIMIT ?`
	return s.records(ctx, query, append(args, q.Limit)...)
}

func (s *Store) records(ctx context.Context, query string, args ...any) ([]call.Record, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	defer rows.Close()
	var all []call.Record
	for rows.Next() {
		var body []byte
		var r call.Record
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("read records: %w", err)
		}
		if err := json.Unmarshal(body, &r); err != nil {
			return nil, fmt.Errorf("read record: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// recordsPage is how many records one transaction deletes, so that a clean-up never holds
// up a call for long.
const recordsPage = 500

// ForgetRecords implements store.Archive.
func (s *Store) ForgetRecords(ctx context.Context, before, protected time.Time) error {
	for {
		var gone int64
		err := s.write.within(ctx, func(ctx context.Context, tx *sql.Tx) error {
			done, err := tx.ExecContext(ctx, `DELETE FROM records WHERE id IN (SELECT id FROM records WHERE start < ?1
				AND (start < ?2 OR NOT coalesce(json_extract(CAST(body AS TEXT), '$.protected'), 0)) LIMIT ?3)`,
				before.UnixMilli(), protected.UnixMilli(), recordsPage)
			if err != nil {
				return err
			}
			gone, err = done.RowsAffected()
			return err
		})
		if err != nil {
			return fmt.Errorf("forget records: %w", err)
		}
		if gone < recordsPage {
			return nil
		}
	}
}
