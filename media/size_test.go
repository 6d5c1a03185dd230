package media

import (
	"runtime"
	"testing"

	"breakwater/media/guard"
)

// A call is two ports; its live heap is promised to be 96 KiB at most, recording, guard
// and signalling included.
func TestAPortIsSmall(t *testing.T) {
	const pairs, most = 25, 8 << 10
	e := openEngine(t, 2*pairs)
	before := heap()
	ports := make([]*Port, 0, 2*pairs)
	for range pairs {
		a, b := openPort(t, e), openPort(t, e)
		b.Protect(guard.Settings{})
		if _, err := e.Join(a, b); err != nil {
			t.Fatal(err)
		}
		ports = append(ports, a, b)
	}
	per := (heap() - before) / (2 * pairs)
	t.Logf("%d bytes of heap a port", per)
	if per > most {
		t.Errorf("%d bytes of heap a port, want %d at most", per, most)
	}
	runtime.KeepAlive(ports)
}

func openPort(t *testing.T, e *Engine) *Port {
	t.Helper()
	p, err := e.Port(loopback)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(Desc{Remote: p.Local(), Codec: PCMU, DTMF: 101, Send: true, Recv: true}); err != nil {
		t.Fatal(err)
	}
	return p
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
