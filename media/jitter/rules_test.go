package jitter

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"breakwater/media/g711"
)

// tone is a sine of 300 Hz, in which any break is a step.
func tone(seconds float64) []int16 {
	out := make([]int16, int(seconds*Rate))
	for i := range out {
		out[i] = int16(toneLoud * math.Sin(2*math.Pi*300*float64(i)/Rate))
	}
	return out
}

const (
	toneLoud = 8000
	toneStep = toneLoud*2*math.Pi*300/Rate + 260 // between neighbours of it, and half a step of µ-law
)

// click is the greatest step of a sound, and where it is.
func click(x []int16) (step, at int) {
	for i := 1; i < len(x); i++ {
		if d := int(x[i]) - int(x[i-1]); max(d, -d) > step {
			step, at = max(d, -d), i
		}
	}
	return step, at
}

// Within the depth of the beginning nothing is adapted. Then every packet that arrives is
// heard once, at its place and bit for bit, whatever its order, and however often it comes.
func TestEveryPacketInTimeIsPlayedOnceAndBitForBit(t *testing.T) {
	sound := voiced(4, 5)
	rapid.Check(t, func(t *rapid.T) {
		ptime := rapid.SampledFrom([]int{80, 160, 240, 320, 480}).Draw(t, "ptime")
		frame := rapid.SampledFrom([]int64{80, 160}).Draw(t, "frame")
		law := rapid.SampledFrom([]g711.Law{g711.Mu, g711.A}).Draw(t, "law")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		loss := rapid.SampledFrom([]float64{0, 0.01, 0.1, 0.3}).Draw(t, "loss")
		sent := packets(law, sound, ptime)
		want := decoded(law, sent)
		doubt := make([]bool, len(want)) // here something may be invented
		var arrived []packet
		kept, doubled, gap := 0, 0, 0
		for i, p := range sent {
			// A hole of 60 ms ends a talk spurt, and the next may wait a little longer or shorter.
			if gap += ptime; i > 0 && gap < 60*Rate/1000 && r.Float64() < loss {
				for k := i * ptime; k < min((i+1)*ptime+longestFade, len(doubt)); k++ {
					doubt[k] = true
				}
				continue
			}
			gap = 0
			kept++
			if i > 0 {
				p.arrives += r.Int64N(40 * Rate / 1000)
			}
			arrived = append(arrived, p)
			if r.Float64() < 0.05 {
				doubled++
				p.arrives += r.Int64N(60 * Rate / 1000)
				arrived = append(arrived, p)
			}
		}
		b := New(Settings{}, law)
		h := listen(b, arrived, frame)
		s := b.Stats()
		if s.Packets != uint64(kept) || s.Double != uint64(doubled) || s.Late+s.Stray+s.Restarts+s.Inserted+s.Removed+s.Skipped != 0 {
			t.Fatalf("%d packets, %d of them twice: %+v", kept, doubled, s)
		}
		begin := slices.IndexFunc(h.kinds, func(k Kind) bool { return k != Silence }) * int(frame)
		for i := shortestFade; i < len(want); i++ {
			if !doubt[i] && h.sound[begin+i] != want[i] {
				t.Fatalf("sample %d is %d, want %d", i, h.sound[begin+i], want[i])
			}
		}
	})
}

// A line that does everything wrong: nothing of it is heard as a click, and the
// depth stays within its bounds.
func TestWhateverHappensSoundHasNoStepAndDepthItsBounds(t *testing.T) {
	sound := tone(12)
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		ptime := rapid.SampledFrom([]int{80, 160, 240, 480}).Draw(t, "ptime")
		frame := rapid.SampledFrom([]int64{80, 160}).Draw(t, "frame")
		arrived := mishaps(r, packets(g711.Mu, sound, ptime))
		b := New(Settings{}, g711.Mu)
		most := b.depth.most + 2*longestFrame
		var played []int16
		out := make([]int16, frame)
		for now := frame; now < arrived[len(arrived)-1].arrives; now += frame {
			for len(arrived) > 0 && arrived[0].arrives <= now {
				b.Put(now, arrived[0].header, arrived[0].codes)
				arrived = arrived[1:]
			}
			b.Pull(now, out)
			played = append(played, out...)
			if s := b.Stats(); !b.lost.silent() && (s.Depth > most || s.Depth < -most) {
				t.Fatalf("at %d the depth is %d, at most %d wanted: %+v", now, s.Depth, most, s)
			}
		}
		if step, at := click(played); float64(step) > 1.6*toneStep {
			t.Fatalf("a step of %d at %d, want at most %.0f: %d", step, at, 1.6*toneStep, played[max(0, at-8):min(at+8, len(played))])
		}
	})
}

// mishaps loses, delays, doubles, stops and renumbers packets.
func mishaps(r *rand.Rand, way []packet) []packet {
	skew, jitter, loss := (r.Float64()-0.5)*1e-3, r.Float64()*900, r.Float64()*0.2
	var stall, shift int64
	var ssrc uint32
	var moved uint32
	kept := make([]packet, 0, len(way))
	for _, p := range way {
		switch r.IntN(400) {
		case 0:
			stall = p.arrives + r.Int64N(2*Rate) // nothing comes, and then all at once
		case 1:
			shift += r.Int64N(3 * Rate) // a pause that the timestamps do not tell
		case 2:
			n := r.Int64N(3 * Rate) // a pause that they tell
			shift, moved = shift+n, moved+uint32(n)
		case 3:
			ssrc++
		case 4:
			moved += r.Uint32()
		}
		if r.Float64() < loss {
			continue
		}
		p.arrives = max(stall, int64(float64(p.arrives)*(1+skew))+shift) + int64(r.Float64()*jitter)
		p.header.SSRC += ssrc
		p.header.Timestamp += moved
		kept = append(kept, p)
		if r.IntN(30) == 0 {
			kept = append(kept, p)
		}
	}
	slices.SortStableFunc(kept, func(a, b packet) int { return int(a.arrives - b.arrives) })
	return kept
}

// Two clocks that differ: sound is made longer or shorter by a period now and then. Hours
// of it neither run dry nor pile up, and there is no click.
func TestAPartysClockIsFollowedForHours(t *testing.T) {
	for name, ppm := range map[string]float64{
		"200 ppm slow": 200, "50 ppm slow": 50, "exact": 0, "50 ppm fast": -50, "200 ppm fast": -200,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hours := 1.0 / 6
			if os.Getenv("BREAKWATER_SOAK") != "" {
				hours = 8
			}
			way := packets(g711.Mu, tone(3), 160) // the tone repeats itself after three seconds
			b := New(Settings{}, g711.Mu)
			out, past := make([]int16, 160), int16(0)
			var arrives, n int64
			warm := int64(20 * Rate)
			var first, before Stats
			for now := int64(160); now < int64(hours*3600*Rate); now += 160 {
				for ; arrives <= now; arrives = int64(float64(n+1) * 160 * (1 + ppm*1e-6)) {
					p := way[n%int64(len(way))]
					p.header.Timestamp = uint32(n * 160)
					b.Put(arrives, p.header, p.codes)
					n++
				}
				kind := b.Pull(now, out)
				if now < warm {
					past, first = out[159], b.Stats()
					continue
				}
				if d := math.Abs(float64(out[0]) - float64(past)); d > 1.2*toneStep {
					t.Fatalf("at %d s a step of %.0f", now/Rate, d)
				}
				s := b.Stats()
				adapted := s.Inserted+s.Removed != before.Inserted+before.Removed
				if adapted {
					if step, _ := click(out); float64(step) > 1.2*toneStep {
						t.Fatalf("at %d s a step of %d", now/Rate, step)
					}
				}
				past, before = out[159], s
				if kind != Voice {
					t.Fatalf("at %d s the buffer ran dry", now/Rate)
				}
				if s.Depth > 80*Rate/1000 || s.Depth < 0 {
					t.Fatalf("at %d s the depth is %d places", now/Rate, s.Depth)
				}
			}
			s := b.Stats()
			moved := float64(s.Inserted-first.Inserted) - float64(s.Removed-first.Removed)
			if want := hours * 3600 * Rate * ppm * 1e-6; math.Abs(moved-want) > 320 {
				t.Errorf("made longer by %.0f places, want %.0f", moved, want)
			}
			if s.Late+s.Stray+s.Skipped+s.Restarts != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}
