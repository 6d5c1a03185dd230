//go:build !unix

package media

import "os"

// slot is a file that is open for one write.
type slot struct{ file *os.File }

// openSlot opens a file that is there, or makes one that is not.
func openSlot(path string, make bool) (slot, error) {
	how := os.O_WRONLY
	if make {
		how |= os.O_CREATE | os.O_EXCL
	}
	file, err := os.OpenFile(path, how, fileMode)
	return slot{file}, err
}

func (s slot) writeAt(b []byte, at int64) (int, error) { return s.file.WriteAt(b, at) }

func (s slot) close() error { return s.file.Close() }
