package sip

import (
	"time"

	"breakwater/sip/transaction"
)

// alarm is the timers of a transaction by one of the runtime's, which is set to the next
// that is due. It belongs to the transaction's mailbox.
type alarm struct {
	timer *time.Timer
	at    [dues]time.Time // zero = not due
}

// due is what an alarm can be set to.
type due uint8

const (
	retransmitDue due = iota
	expireDue
	lingerDue
	dues
)

// events are what the machine is told when one is due.
var events = [dues]transaction.Event{transaction.Retransmit, transaction.Expire, transaction.Linger}

// set makes d due after a time.
func (a *alarm) set(t *tx, d due, after time.Duration) {
	a.at[d] = time.Now().Add(after)
	if next := a.next(); next != d {
		return // the timer rings before, and is set anew then
	}
	if a.timer == nil {
		a.timer = time.AfterFunc(after, func() { t.box.post(t.rang) })
		return
	}
	a.timer.Reset(after)
}

// clear makes them not due. The timer may ring for nothing.
func (a *alarm) clear(all ...due) {
	for _, d := range all {
		a.at[d] = time.Time{}
	}
	if a.timer != nil && a.next() == dues {
		a.timer.Stop()
	}
}

// next is what is due first; dues = nothing.
func (a *alarm) next() due {
	first := dues
	for d, at := range a.at {
		if !at.IsZero() && (first == dues || at.Before(a.at[first])) {
			first = due(d)
		}
	}
	return first
}

// rang tells the machine what is due, one after the other, and waits for the rest.
func (t *tx) rang() {
	now := time.Now()
	for d := t.alarm.next(); !t.dead && d != dues; d = t.alarm.next() {
		if left := t.alarm.at[d].Sub(now); left > 0 {
			t.alarm.timer.Reset(left)
			return
		}
		t.alarm.at[d] = time.Time{}
		t.step(events[d])
	}
}
