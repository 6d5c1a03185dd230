package acd

import (
	"context"
	"log/slog"
)

// Floor owns every queue and every agent; its state is touched by Run alone.
type Floor struct {
	log *slog.Logger
}

// NewFloor makes a floor that starts from what the ledger holds.
func NewFloor(ctx context.Context, p Plan, l Ledger, log *slog.Logger) (*Floor, error) {
	panic("not built yet")
}

// Run serves the floor until ctx ends, then writes what is left. It returns when
// everything announced is durable.
func (f *Floor) Run(ctx context.Context) error { panic("not built yet") }

// Prepare checks a new plan; commit cannot fail. Waiting callers are judged by
// the new specs at once; conversations, wrap-ups and rests keep their clocks.
func (f *Floor) Prepare(next Plan) (commit func(), err error) { panic("not built yet") }

// Enter puts a caller in a queue. Errors: ErrNoQueue, *Refused, ErrStopped.
func (f *Floor) Enter(ctx context.Context, e Entry) (*Ticket, error) { panic("not built yet") }

// Leave takes a caller out: why is abandoned, answered elsewhere, a target. Any
// offer out is ended as MissCallerLeft. Leaving twice is a no-op.
func (f *Floor) Leave(ctx context.Context, ticket uint64, why string) error { panic("not built yet") }

// Place tells where the caller stands; the position never grows for a waiting caller
// by what it was told before (announcements never go backwards).
func (f *Floor) Place(ctx context.Context, ticket uint64) (Place, error) { panic("not built yet") }

// Taken says the call has taken the offer and rings the seats.
func (f *Floor) Taken(ctx context.Context, ticket uint64) error { panic("not built yet") }

// Answered says the seat's phone was answered. The first answer of an offer wins;
// the others are released as MissOtherAnswered. ErrStale: hang that phone up.
func (f *Floor) Answered(ctx context.Context, assignment uint64) error { panic("not built yet") }

// Missed ends one seat of an offer with its true reason. When the last seat is
// missed the ticket is waiting again at its place.
func (f *Floor) Missed(ctx context.Context, assignment uint64, why Miss) error {
	panic("not built yet")
}

// Finish ends a conversation: WrapUp, then Resting where granted. It returns when
// that is durable. ErrStale is a counted no-op.
func (f *Floor) Finish(ctx context.Context, assignment uint64, o Outcome) error {
	panic("not built yet")
}

// Do carries out an agent's command and returns the state after it, durable.
func (f *Floor) Do(ctx context.Context, agent string, c Command) (AgentView, error) {
	panic("not built yet")
}

// PhoneReachable tells whether a phone is registered and answers.
func (f *Floor) PhoneReachable(phone string, yes bool) { panic("not built yet") }

// PhoneBusy tells that a phone is in a call that is not from a queue, or no longer.
func (f *Floor) PhoneBusy(phone string, yes bool) { panic("not built yet") }

// Agents, Queues and Counters are snapshots.
func (f *Floor) Agents(ctx context.Context) ([]AgentView, error) { panic("not built yet") }

// Queues gives every queue, by name.
func (f *Floor) Queues(ctx context.Context) ([]QueueView, error) { panic("not built yet") }

// Counters gives the promise counters.
func (f *Floor) Counters() Counters { panic("not built yet") }

// Watch gives the newest state of one agent, latest value only, until ctx ends.
func (f *Floor) Watch(ctx context.Context, agent string) <-chan AgentView { panic("not built yet") }

// Why explains, from the code that decides: a waiting ticket (which condition
// failed for whom) or an agent (why no call). One sentence a line.
func (f *Floor) Why(ctx context.Context, w Whom) ([]string, error) { panic("not built yet") }

