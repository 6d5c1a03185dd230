package acd

import (
	"context"
	"time"
)

// launchRoom bounds the callbacks whose turn has come and that no call has taken up. One
// that finds no room is offered again after a pause.
const launchRoom = 1024

// Park makes a waiting caller's ticket a callback at the same place. From then on the
// floor has the ticket alone: its channels are dead, and Launches tells when its turn has
// come. It returns when that is durable. Errors: ErrNoTicket, ErrNoCallback; then the
// caller waits on as before.
func (f *Floor) Park(ctx context.Context, ticket uint64, c Callback) error {
	return f.durably(ctx, Input{Kind: InPark, Ticket: ticket, Callback: &c}, nil)
}

// CallBack puts somebody who is on no line in a queue, to be called back in turn or, with
// c.At, not before a time. A message (BackMessage) is put there before it is said, so that
// a crash loses none, and is heard after Spoken. It returns when that is durable. Errors:
// ErrNoQueue, ErrNoCallback, ErrMessagesFull.
func (f *Floor) CallBack(ctx context.Context, e Entry, c Callback) (ticket uint64, err error) {
	e.Data = plain(e.Data)
	e.Since, c.At = e.Since.Round(0), c.At.Round(0)
	err = f.durably(ctx, Input{Kind: InCallBack, Entry: &e, Callback: &c}, func(id uint64) { ticket = id })
	return ticket, err
}

// LeaveMessage is CallBack with a message for a caller who waits, and would rather leave
// one: in one step they leave the queue, as by Leave, and the message's place is made. Where it cannot
// be made they wait on as before. Errors: those of CallBack, and ErrNoTicket when they do not
// wait any more.
func (f *Floor) LeaveMessage(ctx context.Context, waiting uint64, e Entry, c Callback) (ticket uint64, err error) {
	e.Data = plain(e.Data)
	e.Since = e.Since.Round(0)
	err = f.durably(ctx, Input{Kind: InCallBack, Ticket: waiting, Entry: &e, Callback: &c}, func(id uint64) { ticket = id })
	return ticket, err
}

// Launches tells of callbacks whose turn has come, and of those given up. The offer in
// the ticket's slot must be taken by Launched within 2 s.
func (f *Floor) Launches() <-chan Launch { return f.launches }

// Launched is Taken for a callback: call is the name of the call that rings its agent.
func (f *Floor) Launched(ctx context.Context, ticket uint64, call string) error {
	return f.do(ctx, &errand{in: Input{Kind: InLaunched, Ticket: ticket, Why: call}})
}

// Reached says that the caller has answered: the callback is over, its conversation
// begins. ErrNoTicket: it was taken out meanwhile; the conversation goes on all the same.
func (f *Floor) Reached(ctx context.Context, ticket uint64) error {
	return f.do(ctx, &errand{in: Input{Kind: InReached, Ticket: ticket}})
}

// Heard says that an agent has dealt with a message: it is over, without a conversation.
// It returns when that is durable. ErrNoTicket: it was taken out meanwhile.
func (f *Floor) Heard(ctx context.Context, ticket uint64) error {
	return f.durably(ctx, Input{Kind: InReached, Ticket: ticket, Why: ReachedHeard}, nil)
}

// Unreached says that a callback's number was dialled in vain, or that the call lets go of
// it before: why is one of the Unreached words. The agent is free by Finish, as ever. The callback keeps its
// place and is tried again, or is given up. The channels of its ticket are dead.
func (f *Floor) Unreached(ctx context.Context, ticket uint64, why string) error {
	return f.do(ctx, &errand{in: Input{Kind: InUnreached, Ticket: ticket, Why: why}})
}

// Spoken says that a message has been left, so long; from now on an agent may hear it. Of
// length 0 nothing was said, and there is none. It returns when that is durable.
// ErrNoTicket when it was taken out meanwhile.
func (f *Floor) Spoken(ctx context.Context, ticket uint64, length time.Duration) error {
	return f.durably(ctx, Input{Kind: InSpoken, Ticket: ticket, Length: length}, nil)
}

// CancelCallback takes a callback out. ErrNoTicket when there is none (any more).
func (f *Floor) CancelCallback(ctx context.Context, ticket uint64) error {
	return f.durably(ctx, Input{Kind: InCancel, Ticket: ticket}, nil)
}

// Callbacks gives every callback, the oldest first.
func (f *Floor) Callbacks(ctx context.Context) ([]CallbackView, error) {
	var out []CallbackView
	err := f.do(ctx, &errand{act: func(b *board) error { out = b.callbackViews(); return nil }})
	return out, err
}

// durably runs an errand and waits until what it did is written.
func (f *Floor) durably(ctx context.Context, in Input, given func(uint64)) error {
	e := &errand{in: in, given: given}
	if err := f.do(ctx, e); err != nil {
		return err
	}
	return f.journal.wait(ctx, e.seq)
}

// handOver puts an offer in its ticket's slot. For a callback that no call looks after
// it makes the slot, and tells that its turn has come.
func (f *Floor) handOver(ticket uint64, o Offer) {
	if s, ok := f.slots[ticket]; ok {
		put(s.offers, o)
		return
	}
	t := f.board.tickets[ticket]
	if t == nil || !t.isBack() {
		return
	}
	s := slots{make(chan Offer, 1), new(News[Removal])}
	l := f.board.launchOf(t)
	l.Ticket = &Ticket{ID: ticket, Queue: t.entry.Queue, Offers: s.offers, Removed: s.removed}
	put(s.offers, o)
	if f.launch(l) {
		f.slots[ticket] = s
	}
}

// launch tells the calls of a callback; false = nobody takes them up.
func (f *Floor) launch(l Launch) bool {
	select {
	case f.launches <- l:
		return true
	default:
		f.log.Warn("a callback waits for calls that are taken up", "queue", l.Entry.Queue, "given up", l.GivenUp)
		return false
	}
}

// carryBack does what an input asks for that is about callbacks.
func (b *board) carryBack(in *Input) (ticket uint64, err error) {
	switch in.Kind {
	case InPark:
		err = b.park(in.Ticket, *in.Callback)
	case InCallBack:
		if in.Ticket != 0 {
			return b.leaveMessage(in.Ticket, *in.Entry, *in.Callback)
		}
		ticket, err = b.callBack(*in.Entry, *in.Callback)
	case InLaunched:
		err = b.launched(in.Ticket, in.Why)
	case InReached:
		err = b.reached(in.Ticket, in.Why)
	case InUnreached:
		err = b.unreached(in.Ticket, in.Why)
	case InSpoken:
		err = b.said(in.Ticket, in.Length)
	case InCancel:
		err = b.cancel(in.Ticket)
	default:
	}
	return ticket, err
}
