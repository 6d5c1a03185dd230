package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
	return s.Keep(ctx, []call.Sheet{{Record: r}})[0]
}

// Seal implements call.Journal.
func (s *Store) Seal(ctx context.Context, r call.Record) error {
	return s.Keep(ctx, []call.Sheet{{Record: r, Final: true}})[0]
}

// Keep implements call.Journal: all sheets go into one transaction.
func (s *Store) Keep(ctx context.Context, sheets []call.Sheet) []error {
	answers, done := make([]error, len(sheets)), make([]error, len(sheets))
	rows := make([]sheetRow, len(sheets))
	for i := range sheets {
		rows[i], answers[i] = rowOfSheet(&sheets[i])
	}
	err := s.write.write(ctx, func(ctx context.Context) error {
		for i := range rows {
			if rows[i].body == nil {
				continue
			}
			done[i] = rows[i].put(ctx, &s.write.stmts)
			if done[i] != nil && !errors.Is(done[i], call.ErrSealed) {
				return done[i]
			}
		}
		return nil
	})
	for i := range answers {
		switch {
		case answers[i] != nil: // was not tried
		case err != nil:
			answers[i] = err // done is the transaction's, which may still come
		default:
			answers[i] = done[i]
		}
	}
	return answers
}

// sheetRow is a sheet as it is written; without a body it is not.
type sheetRow struct {
	final                    bool
	id, caller, agent, queue string
	start                    int64
	body                     []byte
}

func rowOfSheet(s *call.Sheet) (sheetRow, error) {
	r := &s.Record
	body, err := r.AppendJSON(make([]byte, 0, recordRoom))
	if err != nil {
		return sheetRow{}, fmt.Errorf("keep %s: %w", r.ID, err)
	}
	return sheetRow{s.Final, r.ID, r.Caller, r.Agent, r.Queue, r.Start.UnixMilli(), body}, nil
}

// put writes the sheet; of a call that is sealed it is ErrSealed.
func (r *sheetRow) put(ctx context.Context, stmts *statements) error {
	if !r.final {
		done, err := stmts.draft.ExecContext(ctx, r.id, r.start, r.body)
		return once(done, err, "begin", r.id)
	}
	done, err := stmts.record.ExecContext(ctx, r.id, r.start, r.caller, r.agent, r.queue, r.body)
	if err := once(done, err, "seal", r.id); err != nil {
		return err
	}
	if _, err := stmts.undraft.ExecContext(ctx, r.id); err != nil {
		return fmt.Errorf("seal %s: %w", r.id, err)
	}
	return nil
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
		err := s.write.within(ctx, func(ctx context.Context) error {
			done, err := s.write.db.ExecContext(ctx, `DELETE FROM records WHERE id IN (SELECT id FROM records WHERE start < ?1
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
