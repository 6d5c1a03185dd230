package guard_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

// five is the key 5 as it comes in the sound, both tones at a level in dBm0.
func five(level float64, length time.Duration) []int16 {
	return mixed(sine(770, level, length), sine(1336, level, length))
}

// Test 12, wherever in a frame the digit begins, and whatever the frame is.
func testADigitInTheSoundIsMuted(t *testing.T) {
	before, word := speech(t, time.Second), speech(t, time.Second)
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		for _, size := range []int{10 * ms, 20 * ms, 30 * ms, 40 * ms, 60 * ms, 163} {
			for late := 0; late < size; late += 1 + size/12 {
				l := newLine(guard.Settings{})
				l.law, l.frame = law, size
				lead := after(before, make([]int16, (size-len(before)%size)%size+late))
				all := l.send(after(lead, five(-4, 100*time.Millisecond), word))
				out := all[len(lead):]
				if got := level(between(out, 60, 100)); got > -40 {
					t.Errorf("%v, frames of %d, %d samples late: %.1f dBm0 from 60 ms, want at most −40", law, size, late, got)
				}
				if got := level(between(out, 5, 40)); got > -8.5 {
					t.Errorf("%v, frames of %d, %d samples late: %.1f dBm0 before it was known, want at most −8.5", law, size, late, got)
				}
				a := l.guard.Account()
				if a.Events[guard.ByDigit] != 1 || a.Limited[guard.ByDigit] == 0 {
					t.Errorf("%v, frames of %d, %d samples late: counted %d digits in %d frames, want 1", law, size, late, a.Events[guard.ByDigit], a.Limited[guard.ByDigit])
				}
				if gain := gainOf(word, out[100*ms:], 200, 900); gain < -0.5 {
					t.Errorf("%v, frames of %d: speech after the digit is %.1f dB down", law, size, -gain)
				}
			}
		}
	}
}

func testADigitInWidebandSoundIsMuted(t *testing.T) {
	before := wide(speech(t, 2*time.Second), guard.Wide)
	for late := 0; late < 320; late += 37 {
		x := after(before, make([]int16, late))
		for i := range 1600 {
			n := 2 * math.Pi * float64(i) / 16000
			x = append(x, g711.Clip(crest(-4)*(math.Sin(770*n)+math.Sin(1336*n))))
		}
		begin := len(before) + late
		x = append(x, make([]int16, 640-len(x)%320)...)
		g := guard.New(guard.Settings{})
		for at := 0; at < len(x); at += 320 {
			g.Samples(guard.Wide, x[at:at+320])
		}
		if got := level(x[begin+960 : begin+1600]); got > -40 {
			t.Errorf("%d samples late: %.1f dBm0 from 60 ms, want at most −40", late, got)
		}
		if got := g.Account().Events[guard.ByDigit]; got != 1 {
			t.Errorf("%d samples late: %d digits counted, want 1", late, got)
		}
	}
}

func TestDigitsMayBeLeftInTheSound(t *testing.T) {
	off := false
	s := noComfort()
	s.Digits.Enabled = &off
	l := newLine(s)
	l.send(speech(t, 2*time.Second))
	if got := level(between(l.send(five(-20, 100*time.Millisecond)), 60, 100)); got < -20 {
		t.Errorf("%.1f dBm0, want the digit as it is", got)
	}
	if got := l.guard.Account().Events[guard.ByDigit]; got != 0 {
		t.Errorf("%d digits counted", got)
	}
}

func TestEachDigitIsCounted(t *testing.T) {
	l := newLine(guard.Settings{})
	l.send(speech(t, 2*time.Second))
	for range 7 {
		l.send(five(-10, 60*time.Millisecond))
		l.send(make([]int16, 60*ms))
	}
	if got := l.guard.Account().Events[guard.ByDigit]; got != 7 {
		t.Errorf("%d digits counted, want 7", got)
	}
}

func TestAMutedFrameIsTheLawsSilenceAndInTheTrack(t *testing.T) {
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		g, codes := guard.New(guard.Settings{}), make([]byte, 100*ms)
		law.Encode(codes, five(-10, 100*time.Millisecond))
		for at := 0; at < len(codes); at += frame {
			g.Frame(law, codes[at:], codes[at:at+frame])
		}
		last := codes[80*ms:]
		if !bytes.Equal(last, bytes.Repeat([]byte{law.Silence()}, frame)) {
			t.Errorf("%v: not silence: % x…", law, last[:8])
		}
		if !bytes.Equal(g.Track(), []byte{255}) || !math.IsInf(guard.TrackGain(255), -1) {
			t.Errorf("%v: a muted frame is % x in the track, want ff", law, g.Track())
		}
	}
}

// A prompt may have a digit's tone in it: nobody sends it to startle.
func TestADigitOfOurOwnIsHeard(t *testing.T) {
	l := newLine(guard.Settings{})
	l.guard.Own(true)
	if got := level(l.send(five(-15, 100*time.Millisecond))); got < -13 {
		t.Errorf("%.1f dBm0, want it as it is", got)
	}
}
