package sip

import (
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/digest"
	"breakwater/sip/wire"
)

// How failed authentication is logged: a log that a guesser can fill is of no use.
const (
	suspectEvery = 10 * time.Second // at most one line a source
	maxSuspects  = 1000             // sources remembered; while there are more, new ones are only counted
)

// suspects are the sources that failed to authenticate a moment ago.
type suspects struct {
	mu    sync.Mutex
	by    map[netip.Addr]*suspect
	spare int // failures of sources that found no room
}

type suspect struct {
	said   time.Time
	silent int // failures since that were not logged
}

// failed takes one failure of a source. say: it is time for a line, which stands
// for unsaid failures as well.
func (s *suspects) failed(now time.Time, source netip.Addr) (unsaid int, say bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[netip.Addr]*suspect{}
	}
	known := s.by[source]
	if known != nil && now.Sub(known.said) < suspectEvery {
		known.silent++
		return 0, false
	}
	if known == nil {
		if len(s.by) >= maxSuspects {
			s.sweep(now)
		}
		if len(s.by) >= maxSuspects {
			s.spare++
			return 0, false
		}
		known = &suspect{}
		s.by[source] = known
	}
	unsaid = known.silent + s.spare
	*known, s.spare = suspect{said: now}, 0
	return unsaid, true
}

// sweep forgets who was quiet for long. What was not said of them is said with the
// next line of anybody.
func (s *suspects) sweep(now time.Time) {
	for source, x := range s.by {
		if now.Sub(x.said) >= suspectEvery {
			s.spare += x.silent
			delete(s.by, source)
		}
	}
}

// authFailed counts a verdict that is not OK, and logs a failure, so that whoever
// guards this machine sees the source of guesses.
func (s *Server) authFailed(from hop, req *sip.Request, v digest.Verdict) {
	switch v.Reason {
	case digest.ReasonNone:
		s.tally.strangers.Add(1)
		return
	case digest.ReasonWrong, digest.ReasonMalformed:
		s.tally.authFailures.Add(1)
	default:
		return
	}
	unsaid, say := s.tally.suspects.failed(time.Now(), from.remote.Addr())
	if !say {
		return
	}
	s.parts.Log.Warn("authentication failed", "user", wire.Sanitise(v.Tried), "source", from.remote.String(),
		"transport", from.via.network, "method", string(req.Method), "suppressed", unsaid)
}
