package guard

// Kind is what guards with the same settings have in common. Each of their frames reads it and
// none writes to it, so that of hundreds of guards it stays near the processor, and each
// has a third less of its own. It may be used by many at once.
type Kind struct {
	limits   limits
	leveller levelling
	steady   steadiness
	tone     tonality
	digits   bool
	narrow   rated
	wide     rated
}

// rated is what differs between rates.
type rated struct {
	hearing hearing
	shelf   shelf
}

// NewKind makes guards with these settings possible.
func NewKind(s Settings) *Kind {
	s = s.WithDefaults()
	k := &Kind{
		limits:   newLimits(s),
		leveller: newLevelling(s.Leveller),
		steady:   newSteadiness(s.Steady),
		tone:     newTonality(s.Tone),
		digits:   *s.Digits.Enabled,
	}
	for at, rate := range map[*rated]Rate{&k.narrow: Narrow, &k.wide: Wide} {
		*at = rated{newHearing(rate, k.limits.peak), newShelf(s.StepBack, rate)}
	}
	return k
}
