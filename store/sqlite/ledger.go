package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"breakwater/acd"
)

// Append implements acd.Ledger.
func (s *Store) Append(ctx context.Context, events []acd.Event) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		var last uint64
		err := tx.QueryRowContext(ctx, `SELECT max(
			coalesce((SELECT max(seq) FROM ledger), 0), coalesce((SELECT seq FROM snapshot), 0))`).Scan(&last)
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		insert, err := tx.PrepareContext(ctx, `INSERT INTO ledger (seq, wall, body) VALUES (?, ?, ?)`)
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		defer insert.Close()
		for _, e := range events {
			if e.Seq <= last {
				return fmt.Errorf("ledger: event %d comes after %d: %w", e.Seq, last, acd.ErrAppended)
			}
			last = e.Seq
			body, err := json.Marshal(e)
			if err != nil {
				return fmt.Errorf("ledger: event %d: %w", e.Seq, err)
			}
			if _, err := insert.ExecContext(ctx, int64(e.Seq), nanos(e.At.Wall), body); err != nil {
				return fmt.Errorf("ledger: event %d: %w", e.Seq, err)
			}
		}
		return nil
	})
}

// Load implements acd.Ledger.
func (s *Store) Load(ctx context.Context) (snapshot []byte, events []acd.Event, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT body FROM snapshot`).Scan(&snapshot)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, nil, fmt.Errorf("read snapshot: %w", err)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT body FROM ledger
		WHERE seq > coalesce((SELECT seq FROM snapshot), 0) ORDER BY seq`)
	if err != nil {
		return nil, nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	var bodies [][]byte
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, nil, fmt.Errorf("read ledger: %w", err)
		}
		bodies = append(bodies, body)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("read ledger: %w", err)
	}
	if events, err = acd.ReadEvents(bodies); err != nil {
		return nil, nil, fmt.Errorf("read ledger: %w", err)
	}
	return snapshot, events, nil
}

// Compact implements acd.Ledger. The events stay, for Events.
func (s *Store) Compact(ctx context.Context, seq uint64, snapshot []byte) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO snapshot (one, seq, body) VALUES (1, ?, ?)
			ON CONFLICT DO UPDATE SET seq = excluded.seq, body = excluded.body`, int64(seq), snapshot)
		if err != nil {
			return fmt.Errorf("compact the ledger: %w", err)
		}
		return nil
	})
}
