package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"breakwater/acd"
)

// Append implements acd.Ledger. Events are entries of a stream; the id of an entry
// is the event's Seq.
func (s *Store) Append(ctx context.Context, events []acd.Event) error {
	if len(events) == 0 {
		return nil
	}
	args := make([]any, 0, 1+4*len(events))
	args = append(args, s.acked.Load())
	for _, e := range events {
		who := []byte{} // kept apart: an entry of a stream cannot be changed, and a caller must be forgotten
		if e.Who != nil {
			var err error
			if who, err = e.Who.AppendJSON(nil); err != nil {
				return fmt.Errorf("ledger: event %d: %w", e.Seq, err)
			}
		}
		body, err := e.AppendHistory(nil)
		if err != nil {
			return fmt.Errorf("ledger: event %d: %w", e.Seq, err)
		}
		args = append(args, e.Seq, hourOf(e.At.Wall), body, who)
	}
	names := []string{s.keys.of("events"), s.keys.of("ledger"), s.keys.of("ledger", "hours"), s.keys.of("ledger", "callers")}
	if err := s.write(ctx, s.ops.append, names, args...); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	s.acknowledged(events[len(events)-1].Seq)
	return nil
}

func hourOf(t time.Time) int64 { return t.UnixMilli() / time.Hour.Milliseconds() }

func (s *Store) acknowledged(seq uint64) {
	for known := s.acked.Load(); known < seq && !s.acked.CompareAndSwap(known, seq); known = s.acked.Load() {
	}
}

// Load implements acd.Ledger.
func (s *Store) Load(ctx context.Context) (snapshot []byte, events []acd.Event, err error) {
	meta, err := s.db.HMGet(ctx, s.keys.of("ledger"), "seq", "snapshot", "last").Result()
	if err != nil {
		return nil, nil, fmt.Errorf("read snapshot: %w", s.judge(err))
	}
	seq, _ := meta[0].(string)
	if text, there := meta[1].(string); there {
		snapshot = []byte(text)
	}
	from := uint64(0)
	if seq != "" {
		if from, err = strconv.ParseUint(seq, 10, 64); err != nil {
			return nil, nil, fmt.Errorf("read snapshot: %w", err)
		}
	}
	last, _ := meta[2].(string)
	known, err := strconv.ParseUint(last, 10, 64)
	if err != nil {
		known = from // there are none
	}
	var bodies [][]byte
	for entries, err := range s.pagesOf(ctx, from+1, "+") {
		if err != nil {
			return nil, nil, fmt.Errorf("read ledger: %w", err)
		}
		bodies = append(bodies, bodiesOf(entries)...)
	}
	if events, err = acd.ReadEvents(bodies); err == nil {
		err = s.readCallers(ctx, events)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read ledger: %w", err)
	}
	s.acknowledged(known)
	return snapshot, events, nil
}

// readCallers gives the events of those who still wait their callers back.
func (s *Store) readCallers(ctx context.Context, events []acd.Event) error {
	for wait := range slices.Chunk(acd.StillWait(events), page) {
		fields := make([]string, len(wait))
		for i, at := range wait {
			fields[i] = strconv.FormatUint(events[at].Seq, 10)
		}
		callers, err := s.db.HMGet(ctx, s.keys.of("ledger", "callers"), fields...).Result()
		if err != nil {
			return s.judge(err)
		}
		for i, at := range wait {
			who, known := callers[i].(string)
			if !known {
				continue
			}
			if err := json.Unmarshal([]byte(who), &events[at].Who); err != nil {
				return fmt.Errorf("caller of event %d: %w", events[at].Seq, err)
			}
		}
	}
	return nil
}

// Compact implements acd.Ledger. The events stay, for Events, and who called does not.
func (s *Store) Compact(ctx context.Context, seq uint64, snapshot []byte) error {
	if err := s.write(ctx, s.ops.compact, []string{s.keys.of("ledger"), s.keys.of("ledger", "callers")}, seq, snapshot); err != nil {
		return fmt.Errorf("compact the ledger: %w", err)
	}
	s.acknowledged(seq)
	return nil
}

// entries gives the events from a Seq on up to the end of a range.
func (s *Store) entries(ctx context.Context, from uint64, to string) func(yield func(acd.Event, error) bool) {
	return func(yield func(acd.Event, error) bool) {
		for entries, err := range s.pagesOf(ctx, from, to) {
			var events []acd.Event
			if err == nil {
				events, err = acd.ReadEvents(bodiesOf(entries))
			}
			if err != nil {
				yield(acd.Event{}, err)
				return
			}
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// pagesOf gives the entries of a range, a page at a time: the next one is fetched while
// this one is read.
func (s *Store) pagesOf(parent context.Context, from uint64, to string) iter.Seq2[[]redis.XMessage, error] {
	return func(yield func([]redis.XMessage, error) bool) {
		ctx, cancel := context.WithCancel(parent)
		pages, done := make(chan []redis.XMessage, 1), make(chan error, 1)
		go func() {
			defer close(pages)
			done <- s.pages(ctx, seqID(from), to, pages)
		}()
		defer func() {
			cancel()
			for range pages { // until the fetcher has ended
			}
		}()
		for entries := range pages {
			if !yield(entries, nil) {
				return
			}
		}
		if err := <-done; err != nil {
			yield(nil, s.judge(err))
		}
	}
}

// bodiesOf are the events of a page, as they were kept.
func bodiesOf(entries []redis.XMessage) [][]byte {
	bodies := make([][]byte, len(entries))
	for i, entry := range entries {
		text, _ := entry.Values["e"].(string)
		bodies[i] = []byte(text)
	}
	return bodies
}

// pages sends the entries of a range, some thousands at a time.
func (s *Store) pages(ctx context.Context, from, to string, out chan<- []redis.XMessage) error {
	for {
		entries, err := s.db.XRangeN(ctx, s.keys.of("events"), from, to, page).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		if len(entries) > 0 {
			select {
			case out <- entries:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			from = "(" + entries[len(entries)-1].ID
		}
		if len(entries) < page {
			return nil
		}
	}
}
