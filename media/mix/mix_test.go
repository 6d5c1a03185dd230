package mix

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

const frame = 160

// say puts a constant sample into a seat.
func say(m *Mixer, seat int, sample int16) {
	in := m.In(seat)
	for i := range in {
		in[i] = sample
	}
	m.Speaks(seat, true)
}

// open lets everybody hear everybody, without a ramp.
func open(seats int) *Mixer {
	m := New(seats, frame)
	for ear := range seats {
		for mouth := range seats {
			m.Gain(ear, mouth, 1)
		}
		m.Out(ear, make([]int16, frame))
	}
	return m
}

func TestEverybodyHearsAllOthersAndNotThemselves(t *testing.T) {
	for name, c := range map[string]struct {
		said []int16
		want []int16
	}{
		"two":                     {[]int16{1, 2}, []int16{2, 1}},
		"three":                   {[]int16{1, 20, 300}, []int16{320, 301, 21}},
		"one alone":               {[]int16{5}, []int16{0}},
		"as many as there may be": {[]int16{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, []int16{15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15}},
		"somebody below zero":     {[]int16{-100, 40, 0}, []int16{40, -100, -60}},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(len(c.said))
			for seat, sample := range c.said {
				say(m, seat, sample)
			}
			for ear, want := range c.want {
				var out [frame]int16
				sound := m.Out(ear, out[:])
				if out[0] != want || out[frame-1] != want || sound != (len(c.said) > 1) {
					t.Errorf("seat %d hears %d to %d (sound %v), want %d", ear, out[0], out[frame-1], sound, want)
				}
			}
		})
	}
}

func TestAtFirstNobodyHearsAnybody(t *testing.T) {
	m := New(3, frame)
	for seat := range 3 {
		say(m, seat, 1000)
	}
	out := []int16{9: 7, frame - 1: 7}
	if m.Out(0, out) || out[9] != 0 || out[frame-1] != 0 {
		t.Error("something was heard")
	}
}

func TestWhoDoesNotSpeakIsNotHeard(t *testing.T) {
	m := open(2)
	say(m, 0, 1000)
	m.Speaks(0, false)
	var out [frame]int16
	if m.Out(1, out[:]) || out[0] != 0 {
		t.Errorf("heard %d", out[0])
	}
}

// A gain is of one ear only, and is reached evenly within a frame.
func TestAGainIsReachedWithoutAClick(t *testing.T) {
	m := open(3)
	say(m, 0, 10000)
	m.Gain(1, 0, 0.1)
	var out [frame]int16
	m.Out(1, out[:])
	before := int16(10000)
	for i, s := range out {
		if step := before - s; step < 0 || step > 9000/frame+2 {
			t.Fatalf("sample %d: %d after %d", i, s, before)
		}
		before = s
	}
	if before < 998 || before > 1000 {
		t.Errorf("the frame ends at %d, want about 1000", before)
	}
	if m.Out(1, out[:]); out[0] != 1000 || out[frame-1] != 1000 {
		t.Errorf("afterwards %d to %d, want 1000", out[0], out[frame-1])
	}
	if m.Out(2, out[:]); out[0] != 10000 {
		t.Errorf("another ear hears %d, want 10000", out[0])
	}
	m.Gain(1, 0, 0)
	m.Out(1, out[:])
	if out[frame-1] != 0 {
		t.Errorf("muted, the frame ends at %d", out[frame-1])
	}
	if m.Out(1, out[:]) {
		t.Error("who is muted is heard")
	}
}

// While nobody speaks there is nothing that could click.
func TestAGainOfSilenceIsReachedAtOnce(t *testing.T) {
	m := open(2)
	m.Speaks(0, false)
	m.Gain(1, 0, 0.5)
	var out [frame]int16
	m.Out(1, out[:])
	say(m, 0, 1000)
	if m.Out(1, out[:]); out[0] != 500 {
		t.Errorf("the first sample is %d, want 500", out[0])
	}
}

func TestAMixerGoesOnWhereAnotherWas(t *testing.T) {
	old := open(2)
	m := New(3, frame)
	m.Inherit(2, 1, old, 1, 0)
	m.Gain(2, 1, 1)
	m.Gain(2, 0, 1)
	say(m, 1, 1000)
	var out [frame]int16
	if m.Out(2, out[:]); out[0] != 1000 {
		t.Errorf("who was heard before begins at %d, want 1000", out[0])
	}
	say(m, 0, 1000)
	m.pairs[2][0].now = 0
	if m.Out(2, out[:]); out[0] > 1010 || out[frame-1] != 2000 {
		t.Errorf("who is new goes from %d to %d, want 1000 to 2000", out[0], out[frame-1])
	}
}

// Below the knee a sum is exact; above, louder stays louder, without a step, and nothing
// wraps round.
func TestSaturation(t *testing.T) {
	at := func(v int32) int16 {
		var out [1]int16
		saturate(out[:], []int32{v})
		return out[0]
	}
	for _, v := range []int32{0, 1, -1, knee, -knee, 12345} {
		if got := at(v); int32(got) != v {
			t.Errorf("%d became %d", v, got)
		}
	}
	before := at(knee)
	for v := int32(knee); v < 20*top; v++ {
		got := at(v)
		if got < before || got-before > 1 || got != -at(-v) {
			t.Fatalf("%d became %d after %d; below zero %d", v, got, before, at(-v))
		}
		before = got
	}
	if before > top {
		t.Errorf("the loudest is %d", before)
	}
}

// Whatever is said and set, an ear hears the sum of the others as loud as was set.
func TestMixIsTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seats := rapid.IntRange(1, Seats).Draw(t, "seats")
		m := New(seats, frame)
		for range 4 {
			said := make([]int16, seats)
			for i := range said {
				said[i] = rapid.Int16().Draw(t, "sample")
				say(m, i, said[i])
				m.Speaks(i, rapid.Bool().Draw(t, "speaks"))
			}
			for ear := range seats {
				want := 0.0
				for mouth := range seats {
					gain := rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(t, "gain")
					m.Gain(ear, mouth, gain)
					if mouth != ear && m.live[mouth] {
						want += gain * float64(said[mouth])
					}
				}
				var out [frame]int16
				m.Out(ear, out[:])
				if math.Abs(want) < knee && math.Abs(float64(out[frame-1])-want) > float64(seats)+1 {
					t.Fatalf("seat %d of %d hears %d, want %.0f", ear, seats, out[frame-1], want)
				}
				if math.Abs(want) > knee+float64(seats) && (out[frame-1] > 0) != (want > 0) {
					t.Fatalf("the sign turned: %d of %.0f", out[frame-1], want)
				}
			}
		}
	})
}

func TestComfortNoiseHasTheLevelThatWasTold(t *testing.T) {
	for _, below := range []uint8{10, 30, 60, 75} {
		var n Noise
		n.Level(below)
		x := make([]int16, 8000)
		n.Fill(x)
		sum, mean := 0.0, 0.0
		for _, s := range x {
			sum, mean = sum+float64(s)*float64(s), mean+float64(s)
		}
		level := 10 * math.Log10(sum/float64(len(x))/(32768*32768))
		if below <= 60 && math.Abs(level+float64(below)) > 0.5 || level > -float64(below)+0.5 {
			t.Errorf("%d dB below overload is %.1f dB", below, level)
		}
		if limit := 32768 * math.Pow(10, -float64(below)/20) / 10; math.Abs(mean/float64(len(x))) > limit+1 {
			t.Errorf("%d dB: the mean is %.1f", below, mean/float64(len(x)))
		}
	}
	var quiet Noise
	if quiet.Loud() {
		t.Error("noise before it was told")
	}
	if quiet.Level(127); quiet.Loud() {
		t.Error("127 is to be heard")
	}
}

func TestMixingAllocatesNothing(t *testing.T) {
	m := open(4)
	var n Noise
	n.Level(50)
	var out [frame]int16
	if got := testing.AllocsPerRun(100, func() {
		for seat := range 4 {
			n.Fill(m.In(seat))
			m.Speaks(seat, true)
			m.Gain(0, seat, 0.3)
		}
		for seat := range 4 {
			m.Out(seat, out[:])
		}
	}); got != 0 {
		t.Errorf("%v allocations a frame, want 0", got)
	}
}

func BenchmarkMixThree(b *testing.B) {
	m := open(3)
	for seat := range 3 {
		say(m, seat, int16(seat*100))
	}
	var out [frame]int16
	b.ReportAllocs()
	for b.Loop() {
		for seat := range 3 {
			m.Out(seat, out[:])
		}
	}
}
