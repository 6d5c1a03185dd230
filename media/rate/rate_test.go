package rate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

const (
	narrow = 8000
	wide   = 16000
)

// tone is a sine of hertz at a sampling rate; its peak is amplitude.
func tone(hertz, amplitude float64, sampling int) []int16 {
	x := make([]int16, sampling) // one second
	for i := range x {
		x[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*hertz*float64(i)/float64(sampling))))
	}
	return x
}

// level is the amplitude of hertz in x in dB against amplitude. The first eighth of a
// second, in which the filter fills, is left out; hertz is a multiple of 8.
func level(x []int16, hertz, amplitude float64, sampling int) float64 {
	x = x[sampling/8:]
	x = x[:len(x)/(sampling/8)*(sampling/8)]
	var re, im float64
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * hertz * float64(i) / float64(sampling))
		re += float64(v) * c
		im += float64(v) * s
	}
	return 20 * math.Log10(2*math.Hypot(re, im)/float64(len(x))/amplitude+1e-9)
}

func up(x []int16) []int16 {
	var u Up
	y := make([]int16, 2*len(x))
	u.Convert(y, x)
	return y
}

func down(x []int16) []int16 {
	var d Down
	y := make([]int16, len(x)/2)
	d.Convert(y, x)
	return y
}

func TestATelephonesBandIsFlatBothWaysAndMirrorsNothing(t *testing.T) {
	const amplitude = 16000
	worst, image, alias := 0.0, -999.0, -999.0
	for hertz := 8.0; hertz <= 3400; hertz += 8 * 7 {
		y := up(tone(hertz, amplitude, narrow))
		worst = max(worst, math.Abs(level(y, hertz, amplitude, wide)))
		image = max(image, level(y, narrow-hertz, amplitude, wide))
		worst = max(worst, math.Abs(level(down(tone(hertz, amplitude, wide)), hertz, amplitude, narrow)))
	}
	for hertz := 4600.0; hertz < 8000; hertz += 8 * 7 {
		alias = max(alias, level(down(tone(hertz, amplitude, wide)), narrow-hertz, amplitude, narrow))
	}
	t.Logf("flat ±%.3f dB, images %.1f dB, aliases %.1f dB", worst, image, alias)
	if worst > 0.1 {
		t.Errorf("the band up to 3.4 kHz is off by %.3f dB, want at most 0.1 (promised: 0.3)", worst)
	}
	if image > -60 || alias > -60 {
		t.Errorf("images %.1f dB and aliases %.1f dB, want −60 or less (promised: −50)", image, alias)
	}
}

func TestUpAndDownGivesTheSameSound(t *testing.T) {
	const delay = 2*reach - 1 // narrow samples, both ways together
	for name, x := range map[string][]int16{
		"a tone":  tone(1000, 20000, narrow),
		"a chord": mix(tone(400, 9000, narrow), tone(1504, 9000, narrow), tone(3200, 9000, narrow)),
	} {
		y := down(up(x))
		for i := 100; i < len(y); i++ {
			if d := int(y[i]) - int(x[i-delay]); d < -20 || d > 20 {
				t.Fatalf("%s: sample %d is %d, want %d within 20 (−60 dB)", name, i, y[i], x[i-delay])
			}
		}
	}
}

func mix(all ...[]int16) []int16 {
	sum := make([]int16, len(all[0]))
	for _, x := range all {
		for i, v := range x {
			sum[i] += v
		}
	}
	return sum
}

func TestWhatIsTooLoudIsClippedNotTurnedOver(t *testing.T) {
	// The worst that can come: every sample at full scale, with the sign of its tap.
	for _, positive := range []bool{true, false} {
		var w [2 * reach]int16
		for k, c := range half {
			w[reach-1-k] = math.MaxInt16
			if c > 0 != positive {
				w[reach-1-k] = math.MinInt16
			}
			w[reach+k] = w[reach-1-k]
		}
		y := up(w[:])
		if last := y[len(y)-1]; positive && last != math.MaxInt16 || !positive && last != math.MinInt16 {
			t.Errorf("the loudest sum came out as %d", last)
		}
	}
	for i, v := range up(slices.Repeat([]int16{math.MaxInt16}, 100))[60:] {
		if v < math.MaxInt16-40 {
			t.Fatalf("a constant full scale gives %d at %d", v, i)
		}
	}
	for i, v := range down(slices.Repeat([]int16{math.MinInt16}, 200))[60:] {
		if v > math.MinInt16+40 {
			t.Fatalf("a constant full scale gives %d at %d", v, i)
		}
	}
}

func TestPiecesSoundLikeTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]int16, 5000)
	for i := range x {
		x[i] = int16(r.Uint32())
	}
	wantUp, wantDown := up(x), down(x)
	var u Up
	var d Down
	var gotUp, gotDown []int16
	for at := 0; at < len(x); {
		n := min(2*r.IntN(400), len(x)-at) // nothing and more than a block, too
		y := make([]int16, 2*n)
		gotUp = append(gotUp, y[:u.Convert(y, x[at:at+n])]...)
		gotDown = append(gotDown, y[:d.Convert(y, x[at:at+n])]...)
		at += n
	}
	if !slices.Equal(gotUp, wantUp) || !slices.Equal(gotDown, wantDown) {
		t.Error("converted in pieces it is another sound than at once")
	}
}

func TestOnlyWhatFitsIsConverted(t *testing.T) {
	for name, c := range map[string]struct {
		convert          func(dst, src []int16) int
		dst, src, expect int
	}{
		"up: all of it":                  {new(Up).Convert, 20, 10, 20},
		"up: a short destination":        {new(Up).Convert, 7, 10, 6},
		"up: nothing":                    {new(Up).Convert, 0, 0, 0},
		"down: all of it":                {new(Down).Convert, 5, 10, 5},
		"down: an odd sample is left":    {new(Down).Convert, 9, 9, 4},
		"down: a short destination":      {new(Down).Convert, 3, 10, 3},
		"down: one sample is not a pair": {new(Down).Convert, 3, 1, 0},
	} {
		if got := c.convert(make([]int16, c.dst), make([]int16, c.src)); got != c.expect {
			t.Errorf("%s: %d samples, want %d", name, got, c.expect)
		}
	}
}

func TestACopyGoesItsOwnWay(t *testing.T) {
	x := tone(1000, 10000, narrow)[:160]
	var a Up
	first := make([]int16, 320)
	a.Convert(first, x)
	b := a
	one, other := make([]int16, 320), make([]int16, 320)
	a.Convert(one, x)
	b.Convert(other, x)
	if !slices.Equal(one, other) {
		t.Error("a copy of the state continues otherwise than the original")
	}
	if slices.Equal(first, one) {
		t.Error("the second frame sounds like the first: nothing was remembered")
	}
}

func TestTheFilterIsWhatItsCommentSays(t *testing.T) {
	const beta = 6
	for k, got := range half {
		distance := float64(2*k + 1)
		sinc := math.Sin(math.Pi/2*distance) / (math.Pi / 2 * distance)
		edge := distance / (2 * reach)
		want := math.Round(sinc * bessel(beta*math.Sqrt(1-edge*edge)) / bessel(beta) * (1 << unit))
		if float64(got) != want {
			t.Errorf("tap %d is %d, want %v", k, got, want)
		}
	}
}

// bessel is the modified Bessel function of the first kind, order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-15*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

func TestAFrameAllocatesNothing(t *testing.T) {
	var u Up
	var d Down
	x, y := make([]int16, 160), make([]int16, 320)
	if n := testing.AllocsPerRun(1000, func() { u.Convert(y, x); d.Convert(x, y) }); n != 0 {
		t.Errorf("%v allocations a frame, want 0", n)
	}
}

func BenchmarkUp(b *testing.B) {
	b.ReportAllocs()
	var u Up
	x, y := tone(1000, 10000, narrow)[:160], make([]int16, 320)
	for b.Loop() {
		u.Convert(y, x)
	}
}

func BenchmarkDown(b *testing.B) {
	b.ReportAllocs()
	var d Down
	x, y := tone(1000, 10000, wide)[:320], make([]int16, 160)
	for b.Loop() {
		d.Convert(y, x)
	}
}
