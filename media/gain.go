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
