package sip

import (
	"slices"
	"sync"
)

// idleHands is how many of them wait for work at most; more than ever work at once but in
// a flood.
const idleHands = 64

// hands are the goroutines that mailboxes work with. One that has worked stays for the
// next: its stack has grown to what a message takes, and a new one would copy its way
// there each time. The last to become idle is the first to work, for it is still in the
// processor's caches.
type hands struct {
	all sync.WaitGroup

	mu    sync.Mutex // protects the following
	idle  []chan *mailbox
	spare int  // of idle, those that nobody has needed since the last rest: the first of them
	home  bool // the server has ended
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
	h.spare = min(h.spare, n-1)
	h.mu.Unlock()
	next <- b
}

// run works for b and whoever comes next, until there are hands enough.
func (h *hands) run(b *mailbox) {
	next := make(chan *mailbox, 1)
	for ; b != nil; b = <-next {
		b.run()
		b.office.wg.Done()
		if !h.wait(next) {
			return
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

// rest lets those end that nobody has needed since the last rest. A timer for each of them
// would be set anew with every message.
func (h *hands) rest() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, next := range h.idle[:h.spare] {
		next <- nil
	}
	h.idle = slices.Delete(h.idle, 0, h.spare)
	h.spare = len(h.idle)
}

// goHome ends them, and returns when none is left. Nobody asks for work any more.
func (h *hands) goHome() {
	h.mu.Lock()
	h.home = true
	for _, next := range h.idle {
		next <- nil
	}
	h.idle, h.spare = nil, 0
	h.mu.Unlock()
	h.all.Wait()
}
