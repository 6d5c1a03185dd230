package media

// A loop that sleeps is not woken for a job: whoever has one takes the helm and does it in
// the stead of the loop's thread. What is the loop's belongs to who is at its helm, the
// thread or a stand-in, and to nobody else. The thread gives the helm away only to wait for
// packets or its next timer, not to rest: with sound on the way jobs wait for the end of a
// tick, and a packet at most for the job that is being done when it wakes the thread.
//
// Jobs keep their order: a stand-in does first what was there before. Nobody waits for the
// helm but the thread: who does not get it leaves the job in the inbox, and who has it looks
// there once more after giving it back.

// sleep gives the helm away until packets have come, a timer is due or somebody rings. It tells how many
// sockets are ready. While a port is busy it keeps the helm and looks at once: nothing would tell
// of that port's packets.
func (l *loop) sleep() int {
	if l.shared.busy > 0 {
		return l.poll.found()
	}
	wait := l.wheel.wait(ms(l.now))
	l.wakes = never
	if wait >= 0 {
		l.wakes = ms(l.now) + int64(wait)
	}
	l.wheel.soonest = never
	l.helm.Unlock()
	if l.inbox.pending.Load() { // put while the helm was not to be had
		wait = 0
	}
	n := l.poll.wait(wait)
	l.helm.Lock()
	return n
}

// inStead runs f at once if the loop sleeps, after what is in its inbox. false: it did not,
// for the loop is awake or does not serve p, if that is not nil.
func (l *loop) inStead(p *Port, f func(*loop)) bool {
	if !l.helm.TryLock() {
		return false
	}
	defer l.seeTo()    // what was put while the helm was not to be had
	defer l.handBack() // also if f breaks: its caller's call ends, and the loop serves all others
	l.takeOver()
	if p != nil && p.home.Load() != l {
		return false
	}
	f(l)
	return true
}

// seeTo does what is in the inbox if the loop sleeps.
func (l *loop) seeTo() {
	for l.inbox.pending.Load() && l.helm.TryLock() {
		l.serveInbox()
	}
}

func (l *loop) serveInbox() {
	l.takeOver()
	l.handBack()
}

// takeOver begins at the helm: it is now, and all earlier jobs are done.
func (l *loop) takeOver() {
	l.now = l.engine.clock()
	l.wheel.skip(ms(l.now))
	l.workAll()
}

// workAll does what is in the inbox.
func (l *loop) workAll() {
	if l.inbox.pending.Load() {
		for _, j := range l.inbox.take() {
			l.work(j)
		}
	}
}

// handBack gives the helm back. The thread is woken if it would sleep too long.
func (l *loop) handBack() {
	l.finish()
	if l.stop || l.wheel.soonest < l.wakes {
		l.wakes = l.wheel.soonest
		l.poll.ring()
	}
	l.helm.Unlock()
}
