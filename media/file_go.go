//go:build !unix

package media

import "os"

// slot is a file that is open for one write.
type slot struct{ file *os.File }

func openSlot(path string) (slot, error) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	return slot{file}, err
}

func (s slot) writeAt(b []byte, at int64) (int, error) { return s.file.WriteAt(b, at) }

func (s slot) close() error { return s.file.Close() }
