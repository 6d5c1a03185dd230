package guard

import (
	"fmt"
	"time"
)

// Settings of the hearing guard. Every number can be changed; the defaults are
// those of the protection page. Levels are dBm0, A-weighted where it says A.
type Settings struct {
	LevelCeiling float64  `yaml:"level_ceiling"` // dBm0 A that no 5 ms exceed; default -9
	PeakCeiling  float64  `yaml:"peak_ceiling"`  // dBm0 of the sine whose peak no sample exceeds; default -3
	StartleDB    float64  `yaml:"startle_db"`    // a jump may go so many dB above the usual level of the line; default 12
	StartleFloor float64  `yaml:"startle_floor"` // dBm0 A below which no jump is limited; default -24
	Release      float64  `yaml:"release"`       // dB a second by which sound comes back; default 40
	Tone         Tone     `yaml:"tone"`          // whistles, fax, howl, sirens
	Steady       Steady   `yaml:"steady"`        // bells, noise and other loud sound that does not change
	Leveller     Leveller `yaml:"leveller"`      // comfort: a line that stays loud is turned down slowly
	Digits       Digits   `yaml:"digits"`        // keys whose tones are in the sound
	StepBack     StepBack `yaml:"step_back"`     // what the agent's step-back key does
}

// Digits is the rule for keys whose tones come in the sound instead of as events: the
// agent hears silence instead.
type Digits struct {
	Enabled *bool `yaml:"enabled"` // default true
}

// Tone is the rule for sound that is one frequency. A piece is 10 ms.
type Tone struct {
	Pure    float64 `yaml:"pure"`     // share of a piece that one resonance leaves unexplained, at most, to be a tone; default 0.008
	PureFor int     `yaml:"pure_for"` // so many such pieces in a row make a tone; default 3
	Above   float64 `yaml:"above"`    // Hz; below, tones are voices and only their level counts; default 600

	Noisy     float64 `yaml:"noisy"`      // share of noise over a tone; default 0.02, which is a noise 17 dB below it
	NoisyFor  int     `yaml:"noisy_for"`  // default 6
	NoisyFrom float64 `yaml:"noisy_from"` // Hz; below, vowels can look like that; default 1050
	NoisyTo   float64 `yaml:"noisy_to"`   // Hz; above, hiss can; default 3000

	Moving      float64 `yaml:"moving"`       // as pure, for a tone whose frequency moves; default 0.035
	MovingFor   int     `yaml:"moving_for"`   // default 6
	MovingAbove float64 `yaml:"moving_above"` // Hz; below, vowels can look like that; default 1200

	Under   float64       `yaml:"under"`   // dB under the usual level of the line that a tone is brought to; default 10
	Ceiling float64       `yaml:"ceiling"` // dBm0 A that a tone never exceeds, however loud the line is; default -28
	Hold    time.Duration `yaml:"hold"`    // for so long after a tone, or a steady sound, nothing comes back; default 200ms
}

// Steady is the rule for loud sound of constant level.
type Steady struct {
	Enabled *bool         `yaml:"enabled"` // default true; false where music comes from the far end
	Within  float64       `yaml:"within"`  // dB around its mean that is constant; default 4
	Over    float64       `yaml:"over"`    // dB above the usual level of the line that is loud; default 2
	After   time.Duration `yaml:"after"`   // constant and loud for so long; default 260ms
	Fall    float64       `yaml:"fall"`    // dB a second by which it is turned down; default 60
	Under   float64       `yaml:"under"`   // dB under the usual level where that ends; default 6
}

// Leveller turns down a line that stays loud. It never makes anything louder.
type Leveller struct {
	Enabled *bool   `yaml:"enabled"` // default true
	Above   float64 `yaml:"above"`   // dBm0 A of active speech that is loud; default -18
	Rate    float64 `yaml:"rate"`    // dB a second; default 1
	Most    float64 `yaml:"most"`    // dB it may take away; default 9
}

// StepBack is what the agent gets by asking for a step back from the caller.
type StepBack struct {
	Gain  float64 `yaml:"gain"`  // dB for everything; default -6
	Shelf float64 `yaml:"shelf"` // dB more for what is sharp; default -4
	Above float64 `yaml:"above"` // Hz where sharp begins (half of Shelf there); default 1800
}

// number is one setting with its name, default and the values that make sense.
type number struct {
	key        string
	value      *float64
	usual      float64
	least, top float64
	unit       string
}

func (s *Settings) numbers() []number {
	return []number{
		{"level_ceiling", &s.LevelCeiling, -9, -30, 0, "dBm0"},
		{"peak_ceiling", &s.PeakCeiling, -3, -30, 3, "dBm0"},
		{"startle_db", &s.StartleDB, 12, 6, 30, "dB"},
		{"startle_floor", &s.StartleFloor, -24, -50, -6, "dBm0"},
		{"release", &s.Release, 40, 5, 400, "dB a second"},
		{"tone.pure", &s.Tone.Pure, 0.008, 0.0005, 0.1, "of the energy"},
		{"tone.noisy", &s.Tone.Noisy, 0.02, 0.0005, 0.05, "of the energy"},
		{"tone.noisy_from", &s.Tone.NoisyFrom, 1050, 300, 3000, "Hz"},
		{"tone.noisy_to", &s.Tone.NoisyTo, 3000, 1000, 3800, "Hz"},
		{"tone.moving", &s.Tone.Moving, 0.035, 0.0005, 0.2, "of the energy"},
		{"tone.above", &s.Tone.Above, 600, 300, 2000, "Hz"},
		{"tone.moving_above", &s.Tone.MovingAbove, 1200, 300, 3000, "Hz"},
		{"tone.under", &s.Tone.Under, 10, 1, 30, "dB"},
		{"tone.ceiling", &s.Tone.Ceiling, -28, -60, -9, "dBm0"},
		{"steady.within", &s.Steady.Within, 4, 1, 10, "dB"},
		{"steady.over", &s.Steady.Over, 2, 0.1, 20, "dB"},
		{"steady.fall", &s.Steady.Fall, 60, 5, 400, "dB a second"},
		{"steady.under", &s.Steady.Under, 6, 1, 30, "dB"},
		{"leveller.above", &s.Leveller.Above, -18, -40, -6, "dBm0"},
		{"leveller.rate", &s.Leveller.Rate, 1, 0.1, 10, "dB a second"},
		{"leveller.most", &s.Leveller.Most, 9, 1, 20, "dB"},
		{"step_back.gain", &s.StepBack.Gain, -6, -20, -1, "dB"},
		{"step_back.shelf", &s.StepBack.Shelf, -4, -20, -0.5, "dB"},
		{"step_back.above", &s.StepBack.Above, 1800, 500, 3400, "Hz"},
	}
}

// spans are the settings that are lengths of time.
func (s *Settings) spans() []span {
	return []span{
		{"tone.hold", &s.Tone.Hold, 200 * time.Millisecond, 20 * time.Millisecond, 2 * time.Second},
		{"steady.after", &s.Steady.After, 260 * time.Millisecond, 100 * time.Millisecond, 5 * time.Second},
	}
}

type span struct {
	key                string
	value              *time.Duration
	usual, least, most time.Duration
}

const mostPieces = 50 // half a second: later, a tone has been heard

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	for _, n := range s.numbers() {
		if *n.value == 0 {
			*n.value = n.usual
		}
	}
	for _, d := range s.spans() {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	if s.Tone.PureFor == 0 {
		s.Tone.PureFor = 3
	}
	if s.Tone.NoisyFor == 0 {
		s.Tone.NoisyFor = 6
	}
	if s.Tone.MovingFor == 0 {
		s.Tone.MovingFor = 6
	}
	if s.Steady.Enabled == nil {
		s.Steady.Enabled = new(true)
	}
	if s.Digits.Enabled == nil {
		s.Digits.Enabled = new(true)
	}
	if s.Leveller.Enabled == nil {
		s.Leveller.Enabled = new(true)
	}
	return s
}

// Check tells what is wrong, by key; empty when nothing is. What is not set is
// judged by its default.
func (s Settings) Check() map[string]string {
	s = s.WithDefaults()
	wrong := checkNumbers(s.numbers())
	for _, d := range s.spans() {
		if *d.value < d.least || *d.value > d.most {
			wrong[d.key] = fmt.Sprintf("is %v; must be %v to %v", *d.value, d.least, d.most)
		}
	}
	for key, pieces := range map[string]int{"tone.pure_for": s.Tone.PureFor, "tone.noisy_for": s.Tone.NoisyFor, "tone.moving_for": s.Tone.MovingFor} {
		if pieces < 2 || pieces > mostPieces {
			wrong[key] = fmt.Sprintf("is %d; must be 2 to %d pieces of 10 ms", pieces, mostPieces)
		}
	}
	if s.Tone.NoisyTo <= s.Tone.NoisyFrom && wrong["tone.noisy_to"] == "" {
		wrong["tone.noisy_to"] = fmt.Sprintf("is %g; must be above tone.noisy_from (%g Hz)", s.Tone.NoisyTo, s.Tone.NoisyFrom)
	}
	if s.Tone.Moving < s.Tone.Pure && wrong["tone.moving"] == "" {
		wrong["tone.moving"] = fmt.Sprintf("is %g; must be at least tone.pure (%g): a tone that moves is less pure", s.Tone.Moving, s.Tone.Pure)
	}
	return wrong
}

func checkNumbers(numbers []number) map[string]string {
	wrong := map[string]string{}
	for _, n := range numbers {
		if !(*n.value >= n.least && *n.value <= n.top) { // so that NaN is refused
			wrong[n.key] = fmt.Sprintf("is %g; must be %g to %g %s", *n.value, n.least, n.top, n.unit)
		}
	}
	return wrong
}

// Profile is the headset and phone an agent hears with, as far as a server can
// know it: the volume wheel, the room and other sound are unknown.
type Profile struct {
	RLR float64 `yaml:"rlr"` // receive loudness rating, dB (ITU-T P.79): higher is quieter; 0 in the file means the default 2
	Vol float64 `yaml:"vol"` // dB above the nominal volume; default 0
	DF  float64 `yaml:"df"`  // dB taken off to get from the ear to the free room (2 to 5 is true, 0 is careful); default 0
}

func (p *Profile) numbers() []number {
	return []number{
		{"rlr", &p.RLR, 2, -15, 20, "dB"},
		{"vol", &p.Vol, 0, -20, 20, "dB"},
		{"df", &p.DF, 0, 0, 8, "dB"},
	}
}

// WithDefaults fills what is not set.
func (p Profile) WithDefaults() Profile {
	for _, n := range p.numbers() {
		if *n.value == 0 {
			*n.value = n.usual
		}
	}
	return p
}

// Check tells what is wrong, by key; empty when nothing is.
func (p Profile) Check() map[string]string {
	p = p.WithDefaults()
	return checkNumbers(p.numbers())
}

// DoseSettings are the settings of the daily dose.
type DoseSettings struct {
	Budget  float64 `yaml:"budget"`  // dB(A) LEX,8h that is 100 %; default 80, the lower action value of 2003/10/EC
	Profile Profile `yaml:"profile"` // for agents without a profile of their own
}

func (s *DoseSettings) numbers() []number {
	return []number{{"budget", &s.Budget, 80, 70, 87, "dB(A)"}}
}

// WithDefaults fills what is not set.
func (s DoseSettings) WithDefaults() DoseSettings {
	if s.Budget == 0 {
		s.Budget = 80
	}
	s.Profile = s.Profile.WithDefaults()
	return s
}

// Check tells what is wrong, by key; empty when nothing is.
func (s DoseSettings) Check() map[string]string {
	s = s.WithDefaults()
	wrong := checkNumbers(s.numbers())
	for key, sentence := range s.Profile.Check() {
		wrong["profile."+key] = sentence
	}
	return wrong
}
