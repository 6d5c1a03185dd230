package jsonline

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// plain are the characters that stand in a string as they are.
var plain = func() (t [utf8.RuneSelf]bool) { //nolint:gochecknoglobals // a table
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return t
}()

const hex = "0123456789abcdef"

// Text writes a string. What a browser might take for markup is escaped, and what is no
// UTF-8 becomes U+FFFD, as encoding/json has it.
func Text(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if !plain[c] {
				dst = escape(append(dst, s[from:i]...), c)
				from = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[from:i]...), `\ufffd`...)
			from = i + size
		case r == '\u2028' || r == '\u2029': // the end of a line, to JavaScript
			dst = append(append(dst, s[from:i]...), `\u202`...)
			dst = append(dst, hex[r&0xf])
			from = i + size
		}
		i += size
	}
	return append(append(dst, s[from:]...), '"')
}

// escape writes a character that may not stand as it is.
func escape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}

// Time writes a moment, with its zone and to the nanosecond (RFC 3339). The years are 0
// to 9999.
func Time(dst []byte, t time.Time) ([]byte, error) {
	return quoted(t.AppendText(append(dst, '"')))
}

// quoted ends a string of plain characters.
func quoted(dst []byte, err error) ([]byte, error) { return append(dst, '"'), err }

// Float writes a number that is finite, as short as it reads back the same.
func Float(dst []byte, f float64) ([]byte, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return dst, fmt.Errorf("json: there is no number %v", f)
	}
	size := math.Abs(f)
	if size == 0 || size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' { // e-09 is written e-9
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst, nil
}

// TextValue is Text for a Table.
func TextValue(dst []byte, s string) ([]byte, error) { return Text(dst, s), nil }

// BoolValue writes yes or no, for a Table.
func BoolValue(dst []byte, b bool) ([]byte, error) { return strconv.AppendBool(dst, b), nil }

// UintValue writes a whole number that is never negative, for a List.
func UintValue(n *uint64, dst []byte) ([]byte, error) { return strconv.AppendUint(dst, *n, 10), nil }

// Any writes what may be anything; what is no text, number or yes or no takes the way of
// encoding/json.
func Any(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		return Text(dst, v), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case float64:
		return Float(dst, v)
	}
	text, err := json.Marshal(v)
	return append(dst, text...), err
}

// Strings writes a list of strings.
func Strings(dst []byte, all []string) ([]byte, error) {
	return List(dst, all, func(s *string, dst []byte) ([]byte, error) { return Text(dst, *s), nil })
}

// List writes a list, nil as null.
func List[T any](dst []byte, all []T, each func(*T, []byte) ([]byte, error)) ([]byte, error) {
	if all == nil {
		return append(dst, "null"...), nil
	}
	dst = append(dst, '[')
	for i := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = each(&all[i], dst); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// Table writes an object of what has names, by name; nil as null.
func Table[V any](dst []byte, all map[string]V, each func([]byte, V) ([]byte, error)) ([]byte, error) {
	if all == nil {
		return append(dst, "null"...), nil
	}
	var room [16]string
	names := room[:0]
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(Text(dst, name), ':')
		var err error
		if dst, err = each(dst, all[name]); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}
