package call

import (
	"errors"
	"maps"
	"slices"
)

// errStandsDown is why a server that was replaced is not ready.
var errStandsDown = errors.New("another server has taken over")

// takenOver ends whoever still waits for an agent of a floor that offers nothing any more.
func takenOver() Cause {
	return Cause{By: ByUs, Metric: CauseServerDied, Text: "another server has taken over"}
}

// StandDown begins no call any more, for another server has taken over the floor: nothing
// that happens here is kept, and both could ring one phone. Conversations go on to their
// end. Who waits for an agent, or is on the way to a queue, is let go: the other server
// knows that they waited and calls them back, and whoever calls again reaches it. So are
// agents for whom a callback's caller is dialled, and supervisors who are asked to talk with
// somebody: the other server does that, too. It cannot be undone.
func (x *Exchange) StandDown() {
	x.mu.Lock()
	x.down = true
	live := slices.Collect(maps.Values(x.calls))
	x.mu.Unlock()
	for _, c := range live {
		c.post(func() {
			switch c.view.Load().Phase {
			case "menu", "greeting", "waiting", "ringing", "voicemail", "dialling", "asking":
				c.sendAway()
			}
		})
	}
}

// sendAway ends a call that would wait for nobody.
func (c *Call) sendAway() {
	c.account.step("standdown", "")
	c.cancel(takenOver())
}

// standsDown tells whether the floor offers nothing any more.
func (x *Exchange) standsDown() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.down
}
