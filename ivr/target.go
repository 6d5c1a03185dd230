package ivr

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// The kinds of a Target.
const (
	Queue     = "queue"     // queue:NAME
	Submenu   = "menu"      // menu:NAME
	Extension = "extension" // phone:NAME
	Number    = "number"    // number:DIGITS
	Goodbye   = "goodbye"   // goodbye, or goodbye:PHRASE
	Callback  = "callback"  // callback:QUEUE
	Voicemail = "voicemail" // voicemail:QUEUE

	CallbackAt = "callback-at" // callback-at:QUEUE
)

// Target is where a caller may be sent.
type Target struct {
	Kind string // Queue, Submenu, Extension, Number, Goodbye, Callback, CallbackAt, Voicemail
	Name string // of the queue, menu or phone; the digits; the phrase, which may be empty
}

// ErrTarget is the error of ParseTarget, wrapped with what was wrong.
var ErrTarget = errors.New("a target is queue:NAME, menu:NAME, phone:NAME, number:DIGITS, callback:QUEUE, callback-at:QUEUE, voicemail:QUEUE, goodbye or goodbye:PHRASE")

// longest is more than any name or number may have.
const longest = 64

// ParseTarget reads a target as every part of the config writes it. It does not
// know whether what it names exists.
func ParseTarget(s string) (Target, error) {
	word, name, named := strings.Cut(s, ":")
	kind, ok := kinds[word]
	switch {
	case !ok:
		return Target{}, fmt.Errorf("%q: %w", s, ErrTarget)
	case kind == Goodbye && !named:
		return Target{Kind: Goodbye}, nil
	case name == "":
		return Target{}, fmt.Errorf("%q names no %s: %w", s, word, ErrTarget)
	case len(name) > longest:
		return Target{}, fmt.Errorf("%.20q… is longer than %d letters: %w", s, longest, ErrTarget)
	case kind == Number && !dialable(name):
		return Target{}, fmt.Errorf("%q cannot be dialled, a number is digits with an optional + before them: %w", s, ErrTarget)
	case strings.ContainsFunc(name, unprintable):
		return Target{}, fmt.Errorf("%q has a space or a sign that no name has: %w", s, ErrTarget)
	}
	return Target{Kind: kind, Name: name}, nil
}

// String writes the target as the config does.
func (t Target) String() string {
	if t.Kind == Goodbye && t.Name == "" {
		return Goodbye
	}
	for word, kind := range kinds {
		if kind == t.Kind {
			return word + ":" + t.Name
		}
	}
	return t.Kind + ":" + t.Name
}

// kinds says which kind a word of the config means.
var kinds = map[string]string{
	"queue": Queue, "menu": Submenu, "phone": Extension, "number": Number, "goodbye": Goodbye, "callback": Callback,
	"voicemail": Voicemail, "callback-at": CallbackAt,
}

func dialable(number string) bool {
	digits := strings.TrimPrefix(number, "+")
	return digits != "" && !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

func unprintable(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar
}
