package media

import (
	"math"
	"time"

	"breakwater/media/g711"
)

// voice measures how long a party has spoken: frames well above the noise that the
// line has when nobody speaks. It is pure and belongs to the receiving side.
type voice struct {
	floor   float64 // mean square of the line's noise
	hang    int     // samples for which speech goes on after its last loud frame
	spoken  int64   // samples
	energy  uint64  // since the last account
	samples int     // since the last account
}

const (
	aboveFloor = 8      // 9 dB above the noise is speech
	hangover   = 1600   // samples: 200 ms of quiet between words is speech
	rise       = 0.0046 // of the floor per 20 ms: it follows a growing noise by 1 dB/s
	fall       = 0.25   // of the way per frame: it follows a pause at once
	quietest   = 340    // mean square of −65 dBm0: below, a line is simply quiet
	faintest   = 8.3e3  // −51 dBm0: nothing below is speech
	loudest    = 1.1e6  // −30 dBm0: no line is so noisy
)

func newVoice() voice { return voice{floor: quietest} }

// frame takes one received frame.
func (v *voice) frame(law g711.Law, codes []byte) {
	n := len(codes)
	energy := law.Energy(codes)
	v.energy += energy
	v.samples += n
	mean := float64(energy) / float64(n)
	switch {
	case mean > v.floor*aboveFloor && mean > faintest:
		v.hang = hangover + n
	case v.hang < 0:
		v.hang = 0
	}
	if v.hang > 0 {
		v.spoken += int64(min(n, v.hang))
		v.hang -= n
	}
	if mean < v.floor {
		v.floor += (mean - v.floor) * fall
	} else {
		v.floor += v.floor * rise * float64(n) / 160
	}
	v.floor = max(quietest, min(v.floor, loudest))
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
