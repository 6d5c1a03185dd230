package siptest

import (
	"context"
	"fmt"
	"time"
)

// Hangup ends the call in whatever way fits: CANCEL, 603 or BYE. It returns when
// the other side has confirmed it.
func (c *Call) Hangup(ctx context.Context) error {
	got := make(chan *Message, 1)
	asked := false
	err := c.phone.do(ctx, func() {
		switch {
		case c.script.over:
		case closed(c.moments.answered):
			asked = true
			c.bye(func(m *Message) { got <- m })
		case c.incoming:
			c.refuse(603)
		default:
			c.script.hangUp = true
			c.sendCancel()
		}
	})
	if err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	if !asked {
		_, err = c.WaitEnded(ctx)
		return err
	}
	reply, err := wait(ctx, c.phone, got)
	if _, err = final("BYE", reply, err); StatusOf(err) == 481 { // both hung up at once
		return nil
	}
	return err
}

// bye ends an answered call. on gets the final reply, or nil.
func (c *Call) bye(on func(*Message)) {
	if c.phone.faults.Load().DropBYE {
		on(&Message{Status: 200})
	} else {
		c.ask(c.request("BYE", nil), on)
	}
	c.finish(End{By: "us", Reason: "hung up"})
}

// leave is Hangup without waiting, for a phone that is closed.
func (c *Call) leave() {
	switch {
	case closed(c.moments.answered):
		c.ask(c.request("BYE", nil), func(*Message) {})
	case c.incoming:
		c.refuse(480)
	default:
		c.sendCancel()
	}
	c.finish(End{By: "us", Reason: "phone closed"})
}

// Request sends any request within the call and gives its final reply. A reply
// that is not 2xx is the error *Refused, too.
func (c *Call) Request(ctx context.Context, method string, body []byte, extra ...Header) (*Message, error) {
	got := make(chan *Message, 1)
	err := c.phone.do(ctx, func() {
		if c.script.over {
			got <- nil
			return
		}
		c.ask(c.request(method, body, extra...), func(m *Message) { got <- m })
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	reply, err := wait(ctx, c.phone, got)
	return final(method, reply, err)
}

// Talked is how long the call was answered, until now or its end.
func (c *Call) Talked() time.Duration {
	from := c.AnsweredAt()
	if from.IsZero() {
		return 0
	}
	if closed(c.moments.ended) {
		return c.moments.end.At.Sub(from)
	}
	return time.Since(from)
}
