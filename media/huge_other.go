//go:build !linux

package media

import "unsafe"

// widen leaves the size of pages to the system.
func (h *heapArea) widen(unsafe.Pointer) error { return nil }

// release has nothing to take back.
func (h *heapArea) release() error { return nil }
