// Package prompt holds every sentence the system speaks, in Chinese and English,
// and knows how numbers are spoken. It plays nothing.
package prompt

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"breakwater/media/wav"
)

// ErrUnknown is in the error of a phrase that the book does not have.
var ErrUnknown = errors.New("no such phrase")

// Book gives the sound of phrases. It is immutable.
type Book struct {
	shelves map[string]shelf // by language, and everywhere
	music   map[string]*wav.Clip
}

// shelf holds what can be spoken in one language.
type shelf struct {
	clips map[string]*wav.Clip // by id
	texts map[string]string    // by id
}

// Languages of the book, sorted: en, zh, and those that the folder adds.
func (b *Book) Languages() []string {
	languages := slices.Sorted(maps.Keys(b.shelves))
	return slices.DeleteFunc(languages, func(l string) bool { return l == everywhere })
}

// Has tells whether the phrase can be spoken in the language.
func (b *Book) Has(language, phrase string) bool {
	_, err := b.clips(language, phrase)
	return err == nil
}

// Sound turns phrases into clips. A phrase is a prompt's id ("warning-1"), or one
// of number:12, digits:0123, minutes:5, position:3, date:2026-12-05,
// suspend:2026-12-05, silence:200 (ms). An unknown phrase is an error that names
// the nearest id.
func (b *Book) Sound(language string, phrases ...string) ([]*wav.Clip, error) {
	var all []*wav.Clip
	for _, phrase := range phrases {
		clips, err := b.clips(language, phrase)
		if err != nil {
			return nil, err
		}
		all = append(all, clips...)
	}
	return all, nil
}

// Text is what a phrase says, for transcripts and logs; the phrase itself where no
// text is known.
func (b *Book) Text(language, phrase string) string {
	if d, ok := pause(phrase); ok {
		return fmt.Sprintf("(%v)", d)
	}
	ids, err := parts(language, phrase)
	if err != nil {
		return phrase
	}
	said := make([]string, len(ids))
	for i, id := range ids {
		if said[i] = b.text(language, id); said[i] == "" {
			return phrase
		}
	}
	return join(language, said)
}

// Music is a music by its name in the settings; "default" is always there.
func (b *Book) Music(name string) (*wav.Clip, error) {
	if c, ok := b.music[name]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("music %q: %w; did you mean %q?", name, ErrUnknown, nearest(name, maps.Keys(b.music)))
}

// MusicNames are the names that Music knows, sorted.
func (b *Book) MusicNames() []string { return slices.Sorted(maps.Keys(b.music)) }

func (b *Book) clips(language, phrase string) ([]*wav.Clip, error) {
	own, ok := b.shelves[language]
	if !ok {
		return nil, fmt.Errorf("prompt %q: language %q is not one of %s", phrase, language, strings.Join(b.Languages(), ", "))
	}
	if d, ok := pause(phrase); ok {
		return []*wav.Clip{wav.Silence(phrase, d)}, nil
	}
	ids, err := parts(language, phrase)
	if err != nil {
		return nil, fmt.Errorf("prompt %q: %w", phrase, err)
	}
	clips := make([]*wav.Clip, len(ids))
	for i, id := range ids {
		clip := own.clips[id]
		if clip == nil {
			clip = b.shelves[everywhere].clips[id]
		}
		if clip == nil {
			return nil, b.unknown(language, phrase)
		}
		clips[i] = clip
	}
	return clips, nil
}

func (b *Book) text(language, id string) string {
	if t := b.shelves[language].texts[id]; t != "" {
		return t
	}
	return b.shelves[everywhere].texts[id]
}

// unknown is the error for a phrase that is not there, with the likeliest one that is.
func (b *Book) unknown(language, phrase string) error {
	known := maps.Clone(b.shelves[language].clips)
	maps.Copy(known, b.shelves[everywhere].clips)
	for _, maker := range makers {
		known[maker] = nil
	}
	return fmt.Errorf("prompt %q in %s: %w; did you mean %q?", phrase, language, ErrUnknown, nearest(phrase, maps.Keys(known)))
}

// join makes a sentence of its parts: with blanks, but for Chinese and before
// punctuation.
func join(language string, parts []string) string {
	var s strings.Builder
	for i, p := range parts {
		if i > 0 && language != "zh" && !strings.ContainsRune(".,;:", rune(p[0])) {
			s.WriteByte(' ')
		}
		s.WriteString(p)
	}
	return s.String()
}

// longestPause keeps a slip of the pen in a menu from holding a caller for hours.
const longestPause = time.Minute
