package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"breakwater/call"
)

// KeepExposure implements call.Exposures.
func (s *Store) KeepExposure(ctx context.Context, shifts ...call.EarShift) error {
	bodies := make([][]byte, len(shifts))
	for i := range shifts {
		var err error
		if bodies[i], err = shifts[i].AppendJSON(nil); err != nil {
			return fmt.Errorf("keep exposure: %w", err)
		}
	}
	return s.write.write(ctx, func(ctx context.Context) error {
		for i, e := range shifts {
			_, err := s.write.stmts.keepsExposure.ExecContext(ctx, e.Agent, e.Began.UnixMilli(), e.Exposure, bodies[i])
			if err != nil {
				return fmt.Errorf("keep exposure: %w", err)
			}
		}
		return nil
	})
}

// Exposures implements call.Exposures.
func (s *Store) Exposures(ctx context.Context, agent string, limit int) ([]call.EarShift, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT body FROM exposures WHERE agent = ? ORDER BY began DESC LIMIT ?`, agent, limit)
	if err != nil {
		return nil, fmt.Errorf("read exposures: %w", err)
	}
	defer rows.Close()
	var all []call.EarShift
	for rows.Next() {
		var body []byte
		var e call.EarShift
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("read exposures: %w", err)
		}
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("read exposures: %w", err)
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// exposuresPage is how many shifts one transaction deletes, so that a clean-up never holds
// up a call for long.
const exposuresPage = 500

// ForgetExposures implements store.Archive.
func (s *Store) ForgetExposures(ctx context.Context, before time.Time) error {
	for {
		var gone int64
		err := s.write.within(ctx, func(ctx context.Context) error {
			done, err := s.write.db.ExecContext(ctx, `DELETE FROM exposures WHERE (agent, began) IN (SELECT agent, began FROM exposures
				WHERE began < ? LIMIT ?)`, before.UnixMilli(), exposuresPage)
			if err != nil {
				return err
			}
			gone, err = done.RowsAffected()
			return err
		})
		if err != nil {
			return fmt.Errorf("forget exposures: %w", err)
		}
		if gone < exposuresPage {
			return nil
		}
	}
}
