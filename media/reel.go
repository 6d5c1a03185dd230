package media

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"breakwater/media/seal"
	"breakwater/media/wav"
)

// reel is one segment of a recording: the file of its sound, the file of its marks and
// that of its gain track. The header of the sound is true after every write, so that it
// can be heard even if the server dies.
type reel struct {
	master *seal.Master // nil = plain
	codec  Codec
	sound  spool
	marks  spool
	gains  spool

	marked  []mark // not yet written
	weights []byte // of the gain track, not yet written
	weighed int64  // bytes of the gain track, with those of weights
	phase   uint8  // of the gain track
	gained  bool
}

// mark tells what a stretch of silence codes stands for.
type mark struct {
	What    string `json:"what"`              // gap, late, lost, pause, resume, unsure
	Channel string `json:"channel,omitempty"` // of a gap or late frame: left or right
	At      int64  `json:"at"`                // samples since the file's beginning
	Samples int64  `json:"samples,omitempty"` // of a gap, late frame or loss
}

// What marks tell.
const (
	markGap    = "gap"    // nothing came
	markLate   = "late"   // something came when its place had been written
	markLost   = "lost"   // the disk was too slow; both channels
	markPause  = "pause"  // somebody did not want it recorded
	markResume = "resume" // the end of that
	markUnsure = "unsure" // the disk refused to keep something written before: after a power cut it may be gone
)

const (
	marksExt  = ".marks.jsonl"
	mostMarks = 256 // that wait for a write; a call with more gaps than that in a second has none worth telling
)

// openReel creates the file of a segment: path, then path with "-2", "-3", …. d may be nil.
func openReel(d *desk, master *seal.Master, path string, segment uint32, c Codec) (*reel, error) {
	if segment > 0 {
		ext := filepath.Ext(path)
		path = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), segment+1, ext)
	}
	r := &reel{
		master: master, codec: c,
		sound: spool{path: path}, marks: spool{path: path + marksExt}, gains: spool{path: path + gainExt},
	}
	if err := r.sound.create(d, master, wav.Header(c.law(), 2, 0)); err != nil {
		return nil, err
	}
	return r, nil
}

// write appends pairs of codes.
func (r *reel) write(d *desk, stereo []byte) error {
	if len(stereo) == 0 {
		return nil
	}
	return r.sound.put(d, stereo, func(size int64) []byte {
		return wav.Header(r.codec.law(), 2, (size-wav.HeaderSize)&^1) // whole pairs
	})
}

func (r *reel) mark(m mark) {
	if len(r.marked) < mostMarks {
		r.marked = append(r.marked, m)
	}
}

// weigh appends the bytes of a page to the gain track. What is missing before is nought:
// nothing was changed. Noughts at the end wait until something follows.
func (r *reel) weigh(p *page) {
	r.gained, r.phase = true, p.phase
	if p.gains != [gainsAPage]byte{} {
		r.weighTo(int64(p.number) * gainsAPage)
		r.weights = append(r.weights, p.gains[:]...)
		r.weighed += gainsAPage
	}
}

func (r *reel) weighTo(n int64) {
	if n > r.weighed {
		r.weights = append(r.weights, make([]byte, n-r.weighed)...)
		r.weighed = n
	}
}

// flush writes the marks and the gain track as far as they are known.
func (r *reel) flush(d *desk) error {
	var err error
	if len(r.marked) > 0 {
		var lines []byte
		for _, m := range r.marked {
			line, errLine := json.Marshal(m)
			err = errors.Join(err, errLine)
			lines = append(append(lines, line...), '\n')
		}
		r.marked = nil
		err = errors.Join(err, r.beside(d, &r.marks, nil, lines))
	}
	if len(r.weights) > 0 {
		err = errors.Join(err, r.beside(d, &r.gains, gainHead(r.phase), r.weights))
		r.weights = nil
	}
	return err
}

// beside writes to a file beside the sound, which is made when there is something for it.
func (r *reel) beside(d *desk, s *spool, head, b []byte) error {
	if !s.made {
		if err := s.create(d, r.master, head); err != nil {
			return err
		}
	}
	return s.put(d, b, nil)
}

// close completes the files; the sound has so many samples in each channel.
func (r *reel) close(d *desk, samples int64) error {
	if r.gained {
		r.weighTo((samples - int64(r.phase) + gainSamples - 1) / gainSamples)
	}
	return errors.Join(r.flush(d), r.sound.finish(d), r.marks.finish(d), r.gains.finish(d))
}

// files are those that were made.
func (r *reel) files() (paths []string) {
	for _, s := range []*spool{&r.sound, &r.marks, &r.gains} {
		if s.made {
			paths = append(paths, s.path)
		}
	}
	return paths
}
