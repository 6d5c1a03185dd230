//go:build !portable

package media

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
	"breakwater/media/rtp"
)

// BenchmarkCallsInUserSpace is a packet of one of many calls, guarded, measured and recorded, both
// parties speaking, without the kernel: what the loop does between a system call that reads
// many and one that sends many. With hundreds of calls the memory of each has gone cold
// since its packet before.
func BenchmarkCallsInUserSpace(b *testing.B) {
	for _, calls := range []int{10, 100, 500} {
		b.Run(fmt.Sprint(calls), func(b *testing.B) {
			h := newHall(b, calls)
			h.order(func(l *loop) {
				for range 100 { // two seconds, after which nothing is new
					h.round(l)
				}
				i, before := h.at, l.counts
				for b.Loop() {
					h.batch(l)
				}
				if relayed := l.counts.relayed - before.relayed; relayed != uint64(h.at-i) {
					b.Errorf("%d of %d packets were relayed", relayed, h.at-i)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(max(1, h.at-i)), "ns/packet")
			})
		})
	}
}

// hall is many calls on one shared port, whose packets are put into the loop by hand.
type hall struct {
	e      *Engine
	shared *sharedPort
	legs   []*hallLeg
	speech []byte
	at     int // packets so far
	now    int64
}

type hallLeg struct {
	from netip.AddrPort
	h    rtp.Header
}

func newHall(b *testing.B, calls int) *hall {
	b.Helper()
	low := probe(b, 40)
	e, err := Open(Settings{PortLow: low, PortHigh: low + 79, Loops: 1, Recordings: b.TempDir(), Recording: RecordingSettings{Memory: 1024}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	h := &hall{e: e, speech: make([]byte, 8000*11)}
	g711.Mu.Encode(h.speech, speech(11*time.Second))
	var near *Port
	for i := range 2 * calls {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 4000)
		p, err := e.PortFor(loopback, Hint{Share: true, Remote: from, Near: near})
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Apply(Desc{Remote: from, Codec: PCMU, Send: true, Recv: true}); err != nil {
			b.Fatal(err)
		}
		h.legs = append(h.legs, &hallLeg{from, rtp.Header{SSRC: uint32(i + 1), Timestamp: uint32(i) * 77777}})
		if near == nil {
			p.Meter(meter.Settings{Enabled: true})
			near = p
			continue
		}
		p.Protect(guard.Settings{})
		if _, err := e.Join(near, p); err != nil {
			b.Fatal(err)
		}
		r, err := near.Record(filepath.Join(b.TempDir(), "call.wav"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _, _ = r.Close() })
		near = nil
	}
	h.shared = e.sharing.ports[0]
	return h
}

// order runs f at the loop's helm.
func (h *hall) order(f func(*loop)) { h.e.loops[0].order(f) }

// round is one packet of each party.
func (h *hall) round(l *loop) {
	for end := h.at + len(h.legs); h.at < end; {
		h.batch(l)
	}
}

// batch is what comes in a millisecond.
func (h *hall) batch(l *loop) {
	n := min(max(1, len(h.legs)/20), batchSize)
	for i := range n {
		leg, time := h.legs[h.at%len(h.legs)], h.at/len(h.legs)
		room := l.shared.batch.room[i][:]
		leg.h.Put(room)
		leg.h.Sequence++
		leg.h.Timestamp += 160
		at := (time*160 + h.at%len(h.legs)*8) % (len(h.speech) - 160)
		copy(room[rtp.HeaderSize:], h.speech[at:at+160])
		h.shared.rtp.encode(&l.shared.batch.from[i], leg.from)
		l.shared.batch.messages[i].size = rtp.HeaderSize + 160
		h.at++
		l.now = h.now + int64(time)*20e6 + int64(h.at%len(h.legs))*20e6/int64(len(h.legs))
	}
	l.serveBatch(h.shared, sharedSound, h.shared.rtp, n)
	h.shared.out.n = 0 // nobody is there
	runtime.KeepAlive(h)
}
