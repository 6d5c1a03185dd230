package guard

import "math"

// hunter looks for tones, piece by piece. A fax, a whistle or a howl is explained
// by one sine; a voice is not, for it has overtones and noise, but for a moment now
// and then, or where its lowest overtone stands alone: below Tone.Above.
type hunter struct {
	pure, moving       float64 // of Tone
	pureFor, movingFor int
	turn, fast         float64 // cosine of the angle a sample at Tone.Above, and at MovingAbove

	pures, movings int     // pieces in a row so far
	low, high      float64 // angles of the movings
	angle          float64 // of the piece before
}

func newHunter(t Tone, rate Rate) hunter {
	return hunter{
		pure: t.Pure, moving: t.Moving, pureFor: t.PureFor, movingFor: t.MovingFor,
		turn: math.Cos(2 * math.Pi * t.Above / float64(rate)),
		fast: math.Cos(2 * math.Pi * t.MovingAbove / float64(rate)),
	}
}

func (h *hunter) forget() { h.pures, h.movings = 0, 0 }

// seen takes the next piece and tells over how many pieces, this one included, a
// tone stands; 0 for none. A piece is audible if it is loud enough to matter.
func (h *hunter) seen(p *piece, audible bool) int {
	if !audible || p.impure > h.moving || p.turn > h.turn {
		h.forget()
		return 0
	}
	if h.pures++; p.impure > h.pure {
		h.pures = 0
	}
	if p.turn > h.fast {
		h.movings = 0
	} else {
		h.follow(math.Acos(max(p.turn, -1)))
	}
	switch {
	case h.pures >= h.pureFor:
		return h.pures
	case h.movings >= h.movingFor && h.high > h.low*leastMove:
		return h.movings
	}
	return 0
}

const (
	leastMove = 1.02 // the frequencies of a moving tone differ by so much at least
	mostStep  = 1.25 // and from piece to piece by so much at most: more is another sound
)

func (h *hunter) follow(angle float64) {
	if h.movings == 0 || angle > h.angle*mostStep || angle*mostStep < h.angle {
		h.movings, h.low, h.high = 0, angle, angle
	}
	h.movings++
	h.low, h.high = min(h.low, angle), max(h.high, angle)
	h.angle = angle
}
