package acd

import "sync"

// News is one word that the floor may have for a call which waits for other things, too.
// Anybody may use it; the zero value is ready.
type News[T any] struct {
	mu   sync.Mutex // guards what follows
	came bool
	word T
	hear func(T)
}

// Hear calls f with the word, once: now, or when it comes. Then it is the floor that calls,
// and f must not wait. Who hears later takes the place of who heard before.
func (n *News[T]) Hear(f func(T)) {
	n.mu.Lock()
	n.hear = f
	came := n.came
	n.mu.Unlock()
	if came {
		f(n.word) // which does not change any more
	}
}

// Came tells whether the word has come.
func (n *News[T]) Came() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.came
}

// tell says the word; only the first counts.
func (n *News[T]) tell(word T) {
	n.mu.Lock()
	first, hear := !n.came, n.hear
	if first {
		n.came, n.word = true, word
	}
	n.mu.Unlock()
	if first && hear != nil {
		hear(word)
	}
}
