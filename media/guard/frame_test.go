package guard_test

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

func TestAFrameThatNeedsNoChangeIsNotTouched(t *testing.T) {
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		x := speech(t, 5*time.Second)
		codes := make([]byte, len(x))
		law.Encode(codes, x)
		before := slices.Clone(codes)
		g := guard.New(guard.Settings{})
		dst := bytes.Repeat([]byte{0x2A}, frame)
		for at := 0; at < len(codes); at += frame {
			if g.Frame(law, dst, codes[at:at+frame]) {
				t.Fatalf("%v: speech at −20 dBm0 was changed at %d ms", law, at/ms)
			}
		}
		if !bytes.Equal(codes, before) || !bytes.Equal(dst, bytes.Repeat([]byte{0x2A}, frame)) {
			t.Errorf("%v: src or dst was written to", law)
		}
	}
}

func TestTheSourceIsOnlyReadAndTheDestinationMayBeTheSource(t *testing.T) {
	x := after(speech(t, time.Second), sine(1000, 3, 200*time.Millisecond))
	for _, size := range []int{frame, 30 * ms, 150 * ms, 77} {
		codes := make([]byte, len(x))
		g711.Mu.Encode(codes, x)
		before := slices.Clone(codes)
		apart, inPlace := guard.New(guard.Settings{}), guard.New(guard.Settings{})
		var heard []byte
		for at := 0; at < len(codes); at += size {
			src := codes[at:min(at+size, len(codes))]
			dst := make([]byte, len(src))
			if !apart.Frame(g711.Mu, dst, src) {
				copy(dst, src)
			}
			heard = append(heard, dst...)
		}
		if !bytes.Equal(codes, before) {
			t.Fatalf("frames of %d: the source was written to", size)
		}
		for at := 0; at < len(codes); at += size {
			src := codes[at:min(at+size, len(codes))]
			inPlace.Frame(g711.Mu, src, src)
		}
		if !bytes.Equal(codes, heard) {
			t.Errorf("frames of %d: in place gives other codes than apart", size)
		}
	}
}

func TestFramesOfAnySizeAreGuarded(t *testing.T) {
	tone := sine(700, 3, time.Second)
	codes := make([]byte, len(tone))
	g711.Mu.Encode(codes, tone)
	for size := range 1200 {
		g := guard.New(guard.Settings{})
		dst := make([]byte, size)
		changed := g.Frame(g711.Mu, dst, codes[:size])
		if size >= 5*ms && !changed {
			t.Fatalf("%d samples of a full-scale tone passed", size)
		}
		if g.Frame(g711.Mu, nil, nil) || g.Samples(guard.Narrow, nil) {
			t.Fatal("a frame of nothing was changed")
		}
	}
}

func TestSamplesAreGuardedAtBothRates(t *testing.T) {
	for _, rate := range []guard.Rate{guard.Narrow, guard.Wide} {
		for _, hz := range []float64{700, 1000, 3000, 6000} {
			if hz*2 > float64(rate) {
				continue
			}
			g := guard.New(guard.Settings{})
			n := int(rate) / 50
			var heard []int16
			for at := range 50 {
				x := make([]int16, n)
				for i := range x {
					x[i] = g711.Clip(crest(0) * math.Sin(2*math.Pi*hz*float64(at*n+i)/float64(rate)))
				}
				if !g.Samples(rate, x) {
					t.Fatalf("%v Hz at %d: not changed", hz, rate)
				}
				heard = append(heard, x...)
			}
			if top := dBFS(highest(heard)); top > -6 {
				t.Errorf("%v Hz at %d: a sample of %.2f dBFS", hz, rate, top)
			}
			if got := level(heard[2*n:]); got > -28 {
				t.Errorf("%v Hz at %d: %.1f dBm0 from 40 ms, want at most −28", hz, rate, got)
			}
		}
		speech := wide(speech(t, 5*time.Second), rate)
		before := slices.Clone(speech)
		g := guard.New(guard.Settings{})
		for at := 0; at < len(speech); at += int(rate) / 50 {
			g.Samples(rate, speech[at:at+int(rate)/50])
		}
		if !slices.Equal(speech, before) {
			t.Errorf("speech at %d was changed: %+v", rate, g.Account())
		}
	}
}

// wide doubles the rate by a mean between neighbours: dull, but speech.
func wide(x []int16, rate guard.Rate) []int16 {
	if rate == guard.Narrow {
		return x
	}
	out := make([]int16, 0, 2*len(x))
	last := int16(0)
	for _, s := range x {
		out = append(out, int16((int(last)+int(s))/2), s)
		last = s
	}
	return out
}

func TestAChangeOfCodecKeepsWhatIsKnownOfTheLine(t *testing.T) {
	l := newLine(noComfort())
	l.send(normalised(spoken(t, "en", 30*time.Second), -30))
	before := l.guard.Account().Usual
	x := make([]int16, 320)
	l.guard.Samples(guard.Wide, x)
	if got := l.guard.Account().Usual; got != before {
		t.Errorf("the usual level went from %.1f to %.1f dBm0", before, got)
	}
}

func TestSilenceIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		law  g711.Law
		code byte
	}{
		"µ-law":          {g711.Mu, 0xFF},
		"µ-law, minus 0": {g711.Mu, 0x7F},
		"A-law":          {g711.A, 0xD5},
		"A-law, minus":   {g711.A, 0x55},
	} {
		g := guard.New(guard.Settings{})
		loud := make([]byte, frame)
		c.law.Encode(loud, sine(1000, 0, 20*time.Millisecond))
		g.Frame(c.law, loud, loud)
		src := bytes.Repeat([]byte{c.code}, frame)
		for range 5 {
			if g.Frame(c.law, nil, src) {
				t.Errorf("%s: silence was changed", name)
			}
		}
	}
}

func TestStepBackIsSofterAndLessSharp(t *testing.T) {
	for _, c := range []struct{ hz, want, within float64 }{
		{300, -6, 0.3}, {1800, -8, 0.2}, {3400, -10, 0.4},
	} {
		l := newLine(noComfort())
		l.guard.StepBack(true)
		tone := sine(c.hz, -40, time.Second) // too soft to be a tone
		out := l.send(tone)
		got := level(out[rate/2:]) - level(tone[rate/2:])
		if math.Abs(got-c.want) > c.within {
			t.Errorf("%v Hz: %.2f dB, want %v within %v", c.hz, got, c.want, c.within)
		}
		if first := level(out[:5*ms]) - level(tone[:5*ms]); first < -2 {
			t.Errorf("%v Hz: %.1f dB within 5 ms: step-back must come without a click", c.hz, first)
		}
		l.guard.StepBack(false)
		l.send(tone[:60*ms])
		l.changed = 0
		if l.send(tone); l.changed != 0 {
			t.Errorf("%v Hz: %d frames changed after step-back was off", c.hz, l.changed)
		}
	}
}

func TestStepBackMakesNothingLouder(t *testing.T) {
	l := newLine(noComfort())
	l.guard.StepBack(true)
	out := l.send(after(speech(t, time.Second), squareWave(300, time.Second)))
	if top := dBFS(highest(out)); top > -6 {
		t.Errorf("a sample of %.2f dBFS", top)
	}
}

func TestTheLevellerTurnsALoudLineDownSlowly(t *testing.T) {
	loud := normalised(spoken(t, "en", 60*time.Second), -8)
	l := newLine(guard.Settings{})
	last := 0.0
	for at := 0; at < len(loud); at += rate {
		l.send(loud[at : at+rate])
		now := l.guard.Account().Comfort
		if now < last-1.05 || now > last+1.05 || now > 0 || now < -9.01 {
			t.Fatalf("comfort goes from %.2f to %.2f dB in a second", last, now)
		}
		last = now
	}
	if last > -6 {
		t.Errorf("a line of −8 dBm0 is turned down by %.1f dB after a minute, want more", -last)
	}
	for range 4 {
		l.send(speech(t, 30*time.Second))
	}
	if got := l.guard.Account().Comfort; got != 0 {
		t.Errorf("still %.1f dB down after two minutes of ordinary speech", -got)
	}
}

func TestTheLevellerNeverMakesAQuietLineLouder(t *testing.T) {
	l := newLine(guard.Settings{})
	l.send(normalised(spoken(t, "en", 60*time.Second), -35))
	if a := l.guard.Account(); a.Comfort != 0 || a.Gain > 0 {
		t.Errorf("comfort %.2f dB, gain %.2f dB; want none", a.Comfort, a.Gain)
	}
}

func TestAStepBackStopsTheLeveller(t *testing.T) {
	l := newLine(guard.Settings{})
	l.send(normalised(spoken(t, "en", 30*time.Second), -8))
	before := l.guard.Account().Comfort
	l.guard.StepBack(true)
	for range 2 {
		l.send(normalised(spoken(t, "en", 30*time.Second), -30))
	}
	if got := l.guard.Account().Comfort; got != before {
		t.Errorf("comfort went from %.2f to %.2f dB while the agent had stepped back", before, got)
	}
}

func TestTheSteadyRuleCanBeTurnedOff(t *testing.T) {
	off := false
	s := noComfort()
	s.Steady.Enabled = &off
	l := newLine(s)
	l.send(speech(t, time.Second))
	l.send(whiteNoise(-12, 2*time.Second))
	if got := l.guard.Account().Limited[guard.BySteady]; got != 0 {
		t.Errorf("%d frames limited as steady", got)
	}
}

func TestTheGainTrackTellsWhatTheAgentHeard(t *testing.T) {
	for _, size := range []int{10 * ms, 20 * ms, 30 * ms, 60 * ms} {
		g := guard.New(noComfort())
		codes := make([]byte, 2*rate)
		g711.Mu.Encode(codes, after(speech(t, time.Second), sine(1000, 0, time.Second)))
		var track []byte
		for at := 0; at+size <= len(codes); at += size {
			g.Frame(g711.Mu, make([]byte, size), codes[at:at+size])
			track = append(track, g.Track()...)
		}
		if len(track) < 98 || len(track) > 100 {
			t.Fatalf("frames of %d ms: %d bytes for two seconds, want 100", size/ms, len(track))
		}
		if !bytes.Equal(track[:50], make([]byte, 50)) {
			t.Errorf("frames of %d ms: speech has a gain in the track: %v", size/ms, track[:50])
		}
		if got, want := guard.TrackGain(track[90]), g.Account().Gain; math.Abs(got-want) > 0.13 {
			t.Errorf("frames of %d ms: the track says %.2f dB, the guard gave %.2f", size/ms, got, want)
		}
	}
}

func TestTheAccountTellsWhichRulesFired(t *testing.T) {
	click := make([]int16, 20*ms)
	click[50] = fullScale
	for name, c := range map[string]struct {
		line  float64 // dBm0 of the speech before
		sound []int16
		want  guard.Rule
	}{
		"a click is a peak":                      {-20, click, guard.ByPeak},
		"noise on a loud line is a level":        {-14, whiteNoise(-3, 40*time.Millisecond), guard.ByLevel},
		"a noise on a quiet line is a startle":   {-34, whiteNoise(-14, 40*time.Millisecond), guard.ByStartle},
		"a whistle is a tone":                    {-20, sine(1800, -12, 100*time.Millisecond), guard.ByTone},
		"noise that does not change is steady":   {-20, whiteNoise(-15, 600*time.Millisecond), guard.BySteady},
		"a bell of two tones is steady, as well": {-20, mixed(sine(1500, -18, time.Second), sine(2330, -18, time.Second)), guard.BySteady},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLine(noComfort())
			for range 3 {
				l.send(normalised(spoken(t, "en", 30*time.Second), c.line))
			}
			before := l.guard.Account()
			l.send(c.sound)
			got := l.guard.Account()
			if got.Events[c.want] != before.Events[c.want]+1 || got.Limited[c.want] == before.Limited[c.want] {
				t.Errorf("%v counted %d events, want 1: %+v", c.want, got.Events[c.want]-before.Events[c.want], got)
			}
		})
	}
}

func TestEventsThatAreApartAreCountedApart(t *testing.T) {
	l := newLine(noComfort())
	for range 3 {
		l.send(speech(t, time.Second))
		l.send(sine(1000, -6, 300*time.Millisecond))
	}
	a := l.guard.Account()
	if a.Events[guard.ByTone] != 3 {
		t.Errorf("%d tones counted, want 3", a.Events[guard.ByTone])
	}
	if a.MaxIn < -6.2 || a.MaxIn > -5.8 || a.MaxOut > -8.9 {
		t.Errorf("loudest %.1f in and %.1f out; want about −6, and at most −9", a.MaxIn, a.MaxOut)
	}
}

func TestRulesHaveTheNamesOfTheMetrics(t *testing.T) {
	var names []string
	for r := range guard.Rule(guard.Rules + 1) {
		names = append(names, r.String())
	}
	if want := []string{"peak", "level", "startle", "tone", "steady", "digit", "unknown"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}
