package guard

import "math"

// hunter looks for tones, piece by piece. A fax, a whistle or a howl is explained
// by one sine; a voice is not, for it has overtones, its pulses fade, and its hiss is
// noise; but for a moment now and then, or where its lowest overtone stands alone:
// below Tone.Above. Three kinds of tone are told apart, because what tells a voice
// from them differs:
//
//   - pure: hardly anything else is there. That is enough at any frequency.
//   - noisy: a line's noise lies over it. A sine that does not fade must explain
//     nearly all; only where vowels are rare and hiss is not narrow.
//   - moving: its frequency changes within each piece, as a pea whistle's does.
type hunter struct {
	*tonality

	pures, noisies, movings int     // pieces in a row so far; a pure one is a noisy one too
	low, high               float64 // angles of the movings
	angle                   float64 // of the piece before
}

// tonality is what is taken for a tone.
type tonality struct {
	Tone
	bounds
}

// bounds are the frequencies of Tone as the cosine of the angle a sample at 8000 Hz: a
// higher frequency is a lower number. At 16000 Hz moments are taken at that distance,
// too: a whistle of 6000 Hz then looks like one of 2000 Hz, and is one as well.
type bounds struct{ above, movingAbove, noisyFrom, noisyTo float64 }

func newTonality(t Tone) tonality {
	turn := func(hz float64) float64 { return math.Cos(2 * math.Pi * hz / float64(Narrow)) }
	return tonality{Tone: t, bounds: bounds{
		above: turn(t.Above), movingAbove: turn(t.MovingAbove), noisyFrom: turn(t.NoisyFrom), noisyTo: turn(t.NoisyTo),
	}}
}

func (h *hunter) forget() { h.pures, h.noisies, h.movings = 0, 0, 0 }

// seen takes the sine of the next piece and tells over how many pieces, this one
// included, a tone stands; 0 for none. A piece is audible if it is loud enough to matter.
func (h *hunter) seen(p *sine, audible bool) int {
	if !audible || p.turn > h.above {
		h.forget()
		return 0
	}
	if h.pures++; p.impure > h.Pure {
		h.pures = 0
	}
	if h.noisies++; h.pures == 0 && !h.noisy(p) {
		h.noisies = 0
	}
	if p.impure > h.Moving || p.turn > h.movingAbove {
		h.movings = 0
	} else {
		h.follow(math.Acos(max(p.turn, -1)))
	}
	switch {
	case h.pures >= h.PureFor:
		return h.pures
	case h.noisies >= h.NoisyFor:
		return h.noisies
	case h.movings >= h.MovingFor && h.high > h.low*leastMove:
		return h.movings
	}
	return 0
}

const (
	leastMove = 1.02 // the frequencies of a moving tone differ by so much at least
	mostStep  = 1.25 // and from piece to piece by so much at most: more is another sound
	resonant  = 0.05 // a noisy tone is one resonance but for so much; hiss is not
)

func (h *hunter) noisy(p *sine) bool {
	return p.noise <= h.Noisy && p.impure <= resonant && p.turn <= h.noisyFrom && p.turn >= h.noisyTo
}

func (h *hunter) follow(angle float64) {
	if h.movings == 0 || angle > h.angle*mostStep || angle*mostStep < h.angle {
		h.movings, h.low, h.high = 0, angle, angle
	}
	h.movings++
	h.low, h.high = min(h.low, angle), max(h.high, angle)
	h.angle = angle
}
