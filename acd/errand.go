package acd

import (
	"context"
	"sync/atomic"
	"time"
)

// errand is one thing to do on the board. Its state goes from asked to either begun
// (by Run) or dropped (by who asked), so that a caller who gives up knows that
// nothing was done.
type errand struct {
	in    Input               // what changes the board, for the decision log
	given func(ticket uint64) // in was an enter that succeeded; the turn has not settled
	act   func(*board) error  // where there is no in: only looks
	look  func(*board)        // after everything has settled
	state atomic.Int32
	since time.Time // when it was given to the floor
	seq   uint64    // of the last event when it was done
	done  chan error
	then  func(error) // instead of done: nobody waits
	keeps bool        // then is called when what was done is durable
}

// answer says how the errand went to who gave it.
func (e *errand) answer(j *journal, err error) {
	switch {
	case e.then == nil:
		e.done <- err
	case err == nil && e.keeps:
		j.when(e.seq, e.then)
	default:
		e.then(err)
	}
}

const (
	asked int32 = iota
	begun
	dropped
)

// acts is what a turn does on the board: first the news of phones, then the errand; nil
// when there is neither. e may be nil.
func (e *errand) acts(news *PhoneWords) func(*board) error {
	if e == nil && news == nil {
		return nil
	}
	return func(b *board) error {
		if news != nil {
			b.hear(news)
		}
		if e == nil {
			return nil
		}
		if news != nil {
			b.settle()
		}
		if e.in.Kind == "" {
			return e.act(b)
		}
		ticket, err := b.carry(&e.in)
		if err == nil && e.given != nil {
			e.given(ticket)
		}
		return err
	}
}

// input is what an errand changes; nil when it only looks. e may be nil.
func (e *errand) input() *Input {
	if e == nil || e.in.Kind == "" {
		return nil
	}
	return &e.in
}

// do runs an errand on the floor's goroutine and waits for it. When ctx ends first,
// nothing was done.
func (f *Floor) do(ctx context.Context, e *errand) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e.done, e.since = make(chan error, 1), time.Now()
	select {
	case f.inbox <- e:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-f.stopped:
		return ErrStopped
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		if e.state.CompareAndSwap(asked, dropped) {
			return context.Cause(ctx)
		}
		return <-e.done // begun: it takes microseconds
	case <-f.stopped:
		if e.state.CompareAndSwap(asked, dropped) {
			return ErrStopped
		}
		return <-e.done
	}
}

// post runs an errand for which nobody waits: then is called once, by the floor's goroutine
// or the ledger's writer, or here when the floor has stopped. It waits only while the inbox is
// full.
func (f *Floor) post(e *errand) {
	e.since = time.Now()
	select {
	case f.inbox <- e:
	case <-f.stopped:
	}
	select {
	case <-f.stopped:
		e.refuse()
	default: // the floor comes to it
	}
}

// refuse ends an errand that the floor has not begun: it has stopped.
func (e *errand) refuse() {
	if e.then != nil && e.state.CompareAndSwap(asked, dropped) {
		e.then(ErrStopped)
	}
}

// turnAway ends the errands that the floor does not come to any more.
func (f *Floor) turnAway() {
	for {
		select {
		case e := <-f.inbox:
			e.refuse()
		default:
			return
		}
	}
}
