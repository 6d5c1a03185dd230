package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"breakwater/media/prompt"
)

// nowhere has no files, no environment and no sounds.
type nowhere struct{}

func (nowhere) file(_, name string) (string, error) {
	if strings.Contains(name, "good") {
		return "correct-horse", nil
	}
	return "", fs.ErrNotExist
}
func (nowhere) env(string) (string, bool)                          { return "", false }
func (nowhere) sounds(prompt.Settings) (sounds, map[string]string) { return nil, nil }
func (nowhere) blocked(string) bool                                { return false }

// FuzzLoad feeds strange text: no panic, every problem at a place inside its file,
// no secret in a message, and what is good compares equal to itself.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/broken/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	examples, err := filepath.Glob("example/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, examples...) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, []byte("agents: {anna: {number: 7001, pin: {file: good}}}\n"))
	}
	f.Add([]byte("a: &a [*a]\n"), []byte("- - - - -\n"))
	f.Add([]byte("? {a: b}\n: c\n"), []byte("\ufeffqueues:\r\n  a:\r\n"))
	f.Add([]byte(strings.Repeat("[", 100)), []byte(strings.Repeat("- ", 100)))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		sources := []*source{newSource("a.yaml", a), newSource("b.yaml", b)}
		_, c, err := build(sources, nowhere{})
		if err == nil {
			if effects := Compare(c, c); len(effects) > 0 {
				t.Errorf("a config differs from itself: %v", effects)
			}
			return
		}
		var problems Errors
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("an error that is no Errors: %v", err)
		}
		for _, p := range problems {
			inside(t, sources, p)
		}
		if text := problems.Error(); strings.Contains(text, "correct-horse") || !utf8.ValidString(text) {
			t.Errorf("a secret or no text in: %q", text)
		}
	})
}

func inside(t *testing.T, sources []*source, p Problem) {
	t.Helper()
	if p.Message == "" {
		t.Errorf("a problem without a message at %s", p.Place())
	}
	for _, src := range sources {
		if src.name == p.File && (p.Line < 0 || p.Line > len(src.lines) || p.Line > 0 && p.Column < 1) {
			t.Errorf("%s is outside the file: %s", p.Place(), p.Message)
		}
	}
}
