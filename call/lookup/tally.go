package lookup

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
)

// Counts are what became of the callers a source was to tell about.
type Counts struct {
	Asked    uint64 // questions put to the source
	Answered uint64 // of those, answered in time, also with "not known"
	TimedOut uint64 // of those, not answered in time
	Failed   uint64 // of those, answered with an error or not reached
	Cached   uint64 // callers whose answer was known already
	Fallback uint64 // callers for whom the fallback stood in: a fault, the rest after one, or no number
}

// tally counts for one source.
type tally struct{ asked, answered, timedOut, failed, cached, fallback atomic.Uint64 }

// fault counts what went wrong with a question: out of time, or anything else.
func (t *tally) fault(err error) {
	var late net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) && late.Timeout() {
		t.timedOut.Add(1)
		return
	}
	t.failed.Add(1)
}

// fallBack is what stands in for an answer.
func (s *source) fallBack() map[string]string {
	s.tally.fallback.Add(1)
	return s.spec.Otherwise
}

// Counts are what became of each source's callers since the book was made, by name of
// the lookup. A nil book has none.
func (b *Book) Counts() map[string]Counts {
	if b == nil {
		return nil
	}
	out := make(map[string]Counts, len(b.sources))
	for _, s := range b.sources {
		t := &s.tally
		out[s.name] = Counts{
			Asked: t.asked.Load(), Answered: t.answered.Load(), TimedOut: t.timedOut.Load(), Failed: t.failed.Load(),
			Cached: t.cached.Load(), Fallback: t.fallback.Load(),
		}
	}
	return out
}
