package media

import (
	"log/slog"
	"time"
	"unsafe"
)

// steward sees to it that the memory of a busy engine lies in huge pages, in a goroutine of
// its own.
type steward struct {
	log  *slog.Logger
	busy func() bool
	heap heapArea
	stop chan struct{}
	done chan struct{}
}

// heapArea is what is known of Go's heap.
type heapArea struct {
	asked map[uint64]uint64   // the pieces for which huge pages were asked, from and to
	whole map[uint64]struct{} // blocks that are huge pages, by their begin

	cannot      bool // the kernel joins no blocks for us
	skip, pause int  // looks to leave out now, and after the next time that no huge page was free
}

const (
	// stewardEvery is how often the steward looks whether the heap has grown.
	stewardEvery = 2 * time.Second
	// manyPorts is from how many ports on it is worth it.
	manyPorts = 64
)

func newSteward(log *slog.Logger, busy func() bool) *steward {
	return &steward{log: log, busy: busy, stop: make(chan struct{}), done: make(chan struct{})}
}

func (s *steward) run() {
	defer close(s.done)
	beat := time.NewTicker(stewardEvery)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
		case <-s.stop:
			return
		}
		if !s.busy() {
			continue
		}
		if err := s.heap.widen(unsafe.Pointer(s)); err != nil {
			s.log.Debug("memory stays in small pages", "err", err)
		}
	}
}

func (s *steward) close() {
	close(s.stop)
	<-s.done
}
