package media

import (
	"log/slog"
	"slices"
	"sync"
	"time"
)

// scribe writes all recordings of an engine, in one goroutine, twice a second. A
// disk that hangs holds up the scribe and nobody else.
type scribe struct {
	log     *slog.Logger
	tallies *tallies
	bell    chan struct{}
	done    chan struct{}

	mu      sync.Mutex // guards what follows, for a few lines at a time
	fresh   []*work    // recordings that begin
	closing bool

	works []*work // the goroutine's
	room  [biggest]byte
}

// work is a recording as the scribe has it.
type work struct {
	rec   *Recording
	tape  *tape
	paths []string
}

const writeEvery = 500 * time.Millisecond

func newScribe(log *slog.Logger, t *tallies) *scribe {
	return &scribe{log: log, tallies: t, bell: make(chan struct{}, 1), done: make(chan struct{})}
}

// take accepts a recording; false when the engine is closing.
func (s *scribe) take(r *Recording, t *tape) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.fresh = append(s.fresh, &work{rec: r, tape: t, paths: []string{t.reel.path}})
	s.ring()
	return true
}

// close waits until every recording is finished; they are closing already. The error
// says that the disk hangs; then the goroutine ends with the disk's next answer.
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
	beat := time.NewTimer(writeEvery)
	beat.Stop()
	for {
		select {
		case <-s.bell:
		case <-beat.C:
		}
		s.mu.Lock()
		s.works = append(s.works, s.fresh...)
		s.fresh = nil
		closing := s.closing
		s.mu.Unlock()
		s.works = slices.DeleteFunc(s.works, func(w *work) bool { return s.serve(w, closing) })
		if closing {
			return
		}
		if len(s.works) > 0 {
			beat.Reset(writeEvery)
		}
	}
}

// serve writes what there is of one recording; true when it has ended. last = the engine
// ends it: its loops have ended, nothing more comes.
func (s *scribe) serve(w *work, last bool) (over bool) {
	r := w.rec
	r.mu.Lock()
	notes, closing, until := r.notes, r.closing, r.until
	r.notes = nil
	r.mu.Unlock()
	spilled := r.spilled.Load()
	if !closing {
		until, closing = r.now(), last
	}
	err := s.write(w, notes)
	switch {
	case err == nil && spilled:
		err = ErrTooSlow
		_ = w.tape.finish(until)
	case err == nil && closing:
		err = w.tape.finish(until)
	case err == nil:
		if err = w.tape.reach(until); err == nil {
			err = w.tape.reel.flush()
		}
	}
	if err == nil && !closing {
		return false
	}
	s.over(w, err)
	return true
}

// write lays what is on the belt, and the notes at their time.
func (s *scribe) write(w *work, notes []note) error {
	for {
		f, codes, ok := w.rec.belt.take(s.room[:])
		for len(notes) > 0 && (!ok || notes[0].at <= f.at) {
			w.tape.note(notes[0])
			notes = notes[1:]
		}
		if !ok {
			return nil
		}
		if err := w.tape.lay(f, codes); err != nil {
			return err
		}
		if path := w.tape.reel.path; path != w.paths[len(w.paths)-1] {
			w.paths = append(w.paths, path)
		}
	}
}

// over tells how a recording ended.
func (s *scribe) over(w *work, err error) {
	r := w.rec
	r.spilled.Store(true) // nothing more is copied
	if err != nil {
		s.tallies.failed.Add(1)
		s.log.Error("recording ended early", "file", w.tape.reel.path, "err", err)
		_ = w.tape.reel.close(nil) // what was written stays playable
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths, r.err = w.paths, err
	close(r.done)
}
