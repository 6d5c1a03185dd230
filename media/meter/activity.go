package meter

import (
	"math"

	"breakwater/media/guard"
)

// zeroPower is the mean square of 16-bit samples at 0 dBm0: a sine that touches full
// scale has +3.14 dBm0 (ITU-T G.711 §4).
const zeroPower = (1 << 30) * 0.24266100950824

// block is what was heard in a frame, or in several short ones.
type block struct {
	power  float64 // A-weighted; 1 = 0 dBm0
	r0, r1 float64 // of samples at 8000 Hz
	ticks  int
}

func narrow(h guard.Heard) block { return block{h.Power / zeroPower, h.R0, h.R1, h.Samples} }

// wide is narrow for 16000 Hz. Neighbours at 8000 Hz are two samples apart there: for one
// frequency the cosine of twice the angle. For many it is an estimate, a little dull.
func wide(h guard.Heard) block {
	b := narrow(h)
	b.ticks = h.Samples / 2
	if h.R0 > 0 {
		near := h.R1 / h.R0
		b.r1 = (2*near*math.Abs(near) - 1) * h.R0
	}
	return b
}

// tilt is the correlation of neighbouring samples.
func (b *block) tilt() float64 { return b.r1 / b.r0 }

// activity tells when the caller speaks: well above the noise of the line and not far
// below the own voice, and uneven, as syllables are. The noise is the quietest block of
// the last second or so, because speech has pauses and noise has none.
type activity struct {
	making block // frames that are no block yet

	before, since float64         // power of the quietest block of the span before this one, and of this one
	age           int             // ticks of this span
	recent        [lively]float64 // power of each 20 ms, newest at turn−1
	turn          int
	rest          int     // ticks that are not in recent yet
	usual         float64 // power of the voice; 0 = not known
	on            bool    // the last block was voice
}

const (
	blockTicks = 20 * ms
	noiseTicks = 800 * ms // longer than words, shorter than patience
	lively     = 12       // 20 ms each: 240 ms; no syllable is longer
	aboveNoise = 8        // 9 dB above the noise is speech
	uneven     = 4        // 6 dB between the loudest and the quietest of recent
	quietest   = 1.3e-6   // −59 dBm0: below, a line is simply quiet
	faintest   = 3.2e-5   // −45 dBm0: nothing below is speech
	noisiest   = 1e-3     // −30 dBm0: no line is so noisy
)

func newActivity() activity { return activity{before: noisiest, since: noisiest} }

// add makes blocks of frames: a frame of 20 ms or more is one.
func (a *activity) add(b block) (full block, ok bool) {
	m := &a.making
	if m.ticks == 0 && b.ticks >= blockTicks {
		return b, true
	}
	all := m.ticks + b.ticks
	if all == 0 {
		return block{}, false
	}
	m.power = (m.power*float64(m.ticks) + b.power*float64(b.ticks)) / float64(all)
	m.r0, m.r1, m.ticks = m.r0+b.r0, m.r1+b.r1, all
	if all < blockTicks {
		return block{}, false
	}
	full, a.making = a.making, block{}
	return full, true
}

// judge says whether a block is voice. While the agent speaks, the agent's echo is heard,
// too: then a voice must be near its usual level, and nothing is learned of it.
func (a *activity) judge(b block, agentSpeaks bool) {
	const (
		far  = 1.0 / 100 // 20 dB below the usual level
		near = 1.0 / 4   // 6 dB
	)
	a.remember(max(b.power, quietest), b.ticks)
	a.on = b.power > faintest && b.power > aboveNoise*min(a.before, a.since) && b.r0 > 0 && a.uneven()
	switch {
	case !a.on:
	case agentSpeaks:
		a.on = a.usual > 0 && b.power > a.usual*near
	case b.power < a.usual*far:
		a.on = false
		a.usual *= 1 - slower*float64(b.ticks)/second // a voice that became much softer is found out
	default:
		a.learn(b)
	}
}

const (
	slower = 0.5 // of the level a second
	faster = 0.2 // share of a second of voice in the usual level
	most   = 8   // a block counts at most as 9 dB above
)

// learn makes a block of voice a part of the usual level.
func (a *activity) learn(b block) {
	if a.usual == 0 {
		a.usual = b.power
		return
	}
	a.usual += (min(b.power, a.usual*most) - a.usual) * faster * float64(b.ticks) / second
}

// remember puts a block into the last quarter of a second, and into the noise.
func (a *activity) remember(power float64, n int) {
	if a.age == 0 && a.rest == 0 && a.recent[0] == 0 { // the first ever
		for i := range a.recent {
			a.recent[i] = power
		}
	}
	for a.rest += n; a.rest >= blockTicks; a.rest -= blockTicks {
		a.recent[a.turn] = power
		a.turn = (a.turn + 1) % lively
	}
	a.since = min(a.since, power)
	if a.age += n; a.age >= noiseTicks {
		a.before, a.since, a.age = a.since, noisiest, 0
	}
}

// uneven tells whether the last quarter of a second differed as syllables do.
func (a *activity) uneven() bool {
	low, high := uint64(math.MaxUint64), uint64(0)
	for _, p := range a.recent {
		b := math.Float64bits(p) // what is not negative is in the same order, and sooner compared
		low, high = min(low, b), max(high, b)
	}
	return math.Float64frombits(high) > uneven*math.Float64frombits(low)
}

// tally adds up the voice of a second.
type tally struct {
	active int     // ticks
	energy float64 // power × ticks
	r0, r1 float64 // of voiced blocks
	blocks int     // active ones
	alike  int     // of them those like the one before
	last   block
}

const (
	fewestTicks   = 300 * ms // of voice, for a second to be judged
	fewestPitches = 2        // found, for the sound to be a voice
	hiss          = 0.3      // below this tilt a sound is not voiced
)

// add adds a block of voice.
func (t *tally) add(b block) {
	t.active += b.ticks
	t.energy += b.power * float64(b.ticks)
	t.blocks++
	if b.like(&t.last) {
		t.alike++
	}
	t.last = b
	if b.r1 > hiss*b.r0 {
		t.r0, t.r1 = t.r0+b.r0, t.r1+b.r1
	}
}

// like tells whether two blocks differ as little as those of a tone do.
func (b *block) like(other *block) bool {
	const level, tilt = 0.15, 0.05 // of the power: 0.6 dB
	return math.Abs(b.power-other.power) < level*b.power && other.r0 > 0 && math.Abs(b.tilt()-other.tilt()) < tilt
}

// speech tells whether the second is one of speech: enough of it, and not of blocks that
// are all alike, as those of a key, a fax or a busy tone are.
func (t *tally) speech() bool {
	return t.active >= fewestTicks && t.r0 > 0 && 5*t.alike < 2*t.blocks
}

func (t *tally) power() float64 { return t.energy / float64(t.active) }

func (t *tally) tilt() float64 { return t.r1 / t.r0 }
