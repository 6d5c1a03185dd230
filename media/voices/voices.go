// Package voices lends tests and benchmarks the voices of people: professional speakers
// whom Debian's packages asterisk-core-sounds-{en,es,fr,it,ru}-wav bring, and the music
// of asterisk-moh-opsound-wav. They cannot be part of this repository; tools/deps.sh
// installs them. On a machine without them a test says so and does with the
// voices of our own prompts, which are synthetic.
package voices

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/prompt"
	"breakwater/media/wav"
)

// Where Debian keeps the recordings.
const (
	people = "/usr/share/asterisk/sounds"
	music  = "/usr/share/asterisk/moh"
)

// Voice is one speaker: recordings of a second or longer, at 8000 Hz.
type Voice struct {
	Name  string // such as en_US_f_Allison
	Human bool
	Clips [][]int16
}

// Duration is how long the recordings are together.
func (v *Voice) Duration() time.Duration {
	samples := 0
	for _, x := range v.Clips {
		samples += len(x)
	}
	return time.Duration(samples) * time.Second / g711.Rate
}

// People are the speakers of this machine, up to length of each. If it has none,
// the test is told so, and they are the voices of our prompts.
func People(t testing.TB, length time.Duration) []Voice {
	t.Helper()
	var all []Voice
	folders, _ := os.ReadDir(people) // no folder, no people
	for _, folder := range folders {
		clips, err := below(filepath.Join(people, folder.Name()), length)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Voice{Name: folder.Name(), Human: true, Clips: clips})
	}
	if len(all) > 0 {
		return all
	}
	t.Log("NO HUMAN VOICES ON THIS MACHINE, so only our own synthetic ones are tried: run tools/deps.sh, or apt-get install asterisk-core-sounds-{en,es,fr,it,ru}-wav")
	for _, language := range []string{"en", "zh"} {
		all = append(all, ours(t, language, length))
	}
	return all
}

// Music is up to length of the music of this machine; none, and the test is told so, if
// it has none.
func Music(t testing.TB, length time.Duration) [][]int16 {
	t.Helper()
	if _, err := os.Stat(music); err != nil {
		t.Log("NO MUSIC ON THIS MACHINE: run tools/deps.sh, or apt-get install asterisk-moh-opsound-wav")
		return nil
	}
	clips, err := below(music, length)
	if err != nil {
		t.Fatal(err)
	}
	return clips
}

// below are the recordings in a folder that are a second or longer and are no beeps,
// silence or monkeys.
func below(folder string, length time.Duration) (clips [][]int16, err error) {
	left := int(length * g711.Rate / time.Second)
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".wav" || strange(path) {
			return err
		}
		x, err := recording(path)
		if err != nil || len(x) < g711.Rate {
			return err
		}
		clips = append(clips, x)
		if left -= len(x); left <= 0 {
			return fs.SkipAll
		}
		return nil
	})
	return clips, err
}

// recording is a file's samples; none if it is empty, as one of the Russian set is.
func recording(path string) ([]int16, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if clip, err := wav.Load(filepath.Base(path), file); err == nil {
		return decoded(clip), nil
	}
	return nil, nil
}

func strange(path string) bool {
	for _, no := range []string{"tone", "beep", "silence", "monkeys"} {
		if strings.Contains(path, no) {
			return true
		}
	}
	return false
}

// ours is the voice of our prompts in a language.
func ours(t testing.TB, language string, length time.Duration) Voice {
	t.Helper()
	book, err := prompt.Open("")
	if err != nil {
		t.Fatal(err)
	}
	v := Voice{Name: "our own " + language}
	for _, e := range prompt.Entries() {
		if e.Kind == prompt.Tone || e.Kind == prompt.Music || v.Duration() >= length {
			continue
		}
		clips, err := book.Sound(language, e.ID)
		if err != nil {
			continue // not every sentence is there in every language
		}
		for _, clip := range clips {
			v.Clips = append(v.Clips, decoded(clip))
		}
	}
	return v
}

func decoded(clip *wav.Clip) []int16 {
	x := make([]int16, len(clip.ULaw))
	g711.Mu.Decode(x, clip.ULaw)
	return x
}
