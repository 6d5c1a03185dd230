package media

import (
	"bytes"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
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
	for range 3 {
		if err := h.widen(unsafe.Pointer(&h)); err != nil {
			t.Error(err)
		}
	}
	if err := h.widen(nil); err != nil {
		t.Errorf("memory that is nobody's: %v", err)
	}
}

// mapped is memory of our own, whole blocks, that a test may do anything to.
func mapped(t *testing.T, blocks int) ([]byte, heapPiece) {
	t.Helper()
	m, err := unix.Mmap(-1, 0, (blocks+1)*hugePage, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	if err := unix.Madvise(m, unix.MADV_NOHUGEPAGE); err != nil {
		t.Fatal(err)
	}
	begin := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(m))))
	from := (begin + hugePage - 1) / hugePage * hugePage
	return m[from-begin:][:blocks*hugePage], heapPiece{from, from + uint64(blocks)*hugePage}
}

func touch(m []byte, share float64) {
	for i := range len(m) / smallPage {
		if float64(i%(hugePage/smallPage)) < share*hugePage/smallPage {
			m[i*smallPage]++
		}
	}
}

func TestABlockIsJoinedWhenItIsMostlyUsedAndOnlyOnce(t *testing.T) {
	m, piece := mapped(t, 4)
	const full, most, half = 0, 1, 2 // the last is not touched
	touch(m[full*hugePage:][:hugePage], 1)
	touch(m[most*hugePage:][:hugePage], 0.8)
	touch(m[half*hugePage:][:hugePage], 0.5)
	var h heapArea
	if err := h.ask([]heapPiece{piece}); err != nil {
		t.Fatal(err)
	}
	join := func() (blocks []int) {
		t.Helper()
		if err := h.join([]heapPiece{piece}, time.Now().Add(time.Minute)); err != nil {
			t.Fatalf("join: %v", err)
		}
		for i := range 4 {
			if _, whole := h.whole[piece.from+uint64(i)*hugePage]; whole {
				blocks = append(blocks, i)
			}
		}
		return blocks
	}
	if diff := cmp.Diff([]int{full, most}, join()); diff != "" && !h.cannot && h.skip == 0 {
		t.Error(diff)
	}
	if h.cannot || h.skip > 0 {
		t.Log("this machine joins no blocks, or has no huge page free")
		return
	}
	if err := unix.Madvise(m[:hugePage/8], unix.MADV_DONTNEED); err != nil { // as Go does with what is free
		t.Fatal(err)
	}
	join()
	used, err := piece.used()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{hugePage / smallPage * 7 / 8, hugePage / smallPage, hugePage / smallPage / 2, 0}, used); diff != "" {
		t.Errorf("small pages in memory, the first block of which gave an eighth back: %s", diff)
	}
}

func TestBlocksAreNotJoinedForEver(t *testing.T) {
	m, piece := mapped(t, 4)
	touch(m, 1)
	var h heapArea
	if err := h.join([]heapPiece{piece}, time.Now().Add(-1)); err != nil || len(h.whole) != 0 {
		t.Errorf("%d blocks were joined when it was late (%v)", len(h.whole), err)
	}
}

func TestWhatWasLetGoLeavesTheMachine(t *testing.T) {
	held := func() int { // MiB; what is resident has the race detector's memory, too
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapSys-m.HeapReleased) >> 20
	}
	const calls, each = 3000, 64 << 10
	ports := calls
	s := newSteward(slog.New(slog.DiscardHandler), func() int { return ports })
	s.free()
	before := held()
	ballast := make([][]byte, calls)
	for i := range ballast {
		ballast[i] = bytes.Repeat([]byte{1}, each)
	}
	look := func() {
		t.Helper()
		if err := s.look(); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if len(s.heap.asked) == 0 {
		t.Error("huge pages were asked for nothing")
	}
	during := held()
	runtime.KeepAlive(ballast) // and no longer
	ports = 0
	for range ebbLooks {
		look()
	}
	after := held()
	t.Logf("held: %d MiB before, %d with calls, %d after", before, during, after)
	if took := during - before; took < calls*each>>20*3/4 {
		t.Errorf("the calls took %d MiB, so this proves nothing", took)
	}
	if after > before+before*15/100 && after > before+20 {
		t.Errorf("%d MiB are held after the ebb, %d were before the calls", after, before)
	}
	if len(s.heap.asked) != 0 {
		t.Error("huge pages are asked for all the same")
	}
}
