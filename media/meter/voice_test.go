package meter_test

import (
	"fmt"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
)

// callLength gives 40 s of speech and the breaths between.
const callLength = 45 * time.Second

// from is when the voice changes in a pseudo-call, in seconds.
const from = 15

// turned is a call in which the voice changes after from.
func (e effort) turned(x []int16) []int16 {
	return append(x[:from*rate:from*rate], e.of(x[from*rate:])...)
}

// outcome is how many pseudo-calls were made, raised, and raised within 6 s of the change.
type outcome struct {
	calls, raised, quick int
	which                []string
}

// wire is how a pseudo-call is sent; of each speaker every so-many-th is.
type wire struct {
	law   g711.Law
	level float64 // dBm0, active
	every int
}

// judge sends pseudo-calls of all speakers.
func judge(t *testing.T, w wire, of func(x []int16) []int16) (o outcome) {
	t.Helper()
	for _, s := range speakers(t) {
		for i, x := range s.calls(callLength, w.level) {
			if i%w.every != 0 && !*whole {
				continue
			}
			l := newLine(meter.Settings{})
			l.law = w.law
			seconds := l.say(of(x), nil)
			o.calls++
			if at := firstRaised(seconds); at >= 0 {
				o.which = append(o.which, fmt.Sprintf("%s, call %d, second %d", s.name, i, at))
				o.raised++
				if at >= from && at < from+6 {
					o.quick++
				}
			}
		}
	}
	if o.calls == 0 {
		t.Fatal("no calls: nothing was judged")
	}
	return o
}

func testNeutralSpeechIsNeverRaised(t *testing.T) {
	for _, w := range []wire{{g711.Mu, -20, 1}, {g711.A, -26, 3}, {g711.A, -20, 5}, {g711.Mu, -14, 3}} {
		o := judge(t, w, func(x []int16) []int16 { return x })
		t.Logf("%v at %v dBm0: %d of %d calls raised", w.law, w.level, o.raised, o.calls)
		if o.raised != 0 {
			t.Errorf("%v at %v dBm0: %d of %d neutral calls are raised, want none: %v", w.law, w.level, o.raised, o.calls, o.which)
		}
	}
}

func testPlainEffortIsRaisedWithinSixSeconds(t *testing.T) {
	plain := effort{dB: 10, semitones: 4, tilt: 0.5}
	for _, w := range []wire{{g711.Mu, -20, 1}, {g711.A, -26, 1}} {
		o := judge(t, w, plain.turned)
		t.Logf("%v at %v dBm0: %d of %d calls raised, %d within 6 s", w.law, w.level, o.raised, o.calls, o.quick)
		if 100*o.quick < 95*o.calls {
			t.Errorf("%v at %v dBm0: %d of %d calls are raised within 6 s, want 95 %%", w.law, w.level, o.quick, o.calls)
		}
	}
}

// From −14 dBm0 it would be −8, which counts as shouting by its level alone.
func testMoreLevelAloneIsNotRaised(t *testing.T) {
	for _, w := range []wire{{g711.Mu, -20, 1}, {g711.A, -26, 3}} {
		if o := judge(t, w, effort{dB: 6}.turned); o.raised != 0 {
			t.Errorf("at %v dBm0: %d of %d calls are raised by 6 dB alone, want none: %v", w.level, o.raised, o.calls, o.which)
		}
	}
}

// What lies between is told, and nothing is asked of it.
func TestWhatOtherEffortsBring(t *testing.T) {
	for _, e := range []effort{{6, 3, 0.3}, {0, 4, 0.5}, {15, 7, 0.5}} {
		o := judge(t, wire{g711.Mu, -20, 4}, e.turned)
		t.Logf("%+v: %d of %d calls raised, %d within 6 s", e, o.raised, o.calls, o.quick)
	}
}

// A caller who shouts from the first word has a baseline of shouting, and no need of one.
func TestWhoShoutsFromTheFirstWordIsCaught(t *testing.T) {
	for _, s := range speakers(t) {
		x := effort{dB: 15, semitones: 4, tilt: 0.5}.of(s.calls(callLength, -22)[0])
		at := firstRaised(newLine(meter.Settings{}).say(x, nil))
		if at < 9 || at > 20 {
			t.Errorf("%s: raised in second %d, want soon after 10 s", s.name, at)
		}
	}
}

// An automatic gain takes the level away; tilt and pitch are left, and weigh more.
func TestALevelKeptEvenDoesNotCount(t *testing.T) {
	s := speakers(t)[0]
	levelled := func(x []int16) (y []int16) {
		ear := guard.NewAWeight(guard.Narrow)
		for at := 0; at+rate/10 <= len(x); at += rate / 10 {
			piece := x[at : at+rate/10]
			y = append(y, louder(piece, -22-max(-40, ear.Level(piece)))...)
		}
		return y
	}
	plain := effort{dB: 10, semitones: 5, tilt: 0.5}
	even, caught, calls := 0, 0, 0
	for _, x := range s.calls(callLength, -20) {
		seconds := newLine(meter.Settings{}).say(levelled(x), nil)
		if seconds[len(seconds)-1].Even {
			even++
		}
		if n := count(seconds, meter.Raised); n != 0 {
			t.Errorf("neutral speech through an automatic gain is raised %d times", n)
		}
		if firstRaised(newLine(meter.Settings{}).say(levelled(plain.turned(x)), nil)) >= from {
			caught++
		}
		calls++
	}
	t.Logf("%d calls: %d found to be even, %d of an effort caught without its level", calls, even, caught)
	if 10*even < 9*calls || 2*caught < calls {
		t.Errorf("of %d calls %d are found to be even and %d are caught; want 90 and 50 %%", calls, even, caught)
	}
}

// A raised voice that becomes calm is not raised any more, and is raised again later.
func TestARaisedVoiceSettles(t *testing.T) {
	x := speakers(t)[0].calls(callLength, -22)
	plain := effort{dB: 10, semitones: 4, tilt: 0.5}
	seconds := newLine(meter.Settings{}).say(append(append(plain.turned(x[0]), x[1]...), plain.turned(x[2])...), nil)
	if n := count(seconds, meter.Raised); n != 2 {
		t.Errorf("raised %d times, want twice", n)
	}
	between := seconds[len(seconds)/2]
	if between.Raised || between.Score > 0.35 {
		t.Errorf("in the calm between: %+v", between)
	}
	if n := count(seconds, meter.Sustained); n != 1 {
		t.Errorf("sustained %d times, want once: it was raised for half a minute", n)
	}
	hints := 0
	for _, s := range seconds {
		if s.Hint {
			hints++
		}
	}
	if hints < 3 || hints > 6 {
		t.Errorf("%d hints, want one for each event and not many more", hints)
	}
}

// Ten quiet seconds end what was: the next shout must be one of its own.
func TestAPauseEndsARaisedVoice(t *testing.T) {
	plain := effort{dB: 10, semitones: 4, tilt: 0.5}
	l := newLine(meter.Settings{})
	seconds := l.say(plain.turned(speakers(t)[0].calls(callLength, -22)[0]), nil)
	if !seconds[len(seconds)-1].Raised {
		t.Fatal("not raised at the end")
	}
	seconds = l.say(quiet(12*time.Second), nil)
	if seconds[len(seconds)-1].Raised || !seconds[2].Raised {
		t.Errorf("raised in the second of the pause %v, after it %v; want true, false", seconds[2].Raised, seconds[len(seconds)-1].Raised)
	}
}

// The same voice gives nearly the same numbers through either law, in packets of any size,
// and at 16 kHz.
func TestNumbersDoNotDependOnTheWire(t *testing.T) {
	x := speakers(t)[0].calls(callLength, -22)[0]
	usual := newLine(meter.Settings{}).say(x, nil)
	wires := map[string][]meter.Second{}
	for name, frame := range map[string]int{"10 ms": 80, "30 ms": 240, "40 ms": 320, "60 ms": 480, "20 ms and a bit": 163} {
		l := newLine(meter.Settings{})
		l.frame = frame
		wires[name] = l.say(x, nil)
	}
	a := newLine(meter.Settings{})
	a.law = g711.A
	wires["A-law"] = a.say(x, nil)
	wires["16 kHz"] = sayWide(x)
	for name, seconds := range wires {
		level, tilt, pitch, n := 0.0, 0.0, 0.0, 0
		for i := range min(len(usual), len(seconds)) {
			if usual[i].Judged() && seconds[i].Judged() {
				level, tilt, pitch = level+usual[i].Level-seconds[i].Level, tilt+usual[i].Tilt-seconds[i].Tilt, pitch+usual[i].Pitch/seconds[i].Pitch-1
				n++
			}
		}
		k := float64(n)
		t.Logf("%s: on average %.2f dB, %.3f of tilt, %.1f %% of pitch less, over %d seconds", name, level/k, tilt/k, 100*pitch/k, n)
		if n < 35 || level/k > 1 || level/k < -1 || tilt/k > 0.03 || tilt/k < -0.03 || pitch/k > 0.03 || pitch/k < -0.03 {
			t.Errorf("%s: not the numbers of 20 ms of µ-law", name)
		}
	}
}

// sayWide says the sound at 16 kHz, with nothing above 4 kHz.
func sayWide(x []int16) (seconds []meter.Second) {
	y := make([]int16, 2*len(x))
	for i := range x {
		y[2*i] = x[i]
		y[2*i+1] = halfway(x, i)
	}
	return wideSeconds(y)
}

// halfway is the sample between i and i+1 by a windowed sinc.
func halfway(x []int16, i int) int16 {
	taps := [...]float64{0.6258, -0.1925, 0.0962, -0.0506, 0.0253, -0.0109}
	sum := 0.0
	for k, tap := range taps {
		for _, at := range []int{i - k, i + 1 + k} {
			if at >= 0 && at < len(x) {
				sum += tap * float64(x[at])
			}
		}
	}
	return g711.Clip(sum)
}
