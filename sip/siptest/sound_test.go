package siptest

import (
	"math"
	"testing"
	"time"

	"breakwater/media/g711"
)

func TestBothSidesHearEachOther(t *testing.T) {
	for name, codecs := range map[string][]g711.Law{"µ-law": {g711.Mu}, "A-law": {g711.A}} {
		t.Run(name, func(t *testing.T) {
			ctx := soon(t)
			out, in := talkOn(t, Options{Codecs: codecs}, Options{Policy: AnswerAfter(0)})
			out.PlayTone(440, -20)
			in.PlayTone(620, -8)
			must(t, in.WaitToneAt(ctx, 440, -21, -19))
			must(t, out.WaitToneAt(ctx, 620, -9, -7))
			must(t, in.WaitTone(ctx, 440))
			if other := in.HeardTone(620); other > -40 { // what A-law adds to a tone is not nothing
				t.Errorf("bob hears himself at %v dBm0", other)
			}
			if level := out.HeardLevel(); math.Abs(level+8) > 1 {
				t.Errorf("alice hears %v dBm0", level)
			}
			out.Quiet()
			must(t, in.WaitSilence(ctx, 100*time.Millisecond))
			if law := in.Heard()[0].Law; law != codecs[0] {
				t.Errorf("bob heard %v", law)
			}
		})
	}
}

func TestWhatIsPlayedOnceIsHeardWholeAndInOrder(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
	pcm := make([]int16, 8000/4)
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*1000*float64(i)/8000))
	}
	must(t, in.WaitSilence(ctx, 50*time.Millisecond))
	<-out.Play(pcm)
	must(t, in.WaitSilence(ctx, 60*time.Millisecond))
	loud := 0
	for _, f := range in.Heard() {
		if (Audio{f}).Level() > -30 {
			loud++
		}
	}
	if loud < 12 || loud > 13 {
		t.Errorf("heard %d loud packets, want 12.5", loud)
	}
	s := in.Stats()
	if s.Lost != 0 || s.TimestampJumps != 0 || s.SSRCChanges != 0 || s.Strangers != 0 || s.SequenceJumps != 0 {
		t.Errorf("a clean line has %+v", s)
	}
}

func TestDigitsTravel(t *testing.T) {
	const pressed = "1*91#0"
	t.Run("by RFC 4733", func(t *testing.T) {
		ctx := soon(t)
		out, in := talkOn(t, Options{Event: 96}, Options{Policy: AnswerAfter(0)})
		must(t, out.SendDigits(ctx, pressed))
		must(t, in.WaitDigits(ctx, pressed))
		if s := in.Stats(); s.Lost != 0 || s.Events < 5*(keyTicks+endings-1) {
			t.Errorf("got %+v", s)
		}
		must(t, in.SendDigits(ctx, "5"))
		must(t, out.WaitDigits(ctx, "5"))
	})
	for name, style := range map[string]InfoStyle{"by INFO relay": DTMFRelay, "by plain INFO": DTMFPlain} {
		t.Run(name, func(t *testing.T) {
			ctx := soon(t)
			out, in := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
			must(t, out.SendDigitsInfo(ctx, pressed, style))
			if got := in.HeardDigits(); got != pressed {
				t.Errorf("bob has %q", got)
			}
		})
	}
	t.Run("not to a phone that knows no telephone-event", func(t *testing.T) {
		out, _ := talkOn(t, Options{}, Options{Policy: AnswerAfter(0), Event: NoEvent})
		if err := out.SendDigits(soon(t), "1"); err == nil {
			t.Error("sent")
		}
	})
	t.Run("unknown keys are refused", func(t *testing.T) {
		out, _ := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
		if err := out.SendDigits(soon(t), "x"); err == nil {
			t.Error("sent")
		}
	})
}

func TestWhatABYEOvertakesIsStillHeard(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
	must(t, out.Hangup(ctx))
	_, err := in.WaitEnded(ctx)
	must(t, err)
	late := []byte{0x80, 101, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5, 10, 0, 160} // RTP: key 5
	_, err = out.sound.rtp.WriteToUDPAddrPort(late, in.sound.address())
	must(t, err)
	must(t, in.WaitDigits(ctx, "5"))
	if err := in.WaitDigits(ctx, "6"); err == nil {
		t.Error("the ear stays open for ever")
	}
}

func TestASilentPhoneSendsNothingUntilItPlays(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{}, Options{Policy: Policy{Do: Answer, Silent: true}})
	out.PlayTone(440, -10)
	must(t, in.WaitTone(ctx, 440))
	if n := out.Stats().Packets; n != 0 {
		t.Errorf("alice received %d packets", n)
	}
	in.PlayTone(620, -10)
	must(t, out.WaitTone(ctx, 620))
	in.Mute()
	must(t, out.WaitSilence(ctx, 100*time.Millisecond))
}

func TestHoldStopsTheSoundInEveryStyle(t *testing.T) {
	for name, style := range map[string]HoldStyle{"sendonly": SendOnly, "inactive": Inactive, "0.0.0.0": ZeroIP} {
		t.Run(name, func(t *testing.T) {
			ctx := soon(t)
			out, in := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
			out.PlayTone(440, -10)
			in.PlayTone(620, -10)
			must(t, in.WaitTone(ctx, 440))
			must(t, out.WaitTone(ctx, 620))
			must(t, out.Hold(ctx, style))
			must(t, out.WaitSilence(ctx, 100*time.Millisecond))
			must(t, in.WaitSilence(ctx, 100*time.Millisecond))
			must(t, out.Resume(ctx))
			must(t, in.WaitTone(ctx, 440))
			must(t, out.WaitTone(ctx, 620))
		})
	}
}

func TestACodecCanBeChangedInTheCall(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
	out.PlayTone(440, -10)
	must(t, in.WaitTone(ctx, 440))
	must(t, out.Change(ctx, g711.A))
	changed := time.Now().Add(60 * time.Millisecond)
	must(t, in.waitHeard(ctx, func(a Audio) bool { return a[0].Law == g711.A }))
	heard := in.Heard().Since(changed)
	for _, f := range heard {
		if f.Law != g711.A {
			t.Fatalf("heard %v after the change", f.Law)
		}
	}
	must(t, out.Reinvite(ctx))
	must(t, in.WaitTone(ctx, 440))
}

func TestStrangersAreCountedAndNotHeard(t *testing.T) {
	ctx := soon(t)
	out, in := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
	stranger, _ := talkOn(t, Options{}, Options{Policy: AnswerAfter(0)})
	victim := *in.sound.flow.Load()
	victim.to = in.sound.address()
	stranger.PlayTone(1500, -5)
	stranger.sound.aim(victim)
	out.PlayTone(440, -20)
	must(t, in.WaitTone(ctx, 440))
	must(t, in.waitHeard(ctx, func(Audio) bool {
		in.sound.ear.mu.Lock()
		defer in.sound.ear.mu.Unlock()
		return in.sound.ear.stats.Strangers > 0
	}))
	if level := in.HeardTone(1500); level > -45 {
		t.Errorf("the stranger is heard at %v dBm0", level)
	}
}

func TestToneLevels(t *testing.T) {
	frames := func(freq, dBm0 float64) Audio {
		var a Audio
		amplitude, i := 32768*math.Pow(10, (dBm0-3.14)/20), 0
		for range 10 {
			f := Frame{Codes: make([]byte, frame)}
			pcm := make([]int16, frame)
			for k := range pcm {
				pcm[k] = int16(amplitude * math.Sin(2*math.Pi*freq*float64(i)/8000))
				i++
			}
			g711.Mu.Encode(f.Codes, pcm)
			a = append(a, f)
		}
		return a
	}
	for name, c := range map[string]struct{ freq, level, ask, want, slack float64 }{
		"the tone itself":   {440, -10, 440, -10, 0.3},
		"quiet":             {1004, -40, 1004, -40, 0.5},
		"between two bins":  {433, -10, 433, -10, 0.5},
		"another frequency": {440, -10, 1000, -60, 20},
		"nearly full scale": {300, 3, 300, 3, 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			if got := frames(c.freq, c.level).Tone(c.ask); math.Abs(got-c.want) > c.slack {
				t.Errorf("got %.1f dBm0, want %.1f", got, c.want)
			}
		})
	}
	if got := (Audio{}).Tone(440); !math.IsInf(got, -1) {
		t.Errorf("nothing has %v dBm0", got)
	}
}
