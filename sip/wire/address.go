package wire

import (
	"errors"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// readAddress reads name-addr or addr-spec with parameters (RFC 3261 §20.10):
// `"Name" <sip:user@host;uri-param>;param`, `Name <…>`, `sip:user@host;param`. A
// blank before the closing bracket is what some desk phones write.
func readAddress(text string, name *string, uri *sip.Uri, params *sip.HeaderParams) error {
	display, rest, bracketed, err := cutDisplay(text)
	if err != nil {
		return err
	}
	*name = display
	var address, after string
	if bracketed {
		var closed bool
		if address, after, closed = strings.Cut(rest, ">"); !closed {
			return errors.New("address: bracket not closed")
		}
		address = strings.TrimRight(address, " \t")
		after = strings.Trim(after, " \t")
		if after != "" && after[0] != ';' {
			return errors.New("address: text after the bracket")
		}
		after = strings.TrimPrefix(after, ";")
	} else {
		address, after, _ = strings.Cut(rest, ";")
		address = strings.TrimRight(address, " \t")
		if strings.ContainsAny(address, "?,") {
			return errors.New("address: ? and , need brackets around the address")
		}
	}
	if err := readURI(address, uri); err != nil {
		return err
	}
	if after == "" {
		return nil
	}
	*params, err = readParams(after)
	return err
}

// cutDisplay takes the display name off. It keeps its escapes, because sipgo
// writes it back as it is.
func cutDisplay(text string) (display, rest string, bracketed bool, err error) {
	if strings.HasPrefix(text, `"`) {
		end := quoteEnd(text)
		if end < 0 {
			return "", "", false, errors.New("address: quote not closed")
		}
		rest = strings.TrimLeft(text[end+1:], " \t")
		if !strings.HasPrefix(rest, "<") {
			return "", "", false, errors.New("address: a name without <address>")
		}
		return text[1:end], rest[1:], true, nil
	}
	before, after, found := strings.Cut(text, "<")
	if !found {
		return "", text, false, nil
	}
	before = strings.Trim(before, " \t")
	if strings.ContainsAny(before, `",;\<>`) {
		return "", "", false, errors.New("address: the name needs quotes")
	}
	return before, after, true, nil
}

// quoteEnd is where the quoted string at the start of s ends; −1 = nowhere.
func quoteEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// readURI lets sipgo read a URI that has nothing in it that would change its
// meaning on the way: blanks, quotes, brackets, control characters.
func readURI(text string, uri *sip.Uri) error {
	if text == "" || !plain(text) {
		return errors.New("address: not a URI")
	}
	if err := sip.ParseUri(text, uri); err != nil {
		return err
	}
	if uri.Wildcard || !token(uri.Scheme) {
		return errors.New("address: not a URI")
	}
	if (uri.Scheme == "sip" || uri.Scheme == "sips") && (uri.Host == "" || uri.Port < 0 || uri.Port > 65535) {
		return errors.New("address: no host, or no such port")
	}
	return nil
}

// plain tells whether there is nothing in the text of a URI that would change its meaning.
func plain(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c <= ' ', c == '"', c == '<', c == '>', c == 0x7F:
			return false
		}
	}
	return true
}

// readParams reads ;name=value;name="quoted;value";flag so that sipgo writes them
// back as they came: it puts quotes around a value with blanks itself, and drops
// the = of an empty value. One ; too many at the end is forgiven, others are not.
func readParams(text string) (sip.HeaderParams, error) {
	params := make(sip.HeaderParams, 0, 1+strings.Count(text, ";"))
	for text != "" {
		end := paramEnd(text)
		if end < 0 {
			return nil, errors.New("parameter: quote not closed")
		}
		one := strings.Trim(text[:end], " \t")
		if end == len(text) {
			text = ""
		} else {
			text = strings.TrimLeft(text[end+1:], " \t")
		}
		name, value, hasValue := strings.Cut(one, "=")
		name, value = strings.TrimRight(name, " \t"), strings.TrimLeft(value, " \t")
		if !token(name) {
			return nil, errors.New("parameter: without a name")
		}
		quoted := strings.HasPrefix(value, `"`)
		blank := strings.ContainsAny(value, " \t")
		switch {
		case hasValue && value == "":
			name += "="
		case quoted && quoteEnd(value) != len(value)-1, blank && !quoted:
			return nil, errors.New("parameter: a value that is neither a word nor quoted")
		case blank:
			value = value[1 : len(value)-1]
		}
		params = append(params, sip.HeaderKV{K: name, V: value})
	}
	return params, nil
}

// paramEnd is where the parameter at the start of s ends; −1 = in a quote.
func paramEnd(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ';':
			return i
		case '"':
			end := quoteEnd(s[i:])
			if end < 0 {
				return -1
			}
			i += end
		}
	}
	return len(s)
}

// token tells whether s is a token of RFC 3261 §25.1.
func token(s string) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool { return c < 128 && tokens[c] }

// tokens are the bytes of a token.
var tokens = func() (t [128]bool) {
	for c := range t {
		t[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-.!%*_+`'~", byte(c)) >= 0
	}
	return t
}()
