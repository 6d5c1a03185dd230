package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"breakwater/call"
	"breakwater/media/g711"
	"breakwater/media/wav"
	"breakwater/sip/siptest"
)

// checks counts what was as promised and keeps what was not.
type checks struct {
	good  int
	wrong []string
}

func (c *checks) fail(sentence string) { c.wrong = append(c.wrong, sentence) }

func (c *checks) failed() bool { return len(c.wrong) > 0 }

// expect checks one fact of a story and tells at once when it is not as promised.
func expect[T comparable](s *scene, what string, want, saw T) {
	s.that(what, want == saw, fmt.Sprintf("expected %v, saw %v", want, saw))
}

// that checks a condition; otherwise says what was expected and seen.
func (s *scene) that(what string, ok bool, otherwise string) {
	switch {
	case s.lost:
	case ok:
		s.good++
	default:
		s.fail(what + ": " + otherwise)
		s.tell.line(s.title(), "FAILED  %s: %s", what, otherwise)
	}
}

// within checks a measure against two bounds.
func (s *scene) within(what string, low, high, saw float64) {
	s.that(what, saw >= low && saw <= high, fmt.Sprintf("expected %.1f to %.1f, saw %.1f", low, high, saw))
}

// ended checks how a call ended.
func (s *scene) ended(r call.Record, metric string, by call.By) {
	expect(s, "cause of the call", metric, r.Cause.Metric)
	expect(s, "ended by", by, r.Cause.By)
}

// attempts checks who was rung and what came of it, in order: "anna answered".
func (s *scene) attempts(r call.Record, want ...string) {
	var saw []string
	for _, a := range r.Attempts {
		saw = append(saw, a.Agent+" "+a.Result)
	}
	s.same("offers", want, saw)
}

// ladder checks the stages of the protection ladder in the record, in order.
func (s *scene) ladder(r call.Record, want ...string) {
	var saw []string
	for _, step := range r.Steps {
		if stage, ok := strings.CutPrefix(step.Name, "protect."); ok {
			saw = append(saw, stage)
		}
	}
	s.same("stages of the ladder", want, saw)
}

func (s *scene) same(what string, want, saw []string) {
	s.that(what, slices.Equal(want, saw), fmt.Sprintf("expected %s, saw %s", strings.Join(want, ", "), strings.Join(saw, ", ")))
}

// noted checks that the record has a step with this note; an empty note is any.
func (s *scene) noted(r call.Record, name, note string) {
	var saw []string
	for _, step := range r.Steps {
		if step.Name == name {
			saw = append(saw, step.Note)
		}
	}
	ok := slices.Contains(saw, note) || note == "" && len(saw) > 0
	s.that(name+" in the record", ok, fmt.Sprintf("expected %q, saw %q", note, saw))
}

// recorded checks that the call left one recording in whose right channel, what the
// caller heard, the prompts are there sample by sample.
func (s *scene) recorded(r call.Record, phrases ...string) {
	expect(s, "recordings", 1, len(r.Recordings))
	if s.lost || len(r.Recordings) != 1 {
		return
	}
	_, right, err := channels(filepath.Join(s.folder, r.Recordings[0]))
	if err != nil {
		s.fail(fmt.Sprintf("recording: %v", err))
		return
	}
	for _, phrase := range phrases {
		clips, err := s.book.Sound(language, phrase)
		if err != nil || len(clips) != 1 {
			s.fail(fmt.Sprintf("recording: %s: %v", phrase, err))
			continue
		}
		_, ok := search(pcmu(right), clips[0].ULaw)
		s.that(phrase+" in the recording", ok, "expected in the right channel, saw something else")
	}
}

// voices checks that the caller is on the left channel and the agent on the right
// one, each alone, in the last half second that both spoke.
func (s *scene) voices(r call.Record, caller, agent *party) {
	if s.lost || len(r.Recordings) != 1 {
		return
	}
	left, right, err := channels(filepath.Join(s.folder, r.Recordings[0]))
	if err != nil || len(left) < 50 {
		s.fail(fmt.Sprintf("recording: %d packets, %v", len(left), err))
		return
	}
	end := len(left) - 10
	for name, side := range map[string]struct {
		sound siptest.Audio
		voice float64
		other float64
	}{
		"left":  {left[end-25 : end], caller.voice, agent.voice},
		"right": {right[end-25 : end], agent.voice, caller.voice},
	} {
		s.within(name+" channel: the one voice (dBm0)", speaking-1, speaking+1, side.sound.Tone(side.voice))
		s.within(name+" channel: the other one (dBm0)", math.Inf(-1), notHeard, side.sound.Tone(side.other))
	}
}

// channels reads a two-channel µ-law file: what the caller said and what the caller
// heard, in packets of 20 ms.
func channels(file string) (left, right siptest.Audio, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	f, err := wav.Parse(data)
	if err != nil {
		return nil, nil, err
	}
	if f.Channels != 2 || f.Format != wav.ULaw {
		return nil, nil, fmt.Errorf("%s: %d channels of format %d, expected two of µ-law", file, f.Channels, f.Format)
	}
	for packet := range slices.Chunk(f.Data, 2*160) {
		var l, r []byte
		for i := 0; i+1 < len(packet); i += 2 {
			l, r = append(l, packet[i]), append(r, packet[i+1])
		}
		left = append(left, siptest.Frame{Law: g711.Mu, Codes: l})
		right = append(right, siptest.Frame{Law: g711.Mu, Codes: r})
	}
	return left, right, nil
}

// quality checks what both phones received: nothing lost, one steady stream.
func (s *scene) quality(parties ...*party) {
	if s.lost {
		return
	}
	for _, p := range parties {
		got := p.call.Stats()
		expect(s, p.name+": packets lost", 0, got.Lost)
		expect(s, p.name+": sources of sound", 0, got.SSRCChanges)
		expect(s, p.name+": jumps in sequence and time", 0, got.SequenceJumps+got.TimestampJumps)
	}
}
