package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"breakwater/media/g711"
	"breakwater/media/prompt"
	"breakwater/media/wav"
)

// voice is how a language is spoken.
type voice struct {
	name  string // of espeak-ng
	speed int    // its words a minute
	part  int    // the same for parts of a phrase, which stand alone
	pitch int    // 0–99
}

// voices by language. The Chinese voice reads characters by their pinyin and takes
// pinyin with tones as well; its sister "cmn" would read that as English.
func voices(language string) (voice, error) {
	switch language {
	case "en":
		return voice{"en-us", 172, 172, 45}, nil
	case "zh":
		return voice{"cmn-latn-pinyin", 220, 195, 45}, nil
	}
	return voice{}, fmt.Errorf("no voice speaks %q", language)
}

// speakWithin speaks an entry, faster and faster until it is short enough.
func speakWithin(ctx context.Context, e prompt.Entry, language string, limit time.Duration) ([]float64, error) {
	for faster := 0; ; faster += 8 {
		samples, err := speak(ctx, e, language, faster)
		if err != nil {
			return nil, err
		}
		long := time.Duration(len(samples)) * time.Second / g711.Rate
		if long <= limit-20*time.Millisecond { // a packet may still be filled up
			return samples, nil
		}
		if faster > 120 {
			return nil, fmt.Errorf("it takes %v even in a hurry; the text is too long for %v", long, limit)
		}
	}
}

// speak has the voice speak an entry: 8000 samples a second, without silence around.
func speak(ctx context.Context, e prompt.Entry, language string, faster int) ([]float64, error) {
	spoken, words := e.Spoken(language)
	v, err := voices(spoken)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "prompts")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "said.wav")
	speed := v.speed + faster
	if e.Kind == prompt.Part {
		speed = v.part
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "espeak-ng", "-v", v.name, "-s", strconv.Itoa(speed),
		"-p", strconv.Itoa(v.pitch), "-w", path, "--", words)
	cmd.Stderr = &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("espeak-ng: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := wav.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("espeak-ng wrote no good WAV: %w", err)
	}
	var samples []float64
	for _, s := range wav.Resample(file.Samples(0), file.Rate) {
		samples = append(samples, float64(s))
	}
	return trimmed(highPass(samples)), nil
}

// highPass takes away what a telephone cannot carry but a level would count: below
// 150 Hz (Butterworth, second order).
func highPass(samples []float64) []float64 {
	k := math.Tan(math.Pi * 150 / g711.Rate)
	n := 1 / (1 + math.Sqrt2*k + k*k)
	out := make([]float64, len(samples))
	var x1, x2, y1, y2 float64
	for i, x := range samples {
		y := n*(x-2*x1+x2) - 2*n*(k*k-1)*y1 - n*(1-math.Sqrt2*k+k*k)*y2
		x1, x2, y1, y2 = x, x1, y, y1
		out[i] = y
	}
	return out
}

// trimmed cuts the silence around speech, leaves a little so that no consonant is
// lost, and fades the cut edges.
func trimmed(samples []float64) []float64 {
	const (
		block = g711.Rate / 200       // 5 ms
		lead  = 10 * g711.Rate / 1000 // kept before and
		tail  = 40 * g711.Rate / 1000 // after what can be heard
		fade  = 5 * g711.Rate / 1000
	)
	quiet := peakOf(samples) * decibels(-42)
	from, to := len(samples), 0
	for at := 0; at < len(samples); at += block {
		end := min(at+block, len(samples))
		if peakOf(samples[at:end]) > quiet {
			from, to = min(from, at), end
		}
	}
	from, to = max(0, from-lead), min(len(samples), to+tail)
	if from >= to {
		return nil
	}
	cut := samples[from:to]
	for i := range min(fade, len(cut)) {
		g := float64(i) / fade
		cut[i] *= g
		cut[len(cut)-1-i] *= g
	}
	return cut
}

func peakOf(samples []float64) float64 {
	peak := 0.0
	for _, s := range samples {
		peak = max(peak, math.Abs(s))
	}
	return peak
}

func scaled(samples []float64, gain float64) []int16 {
	out := make([]int16, len(samples))
	for i, s := range samples {
		out[i] = g711.Clip(math.Round(s * gain))
	}
	return out
}

// decibels is dB as a factor.
func decibels(dB float64) float64 { return math.Pow(10, dB/20) }
