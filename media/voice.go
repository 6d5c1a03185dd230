package media

import (
	"math"
	"time"

	"breakwater/media/g711"
)

// voice measures how long a party has spoken: blocks of 20 ms well above the noise of
// its line, and uneven, as syllables are. The noise is the quietest block of the last
// second or so, because speech has pauses and noise has none. A tone, or a noise that
// has just become louder, is even: it is taken for speech for 240 ms at most, and never
// for longer than it lasts. It is pure and belongs to the receiving side.
type voice struct {
	sum uint64 // energy of the block in the making
	n   int    // and its samples

	before float64             // mean square of the quietest block of the span before this one
	since  float64             // and of this span
	age    int                 // blocks of this span
	recent [liveBlocks]float64 // mean squares of the newest blocks
	turn   int                 // which of them is the oldest
	pause  int                 // samples since speech was heard last
	begun  bool                // a block was heard

	spoken  int64  // samples
	energy  uint64 // since the last account
	samples int    // since the last account
}

const (
	blockSize  = 160   // samples: 20 ms, whatever the packets are
	noiseSpan  = 40    // blocks: 800 ms; longer than words, shorter than patience
	aboveNoise = 8     // 9 dB above the noise is speech
	liveBlocks = 12    // 240 ms: no syllable is longer
	lively     = 4     // 6 dB between the loudest and the quietest block: what is more even is a noise
	hangover   = 1600  // samples: 200 ms of quiet between words are speech
	quietest   = 340   // mean square of −59 dBm0: below, a line is simply quiet
	faintest   = 8.3e3 // −45 dBm0: nothing below is speech
	loudest    = 2.6e5 // −30 dBm0: no line is so noisy
)

func newVoice() voice { return voice{before: loudest, since: loudest, pause: hangover + 1} }

// frame takes one received frame.
func (v *voice) frame(law g711.Law, codes []byte) {
	for len(codes) > 0 {
		n := min(len(codes), blockSize-v.n)
		energy := law.Energy(codes[:n])
		v.energy, v.samples = v.energy+energy, v.samples+n
		v.sum, v.n = v.sum+energy, v.n+n
		if v.n == blockSize {
			v.block(max(quietest, float64(v.sum)/blockSize))
			v.sum, v.n = 0, 0
		}
		codes = codes[n:]
	}
}

// block judges 20 ms by their mean square.
func (v *voice) block(mean float64) {
	if !v.begun {
		v.begun = true
		for i := range v.recent {
			v.recent[i] = mean
		}
	}
	v.recent[v.turn] = mean
	v.turn = (v.turn + 1) % liveBlocks
	v.since = min(v.since, mean)
	if mean > aboveNoise*min(v.before, v.since) && mean > faintest && (mean > aboveNoise*loudest || v.uneven()) {
		if v.pause <= hangover { // what lay between two words belongs to them
			v.spoken += int64(v.pause)
		}
		v.spoken += blockSize
		v.pause = 0
	} else {
		v.pause = min(v.pause+blockSize, hangover+1)
	}
	if v.age++; v.age == noiseSpan {
		v.before, v.since, v.age = v.since, loudest, 0
	}
}

// speaks tells whether the newest block was speech.
func (v *voice) speaks() bool { return v.pause == 0 }

// uneven tells whether the newest blocks differ as syllables do.
func (v *voice) uneven() bool {
	low, high := v.recent[0], v.recent[0]
	for _, mean := range v.recent {
		low, high = min(low, mean), max(high, mean)
	}
	return high > lively*low
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
