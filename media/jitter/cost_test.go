package jitter

import (
	"testing"
	"unsafe"

	"breakwater/media/g711"
)

func TestABufferAllocatesNothingAfterNew(t *testing.T) {
	way := packets(g711.Mu, voiced(10, 3), 160)
	b := New(Settings{}, g711.Mu)
	frame := make([]int16, 160)
	i := 0
	if n := testing.AllocsPerRun(400, func() {
		p := way[i]
		if i%7 != 3 { // some are lost
			b.Put(p.arrives+int64(i%5)*40, p.header, p.codes)
		}
		b.Pull(p.arrives+160, frame)
		i++
	}); n != 0 {
		t.Errorf("%v allocations a frame, want 0", n)
	}
}

func TestABufferIsSmall(t *testing.T) {
	for name, c := range map[string]struct {
		b    *Buffer
		most int
	}{
		"narrow": {New(Settings{}, g711.Mu), 7<<10 + 512},
		"wide":   {NewWide(Settings{}, nil), 9 << 10},
	} {
		size := int(unsafe.Sizeof(*c.b)) + 2*cap(c.b.strip.line) + 2*cap(c.b.lost.heard)
		if size > c.most {
			t.Errorf("%s: %d bytes, want at most %d", name, size, c.most)
		}
	}
}
