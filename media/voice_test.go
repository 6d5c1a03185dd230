package media

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/wav"
)

// hears gives a voice the samples, cut into packets, and tells how long it heard speech.
func hears(c Codec, packet int, samples []int16) time.Duration {
	v := newVoice()
	codes := make([]byte, len(samples))
	c.law().Encode(codes, samples)
	for len(codes) > 0 {
		n := min(packet, len(codes))
		v.frame(c.law(), codes[:n])
		codes = codes[n:]
	}
	return v.account().Spoken
}

// noise is white, so loud at its peaks.
func noise(peak int, d time.Duration) []int16 {
	seed := uint32(1)
	samples := make([]int16, d*g711.Rate/time.Second)
	for i := range samples {
		seed = seed*1664525 + 1013904223
		samples[i] = int16(int(seed>>16)%(2*peak+1) - peak)
	}
	return samples
}

// tones are two at once, as keys are.
func tones(peak float64, a, b float64, d time.Duration) []int16 {
	samples := make([]int16, d*g711.Rate/time.Second)
	for i := range samples {
		at := 2 * math.Pi * float64(i) / g711.Rate
		samples[i] = int16(peak / 2 * (math.Sin(a*at) + math.Sin(b*at)))
	}
	return samples
}

// speech is two syllables a second.
func speech(d time.Duration) []int16 {
	samples := make([]int16, d*g711.Rate/time.Second)
	for i := range samples {
		samples[i] = int16(6000 * math.Sin(float64(i)/3) * math.Abs(math.Sin(float64(i)/1300)))
	}
	return samples
}

func hush(d time.Duration) []int16 { return make([]int16, d*g711.Rate/time.Second) }

func then(parts ...[]int16) (all []int16) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestVoiceTellsSpeechFromOtherSound(t *testing.T) {
	const ms = time.Millisecond
	var keys []int16 // ten keys, dialled by a machine
	for range 10 {
		keys = then(keys, tones(8000, 770, 1336, 80*ms), hush(220*ms))
	}
	for name, c := range map[string]struct {
		samples  []int16
		min, max time.Duration
	}{
		"a dead line":                     {hush(2 * time.Second), 0, 0},
		"a quiet office":                  {noise(60, 3*time.Second), 0, 0},
		"a fan":                           {noise(1000, 5*time.Second), 0, 0},
		"a second of speech":              {then(hush(time.Second), speech(time.Second), hush(time.Second)), 900 * ms, 1000 * ms},
		"speech in a noisy car":           {then(noise(200, 2*time.Second), speech(time.Second), noise(200, time.Second)), 900 * ms, 1000 * ms},
		"a noise that becomes 10 dB more": {then(noise(300, 2*time.Second), noise(1000, 4*time.Second)), 0, 260 * ms},
		"a noise that becomes 30 dB more, at −28 dBm0,": {then(noise(60, 2*time.Second), noise(2000, 4*time.Second)), 0, 260 * ms},
		"a key of 100 ms":           {then(hush(time.Second), tones(8000, 770, 1336, 100*ms), hush(time.Second)), 0, 120 * ms},
		"a key held for 3 s":        {then(hush(time.Second), tones(8000, 770, 1336, 3*time.Second), hush(time.Second)), 0, 3020 * ms},
		"a dial tone of −27 dBm0":   {then(hush(time.Second), tones(1000, 425, 425, 10*time.Second)), 0, 260 * ms},
		"ten keys":                  {then(hush(time.Second), keys, hush(time.Second)), 0, 10 * 100 * ms},
		"a click every half second": {then(tones(9000, 900, 900, 5*ms), hush(495*ms), tones(9000, 900, 900, 5*ms), hush(495*ms)), 0, 80 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			for _, codec := range []Codec{PCMU, PCMA} {
				for _, packet := range []int{80, 160, 240, 480, 100} {
					if got := hears(codec, packet, c.samples); got < c.min || got > c.max {
						t.Errorf("%v in packets of %d: %v spoken, want %v to %v", codec, packet, got, c.min, c.max)
					}
				}
			}
		})
	}
}

// The sentences of the system are as good as a caller's.
func TestVoiceHearsSentences(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		for _, name := range []string{"notice", "warning-1", "warning-2"} {
			b, err := os.ReadFile(filepath.Join("prompt", "sounds", language, name+".wav"))
			if err != nil {
				t.Fatal(err)
			}
			c, err := wav.Load(name, b)
			if err != nil {
				t.Fatal(err)
			}
			for label, quiet := range map[string]int{"on a quiet line": 1, "in an office": 150} {
				samples := then(noise(quiet, 2*time.Second), make([]int16, len(c.ULaw)), noise(quiet, time.Second))
				back := noise(quiet, time.Duration(len(c.ULaw))*time.Second/g711.Rate)
				for i, code := range c.ULaw {
					samples[16000+i] = g711.ULawToLinear[code]/2 + back[min(i, len(back)-1)]
				}
				got := hears(PCMU, 160, samples)
				if got < c.Duration()*6/10 || got > c.Duration() {
					t.Errorf("%s/%s %s: %v of %v is speech", language, name, label, got, c.Duration())
				}
			}
		}
	}
}

func TestVoicePowerIsOfTheTimeSinceTheLastAccount(t *testing.T) {
	v := newVoice()
	v.frame(g711.Mu, sine(PCMU, 1000))
	if p := v.account().Power; math.Abs(p+10) > 0.5 {
		t.Errorf("power %.2f dBm0, want −10", p)
	}
	if p := v.account().Power; !math.IsInf(p, -1) {
		t.Errorf("power %v of nothing", p)
	}
}
