package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"breakwater/media/prompt"
	"breakwater/media/wav"
)

func TestEveryToneOfTheTableCanBeMade(t *testing.T) {
	for _, e := range prompt.Entries() {
		if e.Kind != prompt.Tone {
			continue
		}
		samples, level, err := tone(e.ID)
		if err != nil {
			t.Error(err)
			continue
		}
		clip, err := levelled(e.ID, samples, level)
		if err != nil || math.Abs(clip.Level()-level) > 0.3 {
			t.Errorf("%s has %.1f dBm0, %v; want %.1f", e.ID, clip.Level(), err, level)
		}
		if samples[0] != 0 || math.Abs(samples[len(samples)-1]) > 400 {
			t.Errorf("%s clicks at its edges", e.ID)
		}
	}
	if _, _, err := tone("tone-moo"); err == nil {
		t.Error("a tone that nobody described must be an error")
	}
}

func TestTheMusicHasNoSeam(t *testing.T) {
	m := music()
	if len(m) != 8*bar {
		t.Fatalf("%d samples, want eight bars", len(m))
	}
	steepest := 0.0
	for i := 1; i < len(m); i++ {
		steepest = max(steepest, math.Abs(m[i]-m[i-1]))
	}
	if seam := math.Abs(m[0] - m[len(m)-1]); seam > steepest {
		t.Errorf("from the end to the start is a step of %.0f; inside it is at most %.0f", seam, steepest)
	}
}

func TestSilenceIsCutButNotTheSpeech(t *testing.T) {
	samples := make([]float64, 3*8000)
	for i := 8000; i < 16000; i++ {
		samples[i] = 5000 * math.Sin(float64(i))
	}
	got := trimmed(samples)
	if want := 8000 + (10+40)*8; len(got) < want-80 || len(got) > want+80 {
		t.Errorf("%d samples are left, want about %d", len(got), want)
	}
	if len(trimmed(nil)) != 0 {
		t.Error("nothing must stay nothing")
	}
	if _, err := levelled("x", make([]float64, 1000), -20); err == nil {
		t.Error("silence cannot be brought to a level")
	}
}

func TestTheHighPassKeepsSpeech(t *testing.T) {
	gain := func(hz float64) float64 {
		in := make([]float64, 8000)
		for i := range in {
			in[i] = 10000 * math.Sin(2*math.Pi*hz*float64(i)/8000)
		}
		return 20 * math.Log10(peakOf(highPass(in)[4000:])/10000)
	}
	for hz, want := range map[float64][2]float64{40: {-40, -20}, 150: {-3.5, -2.5}, 500: {-0.3, 0.3}, 3000: {-0.3, 0.3}} {
		if got := gain(hz); got < want[0] || got > want[1] {
			t.Errorf("%.0f Hz: %.1f dB, want %v", hz, got, want)
		}
	}
}

func TestTheListIsReadAsItIsWritten(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, made)
	if list, err := readList(path); err != nil || len(list) != 0 {
		t.Errorf("a first run has %v, %v", list, err)
	}
	if err := write(path, []byte("# head\nen/a.wav\tf\ts\n")); err != nil {
		t.Fatal(err)
	}
	if list, err := readList(path); err != nil || list["en/a.wav"] != "f\ts" {
		t.Errorf("got %v, %v", list, err)
	}
}

func TestWhatTheTableNoLongerHasIsRemoved(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"en/a.wav", "en/b.wav", made} {
		if err := write(filepath.Join(folder, name), wav.Encode(0, 1, []byte{1})); err != nil {
			t.Fatal(err)
		}
	}
	gone, err := removeOthers(folder, map[string]bool{made: true, filepath.Join("en", "a.wav"): true})
	if err != nil || gone != 1 {
		t.Errorf("removed %d, %v; want 1", gone, err)
	}
	left, err := filepath.Glob(filepath.Join(folder, "en", "*"))
	if err != nil || !slices.Equal(left, []string{filepath.Join(folder, "en", "a.wav")}) {
		t.Errorf("left are %q, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(folder, made)); err != nil {
		t.Error(err)
	}
}
