package media

import (
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

func TestTheHeapIsKnownFromTheMapOfTheMemory(t *testing.T) {
	const maps = `00400000-012d5000 rw-p 00000000 fe:00 123    /usr/bin/breakwater
c000000000-c002800000 rw-p 00000000 00:00 0
c002800000-c002c00000 rw-p 00000000 00:00 0                              [anon: Go: heap]
c002c00000-c002d00000 rw-p 00000000 00:00 0
c002d00000-c004000000 ---p 00000000 00:00 0
c004100000-c004900000 rw-p 00000000 00:00 0
c005000000-c006000000 rw-p 00000000 00:00 0                              [anon: Go: immortal metadata]
7fbe04000000-7fbe14000000 rw-p 00000000 00:00 0
7ffc0a000000-7ffc0b000000 rw-p 00000000 00:00 0  [stack]
`
	got, err := heapPieces(strings.NewReader(maps), 0xc000001000)
	if err != nil {
		t.Fatal(err)
	}
	want := []heapPiece{{0xc000000000, 0xc002800000}, {0xc002800000, 0xc002c00000}, {0xc004200000, 0xc004800000}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(heapPiece{})); diff != "" {
		t.Error(diff)
	}
	if _, err := heapPieces(strings.NewReader("what is this\n"), 1); err == nil {
		t.Error("a map that cannot be read is no error")
	}
}

func TestHugePagesAreOnlyAWish(t *testing.T) {
	var h heapArea
	if err := h.widen(unsafe.Pointer(&h)); err != nil {
		t.Error(err)
	}
	if err := h.widen(nil); err != nil {
		t.Errorf("memory that is nobody's: %v", err)
	}
}

func TestMemoryIsGivenBackWhenFewPortsAreLeft(t *testing.T) {
	busy := true
	s := newSteward(slog.New(slog.DiscardHandler), func() bool { return busy })
	look := func() {
		t.Helper()
		if err := s.look(); err != nil {
			t.Fatal(err)
		}
	}
	ballast := make([]byte, 16*hugePage)
	look()
	if len(s.heap.asked) == 0 {
		t.Fatal("huge pages were asked for nothing")
	}
	busy = false
	for range quietLooks - 1 {
		look()
	}
	if len(s.heap.asked) == 0 {
		t.Error("a pause between calls was taken for the end")
	}
	look()
	if len(s.heap.asked) != 0 {
		t.Error("huge pages are asked for all the same")
	}
	runtime.KeepAlive(ballast)
}
