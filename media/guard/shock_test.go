package guard_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

// atMost is a level in dBm0 that a window of the output must not exceed. The window
// is in milliseconds after the shock began.
type atMost struct {
	from, to int
	level    float64
}

// shock is a sound that follows two seconds of speech at −20 dBm0.
type shock struct {
	sound []int16
	want  []atMost
}

// Protection.md §2, tests 1 to 8 and 10: the shock begins with a frame.
func shocks() map[string]shock {
	toneWant := []atMost{{0, 5, -6.5}, {5, 20, -8.5}, {40, 60, -28}, {60, 100, -28}, {100, 1000, -28}}
	return map[string]shock{
		"1: a 1 kHz tone at 0 dBm0 is under −28 from 40 ms": {
			sine(1000, 0, time.Second), toneWant,
		},
		"2: a 1 kHz tone at full scale is under −28 from 40 ms": {
			sine(1000, 3.1, time.Second), toneWant,
		},
		"3: a shrill 3 kHz tone is held lower from the start": {
			sine(3000, -6, time.Second), []atMost{{0, 20, -9}, {40, 60, -28}, {60, 1000, -28}},
		},
		"4: a fax that calls is under −28 from 40 ms": {
			sine(1100, -9, 500*time.Millisecond), []atMost{{40, 60, -28}, {60, 500, -28}},
		},
		"5: a referee's whistle is under −26 from 120 ms": {
			warble(func(t float64) float64 { return 2500 + 150*math.Sin(2*math.Pi*30*t) }, 0, time.Second),
			[]atMost{{0, 5, -8}, {5, 20, -8}, {20, 40, -8}, {120, 140, -26}, {120, 1000, -26}},
		},
		"6: a siren is under −28 from 100 ms": {
			warble(func(t float64) float64 { return 1050 - 450*math.Cos(2*math.Pi*t) }, -3, 2*time.Second),
			[]atMost{{100, 120, -28}, {120, 500, -28}, {500, 1000, -28}, {1000, 2000, -28}},
		},
		"6: a siren that falls back at once is under −28 from 100 ms": {
			warble(func(t float64) float64 { return 600 + 900*math.Mod(t, 1) }, -3, 2*time.Second),
			[]atMost{{100, 120, -28}, {120, 990, -28}, {1100, 2000, -28}},
		},
		"7: a full-scale square wave is under −9 from 5 ms and fades": {
			squareWave(1000, time.Second), []atMost{{5, 20, -9}, {20, 40, -9}, {40, 260, -9}, {500, 520, -18}, {500, 1000, -18}},
		},
		"8: white noise at 0 dBm0 is under −9 from 5 ms and fades": {
			whiteNoise(0, time.Second), []atMost{{5, 20, -9}, {20, 40, -9}, {40, 60, -9}, {60, 260, -9}, {500, 520, -18}, {500, 1000, -18}},
		},
		"10: a howl that rises 100 dB a second never gets above −28": {
			howl(), []atMost{{0, 20, -28}, {20, 40, -28}, {40, 60, -28}, {60, 80, -28}, {80, 100, -28}, {100, 120, -28}, {120, 140, -28}, {140, 160, -28}, {160, 300, -28}, {300, 430, -28}},
		},
	}
}

// howl is feedback: 2 kHz from −40 to +3 dBm0, rising 100 dB a second.
func howl() []int16 {
	x := make([]int16, samplesIn(430*time.Millisecond))
	for i := range x {
		t := float64(i) / rate
		x[i] = g711.Clip(crest(-40+100*t) * math.Sin(2*math.Pi*2000*t))
	}
	return x
}

// testShocks tries those of a number of the page.
func testShocks(t *testing.T, number int) {
	before := speech(t, 2*time.Second)
	for name, c := range shocks() {
		if !strings.HasPrefix(name, fmt.Sprintf("%d: ", number)) {
			continue
		}
		for codec, send := range codecs() {
			t.Run(name+", "+codec, func(t *testing.T) {
				out := send(newLine(noComfort()), after(before, c.sound))
				times := len(out) / (len(before) + len(c.sound)) // two samples for one, in wideband
				out = out[times*len(before):]
				for _, w := range c.want {
					if got := level(between(out, times*w.from, times*w.to)); got > w.level {
						t.Errorf("%d to %d ms: %.1f dBm0, want at most %v", w.from, w.to, got, w.level)
					}
				}
				if top := dBFS(highest(out)); top > -6 {
					t.Errorf("a sample of %.2f dBFS, want at most −6", top)
				}
				logLevels(t, out, times)
			})
		}
	}
}

// codecs are the ways a line's sound comes to the guard.
func codecs() map[string]func(l *line, x []int16) []int16 {
	return map[string]func(l *line, x []int16) []int16{
		"µ-law":    (*line).send,
		"A-law":    func(l *line, x []int16) []int16 { l.law = g711.A; return l.send(x) },
		"16000 Hz": (*line).sendWide,
	}
}

// logLevels tells what the ear gets, as the table in DESIGN.md does.
func logLevels(t *testing.T, out []int16, times int) {
	var line strings.Builder
	for _, w := range [][2]int{{0, 5}, {5, 20}, {20, 40}, {40, 60}, {100, 190}, {400, 430}} {
		fmt.Fprintf(&line, " | %d–%d ms: %.1f", w[0], w[1], level(between(out, times*w[0], times*w[1])))
	}
	t.Log(line.String())
}

// A tone that begins late in the last block of a frame is averaged with what was
// before: the guard cannot see further.
func TestAToneThatBeginsWithinAFrameIsTakenOffTheEar(t *testing.T) {
	before := speech(t, 2*time.Second)
	for late := 1; late < 20; late += 3 {
		l := newLine(noComfort())
		lead := after(before, make([]int16, late*ms+late)) // no whole block either
		out := l.send(after(lead, sine(1000, 0, time.Second)))[len(lead):]
		for _, w := range []atMost{{0, 5, -6.2}, {5, 20, -8.5}, {20, 40, -9}, {40, 60, -28}, {60, 1000, -28}} {
			if got := level(between(out, w.from, w.to)); got > w.level {
				t.Errorf("%d ms late: %d to %d ms: %.1f dBm0, want at most %v", late, w.from, w.to, got, w.level)
			}
		}
	}
}

func TestAToneIsTakenOffWhateverTheFrameIs(t *testing.T) {
	before := speech(t, 2*time.Second)
	for _, size := range []int{10 * ms, 20 * ms, 30 * ms, 40 * ms, 60 * ms, 100 * ms, 163} {
		l := newLine(noComfort())
		l.frame = size
		out := l.send(after(before, sine(1000, 0, time.Second)))[len(before):]
		for _, w := range []atMost{{0, 5, -6.5}, {5, 20, -8.5}, {60, 100, -28}, {100, 900, -28}} {
			if got := level(between(out, w.from, w.to)); got > w.level {
				t.Errorf("frames of %d samples: %d to %d ms: %.1f dBm0, want at most %v", size, w.from, w.to, got, w.level)
			}
		}
	}
}

// Lines are noisy, and hum.
func TestAToneOnABadLineIsTakenOffTheEar(t *testing.T) {
	second := time.Second
	before := speech(t, 2*second)
	for name, sound := range map[string][]int16{
		"a fax with noise 20 dB below it":      mixed(sine(1100, -9, second), whiteNoise(-29, second)),
		"a fax with mains hum 12 dB below it":  mixed(sine(1100, -9, second), sine(50, -21, second)),
		"a whistle with noise 20 dB below it":  mixed(sine(2500, -6, second), whiteNoise(-26, second)),
		"a modem's answer, which also swells":  ansAM(second),
		"a smoke alarm of half-second beeps":   after(sine(3100, -6, second/2), make([]int16, rate/2), sine(3100, -6, second/2)),
		"an alarm that changes its tone often": warble(func(t float64) float64 { return 800 + 200*math.Floor(math.Mod(8*t, 2)) }, -3, second),
	} {
		out := newLine(noComfort()).send(after(before, sound))[len(before):]
		for _, w := range []atMost{{0, 20, -8}, {60, 100, -28}, {100, 450, -28}} {
			if got := level(between(out, w.from, w.to)); got > w.level {
				t.Errorf("%s: %d to %d ms: %.1f dBm0, want at most %v", name, w.from, w.to, got, w.level)
			}
		}
	}
}

// ansAM is the answering tone of ITU-T V.8: 2100 Hz that swells 15 times a second.
func ansAM(length time.Duration) []int16 {
	x := sine(2100, -10, length)
	for i := range x {
		x[i] = int16(float64(x[i]) * (1 + 0.2*math.Sin(2*math.Pi*15*float64(i)/rate)))
	}
	return x
}

// Tests 1 and 2, second half.
func testSpeechIsBackASecondAfterATone(t *testing.T) {
	for _, loud := range []float64{-9, 0, 3.1} {
		l := newLine(noComfort())
		l.send(speech(t, 2*time.Second))
		l.send(sine(1000, loud, time.Second))
		in := speech(t, 3*time.Second)
		out := l.send(in)
		gain := gainOf(in, out, 1000, 1040)
		t.Logf("tone at %+.1f dBm0: gain %.1f dB at 400 ms, %.1f at 800, %.1f at 1000", loud,
			gainOf(in, out, 400, 410), gainOf(in, out, 800, 810), gain)
		if gain < -1 {
			t.Errorf("tone at %+.1f dBm0: speech is %.1f dB down after a second, want at most 1", loud, -gain)
		}
		if early := gainOf(in, out, 100, 160); early > -10 {
			t.Errorf("tone at %+.1f dBm0: only %.1f dB down 100 ms after it, want it held", loud, -early)
		}
	}
}

// gainOf is the gain in dB between two milliseconds that explains out from in best.
func gainOf(in, out []int16, from, to int) float64 {
	var xy, xx float64
	for i := from * ms; i < to*ms; i++ {
		xy += float64(in[i]) * float64(out[i])
		xx += float64(in[i]) * float64(in[i])
	}
	return 20 * math.Log10(xy/xx)
}

// Test 4, second half: ITU-T V.25 reverses the phase every 450 ms.
func testAnAnsweringFaxIsHeldDownThroughItsPhaseReversals(t *testing.T) {
	var fax []int16
	for i := range 6 {
		piece := sine(2100, -10, 450*time.Millisecond)
		if i%2 == 1 {
			piece = louder(piece, 0)
			for k := range piece {
				piece[k] = -piece[k]
			}
		}
		fax = append(fax, piece...)
	}
	before := speech(t, 2*time.Second)
	out := newLine(noComfort()).send(after(before, fax))[len(before):]
	for at := 60; at+5 <= len(out)/ms; at += 5 {
		got := level(between(out, at, at+5))
		if since := at % 450; since >= 40 && got > -25 {
			t.Errorf("%.1f dBm0 %d ms after a reversal, want at most −25", got, since)
		}
	}
}

// Test 7 and 9: no sample, from the very first.
func testNoSampleIsAboveThePeakCeiling(t *testing.T) {
	click := make([]int16, 100*ms)
	click[33*ms] = -fullScale
	for name, sound := range map[string][]int16{
		"9: a click of one sample":                  click,
		"7: a square wave from the first sample on": squareWave(1000, time.Second),
		"a square wave of 200 Hz":                   squareWave(200, time.Second),
		"a hum of 50 Hz, which weighs nothing":      sine(50, 3.1, time.Second),
		"a full-scale tone of 150 Hz":               sine(150, 3.1, time.Second),
		"noise beyond full scale":                   whiteNoise(6, time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			for _, law := range []g711.Law{g711.Mu, g711.A} {
				l := newLine(noComfort())
				l.law = law
				out := l.send(after(speech(t, time.Second), sound))
				if top := dBFS(highest(out)); top > -6 {
					t.Errorf("%v: a sample of %.2f dBFS, want at most −6.0", law, top)
				}
			}
		})
	}
}

// Test 11.
func testAToneAsTheFirstSoundOfACallIsTakenOff(t *testing.T) {
	out := newLine(guard.Settings{}).send(sine(1000, 0, time.Second))
	for _, w := range []atMost{{0, 5, -6.5}, {5, 20, -8.5}, {40, 60, -28}, {60, 1000, -28}} {
		if got := level(between(out, w.from, w.to)); got > w.level {
			t.Errorf("%d to %d ms: %.1f dBm0, want at most %v", w.from, w.to, got, w.level)
		}
	}
}

// Test 13.
func testSpeechThatJumpsBy20DBStaysUnderTheCeiling(t *testing.T) {
	quiet := speech(t, 5*time.Second)
	loud := louder(normalised(spoken(t, "en", 15*time.Second), -20)[5*rate:], 20)
	out := newLine(noComfort()).send(after(quiet, loud))
	top := math.Inf(-1)
	for _, level := range weighted(out)[5*200:] {
		top = max(top, level)
	}
	t.Logf("loudest 5 ms: %.2f dBm0 A", top)
	if top > -8.5 {
		t.Errorf("5 ms of %.2f dBm0 A, want at most −8.5", top)
	}
	if peak := dBFS(highest(out)); peak > -6 {
		t.Errorf("a sample of %.2f dBFS, want at most −6.0", peak)
	}
	in, heard := loud, out[len(quiet):]
	last := 0.0
	for at := 0; at+5 <= len(in)/ms; at += 5 {
		if level(between(in, at, at+5)) < -45 {
			last = 0 // too little to measure a gain with
			continue
		}
		gain := gainOf(in, heard, at, at+5)
		if gain > last+6 {
			t.Errorf("the gain goes up from %.1f to %.1f dB within 5 ms", last, gain)
		}
		last = gain
	}
}

// Test 19.
func testAToneStaysDownWhenItsSourceChanges(t *testing.T) {
	l := newLine(noComfort())
	l.send(speech(t, 2*time.Second))
	tone := sine(1000, 0, time.Second)
	l.send(tone)
	usual := l.guard.Account().Usual
	l.guard.Forget()
	out := l.send(sine(1300, 3, time.Second)[3:])
	if top := dBFS(highest(out)); top > -6 {
		t.Errorf("a sample of %.2f dBFS, want at most −6", top)
	}
	if got := level(out[:rate/2]); got > -28 {
		t.Errorf("the new source's tone comes through at %.1f dBm0, want at most −28", got)
	}
	if now := l.guard.Account().Usual; math.Abs(now-usual) > 0.5 {
		t.Errorf("the usual level went from %.1f to %.1f dBm0, want it kept", usual, now)
	}
}
