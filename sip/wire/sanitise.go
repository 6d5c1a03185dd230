package wire

import (
	"strings"
	"unicode/utf8"
)

// Sanitise makes a string safe inside a header value: no CR, LF, NUL or other
// control character, nothing but UTF-8, at most 512 bytes. Whoever puts a string
// that is not a constant into a header passes it through here or Quote.
func Sanitise(s string) string {
	clean := func(r rune) rune {
		if r < ' ' || r == 0x7F || r == utf8.RuneError || r == '\u2028' || r == '\u2029' || r == '\u0085' {
			return -1
		}
		return r
	}
	s = strings.TrimSpace(strings.Map(clean, s))
	for len(s) > 512 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// Quote makes a quoted string of any text, for display names.
func Quote(s string) string {
	return `"` + Escape(s) + `"`
}

// Escape is the inside of Quote: what sipgo's DisplayName fields want, because
// sipgo writes the quotes itself and escapes nothing.
func Escape(s string) string {
	return escapes.Replace(Sanitise(s))
}

// escapes are those inside a quoted string (RFC 3261 §25.1, quoted-pair).
var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`) //nolint:gochecknoglobals // a table: building one costs more than its use

// Unescape undoes Escape: the text of a quoted string as a person reads it. The
// parser keeps the inside of a display name as it was sent.
func Unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return Sanitise(b.String())
}
