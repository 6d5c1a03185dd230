package media

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"breakwater/media/wav"
)

// reel is one file of a recording and its marks. Its header is true after every
// flush, so that the file can be heard even if the server dies.
type reel struct {
	path  string
	file  *os.File
	wav   *wav.Writer
	marks []mark
	aside io.WriteCloser // the file of marks, once there is one
}

// mark tells what a stretch of silence codes stands for.
type mark struct {
	What    string `json:"what"`              // gap, late, pause, resume
	Channel string `json:"channel,omitempty"` // of a gap or late frame: left or right
	At      int64  `json:"at"`                // samples since the file's beginning
	Samples int64  `json:"samples,omitempty"` // of a gap or late frame
}

const mostMarks = 256 // that wait for a flush; a call with more gaps than that in half a second has none worth telling

// openReel creates the file of a segment: path, then path with "-2", "-3", ….
func openReel(path string, segment int, c Codec) (*reel, error) {
	if segment > 1 {
		ext := filepath.Ext(path)
		path = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), segment, ext)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	w, err := wav.NewWriter(file, c.law(), 2)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &reel{path: path, file: file, wav: w}, nil
}

func (r *reel) write(stereo []byte) error {
	_, err := r.wav.Write(stereo)
	return err
}

func (r *reel) mark(m mark) {
	if len(r.marks) < mostMarks {
		r.marks = append(r.marks, m)
	}
}

// flush makes the header and the marks true.
func (r *reel) flush() error {
	err := r.wav.Refresh()
	if len(r.marks) == 0 {
		return err
	}
	if r.aside == nil {
		aside, errOpen := os.OpenFile(r.path+".marks.jsonl", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
		if errOpen != nil {
			return errors.Join(err, errOpen)
		}
		r.aside = aside
	}
	var lines []byte
	for _, m := range r.marks {
		line, errLine := json.Marshal(m)
		err = errors.Join(err, errLine)
		lines = append(append(lines, line...), '\n')
	}
	r.marks = r.marks[:0]
	_, errWrite := r.aside.Write(lines)
	return errors.Join(err, errWrite)
}

// close flushes and closes; what went wrong before is part of the error.
func (r *reel) close(before error) error {
	err := errors.Join(before, r.flush(), r.file.Close())
	if r.aside != nil {
		err = errors.Join(err, r.aside.Close())
	}
	return err
}

// abandon removes a file in which nothing was recorded.
func (r *reel) abandon() error {
	return errors.Join(r.file.Close(), os.Remove(r.path))
}
