package siptest

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
)

// keys of a telephone, in the order of their RFC 4733 event codes.
const keys = "0123456789*#ABCD"

const (
	keyTicks = 5 // a key is held for 100 ms
	gapTicks = 3 // and the next one follows 60 ms later
	endings  = 3 // the last packet is sent three times, RFC 4733 §2.5.1.4
)

// key is one press, being sent; the speaking goroutine owns it after it was queued.
type key struct {
	event uint8
	start uint32 // RTP timestamp
	tick  int
	done  chan struct{} // closed when it was sent
}

// SendDigits presses keys one after the other by RFC 4733 and returns when the
// last was sent.
func (c *Call) SendDigits(ctx context.Context, digits string) error {
	pressed, err := eventsOf(digits)
	if err != nil || len(pressed) == 0 {
		return err
	}
	if f := c.sound.flow.Load(); f == nil || f.event == NoEvent {
		return fmt.Errorf("press %s: the other side takes no telephone-event", digits)
	}
	c.sound.mouth.mu.Lock()
	c.sound.mouth.keys = append(c.sound.mouth.keys, pressed...)
	c.sound.mouth.mu.Unlock()
	if err := c.until(ctx, pressed[len(pressed)-1].done); err != nil {
		return fmt.Errorf("press %s: %w", digits, err)
	}
	return nil
}

func eventsOf(digits string) ([]*key, error) {
	var pressed []*key
	for _, d := range strings.ToUpper(digits) {
		event := strings.IndexRune(keys, d)
		if event < 0 {
			return nil, fmt.Errorf("press %q: no such key", d)
		}
		pressed = append(pressed, &key{event: uint8(event), done: make(chan struct{})})
	}
	return pressed, nil
}

// tickKey sends the key's next packet, or the pause behind it.
func (s *sound) tickKey(w *writer, f *flow) {
	k := w.key
	k.tick++
	if k.tick == 1 {
		k.start, w.marker = w.ts, true
	}
	switch {
	case k.tick < keyTicks:
		s.writeEvent(w, f, false)
	case k.tick == keyTicks:
		for range endings {
			s.writeEvent(w, f, true)
		}
		close(k.done)
	case k.tick >= keyTicks+gapTicks:
		w.key = nil
	}
}

func (s *sound) writeEvent(w *writer, f *flow, last bool) {
	k := w.key
	var payload [4]byte
	payload[0], payload[1] = k.event, 10 // −10 dBm0
	if last {
		payload[1] |= 0x80
	}
	binary.BigEndian.PutUint16(payload[2:], uint16(k.tick*frame))
	s.write(w, f, f.event, k.start, payload[:])
}

// InfoStyle is the body by which a digit travels in INFO.
type InfoStyle uint8

// The two bodies.
const (
	DTMFRelay InfoStyle = iota // application/dtmf-relay: Signal=5
	DTMFPlain                  // application/dtmf: 5
)

// SendDigitsInfo presses keys by SIP INFO, each one after the reply to the last.
func (c *Call) SendDigitsInfo(ctx context.Context, digits string, style InfoStyle) error {
	for _, d := range digits {
		kind, body := "application/dtmf-relay", fmt.Sprintf("Signal=%c\r\nDuration=100\r\n", d)
		if style == DTMFPlain {
			kind, body = "application/dtmf", string(d)
		}
		if _, err := c.Request(ctx, "INFO", []byte(body), Header{"Content-Type", kind}); err != nil {
			return fmt.Errorf("press %c: %w", d, err)
		}
	}
	return nil
}

// digitOfInfo reads either body; 0 when it is neither.
func digitOfInfo(m *Message) byte {
	body := strings.TrimSpace(string(m.Body))
	switch kind, _, _ := strings.Cut(m.Get("Content-Type"), ";"); strings.TrimSpace(kind) {
	case "application/dtmf":
	case "application/dtmf-relay":
		_, after, _ := strings.Cut(body, "Signal=")
		body = strings.TrimSpace(after)
	default:
		return 0
	}
	if body == "" || !strings.Contains(keys, body[:1]) {
		return 0
	}
	return body[0]
}
