package guard

import (
	"math"
	"testing"
	"unsafe"
)

const smallest = 0x1p-1022 // below are the denormal numbers

// Sound that fades into nothing must not leave a filter with numbers that are a
// hundred times as dear as others.
func TestNoFilterEndsInDenormalNumbers(t *testing.T) {
	for _, rate := range []Rate{Narrow, Wide} {
		g := New(Settings{})
		g.StepBack(true)
		a := NewAWeight(rate)
		frame := make([]int16, int(rate)/50)
		for i := range 10_000 {
			clear(frame)
			if i == 0 {
				frame[0] = 30000
			}
			if i%500 == 1 {
				frame[len(frame)-1] = 1 // almost silence, not to be skipped
			}
			a.Energy(frame)
			g.Samples(rate, frame)
			for _, v := range []float64{g.ear.y1, g.ear.y2, g.stepBack.y1, a.y1, a.y2, g.usual, g.gain, g.comfort.gain, g.account.energy} {
				if v != 0 && math.Abs(v) < smallest || math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%d Hz, frame %d: a state of %g", rate, i, v)
				}
			}
		}
	}
}

// A call's worth of state is small. A quarter of it, three pieces of sound, is only touched
// where a digit may be in it.
func TestAGuardIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Guard{}); size > 2048 {
		t.Errorf("a guard has %d bytes, want at most 2048", size)
	} else {
		t.Logf("%d bytes", size)
	}
}

func testEar(rate Rate, peak float64) ear {
	h := newHearing(rate, peak)
	return ear{hearing: &h}
}

// The sine that explains a piece is found wherever the piece is cut.
func TestASineIsRecognisedByItsRecursion(t *testing.T) {
	for _, rate := range []Rate{Narrow, Wide} {
		for hz := 100.0; hz < 3900; hz *= 1.1 {
			e := testEar(rate, 16000)
			x := make([]int16, 6*e.block)
			for i := range x {
				x[i] = int16(math.Round(8000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)+1)))
			}
			var p piece
			for at := 0; at < len(x); at += 2 * e.block {
				var blocks [2]sums
				part := x[at : at+2*e.block]
				e.measure(blocks[:], part)
				p = piece{}
				e.listen(&p, part, blocks[:], tonal{turn: 1})
			}
			if got := math.Acos(p.sine.turn) * 8000 / 2 / math.Pi; math.Abs(got/hz-1) > 0.01 || p.sine.impure > 0.0005 {
				t.Errorf("%.0f Hz at %d: taken for %.0f Hz, %.5f impure", hz, rate, got, p.sine.impure)
			}
		}
	}
}

func TestTheTwoWaysToWeighAgree(t *testing.T) {
	for n := 1; n < 200; n += 3 { // odd lengths too
		e, a := testEar(Narrow, 16000), NewAWeight(Narrow)
		x := make([]int16, n)
		for i := range x {
			x[i] = int16(i * 7919)
		}
		m := e.run(x, &e.past)
		got, want := m.energy, a.Energy(x)*float64(Narrow)
		if math.Abs(got-want) > 1e-9*want {
			t.Fatalf("%d samples: %g and %g", n, got, want)
		}
		var sum int
		for _, s := range x {
			sum += int(s) * int(s)
		}
		if m.c00 != sum {
			t.Fatalf("%d samples: energy %d, want %d", n, m.c00, sum)
		}
	}
}
