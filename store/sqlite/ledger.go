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
	rows := make([]row, len(events))
	text := make([]byte, 0, eventRoom*len(events)) // of all of them
	for i := range events {
		var err error
		if rows[i], text, err = rowOf(&events[i], text); err != nil {
			return fmt.Errorf("ledger: event %d: %w", events[i].Seq, err)
		}
	}
	return s.write.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var last uint64
		if err := tx.StmtContext(ctx, s.write.stmts.last).QueryRowContext(ctx).Scan(&last); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		for _, e := range rows {
			if e.seq <= last {
				return fmt.Errorf("ledger: event %d comes after %d: %w", e.seq, last, acd.ErrAppended)
			}
			last = e.seq
		}
		return s.insert(ctx, tx, rows)
	})
}

// insert writes events in order, many by one statement, and then what they say of their
// callers.
func (s *Store) insert(ctx context.Context, tx *sql.Tx, rows []row) error {
	args := make([]any, 0, 3*atOnce[0])
	left := rows
	for i, n := range atOnce {
		for ; len(left) >= n; left = left[n:] {
			args = args[:0]
			for _, e := range left[:n] {
				args = append(args, int64(e.seq), e.wall, e.body)
			}
			if _, err := tx.StmtContext(ctx, s.write.stmts.events[i]).ExecContext(ctx, args...); err != nil {
				return fmt.Errorf("ledger: events from %d: %w", left[0].seq, err)
			}
		}
	}
	for _, e := range rows {
		if e.who == nil {
			continue
		}
		if _, err := tx.StmtContext(ctx, s.write.stmts.caller).ExecContext(ctx, int64(e.seq), e.who); err != nil {
			return fmt.Errorf("ledger: event %d: %w", e.seq, err)
		}
	}
	return nil
}

// row is an event as the ledger holds it. What it says of its caller has a table of its
// own, which Compact empties; nil = nothing.
type row struct {
	seq       uint64
	wall      int64
	body, who []byte
}

// eventRoom is what most events fit in, in bytes.
const eventRoom = 384

// rowOf writes an event behind text, of which the row holds its part.
func rowOf(e *acd.Event, text []byte) (_ row, _ []byte, err error) {
	r := row{seq: e.Seq, wall: nanos(e.At.Wall)}
	from := len(text)
	if text, err = e.AppendHistory(text); err != nil {
		return row{}, text, err
	}
	r.body = text[from:len(text):len(text)]
	if e.Who != nil {
		from = len(text)
		if text, err = e.Who.AppendJSON(text); err != nil {
			return row{}, text, err
		}
		r.who = text[from:len(text):len(text)]
	}
	return r, text, nil
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
	if events, err = acd.ReadEvents(bodies); err == nil {
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
	return s.write.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.StmtContext(ctx, s.write.stmts.compact).ExecContext(ctx, int64(seq), snapshot)
		if err == nil {
			_, err = tx.StmtContext(ctx, s.write.stmts.uncaller).ExecContext(ctx, int64(seq))
		}
		if err != nil {
			return fmt.Errorf("compact the ledger: %w", err)
		}
		return nil
	})
}
