package guard

import (
	"math"
	"time"
)

// calm looks for sound that is loud and does not change: bells, alarms, noise,
// music. A voice changes its level within a quarter of a second.
type calm struct {
	*steadiness

	mean   float64 // power of the pieces in a row
	pieces int     // in a row so far
	limit  float64 // power that may go to the ear, once it is steady
}

// steadiness is what is taken for steady, and what is done to it.
type steadiness struct {
	on     bool
	within float64 // factor of power
	over   float64 // factor of the usual power
	after  int     // pieces
	fall   float64 // factor of power a piece
	under  float64 // factor of power
}

func newSteadiness(s Steady) steadiness {
	return steadiness{
		on: *s.Enabled, within: power(s.Within), over: power(s.Over), after: int(s.After / (pieceMS * time.Millisecond)),
		fall: power(-s.Fall * pieceMS / 1000), under: power(-s.Under),
	}
}

func (c *calm) forget() { c.pieces = 0 }

// found tells whether the sound is steady.
func (c *calm) found() bool { return c.on && c.pieces >= c.after }

// allowed is the power that may go to the ear; +Inf if the sound is not steady.
func (c *calm) allowed() float64 {
	if !c.found() {
		return math.Inf(1)
	}
	return c.limit
}

// seen takes the next piece. usual is the usual power of the line, heard what of
// it comes to the ear, gain what is given to the ear now.
func (c *calm) seen(p *piece, usual, heard, gain float64) {
	if !c.on {
		return
	}
	if p.mean <= usual*c.over {
		c.pieces = 0
		return
	}
	if c.pieces == 0 || p.mean > c.mean*c.within || p.mean*c.within < c.mean {
		c.pieces, c.mean = 1, p.mean
		return
	}
	c.pieces++
	c.mean += (p.mean - c.mean) / float64(min(c.pieces, c.after))
	if c.pieces == c.after {
		c.limit = c.mean * gain * gain
	}
	c.limit = max(c.limit*c.fall, heard*c.under)
}
