package media

import (
	"log/slog"
	"sync/atomic"
)

// clerk tells digits to those who asked for them, and faults to the operator, so that no
// loop ever waits for anybody. One goroutine serves all loops.
type clerk struct {
	log    *slog.Logger
	loops  []*loop
	bell   chan struct{}
	faults chan *broken
	stop   chan struct{}
	done   chan struct{}
}

func newClerk(loops []*loop, log *slog.Logger) *clerk {
	c := &clerk{
		log: log, loops: loops,
		bell: make(chan struct{}, 1), faults: make(chan *broken, 8), stop: make(chan struct{}), done: make(chan struct{}),
	}
	for _, l := range loops {
		l.digits.bell = c.bell
	}
	return c
}

func (c *clerk) run() {
	defer close(c.done)
	for {
		select {
		case <-c.stop:
			return
		case b := <-c.faults:
			c.log.Error("a job for a loop of sound broke", "panic", b.fault, "stack", string(b.stack))
			continue
		case <-c.bell:
		}
		for _, l := range c.loops {
			for d, ok := l.digits.take(); ok; d, ok = l.digits.take() {
				if hear := d.port.hears.Load(); hear != nil {
					(*hear)(d.digit)
				}
			}
		}
	}
}

func (c *clerk) close() {
	close(c.stop)
	<-c.done
}

// digitQueue carries digits from one loop to the clerk. When it is full, which takes
// a clerk that hangs, the newest digit is dropped and counted.
type digitQueue struct {
	bell        chan struct{}
	notes       [256]digitNote
	read, wrote atomic.Uint64
}

type digitNote struct {
	port  *Port
	digit Digit
}

func (q *digitQueue) put(d digitNote) bool {
	at := q.wrote.Load()
	if at-q.read.Load() == uint64(len(q.notes)) {
		return false
	}
	q.notes[at%uint64(len(q.notes))] = d
	q.wrote.Store(at + 1)
	select {
	case q.bell <- struct{}{}:
	default:
	}
	return true
}

func (q *digitQueue) take() (digitNote, bool) {
	at := q.read.Load()
	if at == q.wrote.Load() {
		return digitNote{}, false
	}
	d := q.notes[at%uint64(len(q.notes))]
	q.notes[at%uint64(len(q.notes))] = digitNote{}
	q.read.Store(at + 1)
	return d, true
}
