package media

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"breakwater/media/seal"
)

// scribe writes all recordings of an engine, in one goroutine: four times a second those
// whose next second is complete. A disk that hangs holds up the scribe and nobody else.
type scribe struct {
	settings RecordingSettings
	master   *seal.Master // nil = files are plain
	clock    func() int64
	log      *slog.Logger
	tallies  *tallies
	force    *forcer
	bell     chan struct{}
	done     chan struct{}

	mu sync.Mutex // guards book, for a few lines at a time
	book

	works map[uint32]*work // the goroutine's, by number of the recording
	desk  *desk            // the goroutine's
}

// book is what others leave for the scribe.
type book struct {
	stock   *stock // nil until the first recording
	last    uint32 // number of the newest recording
	fresh   []*work
	ending  []*Recording
	closing bool
}

const writeEvery = 250 * time.Millisecond

const sayUnsure = "recording may not outlast a power cut"

// newScribe reads the master key, if there is to be one.
func newScribe(s RecordingSettings, clock func() int64, log *slog.Logger, t *tallies) (*scribe, error) {
	master, err := s.master()
	if err != nil {
		return nil, err
	}
	atEnd, every, err := s.fsync()
	if err != nil {
		return nil, err
	}
	return &scribe{
		settings: s, master: master, clock: clock, log: log, tallies: t, force: newForcer(atEnd, every),
		bell: make(chan struct{}, 1), done: make(chan struct{}), works: map[uint32]*work{}, desk: newDesk(),
	}, nil
}

// take accepts a recording, which may be laid on from now on; ErrClosed when the engine is
// closing.
func (s *scribe) take(r *Recording, w *work) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return ErrClosed
	}
	if s.stock == nil {
		stock, err := newStock(s.settings.Memory << 20)
		if err != nil {
			return err
		}
		s.stock = stock
	}
	s.last++
	w.stock, r.tape.stock, r.tape.owner = s.stock, s.stock, s.last
	s.fresh = append(s.fresh, w)
	s.ring()
	return nil
}

// end accepts the end of a recording; all its pages were handed on.
func (s *scribe) end(r *Recording) {
	s.mu.Lock()
	s.ending = append(s.ending, r)
	s.mu.Unlock()
	s.ring()
}

// close waits until every recording is finished; they are ending already, and nothing
// more is laid. The error says that the disk hangs; then the goroutine ends with the
// disk's next answer.
func (s *scribe) close() error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.ring()
	late := time.NewTimer(longestClose)
	defer late.Stop()
	select {
	case <-s.done:
		return nil
	case <-late.C:
		return ErrTooSlow
	}
}

// ring wakes the scribe.
func (s *scribe) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

func (s *scribe) run() {
	defer close(s.done)
	s.force.start()
	beat := time.NewTicker(writeEvery)
	defer beat.Stop()
	for idle := false; ; {
		full := false
		select {
		case <-s.bell:
		case <-beat.C:
			full = true
		}
		if s.look(full) {
			break
		}
		if now := len(s.works) == 0; now != idle {
			if idle = now; idle {
				beat.Stop()
			} else {
				beat.Reset(writeEvery)
			}
		}
	}
	s.force.close()
	s.desk.clear()
	if s.stock != nil {
		_ = s.stock.memory.close() // it is gone with the process at the latest
	}
}

// look does what there is to do; full = also writes what is due. true when the engine is
// closed and all is finished.
func (s *scribe) look(full bool) (over bool) {
	s.mu.Lock()
	stock, closing, ending := s.stock, s.closing, s.ending
	for _, w := range s.fresh {
		s.works[w.rec.tape.owner] = w
	}
	s.fresh, s.ending = nil, nil
	s.mu.Unlock()
	if closing { // the loops have ended
		for _, w := range s.works {
			w.rec.halt()
		}
	}
	if stock != nil {
		s.sort(stock)
	}
	for _, r := range ending {
		s.finish(r.tape.owner)
	}
	for number, w := range s.works {
		switch {
		case closing:
			s.finish(number)
		case full && !w.ended && w.waiting.first != 0:
			s.write(w)
		}
	}
	if len(ending) > 0 {
		s.rest()
	}
	return closing
}

// sort gives each recording its pages.
func (s *scribe) sort(stock *stock) {
	for n := stock.collect(); n != 0; {
		below := stock.link(n).Load()
		w := s.works[stock.page(n).owner]
		switch {
		case w == nil || w.ended:
			stock.give(n, n, 1)
		default:
			whole := w.hole == 0
			if w.add(n); whole && w.hole > 0 {
				s.complain(w, "recording has a hole", ErrTooSlow)
			}
		}
		n = below
	}
}

// write writes what is due of one recording.
func (s *scribe) write(w *work) {
	r := w.rec
	w.remember(r.takeNotes())
	s.desk.stereo = s.desk.stereo[:0]
	s.doubt(w, r.now())
	if err := w.write(s.desk, r.now()); err != nil {
		s.fail(w, err)
		return
	}
	s.force.running(w, s.clock())
}

// doubt tells that the disk may not have what was written up to here. The recording goes
// on: what follows may be kept.
func (s *scribe) doubt(w *work, at int64) {
	fault := w.books.fault.Load()
	if fault == nil || w.books.told {
		return
	}
	w.books.told = true
	w.notes = append(w.notes, note{at: at, what: markUnsure})
	s.complain(w, sayUnsure, *fault)
}

// finish ends a recording.
func (s *scribe) finish(number uint32) {
	w := s.works[number]
	if w == nil {
		return // it was ended by the engine
	}
	delete(s.works, number)
	if w.ended {
		return
	}
	r := w.rec
	w.remember(r.takeNotes())
	until := r.lasted()
	whole := w.hole == 0
	late, lost := r.tape.rest(until)
	w.lose(lost)
	s.desk.stereo = s.desk.stereo[:0]
	if err := w.finish(s.desk, until, late); err != nil {
		s.fail(w, err)
		return
	}
	err := w.missing()
	if err != nil && whole {
		s.complain(w, "recording has a hole", err)
	}
	s.force.finished(w, func(forced error) {
		if fault := w.books.fault.Load(); fault != nil {
			forced = errors.Join(*fault, forced)
		}
		if forced != nil && !w.books.told {
			s.complain(w, sayUnsure, forced)
		}
		r.finished(w.books.paths, errors.Join(err, forced))
	})
}

// fail ends a recording because of the disk; what was written stays playable.
func (s *scribe) fail(w *work, err error) {
	s.complain(w, "recording ended early", err)
	if w.master == nil { // a sealed file cannot go on behind an error
		_ = w.reel.flush(s.desk)
	}
	w.drop()
	w.ended = true
	w.rec.stopped.Store(true)
	w.rec.finished(w.books.paths, err)
}

// complain tells once that a recording is not what it should be.
func (s *scribe) complain(w *work, what string, err error) {
	s.tallies.failed.Add(1)
	s.log.Error(what, "file", w.reel.sound.path, "err", err) //nolint:sloglint // what is one of three sentences
}

// rest gives the memory back when nothing is recorded.
func (s *scribe) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.works) == 0 && len(s.fresh) == 0 {
		s.stock.rest()
	}
}
