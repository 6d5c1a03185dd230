package redis

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"breakwater/acd"
)

// forgetPage is how many events one script deletes, so that a clean-up never holds
// up the floor's promises for long.
const forgetPage = 1000

// span is where the events of an hour stand: the first and the last of them. Others
// may stand between, because clocks are set.
type span struct{ first, last uint64 }

// Events implements store.History.
func (s *Store) Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	return func(yield func(acd.Event, error) bool) {
		hours, err := s.hours(ctx, from, to)
		if err != nil {
			yield(acd.Event{}, fmt.Errorf("read events: %w", err))
			return
		}
		all := around(hours)
		if all.last == 0 {
			return
		}
		for e, err := range s.entries(ctx, all.first, seqID(all.last)) {
			switch {
			case err != nil:
				yield(acd.Event{}, fmt.Errorf("read events: %w", err))
				return
			case e.At.Wall.Before(from) || !e.At.Wall.Before(to):
				continue
			}
			if e.Who = nil; !yield(e, nil) { // a server before this one kept it here
				return
			}
		}
	}
}

// hours gives the span of every hour between two moments, both included.
func (s *Store) hours(ctx context.Context, from, to time.Time) (map[int64]span, error) {
	fields, err := s.db.HGetAll(ctx, s.keys.of("ledger", "hours")).Result()
	if err != nil {
		return nil, s.judge(err)
	}
	spans := map[int64]span{}
	for field, value := range fields {
		name, which, _ := strings.Cut(field, ":")
		hour, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("hour %q: %w", field, err)
		}
		seq, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("hour %q: %w", field, err)
		}
		if hour < hourOf(from) || hour > hourOf(to) {
			continue
		}
		known := spans[hour]
		if which == "first" {
			known.first = seq
		} else {
			known.last = seq
		}
		spans[hour] = known
	}
	return spans, nil
}

// around is the span that holds all of them; zero when there is none.
func around(hours map[int64]span) (all span) {
	for _, one := range hours {
		if all.first == 0 || one.first < all.first {
			all.first = one.first
		}
		all.last = max(all.last, one.last)
	}
	return all
}

// Forget implements store.History.
func (s *Store) Forget(ctx context.Context, before time.Time) error {
	if err := s.forgetEvents(ctx, before); err != nil {
		return fmt.Errorf("forget events: %w", err)
	}
	return nil
}

func (s *Store) forgetEvents(ctx context.Context, before time.Time) error {
	compacted, err := s.snapshotSeq(ctx)
	if err != nil {
		return err
	}
	hours, err := s.hours(ctx, time.Time{}, before)
	if err != nil {
		return err
	}
	all := around(hours)
	if all.first == 0 || all.first > compacted {
		return nil
	}
	var old []any
	for e, err := range s.entries(ctx, all.first, seqID(min(all.last, compacted))) {
		if err != nil {
			return err
		}
		if e.At.Wall.Before(before) {
			old = append(old, seqID(e.Seq))
		}
		if len(old) == forgetPage {
			if err := s.write(ctx, s.ops.forget, []string{s.keys.of("events")}, old...); err != nil {
				return err
			}
			old = nil
		}
	}
	if len(old) > 0 {
		if err := s.write(ctx, s.ops.forget, []string{s.keys.of("events")}, old...); err != nil {
			return err
		}
	}
	var gone []any
	for hour, one := range hours {
		if hour < hourOf(before) && one.last <= compacted {
			gone = append(gone, fmt.Sprintf("%d:first", hour), fmt.Sprintf("%d:last", hour))
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return s.write(ctx, s.ops.forgetHours, []string{s.keys.of("ledger", "hours")}, gone...)
}

// snapshotSeq is up to where the snapshot stands for the events; zero when there is
// none.
func (s *Store) snapshotSeq(ctx context.Context) (uint64, error) {
	meta, err := s.db.HMGet(ctx, s.keys.of("ledger"), "seq").Result()
	if err != nil {
		return 0, s.judge(err)
	}
	text, there := meta[0].(string)
	if !there {
		return 0, nil
	}
	return strconv.ParseUint(text, 10, 64)
}

// seqID is the id of an event in the stream.
func seqID(seq uint64) string { return strconv.FormatUint(seq, 10) + "-0" }
