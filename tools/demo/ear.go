package main

import (
	"bytes"
	"math"
	"time"

	"breakwater/media/g711"
	"breakwater/sip/siptest"
)

// language is what the demo's callers and agents are spoken to in.
const language = "en"

const piece = 320 // codes: 40 ms

// search looks for a sound in a stretch of codes, piece by piece in order: a lost
// packet costs a piece, not the whole. It gives where the sound begins, and whether
// three pieces of four were there. Silence is no piece: it is everywhere.
func search(heard, sound []byte) (begins int, ok bool) {
	begins = -1
	at, pieces, found := 0, 0, 0
	for off := 0; off+piece <= len(sound); off += piece {
		p := sound[off : off+piece]
		if g711.DBm0(g711.Mu.Energy(p), piece) < notHeard {
			continue
		}
		pieces++
		i := bytes.Index(heard[at:], p)
		if i < 0 {
			continue
		}
		if begins < 0 {
			begins = max(0, at+i-off)
		}
		at += i + piece
		found++
	}
	return begins, pieces > 0 && found*4 >= pieces*3
}

// find is search in what a phone heard; it gives from when to when.
func find(heard siptest.Audio, sound []byte) (from, to time.Time, ok bool) {
	begins, ok := search(pcmu(heard), sound)
	if !ok {
		return from, to, false
	}
	for _, f := range heard {
		if begins < 0 {
			break
		}
		from = f.At
		begins -= len(f.Codes)
	}
	return from, from.Add(time.Duration(len(sound)) * time.Second / g711.Rate), true
}

// pcmu is the codes that were heard, one packet behind the other.
func pcmu(heard siptest.Audio) (codes []byte) {
	for _, f := range heard {
		codes = append(codes, f.Codes...)
	}
	return codes
}

// shouting is five seconds of a loud voice: a buzz of 230 Hz in syllables, four a
// second, with the short pauses that speech has and noise has not.
func shouting() []int16 {
	const syllable, pause = 0.19, 0.06 // seconds
	pcm := make([]int16, 5*g711.Rate)
	phase := 0.0
	for i := range pcm {
		t := float64(i) / g711.Rate
		phase += 2 * math.Pi * 230 * (1 + 0.05*math.Sin(2*math.Pi*1.3*t)) / g711.Rate
		within := math.Mod(t, syllable+pause)
		if within > syllable {
			continue
		}
		v := 0.0
		for h := 1.0; h <= 12; h++ {
			v += math.Sin(phase*h) / h
		}
		pcm[i] = g711.Clip(math.Round(9000 * math.Sin(math.Pi*within/syllable) * v))
	}
	return pcm
}
