package digest

import (
	"errors"
	"fmt"
	"strings"
)

// What one header may be at most; a phone's is 300 bytes.
const (
	maxHeader = 4 << 10
	maxFields = 24
)

// errNotDigest means a header of another scheme, which is as good as none.
var errNotDigest = errors.New("digest: not the Digest scheme")

// fields are the parameters of one Authorization or WWW-Authenticate header, by
// lower-case name.
type fields map[string]string

// readFields reads `Digest name=value, name="quoted", …` (RFC 7616 §3.4). Phones
// differ in blanks, in the case of names and in what they quote; all of that is
// taken. A parameter given twice is refused: two readers would differ.
func readFields(header string) (fields, error) {
	if len(header) > maxHeader {
		return nil, errors.New("digest: header longer than 4 KiB")
	}
	scheme, rest, _ := strings.Cut(strings.TrimLeft(header, " \t"), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return nil, errNotDigest
	}
	f := fields{}
	for {
		rest = strings.TrimLeft(rest, " \t,")
		if rest == "" {
			return f, nil
		}
		name, after, ok := strings.Cut(rest, "=")
		name = strings.ToLower(strings.TrimRight(name, " \t"))
		if !ok || !token(name) {
			return nil, errors.New("digest: not name=value")
		}
		value, left, err := readValue(strings.TrimLeft(after, " \t"))
		if err != nil {
			return nil, fmt.Errorf("digest: %s: %w", name, err)
		}
		if _, twice := f[name]; twice {
			return nil, fmt.Errorf("digest: %s given twice", name)
		}
		if len(f) == maxFields {
			return nil, errors.New("digest: more than 24 parameters")
		}
		f[name] = value
		rest = left
	}
}

// readValue reads a quoted string with its escapes, or everything to the next comma.
func readValue(s string) (value, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ",")
		return strings.TrimRight(value, " \t"), rest, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			rest = strings.TrimLeft(s[i+1:], " \t")
			if rest != "" && rest[0] != ',' {
				return "", "", errors.New("text after the closing quote")
			}
			return b.String(), rest, nil
		case '\\':
			i++
			if i == len(s) {
				return "", "", errors.New("quote not closed")
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", errors.New("quote not closed")
}

// token tells whether s is a parameter name.
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// quote writes a value between quotes; control characters cannot be in one.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		if s[i] >= ' ' && s[i] != 0x7F {
			b.WriteByte(s[i])
		}
	}
	b.WriteByte('"')
	return b.String()
}
