package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"breakwater/acd"
	"breakwater/acd/protect"
)

// conversation is a caller and an agent who are about to talk.
type conversation struct {
	seat    acd.Seat // Assignment 0: a supervisor who took the call, not an offer
	queue   acd.QueueSpec
	manners QueueManners
	agent   *side
	raised  int             // seconds in which the caller's voice was raised
	ladder  *protect.Ladder // goes on from the agent before; nil = a new one
}

// paged tells whether a supervisor took the call: then the floor knows nothing of
// it, and the phone is kept from queue calls by us.
func (conv *conversation) paged() bool { return conv.seat.Assignment == 0 }

// dismiss ends the agent's part of a conversation.
func (c *Call) dismiss(conv *conversation, cause Cause) {
	c.drop(conv.agent, cause)
	if conv.paged() {
		c.release(conv.seat.Phone)
	}
}

// ringing is one seat of an offer being rung.
type ringing struct {
	seat    acd.Seat
	leg     *side
	attempt int
	over    bool
}

// rung is how one seat's ringing ended; miss is empty when it was answered.
type rung struct {
	r    *ringing
	miss acd.Miss
}

// missRevoked says that the floor took the seat back: it knows, and nobody missed
// anything.
const missRevoked acd.Miss = "revoked"

// ringSeats rings every seat of an offer and gives the conversation with the one who
// answered first, or nil when nobody did and the caller waits on.
func (c *Call) ringSeats(ctx context.Context, t *acd.Ticket, o acd.Offer, m QueueManners) (*conversation, error) {
	if err := c.x.parts.Floor.Taken(ctx, t.ID); err != nil {
		return nil, offerGone(err)
	}
	c.phase("ringing", t.Queue, o.Seats[0].Agent)
	c.account.segment("ring", t.Queue, o.Seats[0].Agent)
	p := &peal{m: m, results: make(chan rung, 4*max(len(o.Seats), acd.RingMost))} // a seat reports its answer, its end, its revocation
	defer func() {
		for _, r := range p.seats {
			c.giveUp(r, acd.MissCallerLeft) // the floor hears of it when the caller leaves the queue
		}
	}()
	if err := c.ringNew(ctx, p, o); err != nil {
		return nil, err
	}
	for p.open > 0 {
		end, more, ended, err := either(ctx, c, p.results, t.Offers)
		if err != nil {
			return nil, err
		}
		switch {
		case !ended:
			if err := c.ringMore(ctx, t, p, more); err != nil {
				return nil, err
			}
			o = more
			continue
		case end.r.over:
			continue
		case end.miss == "":
			conv, err := c.answeredBy(ctx, end.r, p.seats)
			if err != nil {
				return nil, err
			}
			if conv != nil {
				conv.queue, conv.manners = o.Queue, m
				return conv, nil
			}
		default:
			c.miss(ctx, end.r, end.miss)
		}
		p.open--
	}
	return nil, nil //nolint:nilnil // nobody answered is no error: the caller waits on
}

// peal is the phones that ring for one offer.
type peal struct {
	m       QueueManners
	results chan rung
	seats   []*ringing
	open    int // may still answer
}

// rings tells whether a seat's phone was rung already.
func (p *peal) rings(s acd.Seat) bool {
	return slices.ContainsFunc(p.seats, func(r *ringing) bool { return r.seat.Assignment == s.Assignment })
}

// ringMore rings what an offer adds while phones ring: one more agent, or others where
// the floor has taken back those who ring and does not wait until we have heard of it.
func (c *Call) ringMore(ctx context.Context, t *acd.Ticket, p *peal, o acd.Offer) error {
	if !o.More {
		if err := c.x.parts.Floor.Taken(ctx, t.ID); err != nil {
			return offerGone(err)
		}
	}
	return c.ringNew(ctx, p, o)
}

// ringNew rings the seats of an offer that do not ring yet.
func (c *Call) ringNew(ctx context.Context, p *peal, o acd.Offer) error {
	var phones []string
	for _, seat := range o.Seats {
		if !p.rings(seat) {
			phones = append(phones, seat.Phone)
		}
	}
	if err := c.takePhones(ctx, phones...); err != nil {
		return err
	}
	for _, seat := range o.Seats {
		if !p.rings(seat) && !seat.Revoked.Came() { // while its phone was putting down
			p.seats = append(p.seats, c.ring(ctx, seat, o, p.m, p.results))
			p.open++
		}
	}
	return nil
}

// ring begins to call one seat.
func (c *Call) ring(ctx context.Context, seat acd.Seat, o acd.Offer, m QueueManners, results chan<- rung) *ringing {
	r := &ringing{seat: seat}
	r.attempt = c.account.attempt(Attempt{
		Queue: o.Queue.Name, Agent: seat.Agent, Phone: seat.Phone, At: time.Now(), Reason: seat.Reason,
	})
	c.log.Info("offered", "queue", o.Queue.Name, "agent", seat.Agent, "phone", seat.Phone, "reason", seat.Reason)
	p := c.caller.Party()
	r.leg = c.dial(ctx, seat.Agent, Target{Phone: seat.Phone, From: p.Number, Name: title(m, o.Queue, p), Ring: o.Ring})
	report := func(miss acd.Miss) {
		select {
		case results <- rung{r, miss}:
		default: // this seat has said enough already
		}
	}
	c.listen(r.leg, func(sig Signal) {
		switch sig.Kind {
		case Answered:
			r.leg.waitForTalk()
			report("")
		case Ended:
			report(missOf(sig.Cause))
		case Ringing, Pressed, Held, Resumed, Asked:
		}
	})
	hear(c, seat.Revoked, func(struct{}) {
		if r.leg.answered.IsZero() { // an answer on its way is judged by the floor
			report(missRevoked)
		}
	})
	return r
}

// title is what the agent's phone shows: the queue, then the caller.
func title(m QueueManners, q acd.QueueSpec, p Party) string {
	name := m.Title
	if name == "" {
		name = q.Name
	}
	if p.Name != "" {
		return name + ": " + p.Name
	}
	return name
}

// answeredBy claims the first answer. nil and no error: the floor says it was too late,
// and the phone is hung up again.
func (c *Call) answeredBy(ctx context.Context, r *ringing, all []*ringing) (*conversation, error) {
	err := c.x.parts.Floor.Answered(ctx, r.seat.Assignment)
	if errors.Is(err, acd.ErrStale) {
		r.over = true
		c.account.result(r.attempt, "too-late")
		c.drop(r.leg, Cause{By: ByUs, Metric: LegNormal, Text: "offer was over"})
		return nil, nil //nolint:nilnil // too late is no error: other seats may still answer
	}
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", r.seat.Agent, err)
	}
	r.over = true
	c.account.result(r.attempt, "answered")
	for _, other := range all {
		c.giveUp(other, acd.MissOtherAnswered)
	}
	return &conversation{seat: r.seat, agent: r.leg}, nil
}

// miss tells the floor why a seat did not answer.
func (c *Call) miss(ctx context.Context, r *ringing, why acd.Miss) {
	c.giveUp(r, why)
	c.log.Info("missed", "agent", r.seat.Agent, "why", why)
	if why == missRevoked {
		return
	}
	if err := c.x.parts.Floor.Missed(ctx, r.seat.Assignment, why); err != nil && !errors.Is(err, acd.ErrStale) {
		c.log.Error("report a missed offer", "agent", r.seat.Agent, "err", err)
	}
}

// giveUp ends a seat that rings no longer. The floor is not told.
func (c *Call) giveUp(r *ringing, why acd.Miss) {
	if r.over {
		return
	}
	r.over = true
	c.account.result(r.attempt, string(why))
	c.drop(r.leg, Cause{By: ByUs, Metric: LegCancelled, Text: string(why)})
}

// offerGone makes a stale offer no error: the caller waits on.
func offerGone(err error) error {
	if errors.Is(err, acd.ErrStale) {
		return nil
	}
	return err
}

// missOf reads a leg's end as the floor's kind of miss.
func missOf(leg Cause) acd.Miss {
	switch leg.Metric {
	case LegBusy:
		return acd.MissBusy
	case LegDeclined:
		return acd.MissDeclined
	case LegNoContact:
		return acd.MissNotRegistered
	case LegNoAnswer:
		return acd.MissNoAnswer
	}
	return acd.MissUnreachable
}
