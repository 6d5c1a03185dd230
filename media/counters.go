package media

import "sync/atomic"

// Counters are what the engine counted since it was opened, for metrics.
type Counters struct {
	Received   uint64 // RTP packets of parties
	Sent       uint64 // RTP packets to parties
	Relayed    uint64 // those of them that came from another party
	Strangers  uint64 // dropped because of their source
	Malformed  uint64 // dropped because they are no RTP
	Foreign    uint64 // dropped because their payload type was not agreed
	Drained    uint64 // late packets for closed ports
	Unsent     uint64 // refused by the kernel
	Late       uint64 // times a player fell so far behind that it began to count anew
	Digits     uint64 // digits reported
	DigitsLost uint64 // digits dropped because nobody took them
	Refused    uint64 // ports refused because none was free
	Recordings uint64 // recordings begun
	Failed     uint64 // recordings ended by a slow or failing disk
}

// tallies are the counters as loops keep them.
type tallies struct {
	received, sent, relayed     atomic.Uint64
	strangers, malformed        atomic.Uint64
	foreign, drained, unsent    atomic.Uint64
	late, digits, digitsLost    atomic.Uint64
	refused, recordings, failed atomic.Uint64
}

// Counters gives the present counts. They only grow.
func (e *Engine) Counters() Counters {
	t := &e.tallies
	return Counters{
		Received:   t.received.Load(),
		Sent:       t.sent.Load(),
		Relayed:    t.relayed.Load(),
		Strangers:  t.strangers.Load(),
		Malformed:  t.malformed.Load(),
		Foreign:    t.foreign.Load(),
		Drained:    t.drained.Load(),
		Unsent:     t.unsent.Load(),
		Late:       t.late.Load(),
		Digits:     t.digits.Load(),
		DigitsLost: t.digitsLost.Load(),
		Refused:    t.refused.Load(),
		Recordings: t.recordings.Load(),
		Failed:     t.failed.Load(),
	}
}
