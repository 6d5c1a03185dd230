// Package call is a call from INVITE to its record: the only place where sound,
// menu, queue and protection meet. It never sees a SIP header and keeps nothing
// over a restart itself.
package call

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	inboxRoom  = 256             // signals and wishes of one call; full = the call ends, counted
	settleTime = 5 * time.Second // what a call may still take after it was cancelled
)

// Call is one caller's journey. Everything in it is touched by its own goroutine
// alone, in run and in the functions that await takes from the inbox; other
// goroutines reach it by post and see view.
type Call struct {
	ID     string
	x      *Exchange
	plan   *Plan // the plan it began with
	log    *slog.Logger
	caller *side
	inbox  chan func()
	view   atomic.Pointer[View]
	life   context.Context // ends with the caller, or when somebody cancels; its cause says why
	cancel context.CancelCauseFunc
	done   chan struct{}  // closed when the journey is over
	helper sync.WaitGroup // goroutines that wait for a channel on the call's behalf

	account account   // record in the making
	digits  chan byte // pressed by the caller, not yet asked for
	lang    string
	talk    *talk // the conversation, while there is one
	tape    *taping
	noticed bool // the recording notice has been given
	rescued bool // the way back to the original place was used
	crisis  bool // goes on with whoever answers next

	parted chan struct{} // of a code: closed when its phone has put down; x.mu protects it
}

// View is a call as others may see it.
type View struct {
	ID      string    `json:"id"`
	Caller  string    `json:"caller"`
	Dialled string    `json:"dialled"`
	Start   time.Time `json:"start"`
	Phase   string    `json:"phase"` // menu, waiting, ringing, talking, closing, direct, code
	Queue   string    `json:"queue,omitempty"`
	Agent   string    `json:"agent,omitempty"`
	Stage   string    `json:"stage,omitempty"` // of the ladder
	Since   time.Time `json:"since"`           // of the phase
}

func newCall(x *Exchange, leg Leg) *Call {
	p := leg.Party()
	c := &Call{
		ID:     newID(time.Now()),
		x:      x,
		plan:   x.plan.Load(),
		inbox:  make(chan func(), inboxRoom),
		done:   make(chan struct{}),
		digits: make(chan byte, 64),
	}
	c.life, c.cancel = context.WithCancelCause(context.Background())
	c.log = x.parts.Log.With("call", c.ID)
	c.caller = &side{Leg: leg}
	c.lang = c.languageOf(p)
	c.account = newAccount(c.ID, x.parts.Version, p)
	c.account.policy(c.plan.Protect.Hash())
	c.view.Store(&View{ID: c.ID, Caller: p.Number, Dialled: p.Dialled, Start: c.account.r.Start, Since: c.account.r.Start})
	return c
}

// run is the call's goroutine: the journey, then the account.
func (c *Call) run() {
	defer c.cancel(nil)
	release := c.x.engage(c.phoneThatTalks())
	defer release()
	c.listen(c.caller, c.heardCaller)
	err := c.guarded(c.life)
	cause := c.ending(err)
	close(c.done) // from here on nothing is posted any more
	c.settle(cause)
	c.helper.Wait()
	c.log.Info("ended", "cause", cause.Metric, "by", cause.By.String(), "lasted", time.Since(c.account.r.Start))
}

// guarded runs the journey; a broken program ends this call only.
func (c *Call) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.x.tally.Add("call_panics_total")
			c.log.Error("call broke", "panic", p, "stack", string(debug.Stack()))
			err = Cause{By: ByUs, Metric: CauseNetwork, Text: "internal error"}
		}
	}()
	return c.journey(ctx)
}

// settle hangs up whoever is left and seals the record.
func (c *Call) settle(cause Cause) {
	if c.talk != nil {
		c.talk.part()
	}
	c.caller.HangUp(cause)
	c.stopTape()
	c.account.close(c, cause)
	c.x.tally.Add("calls_ended_total", "cause", cause.Metric)
	c.x.desk.seal(c.account.r)
}

// ending turns what the journey returned into the call's cause.
func (c *Call) ending(err error) Cause {
	var cause Cause
	switch {
	case errors.As(err, &cause):
		return cause
	case err != nil:
		c.log.Error("journey ended by an error", "err", err)
		return Cause{By: ByUs, Metric: CauseNetwork, Text: err.Error()}
	case c.account.r.Cause.Metric != "":
		return c.account.r.Cause
	}
	return Cause{By: ByUs, Metric: CauseCallerEnded}
}

// post puts f into the inbox; false = the call is over. A full inbox ends the
// call: its state can no longer be trusted to be in order.
func (c *Call) post(f func()) bool {
	select {
	case <-c.done:
		return false
	default:
	}
	select {
	case c.inbox <- f:
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
		case f := <-c.inbox:
			f()
		case <-ctx.Done():
		}
	}
}

// when runs f in the call's goroutine after ch has given a value or was closed.
func when[T any](c *Call, ch <-chan T, f func(T)) {
	c.helper.Go(func() {
		select {
		case v := <-ch:
			c.post(func() { f(v) })
		case <-c.done:
		}
	})
}

// after runs f in the call's goroutine once d has passed, unless stopped.
func (c *Call) after(d time.Duration, f func()) (stop func()) {
	stopped := false // touched in the call's goroutine only
	t := time.AfterFunc(d, func() {
		c.post(func() {
			if !stopped {
				f()
			}
		})
	})
	return func() { stopped = true; t.Stop() }
}

// phase tells the outside where the call is.
func (c *Call) phase(name, queue, agent string) {
	v := *c.view.Load()
	v.Phase, v.Queue, v.Agent, v.Stage, v.Since = name, queue, agent, "", time.Now()
	c.view.Store(&v)
}

// detached gives a context for what must be finished although the caller is gone.
func detached() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), settleTime)
}
