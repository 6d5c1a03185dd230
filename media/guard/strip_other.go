//go:build !amd64

package guard

// strips leaves it to run.
func (e *ear) strips([]sums, []int16) bool { return false }
