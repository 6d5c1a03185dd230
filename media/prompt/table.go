package prompt

import (
	"crypto/sha256"
	_ "embed" // the table of texts
	"encoding/hex"
	"fmt"
	"strings"
)

// Kind is what an entry of the table is for.
type Kind string

// The kinds. Only protection prompts have fixed wording and a limit of ten seconds.
const (
	Protection Kind = "protection"
	Caller     Kind = "caller"  // around the queue
	Menu       Kind = "menu"    //
	Agent      Kind = "agent"   // answers to codes and keys
	Refused    Kind = "refused" // why a key did nothing
	Why        Kind = "why"     // why no call comes
	Part       Kind = "part"    // of a phrase with a number in it
	Tone       Kind = "tone"    // no speech, no language
	Music      Kind = "music"   // no speech, no language
	Card       Kind = "card"    // shown, never played
)

// everywhere is the language of sounds that have none.
const everywhere = "all"

// Entry is a line of the table: one thing that can be said.
type Entry struct {
	ID   string
	Kind Kind
	Text map[string]string // by language; none where it is not spoken
	say  map[string]string // what the voice is given, where it would misread the text
}

// Languages are those in which a sound of the entry must exist: none for a card.
func (e Entry) Languages() []string {
	switch e.Kind {
	case Card:
		return nil
	case Tone, Music:
		return []string{everywhere}
	default:
	}
	var languages []string
	for _, l := range []string{"en", "zh"} {
		if e.Text[l] != "" {
			languages = append(languages, l)
		}
	}
	return languages
}

// Spoken is what the voice of which language must be given to speak the entry.
func (e Entry) Spoken(language string) (voice, words string) {
	voice, words = language, e.say[language]
	if words == "" {
		words = e.Text[language]
	}
	if other, rest, ok := strings.Cut(words, "] "); ok && strings.HasPrefix(other, "[") {
		return other[1:], rest
	}
	return voice, words
}

// Fingerprint tells whether a sound was made of this text: it changes when the
// entry, as it is spoken in the language, changes.
func (e Entry) Fingerprint(language string) string {
	voice, words := e.Spoken(language)
	sum := sha256.Sum256([]byte(strings.Join([]string{string(e.Kind), voice, words}, "\n")))
	return hex.EncodeToString(sum[:8])
}

// Entries are all lines of the table, in its order: every id with its texts.
func Entries() []Entry { return table }

//go:embed prompts.tsv
var source string

var table = mustRead(source)

// mustRead reads the table that was built in; a fault in it is a broken program.
func mustRead(source string) []Entry {
	entries, err := parse(source)
	if err != nil {
		panic(err)
	}
	return entries
}

func parse(source string) ([]Entry, error) {
	var entries []Entry
	seen := map[string]bool{}
	line := 0
	for text := range strings.Lines(source) {
		line++
		text = strings.TrimSuffix(text, "\n")
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		cells := strings.Split(text, "\t")
		if len(cells) < 4 || len(cells) > 6 {
			return nil, fmt.Errorf("prompts.tsv line %d: %d columns, want 4 to 6", line, len(cells))
		}
		e := Entry{ID: cells[0], Kind: Kind(cells[1]), Text: map[string]string{}, say: map[string]string{}}
		if seen[e.ID] || e.ID == "" || strings.ContainsAny(e.ID, ":/. ") {
			return nil, fmt.Errorf("prompts.tsv line %d: id %q is there twice or no good name", line, e.ID)
		}
		seen[e.ID] = true
		for i, cell := range cells[2:] {
			language, words := []string{"zh", "en"}[i%2], e.Text
			if i >= 2 {
				words = e.say
			}
			if cell != "" && cell != "-" {
				words[language] = cell
			}
		}
		if len(e.Text) == 0 {
			return nil, fmt.Errorf("prompts.tsv line %d: %s says nothing in any language", line, e.ID)
		}
		entries = append(entries, e)
	}
	return entries, nil
}
