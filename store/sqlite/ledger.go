package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"breakwater/acd"
)

// Append implements acd.Ledger. What it writes shares nothing with events, which are the
// caller's again when ctx ends.
func (s *Store) Append(ctx context.Context, events []acd.Event) error {
	if len(events) == 0 {
		return nil
	}
	first := events[0].Seq
	for i := range events[1:] {
		if seq, last := events[i+1].Seq, events[i].Seq; seq <= last {
			return fmt.Errorf("ledger: event %d comes after %d: %w", seq, last, acd.ErrAppended)
		}
	}
	rows, err := rowsOf(events)
	if err != nil {
		return err
	}
	return s.write.write(ctx, func(ctx context.Context) error {
		last, err := s.write.newest(ctx)
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		if first <= last {
			return fmt.Errorf("ledger: event %d comes after %d: %w", first, last, acd.ErrAppended)
		}
		for _, r := range rows {
			if err := s.insert(ctx, r); err != nil {
				return fmt.Errorf("ledger: events up to %d: %w", r.last, err)
			}
			s.write.last = r.last
		}
		return nil
	})
}

// insert writes a row and then what its events say of their callers.
func (s *Store) insert(ctx context.Context, r row) error {
	if _, err := s.write.stmts.events.ExecContext(ctx, int64(r.last), r.newest, r.body); err != nil {
		return err
	}
	for _, c := range r.callers {
		if _, err := s.write.stmts.caller.ExecContext(ctx, int64(c.seq), c.body); err != nil {
			return err
		}
	}
	return nil
}

// Load implements acd.Ledger.
func (s *Store) Load(ctx context.Context) (snapshot []byte, events []acd.Event, err error) {
	var compacted int64
	err = s.read.QueryRowContext(ctx, `SELECT seq, body FROM snapshot`).Scan(&compacted, &snapshot)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, nil, fmt.Errorf("read snapshot: %w", err)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT body FROM events WHERE seq > ? ORDER BY seq`, compacted)
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
		bodies = slices.AppendSeq(bodies, eventsIn(body))
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("read ledger: %w", err)
	}
	if events, err = acd.ReadEvents(bodies); err == nil {
		for len(events) > 0 && events[0].Seq <= uint64(compacted) {
			events = events[1:] // those before it share the first row
		}
		err = s.readCallers(ctx, events)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read ledger: %w", err)
	}
	return snapshot, events, nil
}

// readCallers gives the events of those who still wait their callers back.
func (s *Store) readCallers(ctx context.Context, events []acd.Event) error {
	wait := map[uint64]*acd.Event{}
	for _, i := range acd.StillWait(events) {
		wait[events[i].Seq] = &events[i]
	}
	if len(wait) == 0 {
		return nil
	}
	rows, err := s.read.QueryContext(ctx, `SELECT seq, body FROM callers`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var seq uint64
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&seq, &body); err != nil {
			return err
		}
		if e := wait[seq]; e != nil {
			if err := json.Unmarshal(body, &e.Who); err != nil {
				return fmt.Errorf("caller of event %d: %w", seq, err)
			}
		}
	}
	return rows.Err()
}

// Compact implements acd.Ledger. The events stay, for Events, and who called does not.
func (s *Store) Compact(ctx context.Context, seq uint64, snapshot []byte) error {
	return s.write.write(ctx, func(ctx context.Context) error {
		_, err := s.write.stmts.compact.ExecContext(ctx, int64(seq), snapshot)
		if err == nil {
			_, err = s.write.stmts.uncaller.ExecContext(ctx, int64(seq))
		}
		if err != nil {
			return fmt.Errorf("compact the ledger: %w", err)
		}
		s.write.last = max(s.write.last, seq)
		return nil
	})
}
