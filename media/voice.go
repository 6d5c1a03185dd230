package media

import (
	"math"
	"time"

	"breakwater/media/g711"
)

// voice measures how long a party has spoken: frames well above the noise of its
// line. The noise is the quietest frame of the last second or so, because speech
// has pauses and noise has none. It is pure and belongs to the receiving side.
type voice struct {
	before float64 // mean square of the quietest frame of the span before this one
	since  float64 // and of this span
	age    int     // samples of this span
	hang   int     // samples for which speech goes on after its last loud frame

	spoken  int64  // samples
	energy  uint64 // since the last account
	samples int    // since the last account
}

const (
	noiseSpan  = 6400  // samples: 800 ms; longer than words, shorter than patience
	aboveNoise = 8     // 9 dB above the noise is speech
	hangover   = 1600  // samples: 200 ms of quiet between words is speech
	quietest   = 340   // mean square of −59 dBm0: below, a line is simply quiet
	faintest   = 8.3e3 // −45 dBm0: nothing below is speech
	loudest    = 2.6e5 // −30 dBm0: no line is so noisy
)

func newVoice() voice { return voice{before: loudest, since: loudest} }

// frame takes one received frame, which must not be empty.
func (v *voice) frame(law g711.Law, codes []byte) {
	n := len(codes)
	energy := law.Energy(codes)
	v.energy += energy
	v.samples += n
	mean := float64(energy) / float64(n)
	v.since = min(v.since, max(mean, quietest))
	if mean > aboveNoise*min(v.before, v.since) && mean > faintest {
		v.hang = hangover + n
	}
	if v.hang > 0 {
		v.spoken += int64(min(n, v.hang))
		v.hang -= n
	}
	if v.age += n; v.age >= noiseSpan {
		v.before, v.since, v.age = v.since, loudest, 0
	}
}

// account is what was heard; the power is of the time since the last account.
func (v *voice) account() Level {
	l := Level{
		Spoken: time.Duration(v.spoken) * time.Second / g711.Rate,
		Power:  math.Inf(-1),
	}
	if v.samples > 0 {
		l.Power = g711.DBm0(v.energy, v.samples)
	}
	v.energy, v.samples = 0, 0
	return l
}
