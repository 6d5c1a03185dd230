package media

import "sync"

// notice is a value that a loop publishes and anybody reads. The loop never waits and
// never allocates: while somebody reads, the value before stays until the next time.
type notice[T any] struct {
	mu    sync.Mutex
	value T
}

// post publishes a value.
func (n *notice[T]) post(v T) {
	if n.mu.TryLock() {
		n.value = v
		n.mu.Unlock()
	}
}

// read gives the newest value.
func (n *notice[T]) read() T {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.value
}
