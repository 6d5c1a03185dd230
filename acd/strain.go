package acd

import "time"

// Load is counted in points: a minute of plain talk is one. A protected call weighs like a
// quarter of an hour more of it, one in which the caller's voice was raised like five minutes.
const (
	strainProtected = 15 * time.Minute
	strainRaised    = 5 * time.Minute
)

// The strain of the last two hours is kept in slices of ten minutes; the oldest goes as
// a whole.
const (
	strainSlice  = 10 * time.Minute
	strainSlices = 12
)

// strain is the load of an agent's conversations of the last two hours, for
// gentlest-first. It is never shown as a figure of the agent.
type strain struct {
	From   time.Duration               `json:"from,omitempty"` // of the newest slice
	Weighs [strainSlices]time.Duration `json:"weighs"`         // newest first
}

// Load is what one conversation weighs: as long as this of plain talk, a point a minute.
func (t Talk) Load() time.Duration {
	w := t.Length
	if t.Protected {
		w += strainProtected
	}
	if t.Raised {
		w += strainRaised
	}
	return w
}

// add counts a conversation that ends now.
func (s *strain) add(t Talk, at time.Duration) {
	s.roll(at)
	s.Weighs[0] += t.Load()
}

// roll begins new slices as time goes by.
func (s *strain) roll(at time.Duration) {
	passed := (at - s.From) / strainSlice
	if passed <= 0 {
		return
	}
	s.From += passed * strainSlice
	var moved [strainSlices]time.Duration
	if passed < strainSlices {
		copy(moved[passed:], s.Weighs[:strainSlices-passed])
	}
	s.Weighs = moved
}

// sum is the strain at a moment.
func (s strain) sum(at time.Duration) time.Duration {
	s.roll(at)
	total := time.Duration(0)
	for _, w := range s.Weighs {
		total += w
	}
	return total
}
