package figures

import (
	"time"

	"breakwater/acd"
	"breakwater/acd/figures/shield"
)

// queueSums is what figures of a queue are computed from. Everything in it adds up over
// periods and queues.
type queueSums struct {
	visits         [whats]int
	within, left   int // answered, abandoned, each within the T
	short          int
	direct         int           // of the callbacks: not from the line
	waited, gaveUp time.Duration // until the answer; until they hung up
	aged           time.Duration // of messages, until they were heard
	longest        time.Duration // does not add up: the largest counts
	again          int
	wanted         int
	known          knownSums

	work workSums
	care careSums
}

// knownSums is of callers whose number is known.
type knownSums struct {
	callers, repeats int // who had called shortly before
	met, settled     int // whose call had a conversation; who did not call again shortly after
}

// workSums is what offers came to.
type workSums struct {
	offers, talks    int
	misses           [missKinds]int
	ring, talk, held time.Duration
	wrap             time.Duration
	transferred      int
}

// missKinds groups the reasons for which an offer came to nothing.
const missKinds = 3

const (
	missAgent  = iota // did not answer, or declined
	missDevice        // busy, not registered, unreachable
	missNobody        // the caller left, somebody else answered, the floor took it back
)

func missKind(m acd.Miss) int {
	switch m {
	case acd.MissNoAnswer, acd.MissDeclined:
		return missAgent
	case acd.MissBusy, acd.MissNotRegistered, acd.MissUnreachable:
		return missDevice
	case acd.MissCallerLeft, acd.MissOtherAnswered:
	}
	return missNobody
}

// visit counts what happened to a caller.
func (s *queueSums) visit(v visit, within, short time.Duration) {
	s.visits[v.what]++
	if v.first != nil {
		s.known.met++
		if !v.first.again {
			s.known.settled++
		}
	}
	switch v.what {
	case entered, refused, parked:
		s.come(v)
	case answered:
		s.waited += v.wait
		if v.wait <= within {
			s.within++
		}
	case abandoned:
		s.gaveUp += v.wait
		if v.wait <= within {
			s.left++
		}
		if v.before+v.wait < short { // who waited before, in another queue, did call
			s.short++
		}
	case heard:
		s.aged += v.wait
		return // nobody waited on the line
	case elsewhere, removed, cutOff, calledBack, unreached, left, unheard, whats:
	}
	s.longest = max(s.longest, v.wait)
}

// come counts who comes: on the line, to be called back, or in vain.
func (s *queueSums) come(v visit) {
	if v.direct {
		s.direct++
	}
	if v.again {
		s.again++
	}
	if v.wanted {
		s.wanted++
	}
	if v.caller {
		s.known.callers++
	}
	if v.repeat {
		s.known.repeats++
	}
}

// take counts an offer that is over.
func (s *workSums) take(w shield.QueueWork) {
	s.offers++
	s.ring += w.Ring
	switch {
	case w.Talked:
		s.talks++
		s.talk += w.Talk
		s.held += w.Held
		s.wrap += w.Wrap
		if w.Transferred {
			s.transferred++
		}
	case w.Miss != "":
		s.misses[missKind(w.Miss)]++
	}
}

// add adds another's sums.
func (s *queueSums) add(o *queueSums) {
	for i, n := range o.visits {
		s.visits[i] += n
	}
	s.within += o.within
	s.left += o.left
	s.short += o.short
	s.direct += o.direct
	s.waited += o.waited
	s.gaveUp += o.gaveUp
	s.aged += o.aged
	s.longest = max(s.longest, o.longest)
	s.again += o.again
	s.wanted += o.wanted
	s.known.callers += o.known.callers
	s.known.repeats += o.known.repeats
	s.known.met += o.known.met
	s.known.settled += o.known.settled
	s.work.add(&o.work)
	s.care.add(&o.care)
}

func (s *workSums) add(o *workSums) {
	s.offers += o.offers
	s.talks += o.talks
	for i, n := range o.misses {
		s.misses[i] += n
	}
	s.ring += o.ring
	s.talk += o.talk
	s.held += o.held
	s.wrap += o.wrap
	s.transferred += o.transferred
}

// queue gives a queue's figures for each period.
func (t *tally) queue(queue string) []QueueFigures {
	out, sums, none := make([]QueueFigures, t.cuts.Len()), t.queues[queue], &queueSums{}
	for i := range out {
		s := none
		if sums != nil {
			s = &sums[i]
		}
		out[i] = s.figures(queue, t.rules.withinOf(queue), t.knows.remembers(t.cuts[i]))
		if t.knows.foresees(t.cuts[i+1]) {
			out[i].Callers.FCR = share(s.known.settled, s.known.met)
		}
	}
	return out
}

// Queue gives a queue's figures for each period.
func (e *Engine) Queue(queue string, cuts Cuts) []QueueFigures {
	return e.tally(cuts, scope{queues: true, queue: queue}, time.Time{}).queue(queue)
}
