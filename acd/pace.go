package acd

import (
	"math"
	"time"
)

// pace is how a queue's conversations and callers went lately: how long an agent is
// taken up by one call, and how long callers have patience. It changes by events alone,
// live and in a replay, and is part of the snapshot.
type pace struct {
	Handles  histogram `json:"handles"`
	Patience patience  `json:"patience"`
}

// happen makes an event of the queue true for its pace.
func (p *pace) happen(e *Event) {
	switch e.Kind {
	case KindFinished:
		p.Handles.add(e.Talk.Length + e.Length)
	case KindAnswered, KindRemoved:
		p.Patience.waited(e.Length, false)
	case KindLeft:
		p.Patience.waited(e.Length, e.Reason == leftAbandoned)
	}
}

// leftAbandoned is the reason of who hung up while waiting (call's cause of that name).
const leftAbandoned = "abandoned"

// paces is the pace of every queue that ever was, by name.
type paces map[string]*pace

func (p paces) happen(e *Event) {
	if e.Queue == "" {
		return
	}
	switch e.Kind {
	case KindFinished, KindAnswered, KindLeft, KindRemoved:
		p.of(e.Queue).happen(e)
	}
}

func (p paces) of(queue string) *pace {
	if p[queue] == nil {
		p[queue] = &pace{}
	}
	return p[queue]
}

// copied are the paces at this moment.
func (p paces) copied() map[string]pace {
	out := make(map[string]pace, len(p))
	for name, one := range p {
		out[name] = *one
	}
	return out
}

// The histogram's classes grow by a quarter of an octave: from 1 s on, a length is
// known to 9 %. 64 of them reach 18 hours.
const (
	classCount     = 64
	classPerOctave = 4
	// histogramMost is how many conversations count; beyond it all are halved, so that
	// last month weighs less than today.
	histogramMost = 2000
	// knownFrom is how many conversations it takes until the queue's own are believed.
	knownFrom = 10
)

// histogram is how long agents were taken up by a call: talk and wrap-up.
type histogram struct {
	Counts [classCount]uint32 `json:"counts"`
	Total  uint32             `json:"total"`
}

func classOf(d time.Duration) int {
	if d <= time.Second {
		return 0
	}
	return min(classCount-1, int(math.Log2(d.Seconds())*classPerOctave))
}

// classFrom is the shortest length of a class.
func classFrom(i int) time.Duration {
	if i == 0 {
		return 0
	}
	octave := time.Second << (i / classPerOctave)
	return time.Duration(float64(octave) * quarters[i%classPerOctave])
}

// quarters are the quarters of an octave.
var quarters = [classPerOctave]float64{1, 1.189207115002721, 1.4142135623730951, 1.681792830507429}

func (h *histogram) add(d time.Duration) {
	h.Counts[classOf(d)]++
	if h.Total++; h.Total < histogramMost {
		return
	}
	h.Total = 0
	for i := range h.Counts {
		h.Counts[i] /= 2
		h.Total += h.Counts[i]
	}
}

// known tells whether there were enough conversations to speak of.
func (h *histogram) known() bool { return h.Total >= knownFrom }

// at is the length that the share p (0 to 1) of conversations did not exceed, even
// within its class; 0 when there was none.
func (h *histogram) at(p float64) time.Duration { return h.beyond(0, p) }

// beyond is at for a conversation that has lasted so long already: the whole length
// of the share p of those that lasted longer. Where none did it is the length itself.
func (h *histogram) beyond(lasted time.Duration, p float64) time.Duration {
	var one [1]time.Duration
	h.divide(lasted, one[:], func(int) float64 { return p })
	return one[0]
}

// evenly fills out with the lengths of equal shares, the shortest first, each by its
// middle.
func (h *histogram) evenly(lasted time.Duration, out []time.Duration) {
	h.divide(lasted, out, func(i int) float64 { return (float64(i) + 0.5) / float64(len(out)) })
}

// divide fills out with the lengths of growing shares of what lasted longer.
func (h *histogram) divide(lasted time.Duration, out []time.Duration, share func(int) float64) {
	from, total := classOf(lasted), 0.0
	for i := from; i < classCount; i++ {
		total += h.longer(i, lasted)
	}
	i, passed := from, 0.0
	for k := range out {
		want := share(k) * total
		for i < classCount-1 && (passed+h.longer(i, lasted) < want || h.longer(i, lasted) == 0) {
			passed += h.longer(i, lasted)
			i++
		}
		n := h.longer(i, lasted)
		if total == 0 || n == 0 {
			out[k] = lasted
			continue
		}
		lo := max(lasted, classFrom(i))
		out[k] = lo + time.Duration(min(1, (want-passed)/n)*float64(classFrom(i+1)-lo))
	}
}

// longer is how many conversations of a class lasted longer than so long.
func (h *histogram) longer(i int, lasted time.Duration) float64 {
	n, lo, hi := float64(h.Counts[i]), classFrom(i), classFrom(i+1)
	if lasted <= lo || n == 0 {
		return n
	}
	return n * max(0, float64(hi-lasted)/float64(hi-lo))
}

// handle is how long an agent of the queue is taken up by a call: the length, talk and
// wrap-up, that the share p (0 to 1) of conversations did not exceed. Until there were
// enough of them it is what the config expects.
func (q *queue) handle(p float64) time.Duration {
	if q.pace == nil || !q.pace.Handles.known() {
		return q.spec.Handle
	}
	return q.pace.Handles.at(p)
}

// patience is the time callers waited, and how many gave up: their quotient is the
// rate θ at which a waiting caller leaves (Erlang A; the estimate of greatest
// likelihood when patience is exponential and answered callers are censored).
type patience struct {
	Abandoned float64       `json:"abandoned"`
	Waited    time.Duration `json:"waited"`
}

// Before anybody has waited, one of three is taken to give up within half an hour; it
// weighs as much as that. patienceMost is after how much waiting all is halved.
const (
	priorAbandoned = 1.0
	priorWaited    = 30 * time.Minute
	patienceMost   = 200 * time.Hour
)

func (p *patience) waited(d time.Duration, gaveUp bool) {
	p.Waited += max(0, d)
	if gaveUp {
		p.Abandoned++
	}
	if p.Waited > patienceMost {
		p.Waited /= 2
		p.Abandoned /= 2
	}
}

// rate is how many of the waiting give up, per second and caller.
func (p *patience) rate() float64 {
	return (p.Abandoned + priorAbandoned) / (p.Waited + priorWaited).Seconds()
}
