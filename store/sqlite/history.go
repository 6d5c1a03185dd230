package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
	// forgetPage is how many rows one transaction deletes, so that a clean-up never
	// holds up the floor's promises for long.
	forgetPage = 1000
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
		err := s.read.QueryRowContext(ctx, `SELECT min(seq), max(seq) FROM events WHERE wall >= ? AND wall < ?`,
			nanos(from), afterRow(to)).Scan(&first, &last)
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

// afterRow is a moment as nanos, later by what a row's events may be apart.
func afterRow(t time.Time) int64 { return min(nanos(t), math.MaxInt64-int64(rowSpan)) + int64(rowSpan) }

// page reads some events of the rows first to last, and where the next page begins.
func (s *Store) page(ctx context.Context, first, last int64) (page []acd.Event, next int64, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT seq, body FROM events WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?`,
		first, last, historyPage)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var body sql.RawBytes
	for len(page) < historyPage {
		if !rows.Next() {
			return page, last + 1, rows.Err()
		}
		if err := rows.Scan(&next, &body); err != nil {
			return nil, 0, err
		}
		for text := range eventsIn(body) {
			var e acd.Event
			if err := json.Unmarshal(text, &e); err != nil {
				return nil, 0, err
			}
			e.Who = nil // a server before this one kept it here
			page = append(page, e)
		}
	}
	return page, next + 1, nil
}

// Forget implements store.History.
func (s *Store) Forget(ctx context.Context, before time.Time) error {
	for {
		var gone int64
		err := s.write.within(ctx, func(ctx context.Context) error {
			done, err := s.write.db.ExecContext(ctx, `DELETE FROM events WHERE seq IN (SELECT seq FROM events
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
			return s.trim(ctx, before)
		}
	}
}

// trim deletes the events before a moment from rows that hold later ones, too, or some
// that Load still gives.
func (s *Store) trim(ctx context.Context, before time.Time) error {
	rows, err := s.read.QueryContext(ctx, `SELECT seq, body, coalesce((SELECT seq FROM snapshot), 0) FROM events
		WHERE wall >= ?1 AND wall < ?2 OR seq = (SELECT min(seq) FROM events WHERE seq > (SELECT seq FROM snapshot))`,
		nanos(before), afterRow(before))
	if err != nil {
		return fmt.Errorf("forget events: %w", err)
	}
	defer rows.Close()
	left := map[int64][]byte{}
	for rows.Next() {
		var seq, compacted int64
		var body sql.RawBytes
		if err := rows.Scan(&seq, &body, &compacted); err != nil {
			return fmt.Errorf("forget events: %w", err)
		}
		kept, some, err := without(body, before, uint64(compacted))
		if err != nil {
			return fmt.Errorf("forget events: %w", err)
		}
		if some {
			left[seq] = kept
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || len(left) == 0 {
		return err
	}
	return s.write.within(ctx, func(ctx context.Context) error {
		for seq, body := range left {
			if _, err := s.write.db.ExecContext(ctx, `UPDATE events SET body = ? WHERE seq = ?`, body, seq); err != nil {
				return fmt.Errorf("forget events: %w", err)
			}
		}
		return nil
	})
}

// without gives a row's body without the events before a moment that a snapshot includes;
// and whether there were any. One at least stays, or the whole row would be gone: its
// newest is not before the moment, or its last is in no snapshot.
func without(body []byte, before time.Time, compacted uint64) (kept []byte, some bool, err error) {
	for text := range eventsIn(body) {
		var e acd.Event
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, false, err
		}
		if e.Seq <= compacted && e.At.Wall.Before(before) {
			some = true
			continue
		}
		if len(kept) > 0 {
			kept = append(kept, '\n')
		}
		kept = append(kept, text...)
	}
	return kept, some, nil
}
