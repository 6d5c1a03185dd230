package sip

import (
	"slices"
	"sync"
	"time"
)

const (
	// idleHands is how many of them wait for work at most; more than ever work at once
	// but in a flood.
	idleHands = 64
	// idleFor is how long one waits for work before it ends.
	idleFor = time.Second
)

// hands are the goroutines that mailboxes work with. One that has worked stays for the
// next: its stack has grown to what a message takes, and a new one would copy its way
// there each time. The last to become idle is the first to work, for it is still in the
// processor's caches.
type hands struct {
	all sync.WaitGroup

	mu   sync.Mutex // protects the following
	idle []chan *mailbox
	home bool // the server has ended
}

// work lets one of them work for b. It does not wait.
func (h *hands) work(b *mailbox) {
	h.mu.Lock()
	n := len(h.idle)
	if n == 0 {
		h.mu.Unlock()
		h.all.Go(func() { h.run(b) })
		return
	}
	next := h.idle[n-1]
	h.idle = h.idle[:n-1]
	h.mu.Unlock()
	next <- b
}

// run works for b and whoever comes next, until there are hands enough or nobody comes.
func (h *hands) run(b *mailbox) {
	next := make(chan *mailbox, 1)
	bored := time.NewTimer(idleFor)
	defer bored.Stop()
	for b != nil {
		b.run()
		b.office.wg.Done()
		if !h.wait(next) {
			return
		}
		bored.Reset(idleFor)
		select {
		case b = <-next:
		case <-bored.C:
			if h.leave(next) {
				return
			}
			b = <-next // work came at the same moment
		}
	}
}

// wait says that whoever listens to next is idle. false: there are hands enough.
func (h *hands) wait(next chan *mailbox) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.home || len(h.idle) == idleHands {
		return false
	}
	h.idle = append(h.idle, next)
	return true
}

// leave takes one that is idle away. false: it has work.
func (h *hands) leave(next chan *mailbox) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.Index(h.idle, next)
	if i >= 0 {
		h.idle = slices.Delete(h.idle, i, i+1)
	}
	return i >= 0
}

// goHome ends them, and returns when none is left. Nobody asks for work any more.
func (h *hands) goHome() {
	h.mu.Lock()
	h.home = true
	for _, next := range h.idle {
		next <- nil
	}
	h.idle = nil
	h.mu.Unlock()
	h.all.Wait()
}
