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
	log   *slog.Logger
	ports func() int // that are open
	free  func()     // collects, and gives all that is free to the machine
	heap  heapArea
	tide  tide

	stop chan struct{}
	done chan struct{}
}

// heapArea is what is known of Go's heap.
type heapArea struct {
	asked map[uint64]uint64   // the pieces for which huge pages were asked, from and to
	whole map[uint64]struct{} // blocks that are huge pages, or were made so once, by their begin

	cannot      bool // the kernel joins no blocks for us
	skip, pause int  // looks to leave out now, and after the next time that no huge page was free
}

const (
	// stewardEvery is how often the steward looks whether the heap has grown.
	stewardEvery = 2 * time.Second
	// mostJoining is how long blocks are joined at one look: 5 % of a processor, and each
	// block once in a busy time. A block takes 0.5 to 2 ms, most of it copying.
	mostJoining = 100 * time.Millisecond
)

func newSteward(log *slog.Logger, ports func() int) *steward {
	return &steward{log: log, ports: ports, free: debug.FreeOSMemory, stop: make(chan struct{}), done: make(chan struct{})}
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
	switch ports := s.ports(); {
	case s.tide.look(ports):
		err := s.heap.release()
		s.free()
		return err
	case s.tide.rising(ports):
		return s.heap.widen(unsafe.Pointer(s))
	}
	return nil
}

func (s *steward) close() {
	close(s.stop)
	<-s.done
}
