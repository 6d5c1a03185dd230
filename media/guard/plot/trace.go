// Package plot draws what the hearing guard does with a recording: how loud it is before
// and after, how far it is turned down, and which rules spoke. It is for people who
// want to see why a word was soft, or whether a whistle got through.
package plot

import (
	"fmt"
	"math"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/wav"
)

// Trace is what the guard did with a recording, 20 ms by 20 ms.
type Trace struct {
	Title   string // of the picture
	Steps   []Step
	Ceiling float64 // dBm0 A that no 5 ms exceed
	Account guard.Account
}

// Step is 20 ms of a recording.
type Step struct {
	Before, After float64 // dBm0 A; −Inf is silence
	Gain          float64 // dB, the least; −Inf is muted
	Leveller      float64 // dB of it that are the comfort leveller's
	Rules         Rules   // that asked for less
}

// Rules is some of the guard's rules, a bit each.
type Rules uint8

// Has tells whether a rule is among them.
func (r Rules) Has(rule guard.Rule) bool { return r&(1<<rule) != 0 }

const stepsASecond = 50

// Listen sends one channel of a recording (0 = left) through a guard, as a leg of its
// own would. It takes G.711 and 16-bit samples at 8000 or 16000 Hz. An error says what
// else the file is.
func Listen(title string, f *wav.File, channel int, s guard.Settings) (*Trace, error) {
	if f.Rate != int(guard.Narrow) && f.Rate != int(guard.Wide) {
		return nil, fmt.Errorf("%d samples a second; the guard hears 8000 and 16000", f.Rate)
	}
	if channel < 0 || channel >= f.Channels {
		return nil, fmt.Errorf("there is no channel %d: the file has %d", channel+1, f.Channels)
	}
	l := &listener{guard: guard.New(s), rate: guard.Rate(f.Rate)}
	l.before, l.after = guard.NewAWeight(l.rate), guard.NewAWeight(l.rate)
	l.law, l.coded = f.Law()
	l.coded = l.coded && l.rate == guard.Narrow
	t := &Trace{Title: title, Ceiling: s.WithDefaults().LevelCeiling}
	x := f.Samples(channel)
	for size := f.Rate / stepsASecond; len(x) > 0; {
		n := min(size, len(x))
		t.Steps = append(t.Steps, l.step(x[:n]))
		x = x[n:]
	}
	t.Account = l.guard.Account()
	return t, nil
}

// listener is a leg whose sound is looked at on both sides of its guard.
type listener struct {
	guard         *guard.Guard
	rate          guard.Rate
	law           g711.Law
	coded         bool // the leg speaks G.711
	before, after *guard.AWeight
	limited       [guard.Rules]uint64
}

// step guards 20 ms, in place.
func (l *listener) step(x []int16) Step {
	s := Step{Before: l.before.Level(x)}
	if l.coded {
		codes := make([]byte, len(x))
		l.law.Encode(codes, x)
		if l.guard.Frame(l.law, codes, codes) {
			l.law.Decode(x, codes)
		}
	} else {
		l.guard.Samples(l.rate, x)
	}
	s.After = l.after.Level(x)
	for _, b := range l.guard.Track() {
		s.Gain = min(s.Gain, guard.TrackGain(b))
	}
	account := l.guard.Account()
	for rule, n := range account.Limited {
		if n > l.limited[rule] {
			s.Rules |= 1 << rule
		}
	}
	l.limited, s.Leveller = account.Limited, account.Comfort
	return s
}

// summary tells the whole in a line.
func (t *Trace) summary() string {
	a := t.Account
	if a.Frames == 0 {
		return "nothing"
	}
	seconds := float64(len(t.Steps)) / stepsASecond
	return fmt.Sprintf("%s long · %.2f %% of frames touched · loudest 5 ms %s before, %s after · usual level at the end %s",
		long(seconds), 100*float64(a.Touched)/float64(a.Frames), level(a.MaxIn), level(a.MaxOut), level(a.Usual))
}

func long(seconds float64) string {
	if seconds < 100 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	return fmt.Sprintf("%d:%02d min", int(seconds)/60, int(seconds)%60)
}

func level(dBm0 float64) string {
	if math.IsInf(dBm0, -1) {
		return "silence"
	}
	return fmt.Sprintf("%s dBm0 A", number(dBm0, 1))
}

// number is v with a minus that is a minus.
func number(v float64, digits int) string {
	s := fmt.Sprintf("%.*f", digits, math.Abs(v))
	if v < 0 && s != fmt.Sprintf("%.*f", digits, 0.0) {
		return "−" + s
	}
	return s
}
