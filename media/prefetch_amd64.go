package media

import "unsafe"

// prefetch asks the processor to bring at least one line of 64 bytes, from p on, nearer.
// It waits for nothing, changes nothing, and never faults.
//
//go:noescape
func prefetch(p unsafe.Pointer, lines int)
