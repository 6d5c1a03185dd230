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

// benchmark runs one party's packets through a buffer, a frame each time.
func benchmark(b *testing.B, comes func(i int) bool) {
	way := packets(g711.Mu, voiced(20, 3), 160)
	buffer := New(Settings{}, g711.Mu)
	frame := make([]int16, 160)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p := way[i%len(way)]
		p.header.Timestamp = uint32(i * 160)
		now := int64(i) * 160
		if comes(i) {
			buffer.Put(now, p.header, p.codes)
		}
		buffer.Pull(now, frame)
	}
}

func BenchmarkPutAndPull(b *testing.B) { benchmark(b, func(int) bool { return true }) }

func BenchmarkPutAndPullWithEveryTwentiethLost(b *testing.B) {
	benchmark(b, func(i int) bool { return i%20 != 7 })
}

func BenchmarkConcealOneFrame(b *testing.B) {
	past := voiced(1, 3)[4000 : 4000+narrowPast]
	c := conceal{width: 1, heard: make([]int16, narrowPast)}
	frame := make([]int16, 160)
	for b.Loop() {
		c.begin(past)
		c.fill(frame)
	}
}

func BenchmarkLengthen(b *testing.B) {
	sound := voiced(1, 3)
	line := strip{past: narrowPast, line: make([]int16, narrowPast+longestFrame+longestLag)}
	copy(line.line, sound[4000:])
	for b.Loop() {
		line.wait = longestFrame
		d, _ := lag(line.line, search{at: line.past, length: lagWindow, from: shortestLag, to: longestLag, toward: -1, step: 1})
		line.repeat(d, min(d, line.wait))
	}
}
