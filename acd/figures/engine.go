package figures

import (
	"maps"
	"slices"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/acd/figures/shield"
)

// Engine knows what happened, as far as it was told, and computes the figures of any
// period of it. It is not safe for concurrent use.
type Engine struct {
	rules  Rules
	past   *shield.Past
	visits map[string][]visit  // by queue, in the order of events
	inside map[uint64]place    // who waits, by ticket
	since  time.Time           // of the first event
	latest acd.Stamp           // of the last event
	told   time.Time           // everything that happened until then is known, also that nothing did
	seq    uint64              // of the last event
	called map[uint64]sighting // of callers by the key of their pseudonym; nil = nobody asks who calls again
}

// visit is one thing that happened to a caller at a queue.
type visit struct {
	at     shield.Moment
	wait   time.Duration // of those that end a wait: from the entry into this queue
	before time.Duration // of those: from the call's first entry into any queue to that into this one
	first  *contact      // of the call's first conversation, where the caller is known: whether they had to call again
	what   what
	again  bool // of an entry: the call comes again
	wanted bool // of those: as the caller wanted
	caller bool // of an entry: who calls is known by a pseudonym
	repeat bool // of an entry: the same caller called within a week before
	direct bool // of a callback: whoever asked for it was not on the line, so it is an entry
}

// what happened to a caller.
type what uint8

const (
	entered    what = iota
	refused         // kept out by a limit
	answered        // by an agent
	abandoned       // hung up
	elsewhere       // left of own accord for something else than an agent
	removed         // taken out by a limit
	cutOff          // waited when the server died
	parked          // waits for a callback without a line
	calledBack      // and has been reached
	unreached       // and was given up
	left            // a message
	heard           // of messages: by an agent
	unheard         // given up
	whats
)

// place is where a caller waits.
type place struct {
	queue   string
	at      acd.Stamp
	age     time.Duration // that the caller had when entering
	parked  bool          // without a line, for a callback
	call    string        // when the caller came; a callback's conversation has another
	caller  string        // a pseudonym; empty = not known
	message bool          // a message, not a caller
}

// sighting is a caller's last call.
type sighting struct {
	call uint64 // by its key
	at   shield.Moment
	met  *contact // nil = nobody talked to them
}

// key stands for a name in an eighth of the memory (FNV-1a). Two names have the same as
// seldom as two numbers have the same pseudonym, which is of 64 bits, too.
func key(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}

// contact is a call in which somebody talked to the caller.
type contact struct {
	again   bool // the caller called again within a week
	settled *int // where the contact is counted as one after which nobody called again; nil = nowhere yet
}

// calledAgain notes that the caller did.
func (c *contact) calledAgain() {
	if !c.again && c.settled != nil {
		*c.settled--
	}
	c.again = true
}

// repeatWithin is how soon a caller who calls again was not helped.
const repeatWithin = 7 * 24 * time.Hour

// New knows nothing yet.
func New(r Rules) *Engine {
	return &Engine{
		rules: r.WithDefaults(), past: shield.NewPast(), visits: map[string][]visit{}, inside: map[uint64]place{},
		called: map[uint64]sighting{},
	}
}

// Add takes the next event. One that was taken before is passed over, so that a stream
// and what was read of the past may overlap.
func (e *Engine) Add(ev acd.Event) {
	if ev.Seq <= e.seq && ev.Seq != 0 {
		return
	}
	ev.At.Wall = ev.At.Wall.Round(0) // as if it had been read back
	if e.seq == 0 {
		e.since = ev.At.Wall
	}
	e.seq, e.latest = ev.Seq, ev.At
	e.past.Add(&ev)
	e.visit(&ev)
}

// visit notes what the event says of a caller.
func (e *Engine) visit(ev *acd.Event) {
	v := visit{at: shield.MomentOf(ev.At.Wall), wait: ev.Length}
	switch ev.Kind {
	case acd.KindEntered:
		e.inside[ev.Ticket] = placeOf(ev)
		v.what, v.wait, v.again, v.wanted = entered, 0, ev.Reason != "", ev.Reason == acd.AgainWanted
		e.sight(&v, ev)
	case acd.KindRefused:
		v.what, v.wait = refused, 0
		e.sight(&v, ev)
	case acd.KindAnswered:
		if ev.Reason != "" {
			return // by an agent, who calls now: the caller is on no line
		}
		v.what = answered
	case acd.KindLeft:
		v.what = elsewhere
		if ev.Reason == leftAbandoned {
			v.what = abandoned
		}
	case acd.KindRemoved:
		v.what = removed
	case acd.KindOrphaned:
		v.what = cutOff
	case acd.KindParked:
		v.what = parked
		e.sight(&v, ev)
	case acd.KindReached:
		v.what = calledBack
	case acd.KindSaid:
		v.what, v.wait = left, 0
	default:
		return
	}
	if at, long := longParked(ev); long {
		if _, known := e.inside[ev.Ticket]; !known {
			e.inside[ev.Ticket] = at
		}
	}
	if at := e.inside[ev.Ticket]; at.message || v.what == parked && ev.Reason == acd.BackMessage || v.what == left {
		e.message(v, ev, at)
		return
	}
	if e.waited(&v, ev) {
		e.visits[ev.Queue] = append(e.visits[ev.Queue], v)
	}
}

// message follows a message, which is nobody who waits: it counts from when it was said
// until somebody has heard it.
func (e *Engine) message(v visit, ev *acd.Event, at place) {
	switch v.what {
	case parked: // is being said
		e.inside[ev.Ticket] = place{queue: ev.Queue, at: ev.At, message: true}
		return
	case left:
		e.inside[ev.Ticket] = place{queue: ev.Queue, at: ev.At, parked: true, message: true}
	case calledBack:
		v.what, v.wait = heard, max(0, ev.At.Wall.Sub(at.at.Wall))
		delete(e.inside, ev.Ticket)
	case answered: // an agent hears it now
		return
	default:
		if delete(e.inside, ev.Ticket); !at.parked { // nothing was said
			return
		}
		v.what, v.wait = unheard, 0
	}
	e.visits[ev.Queue] = append(e.visits[ev.Queue], v)
}

// waited follows the caller's place. It tells whether the visit counts: of a callback the
// agent's answer does not, for the caller is not on the line yet.
func (e *Engine) waited(v *visit, ev *acd.Event) bool {
	at, known := e.inside[ev.Ticket]
	v.before = at.age
	switch {
	case v.what == entered || v.what == refused:
		return true
	case v.what == parked:
		e.inside[ev.Ticket] = placeOf(ev)
		v.wait, v.direct = 0, !known
		v.again = v.direct && ev.Reason == acd.BackLost
		if known && !at.parked { // so long on the line
			v.wait = max(0, ev.At.Wall.Sub(at.at.Wall))
		}
		return true
	case at.parked && v.what == answered:
		return false
	case at.parked && v.what != calledBack:
		v.what, v.wait = unreached, 0
	case at.parked:
		v.wait = 0
	case known && v.wait == 0: // of a server that did not tell it yet
		v.wait = max(0, ev.At.Wall.Sub(at.at.Wall))
	}
	if v.what == answered || v.what == calledBack {
		v.first = e.meet(at)
	}
	delete(e.inside, ev.Ticket)
	return true
}

func placeOf(ev *acd.Event) place {
	return place{queue: ev.Queue, at: ev.At, age: ev.Length, parked: ev.Kind == acd.KindParked, call: ev.Call, caller: ev.Caller}
}

// longParked is the place of a callback or message, as the end of its wait tells it: one
// may have waited for days, since before anything was told.
func longParked(ev *acd.Event) (at place, is bool) {
	at = place{queue: ev.Queue, at: ev.At, parked: true}
	switch ev.Kind {
	case acd.KindReached:
		at.at.Wall = ev.At.Wall.Add(-ev.Length)
		at.message = ev.Reason != ""
		return at, true
	case acd.KindRemoved:
		at.message = strings.HasPrefix(ev.Reason, "message-")
		return at, at.message || strings.HasPrefix(ev.Reason, "callback-")
	}
	return place{}, false
}

// meet begins the first conversation of a caller's call; nil = it is not the first, or
// who calls is not known.
func (e *Engine) meet(at place) *contact {
	if at.caller == "" {
		return nil
	}
	caller := key(at.caller)
	last, seen := e.called[caller]
	if !seen || last.call != key(at.call) || last.met != nil {
		return nil
	}
	last.met = &contact{}
	e.called[caller] = last
	return last.met
}

// leftAbandoned is call's word for a caller who hung up while waiting.
const leftAbandoned = "abandoned"

// sight looks whether the caller called before.
func (e *Engine) sight(v *visit, ev *acd.Event) {
	if e.called == nil || ev.Caller == "" || ev.Reason != "" && ev.Kind == acd.KindEntered {
		return
	}
	caller, call := key(ev.Caller), key(ev.Call)
	last, seen := e.called[caller]
	if seen && last.call == call {
		return // the same call, in another queue
	}
	v.caller, v.repeat = true, seen && ev.At.Wall.Sub(last.at.Time()) <= repeatWithin
	if v.repeat && last.met != nil {
		last.met.calledAgain()
	}
	e.called[caller] = sighting{call: call, at: v.at}
}

// Forget drops what was over before a moment; figures of earlier periods are not whole
// any more.
func (e *Engine) Forget(before time.Time) {
	e.past.Forget(before)
	for queue, all := range e.visits {
		i := slices.IndexFunc(all, func(v visit) bool { return !v.at.Before(before) })
		switch {
		case i < 0:
			delete(e.visits, queue)
		case i > 0:
			e.visits[queue] = slices.Clone(all[i:])
		}
	}
	e.forgetCallers(before)
}

// forgetCallers drops who has not called for so long that they would not call again.
func (e *Engine) forgetCallers(before time.Time) {
	maps.DeleteFunc(e.called, func(_ uint64, s sighting) bool { return before.Sub(s.at.Time()) > repeatWithin })
}

// tally counts all that is known.
func (e *Engine) tally(cuts Cuts, of scope, now time.Time) *tally {
	t := newTally(e.rules, cuts, of)
	for queue, all := range e.visits {
		t.visits(queue, all)
	}
	t.past(e.past, e.until(now))
	t.knows = e.known()
	return t
}

// known is from when on, and until when, it is known who called.
func (e *Engine) known() known {
	if e.called == nil {
		return known{}
	}
	return known{since: e.since, until: later(e.told, e.latest.Wall)}
}

// facts is how many things the engine knows, which is what its memory grows with.
func (e *Engine) facts() int {
	n := e.past.Facts()
	for _, all := range e.visits {
		n += len(all)
	}
	return n
}

// Queues gives the queues that something happened in, by name.
func (e *Engine) Queues() []string {
	names := map[string]bool{}
	for queue := range e.visits {
		names[queue] = true
	}
	for _, queue := range e.past.Queues() {
		names[queue] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Seq is that of the last event taken.
func (e *Engine) Seq() uint64 { return e.seq }

// until is the moment up to which time that goes on is counted: now, on the clocks of
// the last event.
func (e *Engine) until(now time.Time) acd.Stamp {
	at := e.latest
	if went := now.Sub(at.Wall); went > 0 {
		at.Wall, at.Mono = at.Wall.Add(went), at.Mono+went
	}
	return at
}
