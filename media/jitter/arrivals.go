package jitter

// arrivals is how long packets were under way: the moment of arrival less the place,
// which is only known up to a constant, and the constant moves with the two clocks. The
// last ten seconds decide, in eight parts, so that what is old is forgotten bit by
// bit, and a clock that drifts is followed.
type arrivals struct {
	parts [8]part
	at    int   // the present part
	until int64 // when it ends
	worst int64 // what nearly all packets stayed under
	best  int64 // the fastest
}

// part is a stretch of arrivals. Its second-slowest packet counts, not its slowest: one
// straggler in a second and a quarter is dearer to wait for than to conceal.
type part struct{ slowest, second, fastest int64 }

const (
	partLength = Rate * 5 / 4
	straggler  = Rate * 60 / 1000 // a late packet raises the depth at once, but one that is later than this only if it is not alone
)

// restart begins anew with one packet, whose successors may be so much slower.
func (a *arrivals) restart(now, way, spread int64) {
	first := part{slowest: way + spread, second: way + spread, fastest: way}
	for i := range a.parts {
		a.parts[i] = part{slowest: -nowhere, second: -nowhere, fastest: nowhere}
	}
	a.at, a.parts[0], a.until = 0, first, now+partLength
	a.worst, a.best = first.second, first.fastest
}

// note takes how long a packet was under way.
func (a *arrivals) note(now, way int64) {
	if now >= a.until {
		a.turn(now, way)
	}
	p := &a.parts[a.at]
	switch {
	case way > p.slowest:
		p.slowest, p.second = way, p.slowest
	case way > p.second:
		p.second = way
	}
	p.fastest = min(p.fastest, way)
	a.worst, a.best = max(a.worst, p.second), min(a.best, p.fastest)
}

// late takes it for a packet that came too late, or would have, had we not waited.
func (a *arrivals) late(now, way int64) {
	a.note(now, way)
	if way-a.worst <= straggler {
		p := &a.parts[a.at]
		p.second = max(p.second, way)
		a.worst = max(a.worst, way)
	}
}

// turn begins a new part, with one packet, and forgets the oldest.
func (a *arrivals) turn(now, way int64) {
	a.at = (a.at + 1) % len(a.parts)
	a.parts[a.at] = part{slowest: way, second: -nowhere, fastest: way}
	a.until = now + partLength
	a.worst, a.best = -nowhere, nowhere
	for _, p := range a.parts {
		a.worst, a.best = max(a.worst, p.second), min(a.best, p.fastest)
	}
	if a.worst == -nowhere {
		a.worst = way
	}
}
