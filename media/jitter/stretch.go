package jitter

import "math"

// search says what is compared with what in order to find a lag: length samples from at on
// with as many that lie from…to samples before (toward −1) or behind (+1).
type search struct {
	at, length, from, to, toward, step int
}

// lag is the distance at which a sound repeats itself best, and how well: 1 is
// exactly. It looks at every second sample first, and then at all near the best.
func lag(x []int16, s search) (best int, alike float64) {
	best = s.to
	coarse := 2 * s.step
	for d := s.from; d <= s.to; d += coarse {
		if a := similarity(x, s.at, s.at+s.toward*d, s.length, coarse); a > alike {
			best, alike = d, a
		}
	}
	near, alike := best, 0.0
	for d := max(s.from, near-s.step); d <= min(s.to, near+s.step); d += s.step {
		if a := similarity(x, s.at, s.at+s.toward*d, s.length, 1); a > alike {
			best, alike = d, a
		}
	}
	return best, alike
}

// similarity is the normalized cross-correlation of two stretches; 0 if it is negative or
// one of them is silent.
func similarity(x []int16, at, other, length, step int) float64 {
	var cross, left, right int64
	a, b := x[at:at+length], x[other:other+length]
	for i := 0; i < length; i += step {
		u, v := int64(a[i]), int64(b[i])
		cross, left, right = cross+u*v, left+u*u, right+v*v
	}
	if cross <= 0 {
		return 0
	}
	return float64(cross) / math.Sqrt(float64(left)*float64(right))
}
