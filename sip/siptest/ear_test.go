package siptest

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pion/rtp"
)

func TestTheStreamIsJudged(t *testing.T) {
	type packet struct {
		seq  uint16
		ts   uint32
		at   time.Duration
		ssrc uint32
		mark bool
	}
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		packets []packet
		want    Stats
	}{
		"a clean stream over the wrap of its numbers": {
			[]packet{{65535, 0, 0, 1, true}, {0, 160, 20 * ms, 1, false}, {1, 320, 40 * ms, 1, false}},
			Stats{Packets: 3, MaxGap: 20 * ms},
		},
		"one packet is lost": {
			[]packet{{5, 0, 0, 1, false}, {7, 320, 40 * ms, 1, false}},
			Stats{Packets: 2, Lost: 1, MaxGap: 40 * ms},
		},
		"one comes late and one twice": {
			[]packet{{5, 0, 0, 1, false}, {7, 320, 40 * ms, 1, false}, {6, 160, 41 * ms, 1, false}, {7, 320, 42 * ms, 1, false}},
			Stats{Packets: 3, Reordered: 1, Duplicates: 1, MaxGap: 40 * ms},
		},
		"time jumps while the sequence does not": {
			[]packet{{5, 0, 0, 1, false}, {6, 900, 20 * ms, 1, false}, {7, 1060, 40 * ms, 1, false}},
			Stats{Packets: 3, TimestampJumps: 1, MaxGap: 20 * ms},
		},
		"a marker explains a pause but no step back": {
			[]packet{{5, 0, 0, 1, false}, {6, 1600, 200 * ms, 1, true}, {7, 800, 220 * ms, 1, true}},
			Stats{Packets: 3, TimestampJumps: 1, MaxGap: 200 * ms},
		},
		"a new source": {
			[]packet{{5, 0, 0, 1, false}, {900, 77, 20 * ms, 2, true}, {901, 237, 40 * ms, 2, false}},
			Stats{Packets: 3, SSRCChanges: 1, MaxGap: 20 * ms},
		},
		"the sequence starts elsewhere": {
			[]packet{{5, 0, 0, 1, false}, {9000, 160, 20 * ms, 1, false}, {8500, 320, 40 * ms, 1, false}},
			Stats{Packets: 3, SequenceJumps: 2, MaxGap: 20 * ms},
		},
		"packets bunch": {
			[]packet{{5, 0, 0, 1, false}, {6, 160, 50 * ms, 1, false}, {7, 320, 51 * ms, 1, false}},
			Stats{Packets: 3, MaxGap: 50 * ms, MaxDeviation: 30 * ms},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s stream
			var got Stats
			start := time.Now()
			for _, p := range c.packets {
				h := rtp.Header{SequenceNumber: p.seq, Timestamp: p.ts, SSRC: p.ssrc, Marker: p.mark}
				s.take(&got, start.Add(p.at), &h, frame, false)
			}
			ignore := cmpopts.IgnoreFields(Stats{}, "First", "Last")
			if d := cmp.Diff(c.want, got, ignore, cmpopts.IgnoreUnexported(Stats{})); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPercentilesOfPacing(t *testing.T) {
	var s Stats
	s.deviations[0], s.deviations[7] = 98, 2
	for p, want := range map[float64]time.Duration{0.5: time.Millisecond, 0.99: 8 * time.Millisecond, 1: 8 * time.Millisecond} {
		if got := s.Deviation(p); got != want {
			t.Errorf("p%v is %v, want %v", p, got, want)
		}
	}
}

func TestOldSoundIsForgotten(t *testing.T) {
	e := newEar(time.Second)
	start := time.Now()
	for i := range 500 { // 10 s
		h := rtp.Header{SequenceNumber: uint16(i), Timestamp: uint32(i * frame)}
		e.packet(start.Add(time.Duration(i)*frameLength), netip.AddrPort{}, nil, &h, make([]byte, frame))
	}
	if n := len(e.frames); n < 50 || n > 64 {
		t.Errorf("keeps %d frames, want 1 to 1.25 s", n)
	}
}

func TestAudioIsCutByTime(t *testing.T) {
	start := time.Now()
	var a Audio
	for i := range 5 {
		a = append(a, Frame{At: start.Add(time.Duration(i) * frameLength)})
	}
	cut := start.Add(2 * frameLength)
	if len(a.Since(cut)) != 3 || len(a.Until(cut)) != 2 || len(a.Since(start.Add(time.Hour))) != 0 || len(a.Until(start.Add(time.Hour))) != 5 {
		t.Error("cut at the wrong place")
	}
}
