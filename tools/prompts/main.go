// Command prompts makes the sounds of media/prompt from its table of texts. It needs
// espeak-ng; the server does not, because what this command writes is kept beside
// the table and built into the binary. Run it from the root of the module:
//
//	go run ./tools/prompts
//
// It makes what is missing or whose text has changed, and removes what the table no
// longer has.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"breakwater/media/g711"
	"breakwater/media/prompt"
	"breakwater/media/wav"
)

const (
	speechLevel = -20.0            // dBm0, active
	longest     = 10 * time.Second // of a protection prompt
	made        = "made.tsv"       // the list of what was made of what
)

func main() {
	folder := flag.String("folder", "media/prompt/sounds", "where the sounds are")
	all := flag.Bool("all", false, "make every sound anew")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *folder, *all); err != nil {
		fmt.Fprintln(os.Stderr, "prompts:", err)
		os.Exit(1)
	}
}

// run brings the folder up to the table.
func run(ctx context.Context, folder string, all bool) error {
	old, err := readList(filepath.Join(folder, made))
	if err != nil {
		return err
	}
	var list strings.Builder
	list.WriteString("# path, fingerprint of the text, SHA-256 of the file; written by tools/prompts\n")
	keep := map[string]bool{made: true}
	fresh := 0
	for _, e := range prompt.Entries() {
		for _, language := range e.Languages() {
			path := language + "/" + e.ID + ".wav"
			keep[filepath.FromSlash(path)] = true
			file, err := os.ReadFile(filepath.Join(folder, path))
			if all || err != nil || old[path] != e.Fingerprint(language)+"\t"+sum(file) {
				if file, err = makeSound(ctx, e, language); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				if err := write(filepath.Join(folder, path), file); err != nil {
					return err
				}
				fresh++
			}
			fmt.Fprintf(&list, "%s\t%s\t%s\n", path, e.Fingerprint(language), sum(file))
		}
	}
	if err := write(filepath.Join(folder, made), []byte(list.String())); err != nil {
		return err
	}
	gone, err := removeOthers(folder, keep)
	fmt.Printf("%d sounds: %d made, %d removed\n", len(keep)-1, fresh, gone)
	return err
}

// makeSound gives the WAV file of an entry.
func makeSound(ctx context.Context, e prompt.Entry, language string) ([]byte, error) {
	var samples []float64
	var err error
	level := speechLevel
	switch e.Kind {
	case prompt.Tone:
		samples, level, err = tone(e.ID)
	case prompt.Music:
		samples, level = music(), musicLevel
	case prompt.Protection:
		samples, err = speakWithin(ctx, e, language, longest)
	default:
		samples, err = speak(ctx, e, language, 0)
	}
	if err != nil {
		return nil, err
	}
	clip, err := levelled(e.ID, samples, level)
	if err != nil {
		return nil, err
	}
	return wav.Encode(g711.Mu, 1, clip.ULaw), nil
}

// levelled is a clip of the samples brought to an active level in dBm0 and filled up
// to whole packets of 20 ms.
func levelled(name string, samples []float64, level float64) (*wav.Clip, error) {
	const packet = g711.Rate / 50
	for len(samples)%packet != 0 {
		samples = append(samples, 0)
	}
	gain := 1.0
	for range 3 { // what counts as active may move with the steps of µ-law
		clip := wav.FromSamples(name, scaled(samples, gain))
		if clip.Level() < -90 {
			return nil, errors.New("nothing can be heard")
		}
		gain *= decibels(level - clip.Level())
	}
	if peak := gain * peakOf(samples); peak > 32000 {
		return nil, fmt.Errorf("peaks of %.0f at %.0f dBm0 would be clipped", peak, level)
	}
	return wav.FromSamples(name, scaled(samples, gain)), nil
}

func readList(path string) (map[string]string, error) {
	file, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	list := map[string]string{}
	for line := range strings.Lines(string(file)) {
		if path, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			list[path] = rest
		}
	}
	return list, nil
}

func write(path string, file []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, file, 0o644)
}

func removeOthers(folder string, keep map[string]bool) (int, error) {
	gone := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil || keep[name] {
			return err
		}
		gone++
		return os.Remove(path)
	})
	return gone, err
}

func sum(file []byte) string {
	s := sha256.Sum256(file)
	return hex.EncodeToString(s[:])
}
