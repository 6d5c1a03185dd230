package acd

import (
	"fmt"
	"strings"
	"time"
)

const (
	// outageFirst is how long callbacks are left alone after the first that no trunk took.
	outageFirst = time.Minute
	// outageMost bounds it: it doubles each time one more is tried in vain.
	outageMost = 15 * time.Minute
)

// outage says that nobody took a call to the numbers that begin alike, and so go by one
// trunk: no agent is reserved for others before one callback has been tried again. It begins
// anew with the process, and with each plan.
type outage struct {
	Pause time.Duration `json:"pause"`
	Until time.Duration `json:"until"`
	Probe uint64        `json:"probe,omitempty"` // the ticket that is tried; 0 = none yet
	Last  uint64        `json:"last,omitempty"`  // the ticket tried before, while later ones have not had their turn
	Fresh bool          `json:"fresh,omitempty"` // somebody waits whose call was not refused: they are tried first
}

// carrier is what the trunk did that such numbers go by.
type carrier struct {
	Passed  uint64        `json:"passed,omitempty"`  // calls of callbacks that it took
	Refused time.Duration `json:"refused,omitempty"` // when it took one the last time not
}

// beginning is the longest of the beginnings that trunks dial which the number has.
func (r *routes) beginning(number string) (longest string) {
	for _, p := range r.dial {
		if len(p) > len(longest) && strings.HasPrefix(number, p) {
			longest = p
		}
	}
	return longest
}

// outageOf is the outage that a callback waits for the end of; nil = none. A message is
// heard whether or not its caller can be called.
func (b *board) outageOf(t *ticket) *outage {
	if len(b.outages) == 0 || t.isMessage() {
		return nil
	}
	return b.outages[b.routes.beginning(t.back.Number)]
}

// heldByOutage says until when an outage keeps a callback from an agent, and in words why;
// empty = it does not.
func (b *board) heldByOutage(t *ticket) (until time.Duration, why string) {
	o, beginning := b.outageOf(t), b.routes.beginning(t.back.Number)
	switch {
	case o == nil:
	case o.Until > b.now.Mono:
		return o.Until, fmt.Sprintf("no trunk took the last call to a number that begins with %s: left alone for %s", beginning, b.left(o.Until))
	case o.Probe != 0 && o.Probe != t.id:
		return never, fmt.Sprintf("another callback tries whether a trunk takes numbers that begin with %s again", beginning)
	case o.turnOf(t) > b.now.Mono:
		until = o.turnOf(t)
		return until, fmt.Sprintf("no trunk took a call to a number that begins with %s, and others are tried first: left alone for %s", beginning, b.left(until))
	}
	return 0, ""
}

// turnOf is when a callback may be tried: first who was not refused, then who asked later than the
// one tried last, then the others. What keeps a trunk from a number may be the number.
func (o *outage) turnOf(t *ticket) time.Duration {
	turn := o.Until
	if t.back.doubt != 0 && o.Fresh {
		turn += o.Pause
	}
	if t.back.doubt != 0 && t.id <= o.Last {
		turn += o.Pause
	}
	return turn
}

// fresh tells of a callback that can be tried at the end of the pause, and whose call was not refused.
func (o *outage) fresh(t *ticket) bool {
	return t.back.doubt == 0 && !t.out() && t.back.next <= o.Until
}

// probes makes a callback that an agent is reserved for the one that is tried, while the
// trunk is taken to be down. The others leave their lines.
func (b *board) probes(t *ticket) {
	o := b.outageOf(t)
	if o == nil {
		return
	}
	o.Probe = t.id
	b.leaveLines(t)
}

// ofNumber tells whether it is by the number itself that no trunk takes its call, as far as one
// can know: one has taken another's since the same happened to it the last time.
func (b *board) ofNumber(t *ticket) bool {
	beginning := b.routes.beginning(t.back.Number)
	return t.back.doubt != 0 && b.carriers[beginning].Passed >= t.back.doubt && b.outages[beginning] == nil
}

// trunkDown notes that no trunk took the call of a callback. Who was dialled before that was
// known does not make it last longer.
func (b *board) trunkDown(t *ticket) {
	beginning := b.routes.beginning(t.back.Number)
	known := b.ofNumber(t)
	c := b.carriers[beginning]
	t.back.doubt, c.Refused = c.Passed+1, b.now.Mono
	b.carriers[beginning] = c
	o := b.outages[beginning]
	switch {
	case known:
		return
	case o == nil:
		o = &outage{}
		b.outages[beginning] = o
	case o.Probe != t.id:
		return
	}
	o.Pause = min(outageMost, max(outageFirst, 2*o.Pause))
	o.Until, o.Probe, o.Last, o.Fresh = b.now.Mono+o.Pause, 0, 0, false
	for _, other := range b.alike(t, beginning) {
		if other.id > t.id {
			o.Last = t.id
		}
		o.Fresh = o.Fresh || o.fresh(other)
	}
	b.leaveLines(t)
}

// trunkUp notes that a trunk took the call of a callback, whatever became of it. That it did so before
// it refused another says nothing of the trunk as it is now; a message's caller is called long after its agent
// came on the line.
func (b *board) trunkUp(t *ticket) {
	t.back.doubt = 0
	beginning := b.routes.beginning(t.back.Number)
	c := b.carriers[beginning]
	if t.back.dialled <= c.Refused && !t.isMessage() {
		return
	}
	c.Passed++
	b.carriers[beginning] = c
	if b.outages[beginning] == nil {
		return
	}
	delete(b.outages, beginning)
	b.standAgain(t, beginning)
}

// probed lets another callback be tried where this one came back untried.
func (b *board) probed(t *ticket) {
	if o := b.outageOf(t); o != nil && o.Probe == t.id {
		o.Probe = 0
		b.standAgain(t, b.routes.beginning(t.back.Number))
	}
}

// freshWish lets a new callback be tried before those that were refused.
func (b *board) freshWish(t *ticket) {
	if o := b.outageOf(t); o != nil && !o.Fresh && o.fresh(t) {
		o.Fresh = true
		b.leaveLines(t)
	}
}

// leaveLines takes the others whose numbers begin like a callback's out of their lines.
func (b *board) leaveLines(t *ticket) {
	for _, o := range b.alike(t, b.routes.beginning(t.back.Number)) {
		if o.listed {
			b.unlist(o)
		}
		if !o.out() {
			b.arm(o)
		}
	}
}

// standAgain lets them stand in line.
func (b *board) standAgain(t *ticket, beginning string) {
	for _, o := range b.alike(t, beginning) {
		if !o.out() && !o.listed {
			b.fresh = append(b.fresh, o)
		}
	}
}

// alike are the other callbacks to numbers that begin alike, in the order they came.
func (b *board) alike(t *ticket, beginning string) []*ticket {
	var out []*ticket
	all := b.inOrder()
	b.turn.steps += len(all)
	for _, o := range all {
		if o != t && o.isBack() && !o.isMessage() && b.routes.beginning(o.back.Number) == beginning {
			out = append(out, o)
		}
	}
	return out
}
