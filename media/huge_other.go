//go:build !linux

package media

import "unsafe"

// hugePages leaves the size of pages to the system.
func hugePages(unsafe.Pointer) error { return nil }
