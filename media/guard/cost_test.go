package guard_test

import (
	"bytes"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

// material is what benchmarks and the allocation test send, as µ-law.
func material(t testing.TB) map[string][]byte {
	all := map[string][]int16{
		"speech at -20": speech(t, 20*time.Second),
		"loud speech":   louder(speech(t, 20*time.Second), 12),
		"whistle":       sine(2500, 0, 20*time.Second),
		"noise":         whiteNoise(0, 20*time.Second),
	}
	codes := map[string][]byte{"silence": bytes.Repeat([]byte{0xFF}, 50*frame)}
	for name, x := range all {
		c := make([]byte, len(x))
		g711.Mu.Encode(c, x)
		codes[name] = c
	}
	return codes
}

// Test 20: no allocation, whatever comes. (The limit of 2000 ns is judged by the
// benchmark: a test on a busy machine would lie.)
func testAFrameCostsNoAllocation(t *testing.T) {
	dst, dose, samples := make([]byte, frame), guard.NewDose(guard.DoseSettings{}), make([]int16, 320)
	for name, codes := range material(t) {
		for _, back := range []bool{false, true} {
			g, at := guard.New(guard.Settings{}), 0
			g.StepBack(back)
			n := testing.AllocsPerRun(900, func() {
				g.Frame(g711.Mu, dst, codes[at:at+frame])
				dose.Add(g.Account().Energy)
				g.Track()
				if at += frame; at+frame > len(codes) {
					at = 0
				}
			})
			if n != 0 {
				t.Errorf("%s, step-back %v: %v allocations a frame, want 0", name, back, n)
			}
		}
	}
	g := guard.New(guard.Settings{})
	if n := testing.AllocsPerRun(100, func() { g.Samples(guard.Wide, samples) }); n != 0 {
		t.Errorf("%v allocations a wideband frame, want 0", n)
	}
}

// BenchmarkProtectFrame is a frame of 20 ms through guard and A-weighting, and a
// second's account into the dose every 50.
func BenchmarkProtectFrame(b *testing.B) {
	for name, codes := range material(b) {
		b.Run(name, func(b *testing.B) { protect(b, guard.New(guard.Settings{}), codes) })
	}
	b.Run("stepped back", func(b *testing.B) {
		g := guard.New(guard.Settings{})
		g.StepBack(true)
		protect(b, g, material(b)["speech at -20"])
	})
}

func protect(b *testing.B, g *guard.Guard, codes []byte) {
	dst, dose := make([]byte, frame), guard.NewDose(guard.DoseSettings{})
	before, at, n := 0.0, 0, 0
	b.ReportAllocs()
	for b.Loop() {
		g.Frame(g711.Mu, dst, codes[at:at+frame])
		if at += frame; at+frame > len(codes) {
			at = 0
		}
		if n++; n%50 == 0 {
			energy := g.Account().Energy
			dose.Add(energy - before)
			before = energy
		}
	}
}
