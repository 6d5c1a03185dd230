package flood

import (
	"fmt"
	"strings"

	"breakwater/loadtest/mark"
	"breakwater/media/rtp"
)

// keyboard presses keys by RFC 4733: each is held for 100 ms, its last packet is
// sent three times, and 60 ms pass before the next. It belongs to the flood's thread.
type keyboard struct {
	event   uint8 // payload type of telephone-event
	pending []press
	step    int
	start   uint32 // timestamp of the key
	ticking bool   // the last tick had a packet
}

type press struct {
	event uint8
	done  chan struct{} // of the last key of several; else nil
}

const (
	heldTicks = 5
	gapTicks  = 3
	endings   = 3 // RFC 4733 §2.5.1.4
)

func eventsOf(digits string) ([]uint8, error) {
	events := make([]uint8, 0, len(digits))
	for _, d := range strings.ToUpper(digits) {
		event := strings.IndexRune("0123456789*#ABCD", d)
		if event < 0 {
			return nil, fmt.Errorf("press %q: no such key", d)
		}
		events = append(events, uint8(event))
	}
	return events, nil
}

// press puts keys into the row; done is closed when the last was sent.
func (k *keyboard) press(events []uint8, done chan struct{}) {
	for i, e := range events {
		p := press{event: e}
		if i == len(events)-1 {
			p.done = done
		}
		k.pending = append(k.pending, p)
	}
	if len(events) == 0 {
		close(done)
	}
}

func (k *keyboard) busy() bool { return len(k.pending) > 0 }

// tick goes on by 20 ms; false in the pause behind a key, when nothing is sent.
func (k *keyboard) tick(now uint32) bool {
	if k.step == 0 {
		k.start = now
	}
	k.step++
	k.ticking = k.step <= heldTicks
	if k.step >= heldTicks+gapTicks {
		k.step = 0
		if done := k.pending[0].done; done != nil {
			close(done)
		}
		k.pending = k.pending[1:]
	}
	return k.ticking
}

// repeats is how often the packet of this tick is sent once more.
func (k *keyboard) repeats() int {
	if k.ticking && k.step == heldTicks {
		k.ticking = false
		return endings - 1
	}
	return 0
}

// write makes the packet of this tick.
func (k *keyboard) write(b []byte, h rtp.Header) int {
	h.Payload, h.Timestamp, h.Marker = k.event, k.start, k.step == 1
	h.Put(b)
	putEvent(b[rtp.HeaderSize:], k.pending[0].event, k.step == heldTicks, uint16(k.step*mark.Samples))
	return rtp.HeaderSize + 4
}

// drop forgets what was not pressed yet, and lets go whoever waits for it.
func (k *keyboard) drop() {
	for _, p := range k.pending {
		if p.done != nil {
			close(p.done)
		}
	}
	k.pending, k.step = nil, 0
}
