package call

import (
	"errors"
	"os"
	"path"
	"sync"
	"time"

	"breakwater/media"
	"breakwater/media/meter"
)

// fakeSounds plays for as long as the clips last, one sound at a time to a leg, joins
// a leg once at a time, and remembers gains: what media promises, without sound.
type fakeSounds struct {
	slowly time.Duration // how long a bridge takes to close; set before the first one

	mu      sync.Mutex // protects all following fields
	ears    map[*fakeLeg]*fakeEar
	open    int    // bridges
	unjoins int    // how many of the next joins fail
	joining func() // what happens when two are about to be joined; nil = nothing
	tapes   []*fakeTape
	noTape  error
	content []byte // of every file that is recorded; nil = none is made
}

func newFakeSounds() *fakeSounds {
	return &fakeSounds{ears: map[*fakeLeg]*fakeEar{}, noTape: errors.New("no disk in this test")}
}

type fakePlayback struct {
	names []string
	loops bool
	done  chan struct{}

	mu    sync.Mutex // protects all following fields
	over  bool
	whole bool
}

func (p *fakePlayback) Done() <-chan struct{} { return p.done }
func (p *fakePlayback) Stop()                 { p.end(false) }
func (p *fakePlayback) Complete() bool        { p.mu.Lock(); defer p.mu.Unlock(); return p.whole }
func (p *fakePlayback) ended() bool           { p.mu.Lock(); defer p.mu.Unlock(); return p.over }

func (p *fakePlayback) end(whole bool) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.over, p.whole = true, whole
		close(p.done)
	}
}

func bare(l Leg) *fakeLeg {
	switch wrapped := l.(type) {
	case *side:
		return bare(wrapped.Leg)
	case *loan:
		return bare(wrapped.Leg)
	}
	return l.(*fakeLeg)
}

func (s *fakeSounds) Play(leg Leg, sound media.Sound) Playback {
	var length time.Duration
	p := &fakePlayback{done: make(chan struct{}), loops: sound.Loop}
	for _, c := range sound.Clips {
		length += c.Duration()
		p.names = append(p.names, path.Base(c.Name))
	}
	length += sound.Tail
	l := bare(leg)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = sound.Tail
	if l.over {
		p.end(false)
		return p
	}
	l.silence()
	l.playing = p
	l.heard = append(l.heard, p.names...)
	if !sound.Loop {
		time.AfterFunc(length, func() { p.end(true) })
	}
	return p
}

func (s *fakeSounds) Record(leg Leg, path string) (Tape, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noTape != nil {
		return nil, s.noTape
	}
	for _, t := range s.tapes {
		if t.path == path {
			return nil, errors.New("a recording is written twice")
		}
	}
	if s.content != nil {
		if err := os.WriteFile(path, s.content, 0o600); err != nil {
			return nil, err
		}
	}
	t := &fakeTape{path: path}
	s.tapes = append(s.tapes, t)
	return t, nil
}

func (s *fakeSounds) Level(leg Leg) media.Level {
	l := bare(leg)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.account.At.IsZero() {
		return media.Level{At: time.Now(), Spoken: l.spoken, Voice: l.voice}
	}
	return l.account
}

func (s *fakeSounds) Meter(leg Leg, _ meter.Settings) {
	l := bare(leg)
	l.mu.Lock()
	l.metered = true
	l.mu.Unlock()
}

func (s *fakeSounds) Account(Leg) (string, media.Quality) { return "PCMU", media.Quality{} }

// record makes recordings possible.
func (s *fakeSounds) record() { s.mu.Lock(); defer s.mu.Unlock(); s.noTape = nil }

// running tells how many recordings were not closed.
func (s *fakeSounds) running() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tapes {
		if !t.isClosed() {
			n++
		}
	}
	return n
}

type fakeTape struct {
	path string

	mu     sync.Mutex // protects closed
	closed bool
}

func (t *fakeTape) Pause()         {}
func (t *fakeTape) Resume()        {}
func (t *fakeTape) isClosed() bool { t.mu.Lock(); defer t.mu.Unlock(); return t.closed }

func (t *fakeTape) Close() ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	return []string{t.path}, nil
}
