package media

import (
	"log/slog"
	"runtime/debug"
	"time"
	"unsafe"
)

// steward sees to it that the memory of a busy engine lies in huge pages, and that one which
// is busy no more gives its memory back, in a goroutine of its own.
type steward struct {
	log  *slog.Logger
	busy func() bool
	heap heapArea

	quiet int // looks in a row without many ports
	stop  chan struct{}
	done  chan struct{}
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
	// quietLooks is how many looks in a row without them end it: half a minute.
	quietLooks = 15
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
		if err := s.look(); err != nil {
			s.log.Debug("memory stays in small pages", "err", err)
		}
	}
}

// look does what is to be done now.
func (s *steward) look() error {
	switch {
	case s.busy():
		s.quiet = 0
		return s.heap.widen(unsafe.Pointer(s))
	case len(s.heap.asked) == 0:
		return nil
	}
	if s.quiet++; s.quiet < quietLooks {
		return nil
	}
	err := s.heap.release()
	debug.FreeOSMemory()
	return err
}

func (s *steward) close() {
	close(s.stop)
	<-s.done
}
