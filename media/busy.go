package media

import "slices"

// A shared port that is busy is read once a tick without asking the poller, and is not watched
// by it meanwhile. While it is, the kernel looks for each packet that has left through the port
// who waits for room to send, and takes two locks to find that nobody does: a fiftieth of all
// that a call costs.

// busyFrom is how many datagrams must have come in one tick to make a port busy. It is until
// none has come in a tick: with so many a rare thing.
const busyFrom = 8

// serveBusy reads the ports that are busy. The loop rests for a tick after it, and no longer.
func (l *loop) serveBusy() {
	if l.shared.busy == 0 {
		return
	}
	for _, s := range l.shared.ports {
		if s.busy {
			l.serveShared(s, sharedSound)
		}
	}
}

// watchWhile watches a port while it is not busy; so many datagrams have come in this tick.
func (l *loop) watchWhile(s *sharedPort, came int) {
	switch {
	case !s.busy && came >= busyFrom:
		if l.poll.remove(s.rtp) == nil {
			s.busy = true
			l.shared.busy++
		}
	case s.busy && came == 0:
		if l.poll.add(s.rtp, slices.Index(l.shared.ports, s), sharedSound) == nil { // else the next tick looks again
			s.busy = false
			l.shared.busy--
		}
	}
}
