package guard_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakwater/media/guard"
	"breakwater/media/wav"
)

// People's voices, where the machine has them: professional speakers of the Debian
// packages asterisk-core-sounds-{en,fr,it,ru,es}-wav, and the music of
// asterisk-moh-opsound-wav. They cannot be part of this repository.
const (
	voices = "/usr/share/asterisk/sounds"
	music  = "/usr/share/asterisk/moh"
)

// Tests 14 and 15.
func TestPeoplePassUntouched(t *testing.T) {
	folders, err := os.ReadDir(voices)
	if err != nil {
		t.Skip("no human voices on this machine: apt install asterisk-core-sounds-{en,fr,it,ru,es}-wav")
	}
	for _, folder := range folders {
		clips := clipsBelow(t, filepath.Join(voices, folder.Name()))
		for _, c := range transparency {
			l := newLine(noComfort())
			samples := 0
			for _, x := range clips {
				l.send(normalised(x, c.level))
				samples += len(x)
			}
			l.judgeTransparency(t, folder.Name(), c.level, c.identical)
			minutes := float64(samples) / rate / 60
			tones, most := l.guard.Account().Events[guard.ByTone], 0.3*minutes
			if strings.HasPrefix(folder.Name(), "en") || strings.HasPrefix(folder.Name(), "fr") {
				most = 0
			}
			if float64(tones) > most {
				t.Errorf("%s at %v dBm0: taken for a tone %d times in %.0f minutes, want at most %.0f", folder.Name(), c.level, tones, minutes, most)
			}
		}
	}
}

// Nothing is asked of music: it may be taken for a bell.
func TestWhatBecomesOfHoldMusic(t *testing.T) {
	if _, err := os.Stat(music); err != nil {
		t.Skip("no music on this machine: apt install asterisk-moh-opsound-wav")
	}
	for _, steady := range []bool{true, false} {
		s := noComfort()
		s.Steady.Enabled = &steady
		l := newLine(s)
		for _, x := range clipsBelow(t, music) {
			l.send(normalised(x, -20))
		}
		t.Logf("music at −20 dBm0, steady rule %v: %.1f %% of frames touched, %.1f dB down on average; by rule %v",
			steady, 100*float64(l.changed)/float64(l.frames), l.meanReduction(), l.guard.Account().Limited)
	}
}

// clipsBelow are ten minutes of the recordings in a folder, those that are a second or
// longer and are no beeps, silence or monkeys.
func clipsBelow(t *testing.T, folder string) [][]int16 {
	t.Helper()
	var clips [][]int16
	total := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".wav" {
			return err
		}
		for _, no := range []string{"tone", "beep", "silence", "monkeys"} {
			if strings.Contains(path, no) {
				return nil
			}
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if clip, err := wav.Load(d.Name(), file); err == nil && len(clip.ULaw) >= rate {
			clips = append(clips, decoded(clip))
			if total += len(clip.ULaw); total > samplesIn(10*time.Minute) {
				return fs.SkipAll
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return clips
}
