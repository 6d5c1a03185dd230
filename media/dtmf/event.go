// Package dtmf reads and writes the keys that a party presses: as telephone-events
// in RTP (RFC 4733), as bodies of SIP INFO, and as the tones they once were, in the sound.
// It owns no clock and no socket: it is given packets or samples and says which key was
// pressed, once per press.
package dtmf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Rate is the clock of telephone-event beside G.711, in timestamp units a second.
const Rate = 8000

// keys in the order of their event codes (RFC 4733 §3.2, table 3).
const keys = "0123456789*#ABCD"

// ErrShort means that a payload is too short for a telephone-event.
var ErrShort = errors.New("dtmf: telephone-event needs 4 bytes")

// Event is the payload of one telephone-event packet (RFC 4733 §2.3).
type Event struct {
	Code     byte   // 0–15 are keys, see Key; others are tones and line events
	End      bool   // the event is over
	Volume   byte   // loudness as −dBm0, 0–63
	Duration uint16 // since the packet's timestamp, in units of 1/8000 s
}

// Parse reads the first event of a payload. Bytes after it (padding of some
// phones, or more events as RFC 4733 §2.5.1.5 allows) are ignored, and so is the
// reserved bit. The only error is ErrShort.
func Parse(payload []byte) (Event, error) {
	if len(payload) < 4 {
		return Event{}, ErrShort
	}
	return Event{
		Code:     payload[0],
		End:      payload[1]&0x80 != 0,
		Volume:   payload[1] & 0x3F,
		Duration: binary.BigEndian.Uint16(payload[2:]),
	}, nil
}

// Payload is the event as it stands on the wire.
func (e Event) Payload() [4]byte {
	p := [4]byte{e.Code, e.Volume & 0x3F}
	if e.End {
		p[1] |= 0x80
	}
	binary.BigEndian.PutUint16(p[2:], e.Duration)
	return p
}

// Key is the key of the event: '0'–'9', '*', '#', 'A'–'D'; false for an event
// that is no key, such as a flash.
func (e Event) Key() (byte, bool) {
	if int(e.Code) >= len(keys) {
		return 0, false
	}
	return keys[e.Code], true
}

// Code is the event code of a key; a lower-case letter is taken as its capital.
func Code(key byte) (byte, error) {
	if 'a' <= key && key <= 'd' {
		key -= 'a' - 'A'
	}
	i := strings.IndexByte(keys, key)
	if i < 0 {
		return 0, fmt.Errorf("dtmf: %q is no key; keys are %s", key, keys)
	}
	return byte(i), nil
}

// Press is one key pressed once.
type Press struct {
	Key      byte          // '0'–'9', '*', '#', 'A'–'D'
	Duration time.Duration // as far as it is known
}

// span is a length of timestamp units as time.
func span(units uint16) time.Duration { return time.Duration(units) * time.Second / Rate }
