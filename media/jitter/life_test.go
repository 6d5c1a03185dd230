package jitter

import (
	"math"
	"slices"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/g722"
	"breakwater/media/rtp"
)

// later delays packets from the i-th on, and shift moves their timestamps.
func later(way []packet, i int, delay int64, shift uint32) []packet {
	for k := i; k < len(way); k++ {
		way[k].arrives += delay
		way[k].header.Timestamp += shift
	}
	return way
}

// What a party may do to its stream, and what of it is played.
func TestWhatPartiesDoToTheirStreams(t *testing.T) {
	sound := voiced(6, 9)
	const half = 150 // packets
	for name, c := range map[string]struct {
		do   func(way []packet) []packet
		lost uint64 // packets that are not played, at most
		is   func(s Stats) bool
	}{
		"a pause that its timestamps tell": {
			do: func(way []packet) []packet { return later(way, half, 2*Rate, 2*Rate) },
			is: func(s Stats) bool { return s.Restarts == 0 && s.Late == 0 && s.Skipped == 0 },
		},
		"a pause that they do not tell": {
			do: func(way []packet) []packet { return later(way, half, 2*Rate, 0) }, lost: 1,
			is: func(s Stats) bool { return s.Restarts == 1 },
		},
		"a short pause that they do not tell": {
			do: func(way []packet) []packet { return later(way, half, Rate*3/10, 0) }, lost: 2,
			is: func(s Stats) bool { return s.Restarts == 1 },
		},
		"a new SSRC": {
			do: func(way []packet) []packet {
				for k := half; k < len(way); k++ {
					way[k].header.SSRC++
					way[k].header.Timestamp += 1 << 30
				}
				return way
			},
			is: func(s Stats) bool { return s.Restarts == 1 && s.Stray+s.Late+s.Skipped == 0 },
		},
		"timestamps that jump": {
			do: func(way []packet) []packet { return later(way, half, 0, 1<<30) }, lost: 1,
			is: func(s Stats) bool { return s.Restarts == 1 && s.Stray == 1 },
		},
		"one packet whose timestamp is wild": {
			do: func(way []packet) []packet {
				way[half].header.Timestamp += 1 << 29
				return way
			}, lost: 1,
			is: func(s Stats) bool { return s.Restarts == 0 && s.Stray == 1 },
		},
		"all packets twice": {
			do: func(way []packet) []packet { return append(way, later(slices.Clone(way), 0, 30, 0)...) },
			is: func(s Stats) bool { return s.Double == 2*half && s.Late == 0 },
		},
		"pairs of packets in the wrong order": {
			do: func(way []packet) []packet {
				for k := 0; k+1 < len(way); k += 2 {
					way[k].arrives = way[k+1].arrives + 1
				}
				return way
			},
			is: func(s Stats) bool { return s.Late+s.Double+s.Stray == 0 },
		},
		"numbers of sequence that mean nothing": {
			do: func(way []packet) []packet {
				for k := range way {
					way[k].header.Sequence = uint16(k * k)
				}
				return way
			},
			is: func(s Stats) bool { return s.Late+s.Double+s.Stray == 0 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			way := c.do(packets(g711.Mu, sound, 160))
			b := New(Settings{}, g711.Mu)
			listen(b, way, 160)
			s := b.Stats()
			if missing := 2*half - s.Packets; missing > c.lost || !c.is(s) {
				t.Errorf("%d packets were not played: %+v", missing, s)
			}
		})
	}
}

func TestATalkSpurtIsPlayedBitForBitAfterItsBeginning(t *testing.T) {
	way := later(packets(g711.A, voiced(6, 9), 160), 150, 2*Rate+77, 2*Rate)
	b := New(Settings{}, g711.A)
	h := listen(b, way, 160)
	want := decoded(g711.A, way[150:])[shortestFade:]
	if within(h.sound[3*Rate:], want[:1000]) < 0 {
		t.Errorf("it is not: %+v", b.Stats())
	}
	if n := h.count(Silence); n < 90 {
		t.Errorf("%d frames of silence in two seconds", n)
	}
}

func TestAStallIsOverWithTheNewestSoundAndAtMostTheGreatestDepth(t *testing.T) {
	way := packets(g711.Mu, voiced(8, 2), 160)
	for i := range way {
		if i >= 100 && i < 150 { // a second in which nothing comes, and then all at once
			way[i].arrives = way[150].arrives
		}
	}
	b := New(Settings{}, g711.Mu)
	frame := make([]int16, 160)
	var after []int16
	rest := way
	for now := int64(160); now < 8*Rate; now += 160 {
		for len(rest) > 0 && rest[0].arrives <= now {
			b.Put(now, rest[0].header, rest[0].codes)
			rest = rest[1:]
		}
		b.Pull(now, frame)
		if now > way[150].arrives {
			after = append(after, frame...)
		}
		if s := b.Stats(); s.Depth > 220*Rate/1000 {
			t.Fatalf("at %d: %+v", now, s)
		}
	}
	if at := within(after, decoded(g711.Mu, way[152:154])); at < 0 || at > Rate*3/10 {
		t.Errorf("what came with the end of the stall is heard %d places later: %+v", at, b.Stats())
	}
}

// A buffer that nobody pulls keeps the newest, and goes on when somebody does.
func TestABufferThatNobodyPullsGoesOn(t *testing.T) {
	way := packets(g711.Mu, voiced(8, 2), 160)
	b := New(Settings{}, g711.Mu)
	frame := make([]int16, 160)
	voice := 0
	for i, p := range way {
		b.Put(p.arrives, p.header, p.codes)
		if i > 50 && i < 200 {
			continue
		}
		if b.Pull(p.arrives, frame) == Voice && i >= 200 {
			voice++
		}
	}
	if s := b.Stats(); voice < 190 || s.Depth > 220*Rate/1000 {
		t.Errorf("%d frames of voice of 200: %+v", voice, s)
	}
}

func TestADepthFollowsTheJitterBothWays(t *testing.T) {
	way := packets(g711.Mu, voiced(40, 2), 160)
	for i := range way {
		if s := way[i].arrives / Rate; s >= 10 && s < 15 && i%3 == 0 {
			way[i].arrives += 80 * Rate / 1000
		}
	}
	b := New(Settings{}, g711.Mu)
	frame := make([]int16, 160)
	wanted := map[int64]int64{}
	for now := int64(160); now < 40*Rate; now += 160 {
		for k := range way {
			if way[k].arrives > now-160 && way[k].arrives <= now {
				b.Put(way[k].arrives, way[k].header, way[k].codes)
			}
		}
		b.Pull(now, frame)
		wanted[now/Rate] = b.Stats().Depth
	}
	const ms = Rate / 1000
	if calm, rough, after := wanted[9], wanted[14], wanted[39]; calm > 60*ms || rough < 80*ms || rough > 140*ms || after > 45*ms {
		t.Errorf("depth before %d ms, while packets are 80 ms late %d ms, afterwards %d ms", calm/ms, rough/ms, after/ms)
	}
}

func TestAChangeOfLawLosesNothing(t *testing.T) {
	sound := voiced(4, 2)
	one, other := packets(g711.Mu, sound, 160), packets(g711.A, sound, 160)
	b := New(Settings{}, g711.Mu)
	frame := make([]int16, 160)
	for i := range one {
		if p := one[i]; i < 100 {
			b.Put(p.arrives, p.header, p.codes)
		} else {
			b.Law(g711.A)
			b.Put(p.arrives, p.header, other[i].codes)
		}
		if kind := b.Pull(one[i].arrives, frame); i > 5 && kind != Voice {
			t.Fatalf("frame %d is %d", i, kind)
		}
	}
	b.Law(g711.A)
	if s := b.Stats(); s.Packets != uint64(len(one)) {
		t.Errorf("%+v", s)
	}
}

func TestWidebandSoundPassesLikeAnyOther(t *testing.T) {
	const n = 200
	narrow := voiced(n*0.02, 3)
	var encoder g722.Encoder
	var reference g722.Decoder
	b := NewWide(Settings{}, new(g722.Decoder))
	var want, got []int16
	frame := make([]int16, 320)
	for i := range n {
		samples := make([]int16, 320)
		for k := range samples {
			samples[k] = narrow[i*160+k/2]
		}
		codes := make([]byte, 160)
		encoder.Encode(codes, samples)
		reference.Decode(samples, codes)
		want = append(want, samples...)
		b.Put(int64(i*160), rtp.Header{SSRC: 1, Sequence: uint16(i), Timestamp: uint32(i * 160)}, codes)
		b.Law(g711.A) // means nothing to it
		b.Pull(int64(i*160), frame)
		got = append(got, frame...)
	}
	if at := within(got, want[2*longestFade:2*longestFade+2000]); at < 0 {
		t.Errorf("what came out is not what was sent: %+v", b.Stats())
	}
	before := b.Stats()
	for i := range 20 { // and then the line breaks
		b.Pull(int64((n+i)*160), frame)
	}
	if s := b.Stats(); s.Concealed-before.Concealed != 60*Rate/1000 || math.Abs(float64(frame[0])) > 0 {
		t.Errorf("%d places were concealed, want 60 ms: %+v", s.Concealed-before.Concealed, s)
	}
}

func TestPacketsThatCannotBeArePlayedByNobody(t *testing.T) {
	b := New(Settings{}, g711.Mu)
	b.Put(0, rtp.Header{}, nil)
	b.Put(0, rtp.Header{}, make([]byte, longestPacket+1))
	if s := b.Stats(); s.Stray != 2 || s.Packets != 0 {
		t.Errorf("%+v", s)
	}
	frame := []int16{1, 2, 3}
	if b.Pull(0, frame) != Silence || !slices.Equal(frame, []int16{0, 0, 0}) {
		t.Error("an empty buffer is silent")
	}
}

// A party may send packets as long as a datagram holds: it is heard, whole, and on a line
// that is not even.
func TestLongPacketsArePlayedWhole(t *testing.T) {
	for _, length := range []time.Duration{120 * time.Millisecond, 130 * time.Millisecond, 200 * time.Millisecond, 254 * time.Millisecond} {
		t.Run(length.String(), func(t *testing.T) {
			b, n := New(Settings{}, g711.Mu), places(length)
			codes, frame := make([]byte, n), make([]int16, 160)
			for i := range codes {
				codes[i] = 0x20 + byte(i%7)
			}
			const seconds = 20
			sent, voice, began := uint64(0), 0, false
			due := n // when the next packet comes
			for now := int64(0); now < seconds*Rate; now += 160 {
				for ; due <= now; due = n*int64(sent+1) + int64(sent*3%5)*Rate/100 { // up to 40 ms late
					b.Put(due, rtp.Header{SSRC: 1, Timestamp: uint32(n * int64(sent))}, codes)
					sent++
				}
				kind := b.Pull(now, frame)
				began = began || kind == Voice
				if began && kind == Voice {
					voice++
				}
			}
			s := b.Stats()
			if s.Packets != sent || s.Stray+s.Late+s.Skipped+s.Restarts != 0 {
				t.Errorf("of %d packets: %+v", sent, s)
			}
			if least := (seconds*50 - 40) * 95 / 100; voice < least {
				t.Errorf("%d frames of voice, want %d at least: %+v", voice, least, s)
			}
		})
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		s    Settings
		want []string
	}{
		"the defaults":             {Settings{}, nil},
		"too deep":                 {Settings{Max: time.Second}, []string{"max"}},
		"not deep enough":          {Settings{Max: time.Millisecond}, []string{"max", "min", "start"}},
		"the least above the most": {Settings{Min: 250 * time.Millisecond}, []string{"min", "start"}},
		"a beginning below":        {Settings{Start: time.Millisecond}, []string{"start"}},
		"negative":                 {Settings{Min: -1}, []string{"min"}},
	} {
		got := c.s.WithDefaults().Check()
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		for _, key := range c.want {
			if got[key] == "" {
				t.Errorf("%s: nothing is said of %s", name, key)
			}
		}
	}
}

// FuzzBuffer feeds anything; nothing may lead outside the buffer or make it play for ever.
func FuzzBuffer(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{0, 0, 160, 0, 1, 160, 1, 160, 1, 1, 1, 0, 0, 255, 255, 0, 9, 200})
	f.Fuzz(func(t *testing.T, b []byte) {
		buffer, wide := New(Settings{}, g711.A), NewWide(Settings{}, new(g722.Decoder))
		frame := make([]int16, 640)
		now, h := int64(0), rtp.Header{}
		for ; len(b) >= 6; b = b[6:] {
			now += int64(b[0]) * 8
			h.SSRC = uint32(b[1] & 1)
			h.Timestamp += uint32(int32(int8(b[2]))) * uint32(1+int(b[3])*int(b[3]))
			h.Sequence += uint16(b[4])
			codes := make([]byte, int(b[5])*4)
			buffer.Put(now, h, codes)
			wide.Put(now, h, codes)
			n := 1 + int(b[4])
			buffer.Pull(now, frame[:n])
			wide.Pull(now, frame[:2*n])
		}
	})
}
