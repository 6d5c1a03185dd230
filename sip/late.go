package sip

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/digest"
	"breakwater/sip/limit"
)

// lateness is how late the server does what it has to do, and what follows from it: new
// calls of trunks are refused, before calls in progress suffer. Its counters and the gate
// are for everybody, the rest belongs to watchLateness.
type lateness struct {
	gate    *limit.Gate
	refused atomic.Uint64
	verdict atomic.Pointer[limit.Verdict] // of the newest window

	times atomic.Uint64 // messages that were begun
	spent atomic.Int64  // and how long they had waited for it, in ns
}

func newLateness() *lateness {
	l := &lateness{gate: limit.NewGate()}
	l.verdict.Store(&limit.Verdict{})
	return l
}

// mostLate bounds what one message tells: a clock that is set must not look like an hour
// of waiting.
const mostLate = 10 * time.Second

// begun counts a message that came so long ago and is begun to be handled now.
func (l *lateness) begun(came time.Time) {
	l.times.Add(1)
	l.spent.Add(int64(min(max(0, time.Since(came)), mostLate)))
}

// deeds are what must not be late, as it stands now.
func (s *Server) deeds() []limit.Deed {
	bounds := s.plan().settings.Late
	requests := limit.Sum{Times: s.late.times.Load(), Late: time.Duration(s.late.spent.Load())}
	ticks, belated := s.parts.Engine.Lateness()
	all := []limit.Deed{
		{Name: "messages", Bound: bounds.Messages, Sum: requests},
		{Name: "sound", Bound: bounds.Sound, Sum: limit.Sum{Times: ticks, Late: belated}},
	}
	if s.parts.Floor != nil {
		turns, waited := s.parts.Floor()
		all = append(all, limit.Deed{Name: "floor", Bound: bounds.Floor, Sum: limit.Sum{Times: turns, Late: waited}})
	}
	return all
}

// watchLateness judges once a window, until ctx ends.
func (s *Server) watchLateness(ctx context.Context) {
	tick := time.NewTicker(limit.Window)
	defer tick.Stop()
	var judge limit.Lateness
	news := lateNews{log: s.parts.Log}
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		v := judge.Step(s.deeds())
		if s.plan().settings.Late.Off {
			v.Late, v.Share = false, 0
		}
		now := time.Now()
		s.late.gate.Set(now, v.Share)
		s.late.verdict.Store(&v)
		news.hear(now, v, s.late.refused.Load())
	}
}

// tooLate refuses, without state, a new call of a trunk while the server is late. The
// agents' phones are not asked: who is at work must be able to call, log in and log out.
func (s *Server) tooLate(from hop, req *sip.Request, proof *digest.Verdict) bool {
	if !req.IsInvite() || s.late.gate.Open() || s.office.has(callIDOf(req)) || !s.ofTrunk(from, req, proof) {
		return false
	}
	refused, again := s.late.gate.Refuses(time.Now(), string(serverKey(nil, req, req.Method)))
	if !refused {
		return false
	}
	if !again {
		s.late.refused.Add(1)
	}
	s.turnAway(from, req, limit.TooLate())
	return true
}

// ofTrunk tells whether a trunk calls, by its address or by its proof.
func (s *Server) ofTrunk(from hop, req *sip.Request, proof *digest.Verdict) bool {
	if proof == nil {
		return s.callingTrunk(from, req) != nil
	}
	_, phone := s.plan().phones[proof.User]
	return !phone && s.plan().trunkOf(proof.User) != nil
}

// lateNews tells the log of lateness, not more often than somebody reads it.
type lateNews struct {
	log   *slog.Logger
	told  time.Time // when it was last told that the server is late
	open  bool      // and not yet that it no longer is
	since uint64    // calls refused before
}

const lateNewsEvery = 10 * time.Second

// hear takes a verdict and how many calls were refused so far.
func (n *lateNews) hear(now time.Time, v limit.Verdict, refused uint64) {
	switch {
	case v.Late && now.Sub(n.told) >= lateNewsEvery:
		n.log.Warn("the server is late: new calls of trunks are refused", "what", v.Worst, "late", v.By.Round(time.Millisecond),
			"bound", v.Bound, "share", v.Share, "refused", refused-n.since)
		n.told, n.open, n.since = now, true, refused
	case !v.Late && n.open:
		n.log.Info("the server is in time again: new calls are taken", "refused", refused-n.since)
		n.open, n.since = false, refused
	}
}

// Lateness is how late the server is.
type Lateness struct {
	Share float64                  // of new calls of trunks that is refused, 0 to 1
	Of    map[string]time.Duration // how late messages, sound and floor are
}

// Lateness gives that of the last windows.
func (s *Server) Lateness() Lateness {
	v := s.late.verdict.Load()
	return Lateness{Share: v.Share, Of: v.Of}
}
