package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/call"
	"breakwater/media/g711"
	"breakwater/sip/siptest"
)

func TestTheWholeDemoIsAsPromisedWithinItsTime(t *testing.T) {
	var told bytes.Buffer
	folder := t.TempDir()
	start := time.Now()
	err := run(t.Context(), newNarrator(&told, start), folder)
	t.Logf("%v\n%s", time.Since(start), told.String())
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range program {
		if want := newScene(t.Context(), nil, a); !strings.Contains(told.String(), want.title()) {
			t.Errorf("act %d (%s) is not in the table", i+1, a.name)
		}
	}
}

func TestADemoThatCannotBeginSaysWhy(t *testing.T) {
	folder := t.TempDir() + "/a file"
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), newNarrator(new(bytes.Buffer), time.Now()), folder)
	if err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("error %v, want one that names %s", err, folder)
	}
}

func TestAFailedCheckSaysWhatWasExpectedAndSeen(t *testing.T) {
	var told bytes.Buffer
	s := newScene(t.Context(), &stage{tell: newNarrator(&told, time.Now())}, act{"plain", func(s *scene) {
		expect(s, "warnings", 2, 1)
		expect(s, "queue", "orders", "orders")
		s.attempts(call.Record{Attempts: []call.Attempt{{Agent: "anna", Result: "declined"}}}, "anna answered")
		s.within("level (dB)", 17, 23, 4)
	}})
	s.no = 1
	s.run()
	if s.good != 1 || len(s.wrong) != 3 || !s.failed() {
		t.Errorf("good %d, wrong %q", s.good, s.wrong)
	}
	newNarrator(&told, time.Now()).table([]*scene{s}, "folder")
	for _, want := range []string{
		"FAILED  warnings: expected 2, saw 1", "expected anna answered, saw anna declined",
		"expected 17.0 to 23.0, saw 4.0", "1 of 4  FAILED", "NOT AS PROMISED",
	} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("%q is not told:\n%s", want, told.String())
		}
	}
}

func TestWhatCannotBeDoneEndsTheStory(t *testing.T) {
	var told bytes.Buffer
	s := newScene(t.Context(), &stage{tell: newNarrator(&told, time.Now())}, act{"plain", func(s *scene) {
		s.do("the phone rings", func(ctx context.Context) error { return errors.New("it did not") })
		s.do("somebody answers", func(ctx context.Context) error { t.Error("the story went on"); return nil })
		s.say("they talk")
		expect(s, "queue", "orders", "orders")
	}})
	s.run()
	if !s.failed() || s.good != 0 || strings.Contains(told.String(), "they talk") {
		t.Errorf("good %d, wrong %q, told %s", s.good, s.wrong, told.String())
	}
}

func TestASoundIsFoundInWhatWasHeard(t *testing.T) {
	sound := codes(shouting())
	quiet := bytes.Repeat([]byte{0xFF}, 8000)
	before := slices.Concat(quiet, sound, quiet)
	lossy := slices.Concat(quiet, sound[:4000], sound[4160:], quiet)
	for name, c := range map[string]struct {
		heard []byte
		want  bool
	}{
		"whole":              {before, true},
		"with a lost packet": {lossy, true},
		"its first half":     {slices.Concat(quiet, sound[:len(sound)/2]), false},
		"silence":            {quiet, false},
		"softer":             {soften(before), false},
		"nothing":            {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			begins, ok := search(c.heard, sound)
			if ok != c.want || ok && begins != len(quiet) {
				t.Errorf("found %v at %d, want %v at %d", ok, begins, c.want, len(quiet))
			}
		})
	}
}

func TestASoundIsFoundAtItsTime(t *testing.T) {
	sound, start := codes(shouting()), time.Unix(1000, 0)
	heard := slices.Concat(bytes.Repeat([]byte{0xFF}, 1600), sound)
	var audio siptest.Audio
	for i := 0; i < len(heard); i += 160 {
		at := start.Add(time.Duration(i) * time.Second / g711.Rate)
		audio = append(audio, siptest.Frame{At: at, Law: g711.Mu, Codes: heard[i : i+160]})
	}
	from, to, ok := find(audio, sound)
	if !ok || from.Sub(start) != 200*time.Millisecond || to.Sub(from) != 5*time.Second {
		t.Errorf("found %v from %v to %v", ok, from.Sub(start), to.Sub(start))
	}
}

func codes(pcm []int16) []byte {
	out := make([]byte, len(pcm))
	return out[:g711.Mu.Encode(out, pcm)]
}

func soften(in []byte) []byte {
	out := make([]byte, len(in))
	g711.Map(out, in, g711.Mu.GainTable(-20))
	return out
}
