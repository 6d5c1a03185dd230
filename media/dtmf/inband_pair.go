package dtmf

import "math"

// frequencies of the two groups, in Hz (ITU-T Q.23): four low ones, four high ones.
var frequencies = [8]float64{697, 770, 852, 941, 1209, 1336, 1477, 1633}

const (
	low, high = 0, 4 // where the groups begin

	byTones = "123A456B789C*0#D" // the key of low tone i and high tone k is at 4i+k
)

const (
	mostOff  = 0.025  // share of its frequency by which a tone may be off: Q.24 has 1.5 % accepted, 3.5 % refused
	mostRest = 0.08   // share of the energy that may be something else: noise 11 dB below
	leastLow = 0.25   // power of the low tone as a share of the high one's, −6 dB
	leastTop = 0.1    // power of the high tone as a share of the low one's, −10 dB
	softest  = 41_300 // power of a tone, −38 dBm0
)

// piece is 10 ms of sound, window the pieces that are looked at together.
type (
	piece  [PieceSize]float64
	window [looked]piece
)

// pair is the two tones of a digit.
type pair struct{ low, high tone }

func (p *pair) key() byte { return byTones[p.low.which*4+p.high.which-high] }

// fits tells whether the tones are as those of a digit must be.
func (p *pair) fits() bool {
	lower, higher := p.low.power(), p.high.power()
	return p.low.off() <= mostOff && p.high.off() <= mostOff &&
		lower >= leastLow*higher && higher >= leastTop*lower &&
		min(lower, higher) >= softest
}

// in tells whether the tones are in a piece, too: they are most of it, and no more
// than 4.5 dB softer than they were.
func (p *pair) in(samples []int16, energy float64) bool {
	const most, least = 0.6, 0.35
	var x piece
	x.take(samples)
	got := x.both(p.low.hz, p.high.hz)
	return got >= most*energy && got >= least*PieceSize*(p.low.power()+p.high.power())
}

// plausible tells whether half of the newest piece is one tone of each group, as near
// as every second sample of 10 ms can tell. It saves looking closely at most of what is a
// voice.
func (d *Inband) plausible() bool {
	const each, both = 0.03, 0.5 // a tone 2.5 % off is seen with half its energy
	var x [PieceSize / 2]float64
	energy, newest := 0.0, &d.kept[(d.run-1)%looked]
	for i := range x {
		v := float64(newest[2*i])
		x[i] = v
		energy += v * v
	}
	higher := strongest(four(x[:], &thinned[1])).energy
	if higher < each*energy {
		return false
	}
	lower := strongest(four(x[:], &thinned[0])).energy
	return lower >= 2*each*energy && lower+higher >= both*energy
}

// analyse finds the two tones in the kept pieces. The stronger one is found and
// taken away, then the other; and each again without the other, for in 30 ms they
// blur each other. It tells whether they are the tones of a digit.
func (d *Inband) analyse() (p pair, ok bool) {
	const weaker = 0.5 // share of the weaker tone, at most
	var x, left window
	energy := d.take(&x)
	first, second := x.strongest(low), x.strongest(high)
	from := high
	if first.energy < second.energy {
		first, from = second, low
	}
	a := first.tone()
	left = x
	a.find(&left)
	if a.remove(&left) > (weaker+2*mostRest)*energy {
		return p, false
	}
	b := left.strongest(from).tone()
	b.find(&left)
	if b.remove(&left) > 3*mostRest*energy {
		return p, false
	}
	for range 2 {
		left = x
		b.remove(&left)
		a.find(&left)
		left = x
		a.remove(&left)
		b.find(&left)
	}
	rest := b.remove(&left)
	if p = (pair{a, b}); from == low {
		p = pair{b, a}
	}
	return p, rest <= mostRest*energy && p.fits()
}

// take takes the kept pieces in their order, and tells their energy.
func (d *Inband) take(x *window) (energy float64) {
	for k := range x {
		x[k].take(d.kept[(d.run+k)%looked][:])
		for _, v := range x[k] {
			energy += v * v
		}
	}
	return energy
}

func (x *piece) take(samples []int16) {
	for i, s := range samples[:len(x)] {
		x[i] = float64(s)
	}
}

// found is a frequency and what energy there is.
type found struct {
	which  int
	energy float64
}

func (f found) tone() tone { return tone{which: f.which, hz: frequencies[f.which]} }

// strongest finds the frequency of a group that has most energy. Each piece is taken by
// itself: over 30 ms a tone 2 % off would be missed.
func (x *window) strongest(group int) found {
	var sum [4]float64
	for k := range x {
		for i, e := range four(x[k][:], &doubles[group/4]) {
			sum[i] += e
		}
	}
	best := strongest(sum)
	best.which += group
	return best
}

func strongest(energies [4]float64) (best found) {
	for i, e := range energies {
		if e > best.energy {
			best = found{i, e}
		}
	}
	return best
}

// four is the energy of x at the four frequencies of a group: Goertzel's recursion, four
// side by side.
func four(x []float64, doubles *[4]float64) [4]float64 {
	k0, k1, k2, k3 := doubles[0], doubles[1], doubles[2], doubles[3]
	var a1, a2, b1, b2, c1, c2, d1, d2 float64
	for _, v := range x {
		a1, a2 = v-a2+k0*a1, a1 // the newest is needed last: nothing waits for it but the next
		b1, b2 = v-b2+k1*b1, b1
		c1, c2 = v-c2+k2*c1, c1
		d1, d2 = v-d2+k3*d1, d1
	}
	scale := 2 / float64(len(x))
	return [4]float64{
		scale * (a1*a1 + a2*a2 - k0*a1*a2), scale * (b1*b1 + b2*b2 - k1*b1*b2),
		scale * (c1*c1 + c2*c2 - k2*c1*c2), scale * (d1*d1 + d2*d2 - k3*d1*d2),
	}
}

// doubles are 2·cos of the angle a sample, by group; thinned those for every second sample.
var doubles, thinned = angles(Rate), angles(Rate / 2)

func angles(rate float64) (d [2][4]float64) {
	for i, hz := range frequencies {
		d[i/4][i%4] = 2 * math.Cos(2*math.Pi*hz/rate)
	}
	return d
}

// both is the energy of a piece at two frequencies.
func (x *piece) both(low, high float64) float64 {
	k, m := 2*math.Cos(2*math.Pi*low/Rate), 2*math.Cos(2*math.Pi*high/Rate)
	var a1, a2, b1, b2 float64
	for _, v := range x {
		a1, a2 = v-a2+k*a1, a1
		b1, b2 = v-b2+m*b1, b1
	}
	return (a1*a1 + a2*a2 - k*a1*a2 + b1*b1 + b2*b2 - m*b1*b2) * 2 / PieceSize
}
