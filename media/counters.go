package media

import (
	"sync/atomic"
	"time"
)

// Counters are what the engine counted since it was opened, for metrics.
type Counters struct {
	Received   uint64 // RTP packets of parties
	Sent       uint64 // RTP packets to parties
	Mixed      uint64 // packets of mixed sound sent
	Relayed    uint64 // those of them that came from another party
	Strangers  uint64 // dropped because of their source
	Malformed  uint64 // dropped because they are no RTP
	Foreign    uint64 // dropped because their payload type was not agreed
	Circling   uint64 // dropped because they went from one of our ports to the next for ever
	Drained    uint64 // late packets for closed ports
	Unsent     uint64 // refused by the kernel
	Guarded    uint64 // frames toward protected ears, as counted five times a second
	Missed     uint64 // come to a shared port and lost on the way to the loop of their leg, which was late
	Bounced    uint64 // sent back by a party's host: nobody listens there
	Late       uint64 // times a player fell so far behind that it began to count anew
	Digits     uint64 // digits reported
	DigitsLost uint64 // digits dropped because nobody took them
	Panics     uint64 // jobs that met a fault of the program, and that no call waited for
	Refused    uint64 // ports refused because none was free
	Recordings uint64 // recordings begun
	Failed     uint64 // recordings that a slow or failing disk ended or made a hole in
	Running    uint64 // recordings that have begun, and whose files are not finished
}

// tallies are the counters as each loop, and the engine itself, keep them.
type tallies struct {
	received, sent              atomic.Uint64
	relayed, mixed              atomic.Uint64
	strangers, malformed        atomic.Uint64
	foreign, circling           atomic.Uint64
	drained, unsent, guarded    atomic.Uint64
	bounced, missed             atomic.Uint64
	late, digits, digitsLost    atomic.Uint64
	refused, recordings, failed atomic.Uint64
	written                     atomic.Uint64 // recordings whose files are finished
	panics                      atomic.Uint64
	ticks, belated              atomic.Uint64 // timers that were served, and the ms by which they were late
}

// Counters gives the present counts. All but Running only grow.
func (e *Engine) Counters() Counters {
	written := e.tallies.written.Load() // before those that have begun: never are more written than begun
	c := Counters{
		Refused:    e.tallies.refused.Load(),
		Recordings: e.tallies.recordings.Load(),
		Failed:     e.tallies.failed.Load(),
	}
	c.Running = max(c.Recordings, written) - written // one may fail before it was counted
	for _, l := range e.loops {
		t := &l.tallies
		c.Received += t.received.Load()
		c.Sent += t.sent.Load()
		c.Relayed += t.relayed.Load()
		c.Mixed += t.mixed.Load()
		c.Strangers += t.strangers.Load()
		c.Malformed += t.malformed.Load()
		c.Foreign += t.foreign.Load()
		c.Circling += t.circling.Load()
		c.Drained += t.drained.Load()
		c.Unsent += t.unsent.Load()
		c.Guarded += t.guarded.Load()
		c.Bounced += t.bounced.Load()
		c.Missed += t.missed.Load()
		c.Late += t.late.Load()
		c.Digits += t.digits.Load()
		c.Panics += t.panics.Load()
		c.DigitsLost += t.digitsLost.Load()
	}
	return c
}

// Lateness tells how often a loop did what was due at a moment (a packet of a prompt, a
// mix, a port's chores), and how late it was altogether. Both only grow.
func (e *Engine) Lateness() (times uint64, late time.Duration) {
	for _, l := range e.loops {
		times += l.tallies.ticks.Load()
		late += time.Duration(l.tallies.belated.Load()) * time.Millisecond
	}
	return times, late
}
