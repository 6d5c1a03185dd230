package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"time"

	"breakwater/acd"
)

const (
	// historyPage is how many events one query reads. Between pages nothing is held:
	// a report over a year keeps the write-ahead log as small as no report at all.
	historyPage = 2000
	// forgetPage is how many events one transaction deletes, so that a clean-up never
	// holds up the floor's promises for long.
	forgetPage = 5000
)

// nanos is a moment as the ledger's column wall holds it; a zero time is before all.
func nanos(t time.Time) int64 {
	switch year := t.UTC().Year(); { // of 64 bits, the years of nanoseconds are 1678 to 2261
	case year < 1678:
		return math.MinInt64
	case year > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// Events implements store.History.
func (s *Store) Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	return func(yield func(acd.Event, error) bool) {
		var first, last sql.NullInt64
		err := s.read.QueryRowContext(ctx, `SELECT min(seq), max(seq) FROM ledger WHERE wall >= ? AND wall < ?`,
			nanos(from), nanos(to)).Scan(&first, &last)
		for next := first.Int64; err == nil && last.Valid && next <= last.Int64; {
			var page []acd.Event
			if page, next, err = s.page(ctx, next, last.Int64); err != nil {
				break
			}
			for _, e := range page {
				if e.At.Wall.Before(from) || !e.At.Wall.Before(to) {
					continue // the clock was set: events in order of Seq need not be in order of time
				}
				if !yield(e, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(acd.Event{}, fmt.Errorf("read events: %w", err))
		}
	}
}

// page reads a page of events from seq first to last, and where the next begins.
func (s *Store) page(ctx context.Context, first, last int64) (page []acd.Event, next int64, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT body FROM ledger WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?`,
		first, last, historyPage)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	next = last + 1
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&body); err != nil {
			return nil, 0, err
		}
		var e acd.Event
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, 0, err
		}
		e.Who = nil // a server before this one kept it here
		page = append(page, e)
	}
	if len(page) == historyPage {
		next = int64(page[len(page)-1].Seq) + 1
	}
	return page, next, rows.Err()
}

// Forget implements store.History.
func (s *Store) Forget(ctx context.Context, before time.Time) error {
	for {
		var gone int64
		err := s.write.within(ctx, func(ctx context.Context, tx *sql.Tx) error {
			done, err := tx.ExecContext(ctx, `DELETE FROM ledger WHERE seq IN (SELECT seq FROM ledger
				WHERE wall < ? AND seq <= coalesce((SELECT seq FROM snapshot), 0) LIMIT ?)`, nanos(before), forgetPage)
			if err != nil {
				return err
			}
			gone, err = done.RowsAffected()
			return err
		})
		if err != nil {
			return fmt.Errorf("forget events: %w", err)
		}
		if gone < forgetPage {
			return nil
		}
	}
}

// dateLedger gives the ledger of a server before this one the column that Events
// asks by, and its index.
func (s *Store) dateLedger(ctx context.Context) error {
	return s.write.within(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var dated bool
		err := tx.QueryRowContext(ctx, `SELECT count(*) > 0 FROM pragma_table_info('ledger') WHERE name = 'wall'`).Scan(&dated)
		if err == nil && !dated {
			_, err = tx.ExecContext(ctx, `ALTER TABLE ledger ADD COLUMN wall INTEGER NOT NULL DEFAULT 0`)
			if err == nil {
				err = dateEvents(ctx, tx)
			}
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, `CREATE INDEX IF NOT EXISTS ledger_wall ON ledger (wall)`)
		}
		if err != nil {
			return fmt.Errorf("date the ledger: %w", err)
		}
		return nil
	})
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
