package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"breakwater/call"
)

const usualLimit = 100

// Begin implements call.Journal.
func (s *Store) Begin(ctx context.Context, r call.Record) error {
	body, err := r.AppendJSON(nil)
	if err == nil {
		err = s.write(ctx, s.ops.begin, []string{s.keys.of("records"), s.keys.of("drafts")}, r.ID, body)
	}
	if err != nil {
		return fmt.Errorf("begin %s: %w", r.ID, err)
	}
	return nil
}

// Seal implements call.Journal.
func (s *Store) Seal(ctx context.Context, r call.Record) error {
	body, err := r.AppendJSON(nil)
	if err == nil {
		names := append([]string{s.keys.of("records"), s.keys.of("drafts")}, s.indexes(call.Query{Agent: r.Agent, Queue: r.Queue, Caller: r.Caller})...)
		err = s.write(ctx, s.ops.seal, names, r.ID, body, r.Start.UnixMilli())
	}
	if err != nil {
		return fmt.Errorf("seal %s: %w", r.ID, err)
	}
	return nil
}

// Keep implements call.Journal.
func (s *Store) Keep(ctx context.Context, sheets []call.Sheet) []error {
	return call.KeepEach(ctx, s, sheets)
}

// indexes are the sorted sets that hold the records of a query; the last one is
// the shortest usually.
func (s *Store) indexes(q call.Query) []string {
	all := []string{s.keys.of("records", "start")}
	for _, by := range [][2]string{{"queue", q.Queue}, {"agent", q.Agent}, {"caller", q.Caller}} {
		if by[1] != "" {
			all = append(all, s.keys.of("records", by[0], by[1]))
		}
	}
	return all
}

// Unsealed implements call.Journal.
func (s *Store) Unsealed(ctx context.Context) ([]call.Record, error) {
	bodies, err := s.db.HVals(ctx, s.keys.of("drafts")).Result()
	if err != nil {
		return nil, fmt.Errorf("read drafts: %w", s.judge(err))
	}
	all := make([]call.Record, len(bodies))
	for i, body := range bodies {
		if err := json.Unmarshal([]byte(body), &all[i]); err != nil {
			return nil, fmt.Errorf("read draft: %w", err)
		}
	}
	slices.SortFunc(all, func(a, b call.Record) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, nil
}

// Records implements call.Journal.
func (s *Store) Records(ctx context.Context, q call.Query) ([]call.Record, error) {
	if q.Limit <= 0 {
		q.Limit = usualLimit
	}
	if q.ID != "" {
		return s.recordsOf(ctx, q, []string{q.ID}, nil)
	}
	indexes := s.indexes(q)
	n := int64(page)
	if q.Limit < page && len(indexes) <= 2 {
		n = int64(q.Limit)
	}
	at := s.newest(indexes[len(indexes)-1], q.From, q.To)
	var all []call.Record
	for {
		ids, more, err := at.next(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("read records: %w", s.judge(err))
		}
		if all, err = s.recordsOf(ctx, q, ids, all); err != nil {
			return nil, err
		}
		if len(all) >= q.Limit || !more {
			return all, nil
		}
	}
}

// recordsOf adds those of the ids that match, up to the limit.
func (s *Store) recordsOf(ctx context.Context, q call.Query, ids []string, all []call.Record) ([]call.Record, error) {
	for some := range slices.Chunk(ids, 100) {
		bodies, err := s.db.HMGet(ctx, s.keys.of("records"), some...).Result()
		if err != nil {
			return nil, fmt.Errorf("read records: %w", s.judge(err))
		}
		for _, body := range bodies {
			text, there := body.(string)
			if !there {
				continue
			}
			var r call.Record
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				return nil, fmt.Errorf("read record: %w", err)
			}
			if matches(q, r) && len(all) < q.Limit {
				all = append(all, r)
			}
		}
		if len(all) >= q.Limit {
			break
		}
	}
	return all, nil
}

func matches(q call.Query, r call.Record) bool {
	same := func(want, got string) bool { return want == "" || want == got }
	return same(q.ID, r.ID) && same(q.Caller, r.Caller) && same(q.Agent, r.Agent) && same(q.Queue, r.Queue) &&
		(q.From.IsZero() || !r.Start.Before(q.From)) && (q.To.IsZero() || r.Start.Before(q.To))
}
