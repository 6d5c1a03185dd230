package media

// tide tells when a busy time is over, from how many ports are open at each look. It is
// pure: the steward keeps it.
//
// A busy time is over when few ports are left for as long as SIP remembers the calls
// that had them: what is given back before leaves holes around what is forgotten a
// moment later, and pages that hold a single thing cannot be given back.
type tide struct {
	peak int // most ports that were open since the last ebb
	left int // that the last ebb has left
	low  int // looks in a row with few
}

const (
	// manyPorts is from how many ports on memory is worth a thought.
	manyPorts = 64
	// fewOf is what part of the peak is few.
	fewOf = 4
	// ebbLooks is how many looks in a row with few ports make an ebb: 40 s. SIP's longest
	// timers (64 × T1, RFC 3261) are 32 s, and a port drains for 2.
	ebbLooks = 20
)

// look takes how many ports are open now, and tells whether this is the moment of an ebb:
// once, until more come again.
func (t *tide) look(ports int) (ebb bool) {
	t.peak = max(t.peak, ports)
	if t.peak < manyPorts || ports >= manyPorts && ports > t.peak/fewOf {
		t.low = 0
		return false
	}
	if t.low++; t.low < ebbLooks {
		return false
	}
	*t = tide{peak: ports, left: ports}
	if ports < manyPorts {
		t.peak = 0 // nothing is left that would be worth another ebb
	}
	return true
}

// rising tells whether so many ports are a busy time: not those that an ebb has left, for
// what it gave back would only be taken again.
func (t *tide) rising(ports int) bool { return ports >= manyPorts && ports > 2*t.left }
