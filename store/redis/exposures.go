package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"breakwater/call"
)

// KeepExposure implements call.Exposures.
func (s *Store) KeepExposure(ctx context.Context, e call.EarShift) error {
	body, err := json.Marshal(e)
	if err == nil {
		names := []string{s.keys.of("ears", name(e.Agent)), s.keys.of("ears", name(e.Agent), "pa2h")}
		err = s.write(ctx, s.ops.expose, names, e.Began.UnixMilli(), body, strconv.FormatFloat(e.Exposure, 'g', -1, 64))
	}
	if err != nil {
		return fmt.Errorf("keep exposure: %w", err)
	}
	return nil
}

// Exposures implements call.Exposures.
func (s *Store) Exposures(ctx context.Context, agent string, limit int) ([]call.EarShift, error) {
	bodies, err := s.db.HVals(ctx, s.keys.of("ears", name(agent))).Result()
	if err != nil {
		return nil, fmt.Errorf("read exposures: %w", s.judge(err))
	}
	all := make([]call.EarShift, len(bodies))
	for i, body := range bodies {
		if err := json.Unmarshal([]byte(body), &all[i]); err != nil {
			return nil, fmt.Errorf("read exposures: %w", err)
		}
	}
	slices.SortFunc(all, func(a, b call.EarShift) int { return b.Began.Compare(a.Began) })
	return all[:min(limit, len(all))], nil
}
