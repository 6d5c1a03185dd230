package media

import "breakwater/media/g711"

func (c Codec) law() g711.Law {
	if c == PCMA {
		return g711.A
	}
	return g711.Mu
}

// index numbers the codecs from 0, for tables.
func (c Codec) index() int { return int(c.law()) }

// translation is the table that turns codes of one codec into codes of another,
// louder by gain dB: the whole of transcoding and gain is one look-up per sample.
// nil when nothing changes. Mute gives silence, so that the far party hears a quiet
// line and not a dead one.
func translation(from, to Codec, gain float64) *[256]byte {
	var t [256]byte
	switch {
	case gain <= Mute:
		for i := range t {
			t[i] = to.Silence()
		}
		return &t
	case from == to && gain == 0:
		return nil
	case from == to:
		return from.law().GainTable(gain)
	case gain == 0 && from == PCMU:
		return &g711.ULawToALaw
	case gain == 0:
		return &g711.ALawToULaw
	}
	louder, direct := from.law().GainTable(gain), translation(from, to, 0)
	for i := range t {
		t[i] = direct[louder[i]]
	}
	return &t
}
