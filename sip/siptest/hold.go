package siptest

import (
	"context"
	"fmt"
	"slices"

	"breakwater/media/g711"
)

// hear applies what the other side says about its sound.
func (c *Call) hear(theirs session) {
	if theirs.chosen < 0 {
		c.talk.theirs = theirs
		return
	}
	c.talk.theirs = theirs
	laws := common(theirs.laws, c.phone.opts.Codecs)
	if len(laws) == 0 {
		c.talk.theirs.chosen = -1
		return
	}
	event := theirs.event
	if c.phone.opts.Event == NoEvent {
		event = NoEvent
	}
	c.sound.aim(flow{
		to: theirs.addr, law: laws[0], event: event,
		send: theirs.listens() && !c.talk.hold, hears: []uint8{c.talk.mine.event, event},
	})
}

// describe writes our SDP: an offer, or the answer to theirs.
func (c *Call) describe(theirs *session) []byte {
	m := c.talk.mine
	c.talk.mine.version++
	var lines []string
	chosen := 0
	if theirs != nil {
		lines, chosen = theirs.lines, theirs.chosen
		if laws := common(theirs.laws, m.laws); len(laws) > 0 {
			m.laws = laws[:1]
		}
		m.event = theirs.event
		if c.phone.opts.Event == NoEvent {
			m.event = NoEvent
		}
		m.direction = meet(theirs.direction, m.direction)
	}
	sdp := m.write(lines, chosen)
	if c.phone.opts.Rewrite != nil {
		sdp = []byte(c.phone.opts.Rewrite(string(sdp)))
	}
	return sdp
}

// meet is the direction that answers theirs while we want ours (RFC 3264 §6.1).
func meet(theirs, ours string) string {
	weSend := (theirs == "sendrecv" || theirs == "recvonly") && (ours == "" || ours == "sendrecv" || ours == "sendonly")
	weHear := (theirs == "sendrecv" || theirs == "sendonly") && (ours == "" || ours == "sendrecv" || ours == "recvonly")
	switch {
	case weSend && weHear:
		return "sendrecv"
	case weSend:
		return "sendonly"
	case weHear:
		return "recvonly"
	}
	return "inactive"
}

// Hold puts the other side on hold by re-INVITE. This phone then sends no RTP.
func (c *Call) Hold(ctx context.Context, style HoldStyle) error {
	return c.reinvite(ctx, func(t *talk) {
		t.hold = true
		t.mine.zero = style == ZeroIP
		t.mine.direction = [...]string{SendOnly: "sendonly", Inactive: "inactive", ZeroIP: ""}[style]
	})
}

// Resume takes the other side back.
func (c *Call) Resume(ctx context.Context) error {
	return c.reinvite(ctx, func(t *talk) { t.hold, t.mine.zero, t.mine.direction = false, false, "" })
}

// Reinvite offers the same again, as a session refresh does.
func (c *Call) Reinvite(ctx context.Context) error {
	return c.reinvite(ctx, func(*talk) {})
}

// Change offers another order of codecs by re-INVITE.
func (c *Call) Change(ctx context.Context, laws ...g711.Law) error {
	return c.reinvite(ctx, func(t *talk) { t.mine.laws = slices.Clone(laws) })
}

func (c *Call) reinvite(ctx context.Context, change func(*talk)) error {
	got := make(chan *Message, 1)
	err := c.phone.do(ctx, func() {
		if c.script.over || c.script.asked != nil || !closed(c.moments.answered) {
			got <- &Message{Status: 491, Reason: "not now"}
			return
		}
		change(&c.talk)
		if c.talk.hold {
			c.sound.stopSending()
		}
		c.sendReinvite(c.request("INVITE", c.describe(nil), Header{"Content-Type", "application/sdp"}), got)
	})
	if err != nil {
		return fmt.Errorf("re-INVITE: %w", err)
	}
	reply, err := wait(ctx, c.phone, got)
	_, err = final("re-INVITE", reply, err)
	return err
}

func (c *Call) sendReinvite(req *Message, got chan *Message) {
	c.script.asked = c.phone.ask(req, c.nextHop(), func(res *Message) {
		switch {
		case res != nil && res.Status < 200:
			return
		case res != nil && res.Status < 300:
			repeated := c.script.asked == nil
			c.script.asked = nil
			c.refresh(res)
			c.acknowledge(req, res, nil)
			if repeated {
				return
			}
			c.hear(parseSDP(res.Body))
		default:
			c.script.asked = nil
			if res != nil {
				if again := c.phone.authorized(req, res, c.dialog.cseq+1); again != nil {
					c.dialog.cseq++
					c.sendReinvite(again, got)
					return
				}
			}
		}
		select {
		case got <- res:
		default: // a repeated failure
		}
	})
}
