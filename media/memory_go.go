//go:build !linux || race

package media

// memory is that of the pages: Go's own, where a system has no better, and where the race
// detector is to look at it.
type memory struct{}

func openMemory(bytes int) ([]page, memory, error) {
	return make([]page, bytes/pageBytes), memory{}, nil
}

func (memory) rest() {}

func (memory) close() error { return nil }
