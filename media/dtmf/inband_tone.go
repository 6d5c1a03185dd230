package dtmf

import "math"

// tone is one sine in a window.
type tone struct {
	which    int     // its place in frequencies
	hz       float64 // as it is
	cos, sin float64 // amplitudes, from the window's first sample
}

func (t *tone) power() float64 { return (t.cos*t.cos + t.sin*t.sin) / 2 }

// off is how far the tone is from its frequency, as a share of it.
func (t *tone) off() float64 { return math.Abs(t.hz/frequencies[t.which] - 1) }

// find finds the sine near t.hz that explains most of x: its frequency by how far the
// phase turns from piece to piece, which is clear up to 50 Hz away, then its amplitudes
// by least squares.
func (t *tone) find(x *window) {
	for range 2 {
		t.hz += x.drift(t.hz)
	}
	sin, cos := math.Sincos(2 * math.Pi * t.hz / Rate)
	c, s := 1.0, 0.0
	var cc, cs, ss, xc, xs float64
	for k := range x {
		for _, v := range x[k] {
			cc, cs, ss = cc+c*c, cs+c*s, ss+s*s
			xc, xs = xc+v*c, xs+v*s
			c, s = c*cos-s*sin, s*cos+c*sin
		}
	}
	det := cc*ss - cs*cs
	t.cos, t.sin = (xc*ss-xs*cs)/det, (xs*cc-xc*cs)/det
}

// remove takes the sine out of x and tells the energy of what is left.
func (t *tone) remove(x *window) (left float64) {
	sin, cos := math.Sincos(2 * math.Pi * t.hz / Rate)
	now, quarter := t.cos, -t.sin
	for k := range x {
		for i, v := range x[k] {
			v -= now
			x[k][i] = v
			left += v * v
			now, quarter = now*cos-quarter*sin, quarter*cos+now*sin
		}
	}
	return left
}

// drift is how many Hz the sine near hz is off, as the phases of the three pieces
// tell: Goertzel's recursion, three side by side.
func (x *window) drift(hz float64) float64 {
	sin, cos := math.Sincos(2 * math.Pi * hz / Rate)
	k := 2 * cos
	var a1, a2, b1, b2, c1, c2 float64
	for i := range x[0] {
		a1, a2 = x[0][i]-a2+k*a1, a1
		b1, b2 = x[1][i]-b2+k*b1, b1
		c1, c2 = x[2][i]-c2+k*c1, c1
	}
	ar, br, cr := a1-cos*a2, b1-cos*b2, c1-cos*c2
	ai, bi, ci := sin*a2, sin*b2, sin*c2
	turn := math.Atan2(bi*ar-br*ai+ci*br-cr*bi, br*ar+bi*ai+cr*br+ci*bi)
	turn -= 2 * math.Pi * hz * PieceSize / Rate
	return math.Remainder(turn, 2*math.Pi) * Rate / PieceSize / (2 * math.Pi)
}
