package media

import (
	"fmt"
	"runtime/debug"
)

// broken is a fault of the program in a job. Whoever did it, the loop's thread or a stand-in,
// goes on: it breaks who waits for the job, and where nobody does, the operator is told.
type broken struct {
	fault any
	stack []byte // of who did the job
}

// String makes a log say what broke where.
func (b *broken) String() string {
	return fmt.Sprintf("a job for a loop of sound: %v\n%s", b.fault, b.stack)
}

// outlive ends a job that breaks, when it is deferred around it.
func (l *loop) outlive(j job) {
	fault := recover()
	if fault == nil {
		return
	}
	b := &broken{fault, debug.Stack()}
	if j.done != nil {
		j.done <- b
		return
	}
	l.tallies.panics.Add(1)
	select {
	case l.engine.clerk.faults <- b:
	default: // told of so many that this one tells nothing new
	}
}
