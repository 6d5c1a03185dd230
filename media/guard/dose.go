package guard

import (
	"math"
	"time"
)

// Dose adds up what an agent's ears get in a shift. It is an estimate for the device
// that the profile describes, made from what the server sent: it knows neither the
// volume wheel nor the room. It tells and never limits.
type Dose struct {
	Exposure float64 // Pa²·h so far, A-weighted; what must outlive a restart

	budget float64 // Pa²·h that are 100 %
	factor float64 // of line-side energy to Pa²·h, with the device that is worn
}

// Mark is a share of the budget, in percent, at which somebody should know.
type Mark int

// The marks: two that inform, and one that suggests a break.
const (
	Half   Mark = 50
	Near   Mark = 80
	Full   Mark = 100
	NoMark Mark = 0
)

// NewDose begins a shift.
func NewDose(s DoseSettings) *Dose {
	s = s.WithDefaults()
	d := &Dose{budget: exposure(s.Budget, workday)}
	d.Wear(s.Profile)
	return d
}

// Wear changes the device, from now on. The profile is taken as it is.
func (d *Dose) Wear(p Profile) { d.factor = exposure(p.SPL(0), time.Second) }

// Add adds line-side energy as Account.Energy counts it: A-weighted power, where 1
// is 0 dBm0, times seconds. It tells the highest mark that this energy passed.
func (d *Dose) Add(energy float64) Mark {
	if !(energy > 0) {
		return NoMark
	}
	before := d.Percent()
	d.Exposure += energy * d.factor
	after := d.Percent()
	for _, m := range [...]Mark{Full, Near, Half} {
		if before < float64(m) && after >= float64(m) {
			return m
		}
	}
	return NoMark
}

// LEX8h is the daily exposure level so far, dB(A) over eight hours (ISO 1999, EU
// directive 2003/10/EC); −Inf before any sound.
func (d *Dose) LEX8h() float64 {
	if d.Exposure <= 0 {
		return math.Inf(-1)
	}
	return 10 * math.Log10(d.Exposure/exposure(0, workday))
}

// Percent is how much of the budget is used, in percent of energy: 3 dB more are
// twice as much.
func (d *Dose) Percent() float64 { return 100 * d.Exposure / d.budget }

const workday = 8 * time.Hour

// exposure is so long at a level, in Pa²·h.
func exposure(dB float64, long time.Duration) float64 {
	const threshold = 20e-6 // Pa, 0 dB SPL
	return threshold * threshold * power(dB) * long.Hours()
}

// SPL is what a level on the line (dBm0) becomes at the ear, in dB: for a receive path
// of flat response ITU-T P.79 gives 10.13 − RLR dBPa/V; 0 dBm0 is −2.21 dBV and 94 dB
// are 1 Pa.
func (p Profile) SPL(line float64) float64 {
	const flat = 101.9 // 94 + 10.13 − 2.21
	return line + flat - p.RLR + p.Vol - p.DF
}
