package siptest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// End says how a call ended, as this phone saw it.
type End struct {
	By     string // us, them, or network when nobody answered any more
	Status int    // final status of an INVITE that failed, else 0
	Reason string // its reason phrase, the Reason header of a BYE or CANCEL, or a word of ours
	At     time.Time
}

// String is for failures: "them: 486 Busy Here".
func (e End) String() string {
	if e.Status != 0 {
		return fmt.Sprintf("%s: %d %s", e.By, e.Status, e.Reason)
	}
	return e.By + ": " + e.Reason
}

// Call is one call of a phone, either way. Its methods may be called from any
// goroutine.
type Call struct {
	phone    *Phone
	id       string
	incoming bool
	invite   *Message // the first one, as sent or as received
	began    time.Time
	moments  moments
	requests chan *Message
	sound    *sound

	// The following fields are owned by Phone.run.
	dialog dialog
	script script
	talk   talk
}

// moments are closed once each, by Phone.run.
type moments struct {
	ringing, answered, confirmed, ended chan struct{}

	end        End       // written before ended is closed
	answeredAt time.Time // written before answered is closed
	ringingAt  time.Time // written before ringing is closed
}

// script is how far the signalling is.
type script struct {
	over      bool
	asked     *asked   // our INVITE, until it is answered
	served    *served  // their INVITE, until it is answered
	hangUp    bool     // CANCEL is wanted, or sent
	progress  bool     // a 1xx came, so that CANCEL may be sent
	repeating *alarm   // our 2xx, until the ACK
	lost      *alarm   // no ACK at all
	later     []*alarm // policy
}

// talk is what both sides said about their sound.
type talk struct {
	mine   mine
	theirs session
	hold   bool
}

// ErrOver means that the call is in no state for that.
var ErrOver = errors.New("call is over or not that far")

func (p *Phone) newCall(id string, invite *Message) (*Call, error) {
	s, err := openSound(p)
	if err != nil {
		return nil, err
	}
	c := &Call{phone: p, id: id, invite: invite, sound: s, began: time.Now(), requests: make(chan *Message, 32)}
	c.moments.ringing, c.moments.answered = make(chan struct{}), make(chan struct{})
	c.moments.confirmed, c.moments.ended = make(chan struct{}), make(chan struct{})
	c.talk.mine = mine{addr: s.address(), laws: p.opts.Codecs, event: p.opts.Event}
	c.talk.theirs = session{event: NoEvent, chosen: -1}
	return c, nil
}

// ID is the Call-ID.
func (c *Call) ID() string { return c.id }

// IsIncoming tells whether the other side called.
func (c *Call) IsIncoming() bool { return c.incoming }

// From is the caller's number, as the INVITE says it.
func (c *Call) From() string { return UserOf(c.invite.Get("From")) }

// FromName is the caller's display name, as the INVITE says it.
func (c *Call) FromName() string { return nameOf(c.invite.Get("From")) }

// Dialled is the user part of the INVITE's Request-URI.
func (c *Call) Dialled() string { return UserOf(c.invite.URI) }

// Invite is the first INVITE. Do not change it.
func (c *Call) Invite() *Message { return c.invite }

// Began is when the INVITE was sent or received.
func (c *Call) Began() time.Time { return c.began }

// Ringing is closed when a 180 or 183 was received or sent.
func (c *Call) Ringing() <-chan struct{} { return c.moments.ringing }

// Answered is closed when a 200 was received or sent.
func (c *Call) Answered() <-chan struct{} { return c.moments.answered }

// Confirmed is closed when the ACK was received or sent.
func (c *Call) Confirmed() <-chan struct{} { return c.moments.confirmed }

// Ended is closed when the call is over; End then tells how.
func (c *Call) Ended() <-chan struct{} { return c.moments.ended }

// End tells how the call ended; the zero value while it has not.
func (c *Call) End() End {
	select {
	case <-c.moments.ended:
		return c.moments.end
	default:
		return End{}
	}
}

// AnsweredAt is when the 200 was received or sent; zero before.
func (c *Call) AnsweredAt() time.Time {
	select {
	case <-c.moments.answered:
		return c.moments.answeredAt
	default:
		return time.Time{}
	}
}

// RingingAt is when the first 180 or 183 was received or sent; zero before.
func (c *Call) RingingAt() time.Time {
	select {
	case <-c.moments.ringing:
		return c.moments.ringingAt
	default:
		return time.Time{}
	}
}

// Requests gives what the other side asks within the call: re-INVITE, UPDATE,
// INFO, NOTIFY, BYE. They are answered without anybody reading this; when nobody
// does, the oldest is forgotten.
func (c *Call) Requests() <-chan *Message { return c.requests }

// WaitRinging returns when the call rings; an error when it ended or ctx did.
func (c *Call) WaitRinging(ctx context.Context) error { return c.until(ctx, c.moments.ringing) }

// WaitAnswered returns when the call is answered; an error when it ended or ctx
// did. The error of a call that was refused is *Unanswered.
func (c *Call) WaitAnswered(ctx context.Context) error { return c.until(ctx, c.moments.answered) }

// WaitEnded returns how the call ended, or ctx's error.
func (c *Call) WaitEnded(ctx context.Context) (End, error) {
	_, err := wait(ctx, c.phone, c.moments.ended)
	if err != nil && !closed(c.moments.ended) {
		return End{}, err
	}
	return c.moments.end, nil
}

// Unanswered is the error of waiting for something that a call's end prevents.
type Unanswered struct{ End End }

func (u *Unanswered) Error() string { return "call ended, " + u.End.String() }

func (c *Call) until(ctx context.Context, moment <-chan struct{}) error {
	if closed(moment) {
		return nil
	}
	select {
	case <-moment:
		return nil
	case <-c.moments.ended:
		if closed(moment) {
			return nil
		}
		return &Unanswered{c.moments.end}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// finish ends the call for this phone. It runs in the phone's goroutine.
func (c *Call) finish(e End) {
	if c.script.over {
		return
	}
	c.script.over = true
	c.quietAlarms()
	delete(c.phone.desk.calls, c.id)
	e.At = time.Now()
	c.moments.end = e
	close(c.moments.ended)
	c.sound.close()
}

func (c *Call) quietAlarms() {
	c.phone.desk.alarms.stop(c.script.repeating)
	c.phone.desk.alarms.stop(c.script.lost)
	for _, a := range c.script.later {
		c.phone.desk.alarms.stop(a)
	}
}

// mark closes a moment once.
func mark(ch chan struct{}, at *time.Time) {
	if closed(ch) {
		return
	}
	if at != nil {
		*at = time.Now()
	}
	close(ch)
}
