package meter_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
)

// material is what benchmarks and the allocation test send, as µ-law.
func material(t testing.TB) map[string][]byte {
	voice := speakers(t)[0].calls(callLength, -20)[0]
	codes := map[string][]byte{"silence": bytes.Repeat([]byte{0xFF}, 50*frame)}
	for name, x := range map[string][]int16{"speech": voice, "raised voice": effort{10, 4, 0.5}.turned(voice), "tone": sine(1100, -10, 10*time.Second)} {
		c := make([]byte, len(x)/frame*frame)
		g711.Mu.Encode(c, x)
		codes[name] = c
	}
	return codes
}

// earful is what a guard heard of each frame.
func earful(codes []byte) (heard []guard.Heard) {
	ear := meter.NewEar()
	for at := 0; at < len(codes); at += frame {
		heard = append(heard, ear.Frame(g711.Mu, codes[at:at+frame]))
	}
	return heard
}

// metering is a meter in a call: both parties send, and once a second it is asked.
type metering struct {
	meter *meter.Meter
	codes []byte
	heard []guard.Heard
	at    int
}

func (m *metering) frame(h guard.Heard) {
	m.meter.Caller(g711.Mu, m.codes[m.at*frame:][:frame], h)
	m.meter.Agent(m.at%250 < 40, frame)
	m.meter.Take()
	if m.at++; (m.at+1)*frame > len(m.codes) {
		m.at = 0
	}
}

func TestAFrameCostsNoAllocation(t *testing.T) {
	for name, codes := range material(t) {
		m := metering{meter.New(meter.Settings{}), codes, earful(codes), 0}
		if n := testing.AllocsPerRun(3000, func() { m.frame(m.heard[m.at]) }); n != 0 {
			t.Errorf("%s: %v allocations a frame, want 0", name, n)
		}
	}
	m, x := meter.New(meter.Settings{}), make([]int16, 2*frame)
	if n := testing.AllocsPerRun(300, func() {
		m.CallerSamples(guard.Wide, x, guard.Heard{Samples: len(x), R0: 1})
		m.Forget()
	}); n != 0 {
		t.Errorf("%v allocations a wideband frame, want 0", n)
	}
	ear, codes := meter.NewEar(), make([]byte, 3*frame)
	if n := testing.AllocsPerRun(300, func() { ear.Frame(g711.A, codes) }); n != 0 {
		t.Errorf("%v allocations a frame of an ear, want 0", n)
	}
}

// BenchmarkMeter is a frame of 20 ms through the meter alone; the guard heard it before.
// The budget on speech is 400 ns on average.
func BenchmarkMeter(b *testing.B) {
	all := material(b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			codes := all[name]
			m := metering{meter.New(meter.Settings{}), codes, earful(codes), 0}
			b.ReportAllocs()
			for b.Loop() {
				m.frame(m.heard[m.at])
			}
		})
	}
}

// BenchmarkGuardAndMeter is a frame pair of a protected call: the caller's through guard,
// meter and dose, the agent's bit into the meter. The budget is 2000 ns, the goal 1200.
// "guard alone" is for comparison on a machine that has other work.
func BenchmarkGuardAndMeter(b *testing.B) {
	codes := material(b)["speech"]
	for _, both := range []bool{false, true} {
		name := "guard alone"
		if both {
			name = "guard and meter"
		}
		b.Run(name, func(b *testing.B) {
			g, dst, dose := guard.New(guard.Settings{}), make([]byte, frame), guard.NewDose(guard.DoseSettings{})
			m := metering{meter: meter.New(meter.Settings{}), codes: codes}
			before, n, at := 0.0, 0, 0
			b.ReportAllocs()
			for b.Loop() {
				g.Frame(g711.Mu, dst, codes[at:at+frame])
				if both {
					m.frame(g.Heard())
				}
				if at += frame; at+frame > len(codes) {
					at = 0
				}
				if n++; n%50 == 0 {
					energy := g.Account().Energy
					dose.Add(energy - before)
					before = energy
				}
			}
		})
	}
}
