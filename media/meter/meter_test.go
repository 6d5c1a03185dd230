package meter_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
)

// All that a meter gives are numbers; the sound that it is shown stays as it is.
func testEventsChangeNoSound(t *testing.T) {
	x := effort{dB: 10, semitones: 4, tilt: 0.5}.turned(speakers(t)[0].calls(callLength, -20)[0])
	codes := make([]byte, len(x))
	g711.Mu.Encode(codes, x)
	before, wide := bytes.Clone(codes), slices.Clone(x)
	m, ear := meter.New(meter.Settings{}), meter.NewEar()
	var events meter.Events
	for at := 0; at+frame <= len(codes); at += frame {
		src := codes[at : at+frame]
		m.Caller(g711.Mu, src, ear.Frame(g711.Mu, src))
		if s, ok := m.Take(); ok {
			events |= s.Events
		}
	}
	if !events.Has(meter.Raised) {
		t.Fatal("nothing was raised: the test says nothing")
	}
	if !bytes.Equal(codes, before) {
		t.Error("codes were changed")
	}
	m.CallerSamples(guard.Narrow, x, guard.Heard{Samples: len(x)})
	if !slices.Equal(x, wide) {
		t.Error("samples were changed")
	}
}

// No word of what somebody feels stands in the code of what listens: the guard, the
// meter, its evaluation.
func TestNoWordOfFeelings(t *testing.T) {
	feelings := regexp.MustCompile(`(?i)\b\w*(anger|angry|emotion|mood|hostil|aggress|furious|frustrat|annoy|sentiment|hysteri|stressed|upset)\w*`)
	for _, pattern := range []string{"*.go", "eval/*.go", "../guard/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if word := feelings.Find(text); word != nil {
				t.Errorf("%s speaks of %q", file, word)
			}
		}
	}
}

func TestAnEarHearsWhatAGuardHears(t *testing.T) {
	x := speakers(t)[0].calls(callLength, -20)[0][:10*rate]
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		codes := make([]byte, len(x))
		law.Encode(codes, x)
		g, ear := guard.New(guard.Settings{}), meter.NewEar()
		for at := 0; at+240 <= len(codes); at += 240 {
			src := codes[at : at+240]
			g.Frame(law, make([]byte, 240), src)
			want, got := g.Heard(), ear.Frame(law, src)
			if level(want) < -60 {
				continue // a guard begins anew after silence
			}
			if math.Abs(level(got)-level(want)) > 0.1 || got.R0 != want.R0 || math.Abs(got.R1-want.R1) > 0.01*want.R0 || got.Samples != want.Samples {
				t.Fatalf("%v at %d: heard %+v, the guard %+v", law, at, got, want)
			}
		}
	}
}

func level(h guard.Heard) float64 { return 10*math.Log10(h.Power/(1<<30)) + 6.15 }

// Who takes late loses no event.
func TestEventsWaitToBeTaken(t *testing.T) {
	x := effort{dB: 10, semitones: 4, tilt: 0.5}.turned(speakers(t)[0].calls(callLength, -20)[0])
	l := newLine(meter.Settings{})
	seconds := l.say(x, nil)
	at := firstRaised(seconds)
	m, ear, codes := meter.New(meter.Settings{}), meter.NewEar(), make([]byte, len(x))
	g711.Mu.Encode(codes, x)
	for i := 0; i+frame <= (at+5)*rate; i += frame {
		m.Caller(g711.Mu, codes[i:i+frame], ear.Frame(g711.Mu, codes[i:i+frame]))
	}
	s, ok := m.Take()
	if !ok || !s.Events.Has(meter.Raised) || !s.Hint {
		t.Errorf("taken late: %v, %+v; want the event and its hint", ok, s)
	}
	if _, again := m.Take(); again {
		t.Error("a second was given twice")
	}
}

func TestEventsHaveNames(t *testing.T) {
	var names []string
	for name := range (meter.Raised | meter.Monologue).Names {
		names = append(names, name)
	}
	if want := []string{"raised", "monologue"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
	for range (meter.TalkOver | meter.Sustained).Names {
		break // an iterator that is not heard to its end
	}
}

func TestAMeterWithoutSoundTellsNothing(t *testing.T) {
	m := meter.New(meter.Settings{})
	m.Caller(g711.Mu, nil, guard.Heard{})
	m.CallerSamples(guard.Wide, nil, guard.Heard{})
	m.Agent(true, 0)
	if s, ok := m.Take(); ok {
		t.Errorf("a second of nothing: %+v", s)
	}
	m.Caller(g711.Mu, bytes.Repeat([]byte{0xFF}, 3*rate), guard.Heard{Samples: 3 * rate}) // three seconds at once
	if s, ok := m.Take(); !ok || s.Judged() || s.Voice != 0 {
		t.Errorf("three seconds of silence: %v, %+v", ok, s)
	}
}

// Settings that nobody checked are no reason to fall.
func TestNonsenseIsSurvived(t *testing.T) {
	odd := meter.Settings{Baseline: time.Hour, AbsoluteFor: -time.Hour, Of: -3, Raised: -1, TalkOver: -1, Monologue: -1, Sustained: time.Hour, Again: -1}
	newLine(odd).say(speakers(t)[0].calls(callLength, -20)[0], always)
}

// Whatever comes, nothing panics, and what is judged are numbers.
func FuzzMeter(f *testing.F) {
	f.Add([]byte("hello"), uint8(20), true)
	f.Add(bytes.Repeat([]byte{0x00, 0x80, 0xFF, 0x7F}, 400), uint8(160), false)
	f.Fuzz(func(t *testing.T, codes []byte, size uint8, agent bool) {
		m, ear, law := meter.New(meter.Settings{}), meter.NewEar(), g711.Law(size%2)
		for range 1 + 2*rate/(len(codes)+1) {
			for at := 0; at < len(codes); at += int(size) + 1 {
				frame := codes[at:min(at+int(size)+1, len(codes))]
				m.Caller(law, frame, ear.Frame(law, frame))
				m.Agent(agent, len(frame))
				s, ok := m.Take()
				if ok && s.Judged() && !(s.Level < 10 && s.Tilt <= 1 && s.Pitch > 60 && s.Pitch < 520 && s.Score >= 0 && s.Score <= 1) {
					t.Fatalf("a second like no other: %+v", s)
				}
			}
		}
	})
}

// The pitch of a second of speech agrees with that of a plain method, YIN (de Cheveigné and
// Kawahara, 2002), which is far too dear for a frame.
func TestPitchAgreesWithAPlainMethod(t *testing.T) {
	for _, s := range speakers(t) {
		x := s.calls(callLength, -20)[0]
		same, all := 0, 0
		for i, second := range newLine(meter.Settings{}).say(x, nil) {
			if want := yin(x[i*rate : (i+1)*rate]); second.Judged() && want > 0 {
				all++
				if math.Abs(12*math.Log2(second.Pitch/want)) < 4 {
					same++
				}
			}
		}
		t.Logf("%s: within four semitones in %d of %d seconds", s.name, same, all)
		if 10*same < 9*all || all < 20 {
			t.Errorf("%s: within four semitones in %d of %d seconds, want 90 %%", s.name, same, all)
		}
	}
}

// yin is the median pitch of a second of speech.
func yin(x []int16) float64 {
	const window, longest = 192, 128
	var found []float64
	for at := 0; at+window+longest+1 < len(x); at += 40 * ms {
		if activeLevel(x[at:at+window+longest]) < -35 {
			continue
		}
		sum, before := 0.0, math.Inf(1)
		for lag := 1; lag <= longest; lag++ {
			d := 0.0
			for i := range window {
				e := float64(x[at+i]) - float64(x[at+i+lag])
				d += e * e
			}
			sum += d
			normal := d * float64(lag) / sum
			if lag > 16 && normal > before && before < 0.15 {
				found = append(found, rate/float64(lag-1))
				break
			}
			before = normal
		}
	}
	if len(found) < 4 {
		return 0
	}
	slices.Sort(found)
	return found[len(found)/2]
}

func TestASettingThatMakesNoSenseIsTold(t *testing.T) {
	if wrong := (meter.Settings{}).Check(); len(wrong) != 0 {
		t.Errorf("the defaults are wrong: %v", wrong)
	}
	d := meter.Settings{}.WithDefaults()
	if d.Enabled || d.Threshold != 0.35 || d.Raised != 3 || d.Of != 5 || d.Absolute != -12 || d.Monologue != 3*time.Minute {
		t.Errorf("not the defaults of the specification: %+v", d)
	}
	for key, s := range map[string]meter.Settings{
		"threshold":    {Threshold: 2},
		"raised":       {Raised: 6},
		"of":           {Of: 30},
		"baseline":     {Baseline: time.Minute},
		"absolute":     {Absolute: 10},
		"absolute_for": {AbsoluteFor: -1},
		"talk_over":    {TalkOver: time.Millisecond},
		"monologue":    {Monologue: 2 * time.Hour},
		"sustained":    {Sustained: 61 * time.Second},
		"talk_overs":   {TalkOvers: -1},
		"again":        {Again: time.Second},
	} {
		wrong := s.Check()
		if len(wrong) != 1 || !strings.Contains(wrong[key], "must be") {
			t.Errorf("%s: told %v", key, wrong)
		}
	}
	if wrong := (meter.Settings{Threshold: math.NaN()}).Check(); wrong["threshold"] == "" {
		t.Error("a threshold that is no number is right")
	}
}
