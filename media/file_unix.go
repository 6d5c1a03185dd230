//go:build unix

package media

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// slot is a file that is open for one write. os.File would ask the poller, and leave an
// object to the collector, each time; that costs more than the write.
type slot struct {
	fd   int
	path string
}

// openSlot opens a file that is there, or makes one that is not.
func openSlot(path string, make bool) (slot, error) {
	how := unix.O_WRONLY | unix.O_CLOEXEC
	if make {
		how |= unix.O_CREAT | unix.O_EXCL
	}
	for {
		fd, err := unix.Open(path, how, fileMode)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return slot{}, &os.PathError{Op: "open", Path: path, Err: err}
		}
		return slot{fd: fd, path: path}, nil
	}
}

// writeAt writes all of b at a place of the file; n tells how much was written in spite of
// an error.
func (s slot) writeAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		m, err := unix.Pwrite(s.fd, b[n:], at+int64(n))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return n, &os.PathError{Op: "write", Path: s.path, Err: err}
		}
		n += m
	}
	return n, nil
}

func (s slot) close() error {
	if err := unix.Close(s.fd); err != nil && !errors.Is(err, unix.EINTR) { // closed all the same
		return &os.PathError{Op: "close", Path: s.path, Err: err}
	}
	return nil
}
