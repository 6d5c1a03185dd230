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

// ErrTooSlow means that the disk took less than was recorded; the recording ended
// there.
var ErrTooSlow = errors.New("media: the disk is too slow for the recording")

// Recording is a running recording. The packet loop copies into the belt, the
// engine's scribe makes a file of it; neither waits for the other.
type Recording struct {
	port   *Port
	scribe *scribe
	began  int64 // units of the engine's clock

	belt    belt
	paused  atomic.Bool
	spilled atomic.Bool // the belt was full: the recording has ended

	mu      sync.Mutex // guards what follows, for a few lines at a time
	notes   []note     // for the scribe
	ending  bool       // it will be closing as soon as no packet is on its way
	closing bool
	until   int64         // units since began: where a closing recording ends
	done    chan struct{} // closed when the files are finished
	paths   []string      // valid after done
	err     error         // valid after done
}

// note is a pause or its end, at a place of the recording.
type note struct {
	at    int64 // units since it began
	pause bool
}

// longestClose is how long Close waits for a disk that hangs.
const longestClose = 5 * time.Second

// Record starts a two-channel recording of this party as a WAV file at path
// (created; must not exist): left = payload received from the party, right =
// payload sent to the party, in the leg's codec, bit-exact, aligned in time, gaps
// and pauses as silence codes. A codec change begins path with "-2", "-3", ….
// Writing never blocks sound; a disk that fails ends the recording, not the call.
//
// A path without a folder lands in Settings.Recordings. Where silence codes stand
// for nothing received or sent, path + ".marks.jsonl" says so: one JSON object a
// line, {"what":"gap","channel":"left","at":1600,"samples":320} or
// {"what":"pause","at":8000} and {"what":"resume","at":16000}; places are in samples
// of that file. Apply must have been called; a port has one recording at a time.
// Creating the file may wait for the disk.
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
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("media: record: %w", err)
	}
	file, err := openReel(path, 1, codec)
	if err != nil {
		return nil, fmt.Errorf("media: record: %w", err)
	}
	r := &Recording{
		port: p, scribe: p.engine.scribe, began: units(p.engine.clock()), done: make(chan struct{}),
	}
	if err := r.start(newTape(file, path, codec)); err != nil {
		return nil, errors.Join(err, file.abandon())
	}
	return r, nil
}

// start makes the loop copy and the scribe write.
func (r *Recording) start(t *tape) error {
	p := r.port
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ctl.closed:
		return ErrClosed
	case p.ctl.rec != nil && !p.ctl.rec.over():
		return fmt.Errorf("media: port %v is being recorded", p.local)
	case !r.scribe.take(r, t):
		return ErrClosed
	}
	p.ctl.rec = r
	p.swap()
	p.engine.tallies.recordings.Add(1)
	return nil
}

// Pause replaces both channels by marked silence codes until Resume.
func (r *Recording) Pause() { r.pause(true) }

// Resume ends a pause.
func (r *Recording) Resume() { r.pause(false) }

func (r *Recording) pause(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ending && r.paused.CompareAndSwap(!on, on) {
		r.notes = append(r.notes, note{at: r.now(), pause: on})
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

// ended stops the copying and asks the scribe to finish.
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
	p.do(func(*loop) {}) // a packet on its way under the old route is on the belt then
	r.mu.Lock()
	r.closing = true
	r.mu.Unlock()
	r.scribe.ring()
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

// now is the place in the recording.
func (r *Recording) now() int64 { return units(r.port.engine.clock()) - r.began }

// The channels.
const (
	left  = 0 // received from the party
	right = 1 // sent to the party
)

// hear copies a packet onto the belt. It is called by the packet loop.
func (r *Recording) hear(channel uint8, now int64, c Codec, h rtp.Header, codes []byte) {
	if r.paused.Load() || r.spilled.Load() {
		return
	}
	f := frame{channel: channel, codec: c, ssrc: h.SSRC, timestamp: h.Timestamp, at: units(now) - r.began}
	if !r.belt.put(f, codes) {
		r.spilled.Store(true)
	}
}
