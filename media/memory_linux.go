//go:build !race

package media

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// memory is that of the pages. It lies outside of Go's own: so that room which only a
// slow disk needs is neither touched before nor lets the collector wait longer.
type memory struct{ bytes []byte }

// openMemory reserves so many bytes for pages. They are taken from the machine when they
// are used first.
func openMemory(bytes int) ([]page, memory, error) {
	m, err := unix.Mmap(-1, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return nil, memory{}, fmt.Errorf("reserve %d bytes for recordings: %w", bytes, err)
	}
	_ = unix.Madvise(m, unix.MADV_HUGEPAGE) // a wish, not a need
	count := bytes / pageBytes
	return unsafe.Slice((*page)(unsafe.Pointer(unsafe.SliceData(m))), count), memory{m}, nil
}

// rest gives the machine its memory back; what stood in it is forgotten.
func (m memory) rest() {
	_ = unix.Madvise(m.bytes, unix.MADV_DONTNEED) // else it stays ours, which is no harm
}

// close gives the memory up.
func (m memory) close() error { return unix.Munmap(m.bytes) }
