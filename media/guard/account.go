package guard

import "math"

// Rule is why a frame was made softer.
type Rule uint8

// The rules.
const (
	ByPeak    Rule = iota // a sample was too high: a click, a blow
	ByLevel               // 5 ms were too loud
	ByStartle             // 5 ms were far louder than the line usually is
	ByTone                // a whistle, fax, howl or siren
	BySteady              // loud and unchanging: a bell, noise
	ByDigit               // a digit's tone was in the sound, and muted
	rules
)

// Rules is the number of rules: they are 0 to Rules−1.
const Rules = int(rules)

// String names the rule as metrics do.
func (r Rule) String() string {
	return [rules + 1]string{"peak", "level", "startle", "tone", "steady", "digit", "unknown"}[min(r, rules)]
}

// ruleSet is some of the rules, a bit each.
type ruleSet uint8

func (s *ruleSet) add(r Rule) { *s |= 1 << r }

func (s ruleSet) has(r Rule) bool { return s&(1<<r) != 0 }

// Account is what a guard did since it was made. Counts and energy only grow, so
// that a reader takes differences.
type Account struct {
	Frames  uint64        // given to the guard
	Touched uint64        // changed, for any reason: also while gain comes back, levelled, stepped back
	Limited [Rules]uint64 // frames in which the rule asked for less
	Events  [Rules]uint64 // times it did so after 200 ms without; of ByDigit: the digits
	MaxIn   float64       // dBm0 A of the loudest 5 ms received
	MaxOut  float64       // dBm0 A of the loudest 5 ms given to the ear
	Energy  float64       // A-weighted, given to the ear, for Dose: power × seconds, 1 = 0 dBm0
	Usual   float64       // dBm0 A, the long-term active level of the line
	Gain    float64       // dB given to the last 5 ms, the leveller's included
	Comfort float64       // dB of it that is the leveller's
}

// Account tells what the guard did so far.
func (g *Guard) Account() Account {
	a := &g.account
	return Account{
		Frames: a.frames, Touched: a.touched, Limited: g.rulings.limited, Events: g.rulings.events,
		MaxIn: dBm0(a.maxIn), MaxOut: dBm0(a.maxOut), Energy: a.energy,
		Usual: dBm0(g.usual), Gain: 20 * math.Log10(g.gain), Comfort: 20 * math.Log10(g.comfort.gain),
	}
}

// account is kept while sound passes.
type account struct {
	frames, touched uint64
	clock           float64 // seconds of sound so far
	maxIn, maxOut   float64 // power
	energy          float64
}

// rulings are kept while rules ask for less.
type rulings struct {
	limited, events [Rules]uint64
	asked           [Rules]float64 // when the rule last asked for less, on the clock of account
}

// end counts a frame.
func (a *account) end(changed bool) {
	a.frames++
	if changed {
		a.touched++
	}
}

// enter counts which rules asked for less in the sound that was judged.
func (g *Guard) enter(s *segment, seconds float64) {
	g.account.clock += seconds
	if s.digits != 0 || s.rules != 0 {
		g.rulings.add(s, g.account.clock, seconds)
	}
}

// add counts the rules of a segment that has just ended.
func (u *rulings) add(s *segment, now, seconds float64) {
	const apart = 0.2 // seconds between two events
	u.events[ByDigit] += uint64(s.digits)
	for r := range rules {
		if !s.rules.has(r) {
			continue
		}
		if r != ByDigit && (u.limited[r] == 0 || now-u.asked[r] > apart+seconds) {
			u.events[r]++
		}
		u.limited[r]++
		u.asked[r] = now
	}
}

// note enters n samples into the books: the power of their loudest block, their mean
// power, and the gain they were just given.
func (g *Guard) note(loudest, mean, gain float64, n int) {
	a := &g.account
	out := gain * g.stepBack.gain()
	a.maxIn, a.maxOut = max(a.maxIn, loudest), max(a.maxOut, loudest*out*out)
	a.energy += mean * out * out * float64(n) / float64(g.rate)
	g.track.block(out, n, int(g.rate)*trackMS/1000)
}

const trackMS = 20

// track is the gain track: a byte for each 20 ms.
type track struct {
	low    float64 // lowest gain of the byte that is being made
	filled int     // samples of it
	n      int     // bytes ready
	bytes  [16]byte
}

// Track is what the last frame added to the gain track, a byte for each 20 ms that
// became complete: the least gain in them, in quarters of a dB below 0; 255 is
// muted. Together with the recording, which is made before the guard, it tells what
// the agent heard; of a step-back the softening is in it, the sharpness is not. The
// slice is valid until the next frame.
func (g *Guard) Track() []byte { return g.track.bytes[:g.track.n] }

// TrackGain is the gain in dB that a byte of the gain track means; −Inf for muted.
func TrackGain(b byte) float64 {
	if b == trackMuted {
		return math.Inf(-1)
	}
	return -float64(b) / trackSteps
}

const (
	trackMuted = 255
	trackSteps = 4 // a dB
)

func (t *track) block(gain float64, n, full int) {
	t.low = min(t.low, gain)
	if t.filled += n; t.filled < full {
		return
	}
	if t.n < len(t.bytes) {
		t.bytes[t.n] = t.value()
		t.n++
	}
	t.low, t.filled = 1, t.filled-full
}

func (t *track) value() byte {
	switch {
	case t.low >= 1:
		return 0
	case t.low <= 0:
		return trackMuted
	}
	return byte(min(math.Round(-20*math.Log10(t.low)*trackSteps), trackMuted-1))
}
