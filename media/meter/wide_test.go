package meter_test

import (
	"math"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/g722"
	"breakwater/media/guard"
	"breakwater/media/meter"
	half "breakwater/media/rate"
)

// inWide is a voice at 16 kHz with hiss above what a telephone carries, as s and sh have
// it: 6 kHz, as loud as 12 dB below the voice at −20 dBm0, for 80 ms of every 300.
func inWide(x []int16, hiss bool) []int16 {
	var up half.Up
	y := make([]int16, 2*len(x))
	up.Convert(y, x)
	const amplitude, hissing, every = 730.0, 2 * 80 * ms, 2 * 300 * ms
	for i := range y {
		if hiss && i%every < hissing {
			y[i] = g711.Clip(float64(y[i]) + amplitude*math.Sin(2*math.Pi*6000*float64(i)/(2*rate)))
		}
	}
	return y
}

// overG722 is what the server's own ear gets of a caller who speaks G.722: decoded and
// brought down to 8 kHz (media, wideband).
func overG722(wide []int16) []int16 {
	var (
		encoder g722.Encoder
		decoder g722.Decoder
		down    half.Down
	)
	codes, y := make([]byte, frame), make([]int16, 0, len(wide)/2)
	for at := 0; at+2*frame <= len(wide); at += 2 * frame {
		encoder.Encode(codes, wide[at:at+2*frame])
		var x [2 * frame]int16
		var z [frame]int16
		y = append(y, z[:down.Convert(z[:], x[:decoder.Decode(x[:], codes)])]...)
	}
	return y
}

// away is by how much numbers differ from those of the same seconds, on average.
func away(usual, other []meter.Second) (level, tilt, pitch float64) {
	n := 0.0
	for i := range min(len(usual), len(other)) {
		if a, b := usual[i], other[i]; a.Judged() && b.Judged() {
			level, tilt, pitch, n = level+b.Level-a.Level, tilt+b.Tilt-a.Tilt, pitch+b.Pitch/a.Pitch-1, n+1
		}
	}
	return level / n, tilt / n, pitch / n
}

// A wideband caller is metered in the band of a telephone, in which every threshold was
// measured: the numbers are those of a telephone, with hiss above it or without. At 16 kHz
// the same hiss changes them.
func TestAWidebandCallerIsMeteredInTheBandOfATelephone(t *testing.T) {
	x := speakers(t)[0].calls(callLength, -20)[0]
	usual := newLine(meter.Settings{}).say(x, nil)
	for name, hiss := range map[string]bool{"without hiss": false, "with hiss": true} {
		wide := inWide(x, hiss)
		level, tilt, pitch := away(usual, newLine(meter.Settings{}).say(overG722(wide), nil))
		t.Logf("%s, at 8 kHz: %+.2f dB, %+.3f of tilt, %+.1f %% of pitch", name, level, tilt, 100*pitch)
		if math.Abs(level) > 0.3 || math.Abs(tilt) > 0.02 || math.Abs(pitch) > 0.02 {
			t.Errorf("%s: not the numbers of a telephone", name)
		}
		level, tilt, pitch = away(usual, wideSeconds(wide))
		t.Logf("%s, at 16 kHz: %+.2f dB, %+.3f of tilt, %+.1f %% of pitch", name, level, tilt, 100*pitch)
	}
	neutral := judge(t, wire{g711.Mu, -20, 3}, func(x []int16) []int16 { return overG722(inWide(x, true)) })
	if neutral.raised != 0 {
		t.Errorf("%d of %d neutral calls are raised: %v", neutral.raised, neutral.calls, neutral.which)
	}
	plain := effort{dB: 10, semitones: 4, tilt: 0.5}
	phone := judge(t, wire{g711.Mu, -20, 3}, plain.turned)
	loud := judge(t, wire{g711.Mu, -20, 3}, func(x []int16) []int16 { return overG722(inWide(plain.turned(x), true)) })
	t.Logf("%d neutral calls, none raised; of %d with effort %d within 6 s, by a telephone %d", neutral.calls, loud.calls, loud.quick, phone.quick)
	if loud.quick < phone.quick-1 {
		t.Errorf("%d of %d calls are raised within 6 s, by a telephone %d", loud.quick, loud.calls, phone.quick)
	}
}

// wideSeconds is what a meter at 16 kHz would tell.
func wideSeconds(wide []int16) (seconds []meter.Second) {
	m, g := meter.New(meter.Settings{}), guard.New(guard.Settings{})
	for at := 0; at+2*frame <= len(wide); at += 2 * frame {
		heard := append([]int16{}, wide[at:at+2*frame]...)
		g.Samples(guard.Wide, heard)
		m.CallerSamples(guard.Wide, wide[at:at+2*frame], g.Heard())
		if s, ok := m.Take(); ok {
			seconds = append(seconds, s)
		}
	}
	return seconds
}
