package media

import (
	"errors"
	"fmt"
	"os"

	"breakwater/media/seal"
)

// spool is a file that only grows. It is open no longer than it is written to: so
// thousands of recordings need a handful of descriptors.
type spool struct {
	path   string
	size   int64        // bytes of the file
	sealed *seal.Writer // nil = plain
	made   bool
}

// pieceSize is how much a sealed chunk holds at most: a second of a recording.
const pieceSize = 2 * second

// create makes the file, with what stands before everything else. It must not exist.
func (s *spool) create(master *seal.Master, head []byte) (err error) {
	begin := head
	if master != nil {
		if s.sealed, begin, err = master.NewWriter(); err != nil {
			return fmt.Errorf("seal %s: %w", s.path, err)
		}
		if len(head) > 0 {
			begin = s.sealed.Append(begin, head, false)
		}
	}
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	s.made = true
	n, err := f.Write(begin)
	s.size = int64(n)
	return errors.Join(err, f.Close())
}

// put writes b behind all that is there and, into a plain file, what head makes of the
// size of the file over its beginning, even if the disk had no room for all of b. A
// sealed file cannot go on after an error.
func (s *spool) put(d *desk, b []byte, head func(size int64) []byte) error {
	if s.sealed != nil {
		b = d.seal(s.sealed, b)
	}
	f, err := openSlot(s.path)
	if err != nil {
		return err
	}
	n, err := f.writeAt(b, s.size)
	s.size += int64(n)
	if head != nil && s.sealed == nil {
		_, errHead := f.writeAt(head(s.size), 0)
		err = errors.Join(err, errHead)
	}
	return errors.Join(err, f.close())
}

// finish says in a sealed file that nothing is missing behind it.
func (s *spool) finish(d *desk) error {
	if s.sealed == nil || !s.made {
		return nil
	}
	d.sealed = s.sealed.Append(d.sealed[:0], nil, true)
	s.sealed = nil
	return s.put(d, d.sealed, nil)
}

// desk is where the scribe works: room that is used for one file after the other.
type desk struct {
	stereo []byte // both channels, on their way to a file
	sealed []byte
}

const deskSize = 4 * pieceSize

func newDesk() *desk { return &desk{stereo: make([]byte, 0, deskSize)} }

// seal makes chunks of bytes. They are valid until the next time.
func (d *desk) seal(w *seal.Writer, b []byte) []byte {
	d.sealed = d.sealed[:0]
	for len(b) > 0 {
		piece := b[:min(pieceSize, len(b))]
		d.sealed = w.Append(d.sealed, piece, false)
		b = b[len(piece):]
	}
	return d.sealed
}
