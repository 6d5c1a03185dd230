package media

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// leastHuge is how long a piece of memory must be to hold whole huge pages, with some
// to spare. Go maps its heap in pieces of 64 MiB.
const leastHuge = 16 << 20

// hugePages asks the kernel for pages of 2 MiB under the memory in which p lies: Go's
// heap. A loop goes through megabytes of it every 20 ms, and with pages of 4 KiB the
// processor forgets where they are. It is a wish: an error is no reason to stop.
func hugePages(p unsafe.Pointer) error {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uint64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &from, &to); err != nil {
			return fmt.Errorf("read the map of our memory: %w", err)
		}
		at := uint64(uintptr(p))
		if at < from || at >= to || to-from < leastHuge || !strings.Contains(lines.Text(), " rw-p ") {
			continue
		}
		_, _, errno := unix.Syscall(unix.SYS_MADVISE, uintptr(from), uintptr(to-from), unix.MADV_HUGEPAGE)
		if errno != 0 {
			return fmt.Errorf("ask for huge pages: %w", errno)
		}
		return nil
	}
	return nil
}
