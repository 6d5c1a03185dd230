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

// fileMode lets the server's group read recordings.
const fileMode = 0o640

// create makes the file, with what stands before everything else. It must not exist.
func (s *spool) create(d *desk, master *seal.Master, head []byte) (err error) {
	begin := head
	if master != nil {
		if s.sealed, begin, err = master.NewWriter(); err != nil {
			return fmt.Errorf("seal %s: %w", s.path, err)
		}
		if len(head) > 0 {
			begin = s.sealed.Append(begin, head, false)
		}
	}
	f, err := d.open(s.path, true)
	if err != nil {
		return err
	}
	s.made = true
	n, err := f.writeAt(begin, 0)
	s.size = int64(n)
	return errors.Join(err, d.close(f))
}

// put writes b behind all that is there and, into a plain file, what head makes of the
// size of the file over its beginning, even if the disk had no room for all of b. A
// sealed file cannot go on after an error.
func (s *spool) put(d *desk, b []byte, head func(size int64) []byte) error {
	if s.sealed != nil {
		b = d.seal(s.sealed, b)
	}
	f, err := d.open(s.path, false)
	if err != nil {
		return err
	}
	n, err := f.writeAt(b, s.size)
	s.size += int64(n)
	if head != nil && s.sealed == nil {
		_, errHead := f.writeAt(head(s.size), 0)
		err = errors.Join(err, errHead)
	}
	return errors.Join(err, d.close(f))
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

// desk is where the scribe works: room and a descriptor that are used for one file after
// the other.
type desk struct {
	stereo []byte // both channels, on their way to a file
	sealed []byte
	spare  slot // a descriptor for when there are no others
	spared bool // there is one
}

const deskSize = 4 * pieceSize

func newDesk() *desk {
	d := &desk{stereo: make([]byte, 0, deskSize)}
	d.keepSpare()
	return d
}

// open opens or makes a file. Where calls have used up the machine's descriptors, the
// recordings that run are not to end: for them there is one more. d may be nil: then there
// is none.
func (d *desk) open(path string, make bool) (slot, error) {
	f, err := openSlot(path, make)
	if err == nil || d == nil || !d.spared || !exhausted(err) {
		return f, err
	}
	d.spared = false
	_ = d.spare.close() // nothing was written to it
	return openSlot(path, make)
}

func (d *desk) close(f slot) error {
	err := f.close()
	if d != nil && !d.spared {
		d.keepSpare()
	}
	return err
}

// keepSpare puts a descriptor aside; if there is none now, there will be.
func (d *desk) keepSpare() {
	f, err := openSlot(os.DevNull, false)
	d.spare, d.spared = f, err == nil
}

// clear gives the descriptor up.
func (d *desk) clear() {
	if d.spared {
		_ = d.spare.close()
	}
}

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
