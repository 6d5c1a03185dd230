// Package guard protects an agent's ears. It looks at each frame of a caller's line
// before the agent hears it and turns down what hurts or startles: a fax, a whistle, a
// slammed handset, a scream, a sudden jump. It adds no delay, and what needs no change
// it does not touch, to the last bit. It also adds up what the ear got in a day.
//
// It knows numbers and no words: whether a caller is rude is not its business. It
// has no clock, starts nothing, opens nothing and allocates nothing per frame.
package guard

import (
	"encoding/binary"

	"breakwater/media/g711"
)

// Guard is the hearing guard of one leg. Whoever receives the leg's frames owns
// it; no other may touch it.
type Guard struct {
	limits *limits
	rate   Rate
	usual  float64 // long-term active power of the line, A-weighted; outlives gaps
	own    bool    // the sound is the server's, not a caller's
	given
	comfort  leveller
	ear      ear
	steady   calm
	tone     hunter
	track    track
	stepBack stepBack
	account  account
	digits   digits // its pieces of sound are its last

	// What follows is not looked at while no rule asks for less.
	rulings rulings
	kind    *Kind
}

// Front is how many bytes at the beginning of a Guard the next frame will need, for whoever
// asks for them before it comes.
const Front = 560

// given is what the last block was given.
type given struct {
	gain  float64 // comfort's included
	muted bool    // nothing at all, for a digit
	hold  float64 // seconds until gain may rise
	rise  float64 // factor of gain a block, then
}

// New makes a guard that has heard nothing yet. It takes the line's usual level to
// be −20 dBm0 until it knows better.
func New(s Settings) *Guard { return NewKind(s).New() }

// New makes a guard of a kind, as the function New does.
func (k *Kind) New() *Guard {
	g := &Guard{
		kind:    k,
		limits:  &k.limits,
		steady:  calm{steadiness: &k.steady},
		tone:    hunter{tonality: &k.tone},
		usual:   firstUsual,
		comfort: leveller{levelling: &k.leveller, gain: 1},
		digits:  digits{on: k.digits},
		track:   track{low: 1},
	}
	g.given = given{gain: 1, rise: g.limits.rise}
	g.tune(Narrow)
	return g
}

// tune makes the guard ready for a rate. A codec may change within a call: what
// was learned of the line stays.
func (g *Guard) tune(rate Rate) {
	if g.rate == rate {
		return
	}
	g.rate = rate
	at := &g.kind.narrow
	if rate == Wide {
		at = &g.kind.wide
	}
	g.ear = ear{hearing: &at.hearing}
	g.stepBack.tune(&at.shelf)
	g.track.filled = 0
	g.Forget()
}

// Forget is for frames that do not follow those before: packets were lost, or
// another source (SSRC) sends. The usual level of the line stays known, and what is
// held down stays down until its time is over.
func (g *Guard) Forget() {
	g.ear.forget()
	g.tone.forget()
	g.steady.forget()
	g.digits.Gap()
}

// Own says whether the frames that follow are sound of the server's own: prompts, tones
// and music. Nobody whistles in them, so they only obey the ceilings of level and peak,
// and nothing is learned of the line.
func (g *Guard) Own(on bool) {
	if g.own != on {
		g.own = on
		g.Forget()
	}
}

// StepBack turns the agent's step-back on or off: the caller softer and less
// sharp. It comes and goes within 50 ms, without a click.
func (g *Guard) StepBack(on bool) { g.stepBack.on = on }

// Frame guards a frame of G.711 codes, best of 10 to 60 ms; longer ones are taken as
// several. If the frame needs a change it is written to dst, which must be as
// long as src and may be src itself; else dst is not touched and src is to be sent.
func (g *Guard) Frame(law g711.Law, dst, src []byte) (changed bool) {
	const usual, longest = int(Narrow) * 20 / 1000, int(Narrow) * segmentMS / 1000
	g.begin(Narrow)
	g.ear.coded = true
	if len(src) <= usual {
		var samples [usual]int16 // three times as many would have to be cleared
		changed = g.codes(law, dst, src, samples[:])
	} else {
		var samples [longest]int16
		changed = g.codes(law, dst, src, samples[:])
	}
	g.account.end(changed)
	return changed
}

// codes guards a frame, as many codes at a time as there is room for their samples.
func (g *Guard) codes(law g711.Law, dst, src []byte, room []int16) (changed bool) {
	for at := 0; at < len(src); at += len(room) {
		codes := src[at:min(at+len(room), len(src))]
		x := room[:len(codes)]
		quiet := g.still(law, codes)
		if !quiet {
			law.Decode(x, codes)
		}
		touched := g.segment(x, quiet)
		if touched && !changed {
			copy(dst, src[:at])
			changed = true
		}
		switch {
		case touched:
			law.Encode(dst[at:], x)
		case changed:
			copy(dst[at:], codes)
		}
	}
	return changed
}

// Samples guards a frame of 16-bit samples in place, and tells whether it changed
// any. A rate that is not known is taken for Narrow.
func (g *Guard) Samples(rate Rate, x []int16) (changed bool) {
	if rate != Wide {
		rate = Narrow
	}
	g.begin(rate)
	g.ear.coded = false
	longest := int(rate) * segmentMS / 1000
	for at := 0; at < len(x); at += longest {
		part := x[at:min(at+longest, len(x))]
		if g.segment(part, empty(part)) {
			changed = true
		}
	}
	g.account.end(changed)
	return changed
}

// Heard is what the guard heard in the last frame, before it changed anything. It is
// for a meter, so that nothing is computed twice.
type Heard struct {
	Power   float64 // A-weighted mean square, (16-bit sample units)²
	R0, R1  float64 // Σ x[n]² and Σ x[n]·x[n−1], unweighted
	Samples int
}

// Heard tells what was heard in the last frame. A frame that needed no listening, because
// no sample of it was above −48 dBm0, counts as silence of its length.
func (g *Guard) Heard() Heard {
	h := &g.ear.heard
	out := Heard{R0: float64(h.c00), R1: float64(h.next), Samples: h.samples}
	if h.samples > 0 {
		out.Power = h.energy * zeroPower / float64(h.samples)
	}
	return out
}

// begin begins a frame.
func (g *Guard) begin(rate Rate) {
	g.tune(rate)
	g.ear.heard = heard{}
	g.track.n = 0
}

// segment guards up to 60 ms in place, and tells whether it changed any sample.
func (g *Guard) segment(x []int16, silent bool) (changed bool) {
	if silent {
		g.pass(len(x))
		return false
	}
	return g.guard(x)
}

// still tells whether codes need no guarding: they are silence or, while nothing is
// turned down, so faint that no rule has a say and no dose is felt: no sample above
// −48 dBm0. A caller who listens sends little else.
func (g *Guard) still(law g711.Law, codes []byte) bool {
	const muFaint, aFaint = 8, 3 // steps above silence: samples of 64 and 56
	switch {
	case !g.rests() || g.stepBack.works():
		return below(law, codes, 0)
	case law == g711.A:
		return below(law, codes, aFaint)
	}
	return below(law, codes, muFaint)
}

// below tells whether no code is more than so many steps of the law from silence.
func below(law g711.Law, codes []byte, steps byte) bool {
	const each, signs, sizes = 0x0101010101010101, 0x8080808080808080, 0x7F7F7F7F7F7F7F7F
	silence := uint64(law.Silence()) * each
	over := uint64(0x7F-steps) * each // brings what is above into the place of the sign
	for ; len(codes) >= 8; codes = codes[8:] {
		if (((binary.NativeEndian.Uint64(codes)^silence)&sizes)+over)&signs != 0 {
			return false
		}
	}
	for _, c := range codes {
		if (c^law.Silence())&0x7F > steps {
			return false
		}
	}
	return true
}

// empty tells whether all samples are 0.
func empty(x []int16) bool {
	for _, s := range x {
		if s != 0 {
			return false
		}
	}
	return true
}

// guard judges samples and shapes them. It tells whether it changed any.
func (g *Guard) guard(x []int16) (changed bool) {
	const usual, longest = 20, segmentMS
	if len(x) <= usual/blockMS*g.ear.block {
		var s segment
		var pieces [usual / pieceMS]piece // three times as many would have to be cleared
		var blocks [usual / blockMS]sums
		s.pieces = pieces[:]
		return g.work(&s, x, blocks[:])
	}
	var s segment
	var pieces [longest / pieceMS]piece
	var blocks [longest / blockMS]sums
	s.pieces = pieces[:]
	return g.work(&s, x, blocks[:])
}

// work is guard with room for the pieces of a segment and for their blocks.
func (g *Guard) work(s *segment, x []int16, blocks []sums) (changed bool) {
	s.whole = len(x)%(2*g.ear.block) == 0
	g.ear.measure(blocks, x)
	size, listening, may := 2*g.ear.block, g.digits.on && !g.own, g.tonal()
	for at := 0; at < len(x); at += size {
		part := x[at:min(at+size, len(x))]
		m := g.ear.listen(&s.pieces[s.n], part, blocks[2*s.n:2*s.n+2], may)
		s.n++
		if listening {
			g.digits.find(s, g.rate, part, m)
		}
	}
	g.judge(s)
	g.enter(s, float64(len(x))/float64(g.rate))
	changed = s.shape(x, g.ear.block, g.ear.ceiling)
	if g.stepBack.works() {
		g.stepBack.soften(x)
		changed = true
	}
	return changed
}

// rests tells whether nothing is turned down and no digit is on.
func (g *Guard) rests() bool {
	return g.gain == 1 && g.comfort.gain == 1 && !g.muted && g.digits.Down() == 0
}

// pass lets time go by in silence, which needs no guarding.
func (g *Guard) pass(samples int) {
	g.ear.heard.samples += samples
	g.Forget()
	g.stepBack.rest()
	size, seconds := 2*g.ear.block, float64(samples)/float64(g.rate)
	if g.rests() {
		for left := samples; left > 0; left -= size {
			g.note(0, 0, 1, min(left, size))
		}
		g.account.clock += seconds
		return
	}
	g.digits.Silence(samples)
	var pieces [segmentMS / pieceMS]piece
	s := segment{pieces: pieces[:]}
	for left := samples; left > 0; left -= size {
		pieces[s.n] = piece{samples: min(left, size), sine: sine{impure: 1, noise: 1, turn: 1}}
		s.n++
	}
	g.judge(&s)
	g.enter(&s, seconds)
}
