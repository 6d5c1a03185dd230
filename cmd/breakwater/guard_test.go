package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tone is a WAV file of half a second, µ-law, mono.
func tone() []byte {
	header := "RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\xff\xff\xff\xff"
	return append([]byte(header), bytes.Repeat([]byte{0x90, 0xff, 0x10, 0xff}, 1000)...)
}

func TestAPictureOfTheGuardIsDrawn(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "call.wav"), filepath.Join(dir, "call.png")
	if err := os.WriteFile(in, tone(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (plotCommand{In: in, Out: out, Channel: "left"}).Run(); err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
		t.Errorf("no picture: %v", err)
	}
}

func TestWhatCannotBeDrawnIsNamed(t *testing.T) {
	dir := t.TempDir()
	in, text := filepath.Join(dir, "call.wav"), filepath.Join(dir, "notes.txt")
	for name, data := range map[string][]byte{in: tone(), text: []byte("not a sound at all")} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		command plotCommand
		want    string
	}{
		"a file that is not there": {plotCommand{In: filepath.Join(dir, "no.wav"), Out: "x.png"}, "no.wav: no such file"},
		"no sound":                 {plotCommand{In: text, Out: "x.png"}, "notes.txt: this is no WAV file"},
		"the second of one":        {plotCommand{In: in, Out: "x.png", Channel: "right"}, "call.wav: there is no channel 2"},
		"arguments the wrong way":  {plotCommand{In: "x.png", Out: in}, "must be called something.png"},
		"a folder that is missing": {plotCommand{In: in, Out: filepath.Join(dir, "no", "x.png")}, "x.png: no such file"},
	} {
		if err := c.command.Run(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if data, err := os.ReadFile(in); err != nil || !bytes.Equal(data, tone()) {
		t.Error("the recording was written to")
	}
}
