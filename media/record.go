package media

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"breakwater/media/rtp"
)

// ErrTooSlow means that the disk took less than was recorded: something is missing.
var ErrTooSlow = errors.New("media: the disk is too slow for the recording")

// Recording is a running recording. The packet loop lays frames on its tape, the
// engine's scribe makes files of it; neither waits for the other.
type Recording struct {
	began   int64 // units of the engine's clock
	paused  atomic.Bool
	stopped atomic.Bool // by the disk: nothing more is laid
	tape    tape        // the loop's; the scribe's when the recording has ended

	port   *Port
	scribe *scribe

	mu     sync.Mutex    // guards what follows, for a few lines at a time
	notes  []note        // for the scribe
	ending bool          // nothing is noted any more
	until  int64         // units since began: where a recording that is ending ends
	done   chan struct{} // closed when the files are finished
	paths  []string      // valid after done
	err    error         // valid after done
}

// longestClose is how long Close waits for a disk that hangs.
const longestClose = 5 * time.Second

// Record starts a two-channel recording of this party as a WAV file at path
// (created; must not exist): left = payload received from the party, right =
// payload sent to the party, in the leg's codec, bit-exact, aligned in time, gaps
// and pauses as silence codes. A codec change begins path with "-2", "-3", ….
// Writing never blocks sound; a disk that fails ends the recording, not the call, and
// one that is too slow makes a hole in it.
//
// A path without a folder lands in Settings.Recordings. Where silence codes stand
// for nothing received or sent, path + ".marks.jsonl" says so: one JSON object a
// line, {"what":"gap","channel":"left","at":1600,"samples":320},
// {"what":"lost","at":1600,"samples":8000} (the disk was too slow; both channels) or
// {"what":"pause","at":8000} and {"what":"resume","at":16000}; places are in samples
// of that file. Path + ".gain" says what the hearing guard did to the left channel
// (RenderHeard). With RecordingSettings.KeyFile all of these are sealed (OpenRecording).
//
// Apply must have been called; a port has one recording at a time. Creating the file may
// wait for the disk.
func (p *Port) Record(path string) (*Recording, error) {
	if filepath.Base(path) == path {
		path = filepath.Join(p.engine.settings.Recordings, path)
	}
	p.mu.Lock()
	codec, agreed := p.ctl.desc.Codec.recorded(), p.ctl.agreed
	p.mu.Unlock()
	if !agreed {
		return nil, fmt.Errorf("media: record %s: no codec was agreed yet", path)
	}
	r, w, err := p.engine.scribe.open(path, codec)
	if err != nil {
		return nil, fmt.Errorf("media: record: %w", err)
	}
	r.port = p
	before, err := r.start(w)
	if err != nil {
		return nil, errors.Join(err, os.Remove(w.reel.sound.path))
	}
	before.ended() // by the disk, and nobody has closed it
	return r, nil
}

// open makes the file of a recording that begins now.
func (s *scribe) open(path string, c Codec) (*Recording, *work, error) {
	if !c.recordable() {
		return nil, nil, fmt.Errorf("%s: %v cannot be recorded", path, c)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, nil, err
	}
	file, err := openReel(nil, s.master, path, 0, c)
	if err != nil {
		return nil, nil, err
	}
	r := &Recording{scribe: s, began: units(s.clock()), done: make(chan struct{})}
	r.tape = tape{codec: c, edge: pageSpan}
	w := &work{rec: r, master: s.master, path: path, reel: file}
	w.books.paths = []string{path}
	return r, w, nil
}

// start makes the loop lay and the scribe write. It gives the recording that the port had
// before, nil = none.
func (r *Recording) start(w *work) (before *Recording, err error) {
	p := r.port
	p.mu.Lock()
	defer p.mu.Unlock()
	before = p.ctl.rec
	switch {
	case p.ctl.closed:
		return nil, ErrClosed
	case before != nil && !before.over():
		return nil, fmt.Errorf("media: port %v is being recorded", p.Local())
	}
	if err := r.scribe.take(r, w); err != nil {
		return nil, err
	}
	p.ctl.rec = r
	p.swap()
	p.engine.tallies.recordings.Add(1)
	return before, nil
}

// Pause replaces both channels by marked silence codes until Resume.
func (r *Recording) Pause() { r.pause(true) }

// Resume ends a pause.
func (r *Recording) Resume() { r.pause(false) }

func (r *Recording) pause(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ending && r.paused.CompareAndSwap(!on, on) {
		what := markResume
		if on {
			what = markPause
		}
		r.notes = append(r.notes, note{at: r.now(), what: what})
	}
}

// Close finishes the file(s) and gives their paths; err tells if anything was lost.
// Closing again gives the same. It waits for the disk, at most 5 s.
func (r *Recording) Close() (paths []string, err error) {
	r.ended()
	late := time.NewTimer(longestClose)
	defer late.Stop()
	select {
	case <-r.done:
		return r.paths, r.err
	case <-late.C:
		return nil, fmt.Errorf("%w: it was not finished within %v", ErrTooSlow, longestClose)
	}
}

// ended stops the recording and asks the scribe to finish.
func (r *Recording) ended() {
	if r == nil {
		return
	}
	r.mu.Lock()
	first := !r.ending
	if first {
		r.ending, r.until = true, r.now()
	}
	r.mu.Unlock()
	if !first {
		return
	}
	p := r.port
	p.mu.Lock()
	if p.ctl.rec == r {
		p.ctl.rec = nil
		p.swap()
	}
	p.mu.Unlock()
	// A packet on its way under the old route has been laid when the thread does this.
	if !p.do(func(*loop) { r.tape.finish() }) {
		r.halt() // there is no thread any more
	}
	r.scribe.end(r)
}

// halt stops a recording whose loop has ended.
func (r *Recording) halt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.tape.over {
		r.tape.finish()
	}
}

// over tells whether the files are finished.
func (r *Recording) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// finished tells whoever waits.
func (r *Recording) finished(paths []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths, r.err = paths, err
	r.scribe.tallies.written.Add(1)
	close(r.done)
}

// takeNotes gives the notes that were not taken yet.
func (r *Recording) takeNotes() (notes []note) {
	r.mu.Lock()
	defer r.mu.Unlock()
	notes, r.notes = r.notes, nil
	return notes
}

// lasted is where the recording ends.
func (r *Recording) lasted() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ending {
		return r.now()
	}
	return r.until
}

// now is the place in the recording.
func (r *Recording) now() int64 { return units(r.scribe.clock()) - r.began }

// The channels.
const (
	left  = 0 // received from the party
	right = 1 // sent to the party
)

// hear records a packet. It is called by the packet loop, as are beat and gain.
func (r *Recording) hear(channel uint8, now int64, c Codec, h rtp.Header, codes []byte) {
	if !r.paused.Load() && !r.stopped.Load() {
		r.tape.lay(channel, units(now)-r.began, c, h, codes)
	}
}

// beat says that time goes on, also while nobody is heard; ten times a second is enough.
func (r *Recording) beat(now int64) {
	if !r.stopped.Load() {
		r.tape.pass(units(now) - r.began)
	}
}

// gain records a byte of the hearing guard's gain track (guard.Track): what the guard made
// of the packet that was heard on the left at the same now, else of 20 ms that have just
// passed.
func (r *Recording) gain(now int64, track byte) {
	if !r.paused.Load() && !r.stopped.Load() {
		r.tape.weigh(units(now)-r.began, track)
	}
}

// recordable tells whether a recording can hold the codec: a WAV file of it can be played
// anywhere.
func (c Codec) recordable() bool { return c == PCMU || c == PCMA }
