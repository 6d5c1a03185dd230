package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// agrees agrees on another packet time.
func (f *phone) agrees(ptime time.Duration) {
	f.t.Helper()
	d := f.desc()
	d.Ptime = ptime
	if err := f.port.Apply(d); err != nil {
		f.t.Fatal(err)
	}
}

// guest is a phone that talks all the time, in steady samples that tell in a mix whose
// they are, and listens all the time.
type guest struct {
	*stream
	says   atomic.Int32 // the sample; 0 = silence codes
	silent atomic.Bool  // sends nothing at all
	talks  sync.Mutex   // held by whoever sends
}

// In a mix of these, every sum is told apart.
const (
	low    = 800
	middle = 2400
	high   = 7200
)

func newGuest(t testing.TB, e *Engine, codec Codec, says int) *guest {
	t.Helper()
	g := &guest{stream: newStream(newPhone(t, e, codec))}
	g.says.Store(int32(says))
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		beat := time.NewTicker(20 * time.Millisecond)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
				if !g.silent.Load() {
					g.talks.Lock()
					g.say(g.frame(int(g.says.Load())))
					g.talks.Unlock()
				}
			case <-end:
				return
			}
		}
	})
	t.Cleanup(func() { close(end); wg.Wait() })
	return g
}

func (g *guest) frame(sample int) []byte {
	codes := make([]byte, 160)
	samples := slices.Repeat([]int16{int16(sample)}, 160)
	g.codec.law().Encode(codes, samples)
	if sample == 0 {
		fill(codes, g.codec.Silence())
	}
	return codes
}

// untilMixed listens until a packet is, from its first to its last sample, about so loud.
func (g *guest) untilMixed(want int) {
	g.t.Helper()
	var got [2]int16
	for range 150 {
		g.listens(1)
		p := g.heard[len(g.heard)-1]
		if p.Payload != uint8(g.codec) {
			continue
		}
		g.codec.law().Decode(got[:1], p.codes)
		g.codec.law().Decode(got[1:], p.codes[len(p.codes)-1:])
		if near(got[0], want) && near(got[1], want) {
			return
		}
	}
	g.t.Fatalf("%d was not heard within 150 packets, but %d to %d", want, got[0], got[1])
}

func near(got int16, want int) bool {
	d := int(got) - want
	return max(d, -d) <= 12+want/18
}

// add lets a guest join a bridge.
func add(t testing.TB, b *Bridge, g *guest, r Role) {
	t.Helper()
	if err := b.Add(g.port, r); err != nil {
		t.Fatal(err)
	}
}

// clicks counts the steps in what was heard that no ramp over 20 ms would make.
func (g *guest) clicks(most int) (n int) {
	var before int16
	for i, p := range g.heard {
		samples := make([]int16, len(p.codes))
		g.codec.law().Decode(samples, p.codes)
		for j, s := range samples {
			if step := int(s) - int(before); (i > 0 || j > 0) && max(step, -step) > most {
				n++
			}
			before = s
		}
	}
	return n
}
