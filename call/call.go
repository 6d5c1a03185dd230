// Package call is a call from INVITE to its record: the only place where sound,
// menu, queue and protection meet. It never sees a SIP header and keeps nothing
// over a restart itself.
package call

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// settleTime is what a call may still take after it was cancelled.
const settleTime = 5 * time.Second

// Call is one caller's journey. Everything in it is touched by its own goroutine
// alone, in run and in the functions that await takes from the inbox; other
// goroutines reach it by post and see view.
type Call struct {
	ID     string
	x      *Exchange
	plan   *Plan // the plan it began with
	log    callLog
	caller *side
	inbox  *inbox
	view   atomic.Pointer[View]
	life   context.Context // ends with the caller, or when somebody cancels; its cause says why
	cancel context.CancelCauseFunc

	account account   // record in the making
	digits  chan byte // pressed by the caller, not yet asked for
	talk    *talk     // the conversation, while there is one
	held    held
	story   story

	parted chan struct{} // of a code: closed when its phone has put down; phones.mu protects it
}

// Phases are those in which others may see a call.
var Phases = [...]string{
	"menu", "greeting", "waiting", "ringing", "talking", "closing", "rescue",
	"voicemail", "message", "dialling", // a message is left; heard by an agent; a callback's caller is dialled
	"asking",         // a supervisor is asked to talk with an agent
	"direct", "code", // phone to phone; a code was dialled
}

// View is a call as others may see it.
type View struct {
	ID      string    `json:"id"`
	Caller  string    `json:"caller"`
	Dialled string    `json:"dialled"`
	Start   time.Time `json:"start"`
	Phase   string    `json:"phase"` // one of Phases; empty = it begins
	Queue   string    `json:"queue,omitempty"`
	Agent   string    `json:"agent,omitempty"`
	Stage   string    `json:"stage,omitempty"` // of the ladder
	Since   time.Time `json:"since"`           // of the phase

	Supervisor string `json:"supervisor,omitempty"` // who is in the conversation besides the agent
}

func newCall(x *Exchange, leg Leg) *Call {
	p := leg.Party()
	c := &Call{
		ID:     newID(time.Now()),
		x:      x,
		plan:   x.plan.Load(),
		inbox:  newInbox(),
		digits: make(chan byte, 64),
		held:   held{phones: map[string][]use{}},
	}
	c.life, c.cancel = context.WithCancelCause(context.Background())
	c.log = callLog{to: x.parts.Log, call: c.ID}
	c.caller = &side{Leg: leg}
	c.story.language = c.languageOf(p)
	c.account = newAccount(c.ID, x.parts.Version, p)
	c.account.policy(c.plan.policy)
	c.view.Store(&View{ID: c.ID, Caller: p.Number, Dialled: p.Dialled, Start: c.account.r.Start, Since: c.account.r.Start})
	return c
}

// run is the call's goroutine: the journey, then the account.
func (c *Call) run() {
	c.engage(c.phoneThatTalks())
	c.listen(c.caller, c.heardCaller)
	cause := c.ending(c.guarded(c.life))
	close(c.inbox.over) // from here on nothing is posted any more
	c.cancel(cause)     // whoever waits on the call's behalf need not any longer
	c.settle(cause)
	c.inbox.helpers.Wait()
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
	c.caller.HangUp(cause)
	c.letGo(cause)
	_ = c.stopTape() // has told of it
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
	}
	return Cause{By: ByUs, Metric: CauseCallerEnded}
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
