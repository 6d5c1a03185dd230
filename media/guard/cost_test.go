package guard_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
	"breakwater/media/voices"
)

// material is what benchmarks and the allocation test send, as µ-law.
func material(t testing.TB) map[string][]byte {
	all := map[string][]int16{
		"speech at -20": speech(t, 20*time.Second),
		"loud speech":   louder(speech(t, 20*time.Second), 12),
		"whistle":       sine(2500, 0, 20*time.Second),
		"noise":         whiteNoise(0, 20*time.Second),
	}
	for _, v := range voices.People(t, 2*time.Minute) {
		all["people at -20"] = append(all["people at -20"], normalised(slices.Concat(v.Clips...), -20)...)
	}
	codes := map[string][]byte{"silence": bytes.Repeat([]byte{0xFF}, 50*frame)}
	for name, x := range all {
		c := make([]byte, len(x))
		g711.Mu.Encode(c, x)
		codes[name] = c
	}
	return codes
}

// pair is what a frame of 20 ms from the caller and one from the agent cost where the
// agent is protected: the guard with its A-weighting, the meter of what the guard heard,
// the agent's activity bit, the gain track and, once a second, the dose.
type pair struct {
	guard  *guard.Guard
	meter  *meter.Meter
	dose   *guard.Dose
	codes  []byte
	dst    []byte
	at, n  int
	energy float64
}

func newPair(codes []byte) *pair {
	return &pair{
		guard: guard.New(guard.Settings{}), meter: meter.New(meter.Settings{}), dose: guard.NewDose(guard.DoseSettings{}),
		codes: codes, dst: make([]byte, frame),
	}
}

func (p *pair) step() {
	src := p.codes[p.at : p.at+frame]
	p.guard.Frame(g711.Mu, p.dst, src)
	p.guard.Track()
	p.meter.Caller(g711.Mu, src, p.guard.Heard())
	p.meter.Agent(p.n&64 != 0, frame)
	p.meter.Take()
	if p.at += frame; p.at+frame > len(p.codes) {
		p.at = 0
	}
	if p.n++; p.n%50 == 0 {
		energy := p.guard.Account().Energy
		p.dose.Add(energy - p.energy)
		p.energy = energy
	}
}

// Test 20: no allocation, whatever comes. (The limit of 2000 ns is judged by the
// benchmark: a test on a busy machine would lie.)
func testAFrameCostsNoAllocation(t *testing.T) {
	for name, codes := range material(t) {
		for _, back := range []bool{false, true} {
			p := newPair(codes)
			p.guard.StepBack(back)
			if n := testing.AllocsPerRun(900, p.step); n != 0 {
				t.Errorf("%s, step-back %v: %v allocations a frame, want 0", name, back, n)
			}
		}
	}
	g, samples := guard.New(guard.Settings{}), make([]int16, 320)
	for i := range samples {
		samples[i] = int16(i * 100)
	}
	if n := testing.AllocsPerRun(100, func() { g.Samples(guard.Wide, samples) }); n != 0 {
		t.Errorf("%v allocations a wideband frame, want 0", n)
	}
}

// BenchmarkProtectFrame is a pair of frames of 20 ms, one each way, with all that
// protects: protection.md §5.3 wants 1200 ns and forbids 2000.
func BenchmarkProtectFrame(b *testing.B) {
	all := material(b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			p := newPair(all[name])
			b.ReportAllocs()
			for b.Loop() {
				p.step()
			}
		})
	}
}

// BenchmarkGuard is the guard alone.
func BenchmarkGuard(b *testing.B) {
	all := material(b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) { guarded(b, guard.New(guard.Settings{}), all[name]) })
	}
	b.Run("stepped back", func(b *testing.B) {
		g := guard.New(guard.Settings{})
		g.StepBack(true)
		guarded(b, g, all["speech at -20"])
	})
	b.Run("wideband", func(b *testing.B) {
		g, x, room, at := guard.New(guard.Settings{}), widened(speech(b, 20*time.Second)), make([]int16, 2*frame), 0
		b.ReportAllocs()
		for b.Loop() {
			copy(room, x[at:])
			g.Samples(guard.Wide, room)
			if at += 2 * frame; at+2*frame > len(x) {
				at = 0
			}
		}
	})
}

func guarded(b *testing.B, g *guard.Guard, codes []byte) {
	dst, at := make([]byte, frame), 0
	b.ReportAllocs()
	for b.Loop() {
		g.Frame(g711.Mu, dst, codes[at:at+frame])
		if at += frame; at+frame > len(codes) {
			at = 0
		}
	}
}
