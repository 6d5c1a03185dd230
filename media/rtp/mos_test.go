package rtp

import (
	"math"
	"testing"
	"time"
)

func TestOpinionsOfG107AnnexB(t *testing.T) {
	for _, c := range []struct{ r, mos float64 }{ // table B.1, and the ends of the scale
		{-10, 1}, {0, 1}, {50, 2.58}, {60, 3.10}, {70, 3.60}, {80, 4.03}, {90, 4.34}, {93.2, 4.41}, {100, 4.5}, {120, 4.5},
	} {
		if got := MOS(c.r); math.Abs(got-c.mos) > 0.0101 {
			t.Errorf("R %.1f is %.3f, want %.2f", c.r, got, c.mos)
		}
	}
	if MOS(math.NaN()) != 1 {
		t.Error("an unknown rating is no good opinion")
	}
}

func TestLossesAreRatedAsInG113(t *testing.T) {
	for _, c := range []struct{ percent, ie float64 }{ // Ie of G.711 with Appendix I, random losses
		{0, 0}, {2, 7}, {3, 10}, {5, 15}, {7, 20}, {10, 25},
	} {
		got := Path{}.R() - Path{Loss: c.percent / 100}.R()
		if math.Abs(got-c.ie) > 2.1 {
			t.Errorf("%.0f %% lost costs %.1f, want %.0f", c.percent, got, c.ie)
		}
	}
}

// Cole and Rosenbluth (2001) fitted a line to the model of that time for delays that
// conversations have: 0.024 a millisecond up to 177 ms.
func TestDelayIsRatedAsPublished(t *testing.T) {
	for _, ms := range []int{20, 50, 100, 150, 177} {
		got := Path{}.R() - Path{Delay: time.Duration(ms) * time.Millisecond}.R()
		if want := 0.024 * float64(ms); math.Abs(got-want) > 0.8 {
			t.Errorf("%d ms cost %.2f, want %.2f", ms, got, want)
		}
	}
}

func TestAPerfectLineIsRatedByTheDefaults(t *testing.T) {
	if p := (Path{}); math.Abs(p.R()-93.2) > 1e-9 || math.Abs(p.MOS()-4.41) > 0.005 {
		t.Errorf("R %.3f, opinion %.3f; want 93.2 and 4.41", p.R(), p.MOS())
	}
}

func TestWorseIsRatedWorse(t *testing.T) {
	for name, c := range map[string]struct{ better, worse Path }{
		"more lost":      {Path{Loss: 0.01}, Path{Loss: 0.02}},
		"lost in bursts": {Path{Loss: 0.05}, Path{Loss: 0.05, Burst: 2}},
		"not concealed":  {Path{Loss: 0.05}, Path{Loss: 0.05, Silent: true}},
		"later":          {Path{Delay: 150 * time.Millisecond}, Path{Delay: 300 * time.Millisecond}},
		"all lost":       {Path{Loss: 0.9}, Path{Loss: 1}},
	} {
		if c.worse.R() >= c.better.R() || c.worse.MOS() > c.better.MOS() {
			t.Errorf("%s: %.1f and %.1f", name, c.better.R(), c.worse.R())
		}
	}
}

func TestWhatCannotBeIsRatedAsTheNearestThatCan(t *testing.T) {
	if got, want := (Path{Loss: -1, Delay: -time.Second}).R(), (Path{}).R(); got != want {
		t.Errorf("less than nothing lost: %.1f, want %.1f", got, want)
	}
	if got, want := (Path{Loss: 3}).R(), (Path{Loss: 1}).R(); got != want {
		t.Errorf("more than all lost: %.1f, want %.1f", got, want)
	}
}
