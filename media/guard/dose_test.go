package guard_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

// shift is so many hours of a 1 kHz tone, frame by frame. The tone repeats in each
// frame, so that one is heard for all.
func shift(level, hours float64) *guard.Dose {
	tone := sine(1000, level, 40*time.Millisecond)
	meter := guard.NewAWeight(guard.Narrow)
	meter.Energy(tone[:frame])
	each := meter.Energy(tone[frame:])
	dose := guard.NewDose(guard.DoseSettings{})
	for range int(hours * 3600 * 50) {
		dose.Add(each)
	}
	return dose
}

// Test 17.
func testADoseIsTheEnergyOfAShift(t *testing.T) {
	whole, half := shift(-20, 8), shift(-17, 4)
	if got := whole.LEX8h(); math.Abs(got-79.9) > 0.2 {
		t.Errorf("eight hours at −20 dBm0 are %.2f dB LEX,8h, want 79.9 within 0.2", got)
	}
	if off := 100 * (half.Percent()/whole.Percent() - 1); math.Abs(off) > 0.5 {
		t.Errorf("half the time at 3 dB more is %+.2f %% off the same dose, want within 0.5", off)
	}
	if got := whole.Exposure; math.Abs(10*math.Log10(got)+84.95-whole.LEX8h()) > 0.1 {
		t.Errorf("%.3f Pa²h for %.1f dB: 1 Pa²h must be 84.9 dB", got, whole.LEX8h())
	}
}

// The same hours through the guard, of which ten minutes are heard: its own counting of energy
// and time, and the A-weighting in its ear. The tone is of our own, or it would be
// turned down.
func testTheGuardCountsAShiftFrameByFrame(t *testing.T) {
	for _, r := range []guard.Rate{guard.Narrow, guard.Wide} {
		g, dose := guard.New(guard.Settings{}), guard.NewDose(guard.DoseSettings{})
		g.Own(true)
		tone := make([]int16, r/50)
		for i := range tone {
			tone[i] = g711.Clip(math.Round(crest(-20) * math.Sin(2*math.Pi*1000*float64(i)/float64(r))))
		}
		for range 600 * 50 {
			g.Samples(r, tone)
		}
		dose.Add(6 * 8 * g.Account().Energy)
		if got := dose.LEX8h(); math.Abs(got-79.9) > 0.2 {
			t.Errorf("%d Hz: eight hours at −20 dBm0 are %.2f dB LEX,8h, want 79.9 within 0.2", r, got)
		}
	}
}

func TestADoseTellsEachMarkOnce(t *testing.T) {
	dose := guard.NewDose(guard.DoseSettings{Budget: 75})
	var told []guard.Mark
	second := guard.NewAWeight(guard.Narrow).Energy(sine(1000, -20, time.Second))
	for range 4 * 3600 {
		if m := dose.Add(second); m != guard.NoMark {
			told = append(told, m)
		}
	}
	if want := []guard.Mark{guard.Half, guard.Near, guard.Full}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	if m := guard.NewDose(guard.DoseSettings{}).Add(1e9); m != guard.Full {
		t.Errorf("a dose that is full at once tells %v, want %v only", m, guard.Full)
	}
}

func TestADoseDependsOnWhatIsWorn(t *testing.T) {
	for name, c := range map[string]struct {
		profile guard.Profile
		more    float64
	}{
		"a volume 6 dB above nominal":        {guard.Profile{RLR: 2, Vol: 6}, 6},
		"a headset that is 3 dB less loud":   {guard.Profile{RLR: 5}, -3},
		"the correction to the diffuse room": {guard.Profile{RLR: 2, DF: 3}, -3},
	} {
		dose := guard.NewDose(guard.DoseSettings{})
		dose.Add(100)
		before := dose.Exposure
		dose.Wear(c.profile)
		dose.Add(100)
		if got := 10 * math.Log10((dose.Exposure-before)/before); math.Abs(got-c.more) > 0.01 {
			t.Errorf("%s: %+.2f dB, want %+v", name, got, c.more)
		}
	}
}

func TestADoseSurvivesARestart(t *testing.T) {
	before := guard.NewDose(guard.DoseSettings{})
	before.Add(50)
	after := guard.NewDose(guard.DoseSettings{})
	after.Exposure = before.Exposure
	if before.LEX8h() != after.LEX8h() || before.Percent() != after.Percent() {
		t.Errorf("%.2f dB and %.2f %% became %.2f and %.2f", before.LEX8h(), before.Percent(), after.LEX8h(), after.Percent())
	}
}

func TestADoseOfNothingIsNothing(t *testing.T) {
	dose := guard.NewDose(guard.DoseSettings{})
	for _, energy := range []float64{0, -1, math.NaN()} {
		if m := dose.Add(energy); m != guard.NoMark {
			t.Errorf("%v of energy told mark %v", energy, m)
		}
	}
	if dose.Percent() != 0 || !math.IsInf(dose.LEX8h(), -1) {
		t.Errorf("%v %%, %v dB; want nothing", dose.Percent(), dose.LEX8h())
	}
}

// What the guard counts for the dose is what the agent hears, weighted.
func TestTheGuardCountsTheEnergyThatItLetsThrough(t *testing.T) {
	l := newLine(guard.Settings{})
	x := after(speech(t, 5*time.Second), sine(2000, -3, time.Second), speech(t, 5*time.Second))
	heard := l.send(x)
	got, want := l.guard.Account().Energy, guard.NewAWeight(guard.Narrow).Energy(heard)
	if off := 10 * math.Log10(got/want); math.Abs(off) > 0.1 {
		t.Errorf("counted %+.2f dB off what was heard, want within 0.1", off)
	}
	l.guard.StepBack(true)
	l.send(speech(t, time.Second))
	before := l.guard.Account().Energy
	x = speech(t, 5*time.Second)
	heard = l.send(x)
	got, want = l.guard.Account().Energy-before, guard.NewAWeight(guard.Narrow).Energy(heard)
	if off := 10 * math.Log10(got/want); off < 0 || off > 2 {
		t.Errorf("stepped back: counted %+.2f dB above what was heard, want 0 to 2: the shelf is left out, on the safe side", off)
	}
}
