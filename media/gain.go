package media

import (
	"math"

	"breakwater/media/g711"
)

func (c Codec) law() g711.Law {
	if c == PCMA {
		return g711.A
	}
	return g711.Mu
}

// index numbers the codecs from 0, for tables.
func (c Codec) index() int { return int(c.law()) }

// transcoding is the table from this codec to the other one.
func (c Codec) transcoding() *[256]byte {
	if c == PCMU {
		return &g711.ULawToALaw
	}
	return &g711.ALawToULaw
}

// translation is the table that turns codes of one codec into codes of another,
// louder by gain dB: the whole of transcoding and gain is one look-up per sample.
// nil when nothing changes. Mute gives silence, so that the far party hears a quiet
// line and not a dead one.
func translation(from, to Codec, gain float64) *[256]byte {
	switch {
	case from == to && gain == 0:
		return nil
	case from != to && gain == 0:
		return from.transcoding()
	case from == to && gain > Mute:
		return from.law().GainTable(gain)
	}
	var t [256]byte
	if gain <= Mute {
		for i := range t {
			t[i] = to.Silence()
		}
		return &t
	}
	louder, direct := from.law().GainTable(gain), from.transcoding()
	for i := range t {
		t[i] = direct[louder[i]]
	}
	return &t
}

// factor is a gain in dB as what samples are multiplied by; Mute is 0.
func factor(dB float64) float64 {
	if dB <= Mute {
		return 0
	}
	return math.Pow(10, dB/20)
}

// slide turns codes of one codec into codes of another, in place, while the gain goes
// evenly from one factor to the next: a step would click.
func slide(codes []byte, from, to Codec, begin, end float64) {
	linear, encoded := &g711.ULawToLinear, &g711.LinearToULaw
	if from == PCMA {
		linear = &g711.ALawToLinear
	}
	if to == PCMA {
		encoded = &g711.LinearToALaw
	}
	step := (end - begin) / float64(len(codes))
	for i, c := range codes {
		begin += step
		codes[i] = encoded[uint16(g711.Clip(float64(linear[c])*begin))>>2]
	}
}
