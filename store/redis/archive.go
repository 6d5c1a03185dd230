package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"breakwater/call"
)

// recordsPage is how many records one script deletes, so that a clean-up never holds up a
// call for long.
const recordsPage = 100

// ForgetRecords implements store.Archive.
func (s *Store) ForgetRecords(ctx context.Context, before, protected time.Time) error {
	kept := int64(0) // they stay at the front
	for {
		ids, err := s.db.ZRangeByScore(ctx, s.keys.of("records", "start"), &redis.ZRangeBy{
			Min: "-inf", Max: "(" + strconv.FormatInt(before.UnixMilli(), 10), Offset: kept, Count: recordsPage,
		}).Result()
		if err != nil {
			return fmt.Errorf("forget records: %w", s.judge(err))
		}
		if len(ids) == 0 {
			return nil
		}
		old, err := s.recordsOf(ctx, call.Query{Limit: len(ids)}, ids, nil)
		if err != nil {
			return fmt.Errorf("forget records: %w", err)
		}
		kept += int64(len(ids))
		old = slices.DeleteFunc(old, func(r call.Record) bool { return r.Protected && !r.Start.Before(protected) })
		if len(old) == 0 {
			continue
		}
		if err := s.forgetRecords(ctx, old); err != nil {
			return fmt.Errorf("forget records: %w", err)
		}
		kept -= int64(len(old))
	}
}

func (s *Store) forgetRecords(ctx context.Context, old []call.Record) error {
	names := []string{s.keys.of("records")}
	ids := make([]any, 0, len(old))
	for _, r := range old {
		ids = append(ids, r.ID)
		names = append(names, s.indexes(call.Query{Agent: r.Agent, Queue: r.Queue, Caller: r.Caller})...)
	}
	slices.Sort(names[1:])
	return s.write(ctx, s.ops.forgetRecords, slices.Compact(names), ids...)
}
