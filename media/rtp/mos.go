package rtp

import (
	"math"
	"time"
)

// Path is what the E-model (ITU-T G.107) needs to know of one direction of a G.711 call. All
// else has the values of G.107 table 2: quiet rooms, a usual telephone, an echo that is
// 65 dB down. G.722 may be rated in the same way; what its wider band is worth
// is not in the figure.
type Path struct {
	Delay  time.Duration // from mouth to ear: network, buffers and packets
	Loss   float64       // share of the packets that came not or too late, 0 to 1
	Burst  float64       // mean length of the losses in a row, as a multiple of what chance makes (BurstR); 0 and 1 = chance
	Silent bool          // what is lost is silence, not concealed (ITU-T G.711 Appendix I)
}

// G.107 table 2, and table I.4 of G.113 Appendix I for G.711.
const (
	bestR          = 93.2  // nothing but the defaults
	noise          = -61.2 // No, dBm0p
	receiving      = 2     // RLR, dB
	echoLoss       = 65    // TELR, dB
	robustness     = 25.1  // Bpl with concealment, in percent
	robustnessBare = 4.3   // Bpl without
	worstEquipment = 95    // Ie-eff of a line that loses all
)

// R is the rating of a path: 93.2 is a perfect line, over 80 most people are satisfied,
// under 60 nearly all complain. It may be below 0.
func (p Path) R() float64 {
	return bestR - p.delayed() - p.damaged()
}

// MOS is the mean opinion that the path deserves, from 1 to 4.5 (conversational quality,
// estimated: MOS-CQE).
func (p Path) MOS() float64 { return MOS(p.R()) }

// MOS turns a rating into a mean opinion (G.107 Annex B).
func MOS(r float64) float64 {
	switch {
	case !(r > 0):
		return 1
	case r >= 100:
		return 4.5
	}
	return max(1, 1+0.035*r+r*(r-60)*(100-r)*7e-6)
}

// damaged is Ie-eff: what packets that are missing take away (G.107 §7.5).
func (p Path) damaged() float64 {
	lost, burst, bpl := 100*max(0, min(p.Loss, 1)), max(p.Burst, 1), robustness
	if p.Silent {
		bpl = robustnessBare
	}
	if lost == 0 {
		return 0
	}
	return worstEquipment * lost / (lost/burst + bpl)
}

// delayed is Id: what a late answer and the echo of one's own voice take away (G.107 §7.4).
func (p Path) delayed() float64 {
	t := float64(max(p.Delay, 0)) / float64(time.Millisecond)
	return absolute(t) + echo(t)
}

// absolute is Idd: up to 100 ms nobody notices.
func absolute(t float64) float64 {
	if t <= 100 {
		return 0
	}
	x := math.Log2(t / 100)
	root := func(v float64) float64 { return math.Pow(1+math.Pow(v, 6), 1.0/6) }
	return 25 * (root(x) - 3*root(x/3) + 2)
}

// echo is Idte, for the way there and back through the far telephone.
func echo(t float64) float64 {
	heard := echoLoss - 40*math.Log10((1+t/10)/(1+t/150)) + 6*math.Exp(-0.3*t*t)
	const quiet = -1.5 * (noise - receiving)
	half := (quiet - (80 + 2.5*(heard-14))) / 2
	return (half + math.Sqrt(half*half+100) - 1) * (1 - math.Exp(-t))
}
