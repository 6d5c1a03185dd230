package call

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"breakwater/acd"
)

// inboxRoom is how many signals and wishes of one call may wait. Full = the call
// ends, counted: its state can no longer be trusted to be in order.
const inboxRoom = 256

// inbox is the way into a call's goroutine. A function taken from it never waits:
// whoever waits in the journey waits for it, too.
type inbox struct {
	in      chan func()
	over    chan struct{}  // closed when the journey is over
	helpers sync.WaitGroup // goroutines that wait for a channel on the call's behalf
}

func newInbox() *inbox {
	return &inbox{in: make(chan func(), inboxRoom), over: make(chan struct{})}
}

// post puts f into the inbox; false = the call is over, or f had no room.
func (c *Call) post(f func()) bool {
	select {
	case <-c.inbox.over:
		return false
	default:
	}
	select {
	case c.inbox.in <- f:
		return true
	default:
		c.x.tally.Add("call_inbox_full_total")
		c.cancel(Cause{By: ByUs, Metric: CauseNetwork, Text: "inbox full"})
		return false
	}
}

// await waits for ch and serves the inbox meanwhile. Every wait of the journey
// goes through it or either. A closed channel gives the zero value.
func await[T any](ctx context.Context, c *Call, ch <-chan T) (T, error) {
	v, _, _, err := either[T, struct{}](ctx, c, ch, nil)
	return v, err
}

// either waits for the first of two channels and tells which: first is true when a
// gave it.
func either[A, B any](ctx context.Context, c *Call, a <-chan A, b <-chan B) (va A, vb B, first bool, err error) {
	for {
		if err := context.Cause(ctx); err != nil {
			return va, vb, false, err
		}
		select {
		case va = <-a:
			return va, vb, true, nil
		case vb = <-b:
			return va, vb, false, nil
		case f := <-c.inbox.in:
			f()
		case <-ctx.Done():
		}
	}
}

// pause lets d pass in the journey.
func (c *Call) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	_, err := await(ctx, c, t.C)
	return err
}

// when runs f in the call's goroutine after ch has given a value or was closed.
func when[T any](c *Call, ch <-chan T, f func(T)) {
	c.inbox.helpers.Go(func() {
		select {
		case v := <-ch:
			c.post(func() { f(v) })
		case <-c.inbox.over:
		}
	})
}

// hear runs f in the call's goroutine when the floor has the word.
func hear[T any](c *Call, n *acd.News[T], f func(T)) {
	n.Hear(func(word T) { c.post(func() { f(word) }) })
}

// after runs f in the call's goroutine once d has passed, unless stopped.
func (c *Call) after(d time.Duration, f func()) (stop func()) {
	l := &later{run: f}
	l.call.Store(c)
	l.timer = time.AfterFunc(d, l.ring)
	return l.stop
}

// later is what a call does when a time is over. Called off it lets go of the call: the
// runtime may keep a stopped timer for as long as those beside it last.
type later struct {
	call  atomic.Pointer[Call] // nil = it was called off
	run   func()               // the call's goroutine's, as timer is
	timer *time.Timer
}

func (l *later) ring() {
	if c := l.call.Load(); c != nil {
		c.post(l.due)
	}
}

func (l *later) due() {
	if l.run != nil {
		l.run()
	}
}

func (l *later) stop() {
	l.call.Store(nil)
	l.run = nil
	l.timer.Stop()
}
