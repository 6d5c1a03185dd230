package redis

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// newest walks the ids of an index from the newest start on, by where it stands and
// not by how many it has passed: what is added meanwhile moves nothing.
type newest struct {
	db       redis.UniversalClient
	key      string
	min, max string
	at       redis.Z // the last id that was given; its Member is nil at the beginning
	beside   int64   // how many ids have its start and were read: the next page begins with them
}

// newest begins at the newest id of a period; a zero moment bounds nothing.
func (s *Store) newest(key string, from, to time.Time) *newest {
	w := &newest{db: s.db, key: key, min: "-inf", max: "+inf"}
	if !from.IsZero() {
		w.min = strconv.FormatInt(from.UnixMilli(), 10)
	}
	if !to.IsZero() {
		w.max = strconv.FormatInt(to.UnixMilli(), 10)
	}
	return w
}

// next gives about n ids more, and whether there may be others after them. Those of one
// start come in the reverse order of their ids, so that what is new among them is told
// from what is still to come.
func (w *newest) next(ctx context.Context, n int64) (ids []string, more bool, err error) {
	by := redis.ZRangeBy{Min: w.min, Max: w.max, Count: n + w.beside}
	found, err := w.db.ZRevRangeByScoreWithScores(ctx, w.key, &by).Result()
	if err != nil {
		return nil, false, err
	}
	w.beside = 0
	for _, z := range found {
		same := w.at.Member != nil && z.Score == w.at.Score
		if !same {
			w.beside = 0
		}
		w.beside++
		if same && z.Member.(string) >= w.at.Member.(string) {
			continue
		}
		w.at = z
		ids = append(ids, z.Member.(string))
	}
	if w.at.Member != nil {
		w.max = strconv.FormatFloat(w.at.Score, 'f', -1, 64)
	}
	return ids, int64(len(found)) >= by.Count, nil
}
