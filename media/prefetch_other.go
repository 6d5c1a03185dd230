//go:build !amd64

package media

import "unsafe"

// prefetch leaves it to the processor to guess.
func prefetch(unsafe.Pointer, int) {}
