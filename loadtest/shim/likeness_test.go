package shim

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// murmur is sound that resembles itself nowhere.
func murmur(n int) []int16 {
	r := rand.New(rand.NewPCG(1, 1))
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(r.NormFloat64() * 2000)
	}
	return out
}

func TestLikeness(t *testing.T) {
	said := murmur(4 * rate)
	late := func(n int, x []int16) []int16 { return append(make([]int16, n), x...) }
	noisy := make([]int16, len(said))
	for i, v := range said {
		noisy[i] = v + v/10 // 20 dB below
	}
	holes := append([]int16(nil), said...)
	for i := range holes {
		if i/frame%10 == 3 {
			holes[i] = 0
		}
	}
	longer := append(append(append([]int16(nil), said[:2*rate]...), said[2*rate-80:2*rate]...), said[2*rate:]...)
	for name, c := range map[string]struct {
		heard []int16
		snr   float64
		gone  int
		lag   int
	}{
		"the same":                            {said, 35, 0, 0},
		"the same, a third of a second later": {late(rate/3, said), 35, 0, rate / 3},
		"a noise 20 dB below":                 {noisy, 20, 0, 0},
		"every tenth frame is silent":         {holes, 31.5, 20, 0},
		"one place is 10 ms longer":           {longer, 35, 0, 80},
		"nothing at all":                      {make([]int16, 6*rate), 0, 200, 0},
		"the line breaks in the middle":       {said[:2*rate], 17.5, 100, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := Compare(said, c.heard)
			if math.Abs(l.SNR-c.snr) > 0.2 || l.Gone != c.gone || l.Frames != 200 || l.Lag != c.lag {
				t.Errorf("%+v, want %.1f dB, %d gone of 200, and %d later", l, c.snr, c.gone, c.lag)
			}
		})
	}
	if l := Compare(make([]int16, rate), said); l.Frames != 0 || l.SNR != 0 {
		t.Errorf("nothing said: %+v", l)
	}
}

func TestAPlayerWithoutABufferPlaysWhatIsThereInItsSlot(t *testing.T) {
	one := func(place, late int64) Piece {
		return Piece{Place: place, Arrives: 1000 + place + late, Sound: []int16{int16(place + 1), int16(place + 2)}}
	}
	got := Unbuffered(12, []Piece{one(0, 30), one(2, 5), one(4, 40), one(8, 0), one(10, 90)})
	want := []int16{1, 2, 3, 4, 0, 0, 0, 0, 9, 10, 0, 0} // 6 was lost, 4 and 10 are later than most
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Unbuffered(3, nil); !slices.Equal(got, []int16{0, 0, 0}) {
		t.Errorf("of nothing it plays %v", got)
	}
}
