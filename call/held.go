package call

import (
	"time"

	"breakwater/acd"
)

// held is what a call has in its hands and must give back, whatever happens to its
// journey: the legs it dialled, the phones it keeps from queue calls, the recording.
type held struct {
	sides  []*side
	phones map[string][]use
	tape   *taping
	tapes  int
}

// engage marks a phone as talking outside the queues until it is released, so that
// no queue rings it meanwhile.
func (c *Call) engage(phone string) { c.hold(phone, use{}) }

// engagePaged is engage for a supervisor's phone, which no direct call may ring into
// either.
func (c *Call) engagePaged(phone string) { c.hold(phone, use{paged: true}) }

func (c *Call) hold(phone string, u use) {
	if phone == "" {
		return
	}
	c.held.phones[phone] = append(c.held.phones[phone], u)
	c.x.phones.engage(phone, u)
}

// release ends the newest engage. Releasing more often than engaging is harmless.
func (c *Call) release(phone string) {
	uses := c.held.phones[phone]
	if len(uses) == 0 {
		return
	}
	last := len(uses) - 1
	c.held.phones[phone] = uses[:last]
	c.x.phones.release(phone, uses[last])
}

// letGo gives back what is left. After a journey without a fault that is nothing.
func (c *Call) letGo(cause Cause) {
	for len(c.held.sides) > 0 {
		c.drop(c.held.sides[0], Cause{By: cause.By, Metric: LegNormal, Text: "the call is over"})
	}
	for phone, uses := range c.held.phones {
		for range uses {
			c.release(phone)
		}
	}
	clear(c.held.phones)
}

// story is what has happened to the caller so far; it goes on with whoever answers
// next.
type story struct {
	language  string
	humanSaid bool          // the human prompt was played
	noticed   bool          // the recording notice has been given
	event     bool          // an agent of this call had a protection event
	rescued   bool          // the way back to the original place was used
	crisis    bool          // an agent has said so, and no supervisor has released it
	emergency bool          // came into an emergency queue, and stays an emergency in every other
	moved     bool          // an agent has sent the caller on
	since     time.Time     // when the waiting began: the age that no move takes away
	queue     string        // the last queue
	talk      *acd.TalkWish // the talk that supervisors are asked for by this call; nil = it is a caller's
	back      *acd.Launch   // the callback that this call is; nil = the caller called us
	position  int           // the last that the caller was told, in whatever queue; 0 = none
	unjoined  int           // answers in a row whose sound could not be joined
}

// mayEnd tells whether we may ever be the ones who end this call.
func (s *story) mayEnd() bool { return !s.crisis && !s.emergency }
