package figures

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/acd/figures/shield"
)

// LogLine is one line of a queue log as Asterisk writes it: epoch|call|queue|agent|verb|fields.
type LogLine struct {
	At                       time.Time
	Call, Queue, Agent, Verb string
	Fields                   []string
}

// String gives the line.
func (l LogLine) String() string {
	all := []string{strconv.FormatInt(l.At.Unix(), 10), orNone(l.Call), orNone(l.Queue), orNone(l.Agent), l.Verb}
	return strings.Join(append(all, l.Fields...), "|")
}

func orNone(text string) string {
	if text == "" {
		return nobody
	}
	return text
}

// nobody stands where a line is about no call, queue or agent; somebody for an agent in a
// log without names.
const nobody, somebody = "NONE", "AGENT"

// queueLog writes the log of a stretch of events. Numbers of callers, reasons of pauses,
// warnings and rests are not in it. With names, a protected conversation is nobody's, and
// its agent is out of the queues meanwhile as after a log-out: a reader that computes
// somebody's figures finds none of that time.
type queueLog struct {
	names   bool
	queues  map[string][]string // by agent
	fates   *shield.Fates
	people  map[string]*member
	waiting map[uint64]*inLine
	tell    func(LogLine)
	stopped bool // at something whose fate is not known yet
}

// inLine is a caller in the log.
type inLine struct {
	queue    string
	at       time.Time
	position int
	back     bool      // without a line
	rang     time.Time // the newest offer
	agent    string    // of a callback: who waits while the number is dialled
}

// member is an agent in the log.
type member struct {
	in, paused bool
	state      acd.AgentState
	seat       uint64 // of the work that goes on
	answered   time.Time
	held       time.Duration // of the caller: in the queue
	position   int
}

// QueueLog writes the queue log of a period, a line for each LogLine, as the history is
// read. With names it ends where somebody's conversation goes on, for whether that will be
// protected is not known yet; to know what was, the history is read twice. members are the
// queues of each agent.
func (b *Book) QueueLog(ctx context.Context, w io.Writer, from, to time.Time, members map[string][]string) error {
	mode := b.Settings().QueueLog
	if mode == LogOff {
		return fmt.Errorf("%w: figures.queue_log is off", ErrAsk)
	}
	if _, err := (Ask{From: from, To: to}).cuts(); err != nil {
		return err
	}
	done, err := b.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	var failed error
	events := func() iter.Seq[acd.Event] {
		return told(b.history.Events(ctx, from.Add(-around), to.Add(around)), &failed)
	}
	var unsent error
	l := newQueueLog(mode == LogNames, members, func(line LogLine) {
		if unsent == nil && !line.At.Before(from) && line.At.Before(to) {
			_, unsent = io.WriteString(w, line.String()+"\n")
		}
	})
	last := uint64(math.MaxUint64)
	if l.names {
		last = l.foretell(events())
	}
	if failed != nil {
		return failed
	}
	for e := range events() {
		if unsent != nil || e.Seq > last || !l.take(&e) {
			break
		}
	}
	return errors.Join(failed, unsent)
}

// told gives events until one cannot be read; err is why.
func told(events iter.Seq2[acd.Event, error], err *error) iter.Seq[acd.Event] {
	return func(yield func(acd.Event) bool) {
		for e, failed := range events {
			if failed != nil {
				*err = failed
				return
			}
			if !yield(e) {
				return
			}
		}
	}
}

func newQueueLog(names bool, members map[string][]string, tell func(LogLine)) *queueLog {
	return &queueLog{
		names: names, queues: members, fates: shield.NewFates(), people: map[string]*member{}, waiting: map[uint64]*inLine{}, tell: tell,
	}
}

// foretell learns what becomes of every conversation. It gives the last event that it has
// seen: of what happens after it nothing is known.
func (l *queueLog) foretell(events iter.Seq[acd.Event]) (last uint64) {
	past := shield.NewPastOf(func(string) bool { return false })
	var swept time.Time
	for e := range events {
		past.Add(&e)
		last = e.Seq
		if now := e.At.Wall; now.Sub(swept).Abs() >= sweepEvery {
			swept = now
			l.fates.Take(past.Settled(now.Add(-shield.Settles)))
		}
	}
	l.fates.Take(past)
	return last
}

// take writes what an event says; false = the log ends here.
func (l *queueLog) take(e *acd.Event) bool {
	if l.caller(e); e.Agent != "" {
		l.agent(e)
	}
	return !l.stopped
}

func (l *queueLog) write(e *acd.Event, agent, verb string, fields ...string) {
	l.tell(LogLine{At: e.At.Wall, Call: e.Call, Queue: e.Queue, Agent: agent, Verb: verb, Fields: fields})
}

// caller writes what happened to a caller.
func (l *queueLog) caller(e *acd.Event) {
	switch e.Kind {
	case acd.KindEntered:
		l.enter(e)
	case acd.KindParked:
		if c := l.waiting[e.Ticket]; c != nil && !c.back {
			l.exit(e, "EXITWITHKEY", "")
		}
		l.waiting[e.Ticket] = &inLine{queue: e.Queue, at: e.At.Wall, back: true}
	case acd.KindLeft:
		if e.Reason == leftAbandoned {
			l.exit(e, "ABANDON")
		} else {
			l.exit(e, "EXITWITHKEY", "")
		}
	case acd.KindRemoved:
		if e.Reason == "empty" {
			l.exit(e, "EXITEMPTY")
		} else {
			l.exit(e, "EXITWITHTIMEOUT")
		}
	case acd.KindOrphaned:
		l.exit(e, "EXITEMPTY")
	case acd.KindReached:
		l.reach(e)
	}
}

// reach writes that somebody is called back: only now there is a caller, who enters and
// is connected at once. A number dialled in vain, or a message heard, is not in the log.
func (l *queueLog) reach(e *acd.Event) {
	c := l.waiting[e.Ticket]
	if e.Reason == acd.ReachedHeard {
		delete(l.waiting, e.Ticket)
		return
	}
	if c == nil || l.people[c.agent] == nil {
		return
	}
	c.position, c.at = 1, e.At.Wall
	l.write(e, "", "ENTERQUEUE", "", "", "1")
	l.connect(e, l.people[c.agent], c)
}

// connect writes that an agent has a caller.
func (l *queueLog) connect(e *acd.Event, m *member, c *inLine) {
	delete(l.waiting, e.Ticket)
	m.answered, m.held, m.position = e.At.Wall, e.At.Wall.Sub(c.at), c.position
	l.write(e, l.who(c.agent, m), "CONNECT", secs(m.held), e.Call, secs(e.At.Wall.Sub(later(c.rang, c.at))))
}

func (l *queueLog) enter(e *acd.Event) {
	c := &inLine{queue: e.Queue, at: e.At.Wall}
	l.waiting[e.Ticket] = c
	c.position = l.position(c)
	l.write(e, "", "ENTERQUEUE", "", "", strconv.Itoa(c.position))
}

// position counts who came before.
func (l *queueLog) position(c *inLine) int {
	n := 1
	for _, o := range l.waiting {
		if o != c && o.queue == c.queue && !o.back && !o.at.After(c.at) {
			n++
		}
	}
	return n
}

// exit writes a wait that ended without an agent; a callback's was over before.
func (l *queueLog) exit(e *acd.Event, verb string, first ...string) {
	c := l.waiting[e.Ticket]
	if c == nil {
		return
	}
	if !c.back {
		l.write(e, "", verb, append(first, strconv.Itoa(l.position(c)), strconv.Itoa(c.position), secs(e.At.Wall.Sub(c.at)))...)
	}
	delete(l.waiting, e.Ticket)
}

func secs(d time.Duration) string { return strconv.Itoa(int(max(0, d).Seconds())) }

// agent writes what an agent did.
func (l *queueLog) agent(e *acd.Event) {
	if e.Kind == acd.KindPhoneBusy || e.Kind == acd.KindPhoneFree {
		return
	}
	m := l.people[e.Agent]
	if m == nil {
		m = &member{state: acd.LoggedOut}
		l.people[e.Agent] = m
	}
	if e.Kind == acd.KindOffered {
		m.seat = e.Assignment
	}
	if e.State != "" {
		m.state = e.State
	}
	if l.names && m.seat != 0 && l.fates.Open(m.seat) {
		l.stopped = true
		return
	}
	if e.Kind == acd.KindOffered {
		l.presence(e, m)
	}
	l.work(e, m)
	switch m.state {
	case acd.Offered, acd.OnCall, acd.WrapUp, acd.Resting:
	default:
		m.seat = 0
	}
	l.presence(e, m)
}

// who an agent is in the log.
func (l *queueLog) who(agent string, m *member) string {
	switch {
	case !l.names:
		return somebody
	case l.fates.Protected(m.seat):
		return nobody
	}
	return agent
}

// work writes what came of an offer.
func (l *queueLog) work(e *acd.Event, m *member) {
	who := l.who(e.Agent, m)
	c := l.waiting[e.Ticket]
	switch e.Kind {
	case acd.KindOffered:
		if c != nil {
			c.rang = e.At.Wall
		}
	case acd.KindMissed, acd.KindStruckOut:
		if miss := acd.Miss(e.Reason); c != nil && (miss == acd.MissNoAnswer || miss == acd.MissDeclined) {
			l.write(e, who, "RINGNOANSWER", strconv.FormatInt(max(0, e.At.Wall.Sub(c.rang)).Milliseconds(), 10))
		}
	case acd.KindAnswered:
		if c == nil {
			return
		}
		if c.agent = e.Agent; !c.back {
			l.connect(e, m, c)
		}
	case acd.KindFinished:
		l.complete(e, m, who)
	}
}

// complete writes the end of a conversation. Whether policy ended it is not told.
func (l *queueLog) complete(e *acd.Event, m *member, who string) {
	if m.answered.IsZero() {
		return
	}
	held, talk, position := secs(m.held), secs(e.At.Wall.Sub(m.answered)), strconv.Itoa(m.position)
	m.answered = time.Time{}
	switch {
	case e.Reason == "transferred":
		l.write(e, who, "BLINDTRANSFER", "", "", held, talk, position)
	case strings.HasPrefix(e.Reason, "agent_") || byPolicy(e.Reason):
		l.write(e, who, "COMPLETEAGENT", held, talk, position)
	default:
		l.write(e, who, "COMPLETECALLER", held, talk, position)
	}
}

// presence writes what of an agent's working day has changed. A rest and protected work
// look like a log-out.
func (l *queueLog) presence(e *acd.Event, m *member) {
	if !l.names {
		return
	}
	in := m.state != acd.LoggedOut && m.state != acd.Resting && !l.fates.Protected(m.seat)
	paused := in && (m.state == acd.NotReady || m.state == acd.Missed)
	for _, change := range []struct {
		is   bool
		verb string
	}{
		{m.paused && !paused && in, "UNPAUSE"}, {m.in && !in, "REMOVEMEMBER"}, {!m.in && in, "ADDMEMBER"}, {!m.paused && paused, "PAUSE"},
	} {
		if !change.is {
			continue
		}
		for _, queue := range l.queues[e.Agent] {
			l.tell(LogLine{At: e.At.Wall, Queue: queue, Agent: e.Agent, Verb: change.verb})
		}
	}
	m.in, m.paused = in, paused
}
