package guard_test

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/media/guard"
)

func TestTheDefaultsAreThoseThatWereMeasured(t *testing.T) {
	s := guard.Settings{}.WithDefaults()
	got := map[string]float64{
		"level_ceiling": s.LevelCeiling, "peak_ceiling": s.PeakCeiling, "startle_db": s.StartleDB,
		"startle_floor": s.StartleFloor, "release": s.Release, "tone.pure": s.Tone.Pure,
		"tone.pure_for": float64(s.Tone.PureFor), "tone.moving": s.Tone.Moving, "tone.moving_for": float64(s.Tone.MovingFor),
		"tone.noisy": s.Tone.Noisy, "tone.noisy_for": float64(s.Tone.NoisyFor), "tone.noisy_from": s.Tone.NoisyFrom, "tone.noisy_to": s.Tone.NoisyTo,
		"tone.moving_above": s.Tone.MovingAbove, "steady.over": s.Steady.Over, "tone.ceiling": s.Tone.Ceiling,
		"tone.above": s.Tone.Above, "tone.under": s.Tone.Under, "tone.hold_ms": float64(s.Tone.Hold.Milliseconds()),
		"steady.within": s.Steady.Within, "steady.after_ms": float64(s.Steady.After.Milliseconds()),
		"steady.fall": s.Steady.Fall, "steady.under": s.Steady.Under,
		"leveller.above": s.Leveller.Above, "leveller.rate": s.Leveller.Rate, "leveller.most": s.Leveller.Most,
		"step_back.gain": s.StepBack.Gain, "step_back.shelf": s.StepBack.Shelf, "step_back.above": s.StepBack.Above,
	}
	want := map[string]float64{
		"level_ceiling": -9, "peak_ceiling": -3, "startle_db": 12,
		"startle_floor": -24, "release": 40, "tone.pure": 0.008,
		"tone.pure_for": 3, "tone.moving": 0.035, "tone.moving_for": 6,
		"tone.noisy": 0.02, "tone.noisy_for": 6, "tone.noisy_from": 1050, "tone.noisy_to": 3000,
		"tone.moving_above": 1200, "steady.over": 2, "tone.ceiling": -28,
		"tone.above": 600, "tone.under": 10, "tone.hold_ms": 200,
		"steady.within": 4, "steady.after_ms": 260,
		"steady.fall": 60, "steady.under": 6,
		"leveller.above": -18, "leveller.rate": 1, "leveller.most": 9,
		"step_back.gain": -6, "step_back.shelf": -4, "step_back.above": 1800,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if !*s.Steady.Enabled || !*s.Leveller.Enabled {
		t.Error("steady rule and leveller must be on by default")
	}
	if wrong := s.Check(); len(wrong) != 0 {
		t.Errorf("the defaults are refused: %v", wrong)
	}
	if wrong := (guard.Settings{}).Check(); len(wrong) != 0 {
		t.Errorf("an empty section is refused: %v", wrong)
	}
}

func TestWhatIsSetIsKept(t *testing.T) {
	off := false
	s := guard.Settings{LevelCeiling: -12, Steady: guard.Steady{Enabled: &off}, Tone: guard.Tone{PureFor: 4, Hold: time.Second}}
	again := s.WithDefaults().WithDefaults()
	if again.LevelCeiling != -12 || *again.Steady.Enabled || again.Tone.PureFor != 4 || again.Tone.Hold != time.Second {
		t.Errorf("got %+v", again)
	}
}

func TestSettingsOutOfRangeAreNamed(t *testing.T) {
	for key, s := range map[string]guard.Settings{
		"level_ceiling":     {LevelCeiling: 3},
		"peak_ceiling":      {PeakCeiling: 4},
		"startle_db":        {StartleDB: math.NaN()},
		"startle_floor":     {StartleFloor: -80},
		"release":           {Release: -40},
		"tone.pure":         {Tone: guard.Tone{Pure: -1}},
		"tone.pure_for":     {Tone: guard.Tone{PureFor: 1}},
		"tone.moving":       {Tone: guard.Tone{Pure: 0.02, Moving: 0.01}},
		"tone.moving_for":   {Tone: guard.Tone{MovingFor: 51}},
		"tone.moving_above": {Tone: guard.Tone{MovingAbove: 100}},
		"tone.noisy":        {Tone: guard.Tone{Noisy: 0.5}},
		"tone.noisy_to":     {Tone: guard.Tone{NoisyFrom: 2000, NoisyTo: 1500}},
		"tone.hold":         {Tone: guard.Tone{Hold: time.Hour}},
		"steady.over":       {Steady: guard.Steady{Over: -2}},
		"steady.after":      {Steady: guard.Steady{After: time.Millisecond}},
		"leveller.most":     {Leveller: guard.Leveller{Most: -9}},
		"leveller.above":    {Leveller: guard.Leveller{Above: 5}},
		"step_back.gain":    {StepBack: guard.StepBack{Gain: 6}},
		"step_back.above":   {StepBack: guard.StepBack{Above: 4000}},
	} {
		wrong := s.Check()
		if keys := slices.Collect(maps.Keys(wrong)); !slices.Equal(keys, []string{key}) {
			t.Errorf("%s: told %v", key, wrong)
		}
		if !strings.Contains(wrong[key], "must be") {
			t.Errorf("%s: %q does not say what is allowed", key, wrong[key])
		}
	}
}

func TestEveryNumberHasAYAMLNameAndADefault(t *testing.T) {
	var look func(path string, v reflect.Value)
	look = func(path string, v reflect.Value) {
		for i := range v.NumField() {
			f, tag := v.Type().Field(i), v.Type().Field(i).Tag.Get("yaml")
			if tag == "" {
				t.Errorf("%s%s has no yaml name", path, f.Name)
			}
			if f.Type.Kind() == reflect.Struct {
				look(path+tag+".", v.Field(i))
			} else if v.Field(i).IsZero() {
				t.Errorf("%s%s has no default", path, tag)
			}
		}
	}
	look("", reflect.ValueOf(guard.Settings{}.WithDefaults()))
}

func TestTheDosesSettingsAreChecked(t *testing.T) {
	s := guard.DoseSettings{}.WithDefaults()
	if s.Budget != 80 || s.Profile != (guard.Profile{RLR: 2}) {
		t.Errorf("defaults %+v", s)
	}
	if wrong := s.Check(); len(wrong) != 0 {
		t.Errorf("the defaults are refused: %v", wrong)
	}
	wrong := guard.DoseSettings{Budget: 120, Profile: guard.Profile{Vol: 40, DF: -1}}.Check()
	want := []string{"budget", "profile.df", "profile.vol"}
	if keys := slices.Sorted(maps.Keys(wrong)); !slices.Equal(keys, want) {
		t.Errorf("told %v, want %v", wrong, want)
	}
	if wrong := (guard.Profile{RLR: 50}).Check(); wrong["rlr"] == "" {
		t.Error("an RLR of 50 dB is allowed")
	}
}

// A guard with any allowed numbers keeps its word.
func TestOtherCeilingsAreKeptAsWell(t *testing.T) {
	s := noComfort()
	s.LevelCeiling, s.PeakCeiling, s.Tone.Ceiling = -15, -10, -35
	l := newLine(s)
	out := l.send(after(speech(t, time.Second), whiteNoise(0, 200*time.Millisecond), sine(1500, 0, time.Second)))
	if top := dBFS(highest(out)); top > -13 {
		t.Errorf("a sample of %.2f dBFS, want at most −13", top)
	}
	if got := level(out[len(out)-rate/2:]); got > -35 {
		t.Errorf("a tone of %.1f dBm0, want at most −35", got)
	}
}
