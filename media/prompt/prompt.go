// Package prompt holds every sentence the system speaks, in Chinese and English,
// and knows how numbers are spoken. It plays nothing.
package prompt

import (
	"time"

	"breakwater/media/wav"
)

// Book gives the sound of phrases. It is immutable.
type Book struct{}

// Open loads the embedded prompts and lays the files of folder over them
// (folder/<language>/<id>.wav; empty = none). A file that is no prompt is not an
// error: menus may name prompts of their own.
func Open(folder string) (*Book, error) { panic("not built yet") }

// Languages of the book, sorted: en, zh.
func (b *Book) Languages() []string { panic("not built yet") }

// Has tells whether the phrase can be spoken in the language.
func (b *Book) Has(language, phrase string) bool { panic("not built yet") }

// Sound turns phrases into clips. A phrase is a prompt's id ("warning-1"), or one
// of number:12, digits:0123, minutes:5, position:3, silence:200 (ms). An unknown
// phrase is an error that names the nearest id.
func (b *Book) Sound(language string, phrases ...string) ([]*wav.Clip, error) {
	panic("not built yet")
}

// Text is what a phrase says, for transcripts and logs.
func (b *Book) Text(language, phrase string) string { panic("not built yet") }

// Number, Digits, Minutes and Position make phrases.
func Number(n int) string { panic("not built yet") }

// Digits is spoken one by one.
func Digits(s string) string { panic("not built yet") }

// Minutes is a length of time, rounded up to whole minutes.
func Minutes(d time.Duration) string { panic("not built yet") }

// Position is the place in the queue: "you are number 3 in the queue".
func Position(n int) string { panic("not built yet") }
