package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"breakwater/call"
)

// KeepExposure implements call.Exposures.
func (s *Store) KeepExposure(ctx context.Context, shifts ...call.EarShift) error {
	for _, e := range shifts {
		body, err := e.AppendJSON(nil)
		if err == nil {
			err = s.write(ctx, s.ops.expose, s.earsOf(e.Agent), e.Began.UnixMilli(), body, strconv.FormatFloat(e.Exposure, 'g', -1, 64), e.Agent)
		}
		if err != nil {
			return fmt.Errorf("keep exposure: %w", err)
		}
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

// earsOf names the shifts of an agent, their amounts, and the agents by their oldest shift.
func (s *Store) earsOf(agent string) []string {
	return []string{s.keys.of("ears", name(agent)), s.keys.of("ears", name(agent), "pa2h"), s.keys.of("ears")}
}

// ForgetExposures implements store.Archive. One script takes the old shifts of one agent.
func (s *Store) ForgetExposures(ctx context.Context, before time.Time) error {
	cut := strconv.FormatInt(before.UnixMilli(), 10)
	agents, err := s.db.ZRangeByScore(ctx, s.keys.of("ears"), &redis.ZRangeBy{Min: "-inf", Max: "(" + cut}).Result()
	if err != nil {
		return fmt.Errorf("forget exposures: %w", s.judge(err))
	}
	for _, agent := range agents {
		if err := s.write(ctx, s.ops.forgetEars, s.earsOf(agent), agent, cut); err != nil {
			return fmt.Errorf("forget exposures: %w", err)
		}
	}
	return nil
}
