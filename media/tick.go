package media

import "time"

// A loop that had packets rests before it looks again, so that what comes meanwhile costs one
// pass. A pass costs some 14 µs besides its packets: sleeping, looking, and code that has left
// the processor's nearest caches meanwhile. Among few packets that is much, so then it rests for
// longer.

const (
	tick     = time.Millisecond        // wake-ups are coalesced to this
	longTick = 1400 * time.Microsecond // and to this while there is little to do
)

// fewPackets is how many datagrams a pass serves, from which on a longer rest would save less
// than a fiftieth of the loop's time: more than 200 calls.
const fewPackets = 32

// tickAfter is the tick that follows a pass: so many datagrams came, and there were jobs or none.
// More jobs follow one, for who sets a call up gives the next one when the last is done, and
// each waits for the end of a tick.
func tickAfter(came int, jobs bool) time.Duration {
	if came >= fewPackets || jobs {
		return tick
	}
	return longTick
}
