package media

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	smallPage  = 4 << 10
	hugePage   = 2 << 20
	leastHuge  = 2 * hugePage                 // a piece of memory that is worth it: Go grows its heap by so much
	heapSpan   = 1 << 36                      // Go's heap lies together: everything in use is this near to everything else
	mostlyUsed = hugePage / smallPage * 3 / 4 // small pages of a block
)

// widen asks the kernel for pages of 2 MiB under all of Go's heap, of which p is a part: a
// loop goes through megabytes of it every 20 ms, and with pages of 4 KiB the processor forgets
// where they are. Memory that is touched afterwards lies in them at no price. Blocks that
// were touched before are made of one piece at once, for the kernel would take minutes, and
// each of them once, for it copies them. It is a wish: an error is no reason to stop.
func (h *heapArea) widen(p unsafe.Pointer) error {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer maps.Close()
	pieces, err := heapPieces(maps, uint64(uintptr(p)))
	if err != nil {
		return err
	}
	err = h.ask(pieces)
	if h.skip > 0 {
		h.skip--
		return err
	}
	if h.cannot {
		return err
	}
	return errors.Join(err, h.join(pieces, time.Now().Add(mostJoining)))
}

// ask asks for huge pages where it was not asked before.
func (h *heapArea) ask(pieces []heapPiece) error {
	var errs []error
	asked := make(map[uint64]uint64, len(pieces))
	for _, piece := range pieces {
		if h.asked[piece.from] != piece.to {
			errs = append(errs, piece.advise(unix.MADV_HUGEPAGE))
		}
		asked[piece.from] = piece.to
	}
	h.asked = asked
	return errors.Join(errs...)
}

// mostPause is how many looks are left out at most when none was free: about a minute.
const mostPause = 30

// release asks for nothing any more, so that what Go gives back is not filled again.
func (h *heapArea) release() error {
	var errs []error
	for from, to := range h.asked {
		errs = append(errs, heapPiece{from, to}.advise(unix.MADV_NOHUGEPAGE))
	}
	*h = heapArea{cannot: h.cannot}
	return errors.Join(errs...)
}

// join makes blocks huge that are mostly in use, each of them once, until it is late.
func (h *heapArea) join(pieces []heapPiece, late time.Time) error {
	if h.whole == nil {
		h.whole = map[uint64]struct{}{}
	}
	for _, piece := range pieces {
		used, err := piece.used()
		if err != nil {
			return err
		}
		for i, n := range used {
			at := piece.from + uint64(i)*hugePage
			if _, known := h.whole[at]; known || n < mostlyUsed {
				continue
			}
			if time.Now().After(late) {
				return nil
			}
			switch err := (heapPiece{at, at + hugePage}).advise(unix.MADV_COLLAPSE); { // since Linux 6.1
			case errors.Is(err, unix.EINVAL): // an older kernel
				h.cannot = true
				return err
			case errors.Is(err, unix.ENOMEM), errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EBUSY):
				h.pause = min(2*h.pause+1, mostPause) // looking for a free one costs everybody: not so soon again
				h.skip = h.pause
				return nil
			case err != nil:
				return err
			}
			h.whole[at], h.pause = struct{}{}, 0
		}
	}
	return nil
}

// heapPiece is a mapping, whole blocks of the size of a huge page of it.
type heapPiece struct{ from, to uint64 }

// used tells how many small pages of each block are in memory.
func (m heapPiece) used() ([]int, error) {
	pages := make([]byte, (m.to-m.from)/smallPage)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(m.from), uintptr(m.to-m.from), uintptr(unsafe.Pointer(&pages[0])))
	if errno != 0 {
		return nil, fmt.Errorf("ask which pages are in memory: %w", errno)
	}
	blocks := make([]int, (m.to-m.from)/hugePage)
	for i, page := range pages {
		blocks[i/(hugePage/smallPage)] += int(page & 1)
	}
	return blocks, nil
}

// heapPieces reads proc_pid_maps(5) for the anonymous memory around an address.
func heapPieces(maps io.Reader, around uint64) (pieces []heapPiece, err error) {
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var m heapPiece
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &m.from, &m.to, &rights); err != nil {
			return nil, fmt.Errorf("read the map of our memory: %w", err)
		}
		m.from = (m.from + hugePage - 1) / hugePage * hugePage
		m.to = m.to / hugePage * hugePage
		near := m.from < around+heapSpan && m.to+heapSpan > around
		if rights == "rw-p" && near && goes(lines.Text()) && m.to >= m.from+leastHuge {
			pieces = append(pieces, m)
		}
	}
	return pieces, lines.Err()
}

// goes tells whether a line of the map is of Go's heap: it has no name or, where the kernel
// takes names for memory, the one that Go gives it.
func goes(line string) bool {
	return !strings.Contains(line, "/") && (!strings.Contains(line, "[") || strings.Contains(line, "[anon: Go: heap"))
}

func (m heapPiece) advise(advice uintptr) error {
	_, _, errno := unix.Syscall(unix.SYS_MADVISE, uintptr(m.from), uintptr(m.to-m.from), advice)
	if errno != 0 {
		return fmt.Errorf("advise the kernel of our memory: %w", errno)
	}
	return nil
}
