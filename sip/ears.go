package sip

import (
	"sync"

	"breakwater/call"
)

// maxUnheard is how many signals wait for a listener. Nobody presses that many
// keys before a call is taken; more are dropped, the end never.
const maxUnheard = 64

// ears give a leg's signals to its one listener, in order, and keep them while
// there is none. mu protects all fields and is never held while sink runs.
type ears struct {
	mu      sync.Mutex
	sink    func(call.Signal)
	unheard []call.Signal
	talking bool // somebody is in flush
	ended   bool
}

// listen replaces the listener. Signals that nobody heard wait for flush.
func (e *ears) listen(sink func(call.Signal)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sink = sink
}

// release lets go of a listener who has heard the end: what the wire remembers for 64·T1
// must not keep a whole call. Who has not heard it yet is not forgotten.
func (e *ears) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended && len(e.unheard) == 0 {
		e.sink = nil
	}
}

// hear adds a signal. Nothing follows Ended.
func (e *ears) hear(sig call.Signal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended || (len(e.unheard) >= maxUnheard && sig.Kind != call.Ended) {
		return
	}
	e.ended = sig.Kind == call.Ended
	e.unheard = append(e.unheard, sig)
}

// flush tells the listener what it has not heard. Called from the leg's mailbox.
func (e *ears) flush() {
	for {
		e.mu.Lock()
		if e.talking || e.sink == nil || len(e.unheard) == 0 {
			e.mu.Unlock()
			return
		}
		sig, sink := e.unheard[0], e.sink
		e.unheard = e.unheard[1:]
		e.talking = true
		e.mu.Unlock()
		sink(sig)
		e.mu.Lock()
		e.talking = false
		e.mu.Unlock()
	}
}
