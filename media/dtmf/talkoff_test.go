package dtmf_test

import (
	"math"
	"testing"
	"time"

	"breakwater/media/dtmf"
	"breakwater/media/g711"
	"breakwater/media/voices"
)

// speech is a minute or so of someone, at about −20 dBm0.
func speech(t testing.TB, length time.Duration) (x []int16) {
	for _, clip := range voices.People(t, length)[0].Clips {
		x = append(x, clip...)
	}
	return louder(x, -20-level(x))
}

func level(x []int16) float64 {
	var sum uint64
	for _, s := range x {
		sum += uint64(int(s) * int(s))
	}
	return g711.DBm0(sum, len(x))
}

func louder(x []int16, dB float64) []int16 {
	out, factor := make([]int16, len(x)), math.Pow(10, dB/20)
	for i, s := range x {
		out[i] = g711.Clip(math.Round(float64(s) * factor))
	}
	return out
}

// Talk-off: a voice must not be taken for a digit. Five professional speakers, each also
// at other pitches and louder.
func TestAVoiceIsNoDigit(t *testing.T) {
	all, digits := time.Duration(0), 0
	for _, v := range voices.People(t, 5*time.Minute) {
		for _, speed := range []float64{0.8, 1, 1.25} {
			for _, gain := range []float64{0, 9} {
				if speed != 1 && gain != 0 {
					continue
				}
				d, n, keys := dtmf.NewInband(), 0, ""
				for _, clip := range v.Clips {
					x := louder(faster(clip, speed), gain)
					keys += listen(d, x, 160).keys
					n += len(x)
				}
				long := time.Duration(n) * time.Second / 8000
				t.Logf("%s, speed %v, %+v dB: %d digits in %v: %q", v.Name, speed, gain, len(keys), long.Round(time.Second), keys)
				all, digits = all+long, digits+len(keys)
			}
		}
	}
	t.Logf("%d digits in %.1f hours of speech", digits, all.Hours())
	if float64(digits) > all.Hours()/4 {
		t.Errorf("%d digits in %.1f hours of speech, want at most one in four hours", digits, all.Hours())
	}
}

func TestMusicIsNoDigit(t *testing.T) {
	d, keys, n := dtmf.NewInband(), "", 0
	for _, clip := range voices.Music(t, 30*time.Minute) {
		keys += listen(d, clip, 160).keys
		n += len(clip)
	}
	t.Logf("%d digits in %.0f minutes of music: %q", len(keys), float64(n)/8000/60, keys)
	if len(keys) > 1 {
		t.Errorf("%d digits, want at most one", len(keys))
	}
}

// faster plays a voice at another speed, and so at another pitch.
func faster(x []int16, speed float64) []int16 {
	out := make([]int16, int(float64(len(x)-1)/speed))
	for i := range out {
		at := float64(i) * speed
		k := int(at)
		out[i] = int16(math.Round(float64(x[k]) + (at-float64(k))*(float64(x[k+1])-float64(x[k]))))
	}
	return out
}

func TestAFrameCostsNoAllocation(t *testing.T) {
	digit := press{key: '5', level: -10, length: 500 * time.Millisecond}.samples(newRandom())
	for name, x := range map[string][]int16{"speech": speech(t, 10*time.Second), "a digit": digit} {
		for _, frame := range []int{160, 163} {
			d, at := dtmf.NewInband(), 0
			if n := testing.AllocsPerRun(500, func() {
				d.Feed(x[at : at+frame])
				if at += frame; at+frame > len(x) {
					at = 0
				}
			}); n != 0 {
				t.Errorf("%s, frames of %d: %v allocations a frame, want 0", name, frame, n)
			}
		}
	}
}

// BenchmarkInband is a frame of 20 ms through the detector.
func BenchmarkInband(b *testing.B) {
	digit := press{key: '5', level: -10, length: 10 * time.Second}.samples(newRandom())
	all := map[string][]int16{"silence": make([]int16, 1600), "a digit": digit[:len(digit)-800]}
	for _, v := range voices.People(b, 30*time.Minute) {
		var x []int16
		for i := 0; i < len(v.Clips); i += 1 + len(v.Clips)/40 {
			x = append(x, v.Clips[i][:len(v.Clips[i])/160*160]...)
		}
		all[v.Name] = x
	}
	for name, x := range all {
		b.Run(name, func(b *testing.B) {
			d, at := dtmf.NewInband(), 0
			b.ReportAllocs()
			for b.Loop() {
				d.Feed(x[at : at+160])
				if at += 160; at+160 > len(x) {
					at = 0
				}
			}
		})
	}
}

func FuzzInband(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, 160)
	digit := press{key: '9', level: -10, length: 60 * time.Millisecond}.samples(newRandom())
	codes := make([]byte, len(digit))
	g711.Mu.Encode(codes, digit)
	f.Add(codes, 80)
	f.Fuzz(func(t *testing.T, codes []byte, frame int) {
		if frame < 1 || frame > 480 {
			return
		}
		x := make([]int16, len(codes))
		g711.Mu.Decode(x, codes)
		d, on := dtmf.NewInband(), byte(0)
		for len(x) > 0 {
			n := min(frame, len(x))
			e := d.Feed(x[:n])
			x = x[n:]
			if e.Ended.Key != 0 && e.Ended.Key != on && e.Ended.Key != e.Begun {
				t.Fatalf("%q ended, %q was on", e.Ended.Key, on)
			}
			if e.Ended.Key == on {
				on = 0
			}
			if e.Begun != 0 && e.Ended.Key != e.Begun {
				on = e.Begun
			}
			if on != d.Down() {
				t.Fatalf("%q is on by its edges, %q by Down", on, d.Down())
			}
		}
	})
}
