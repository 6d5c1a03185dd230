package wire

import (
	"iter"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Param gives a parameter by its name in any case, without blanks and quotes
// around the value. sipgo's own Get knows one spelling only.
func Param(params sip.HeaderParams, name string) (value string, ok bool) {
	for _, p := range params {
		if strings.EqualFold(strings.TrimSpace(p.K), name) {
			return unquote(strings.TrimSpace(p.V)), true
		}
	}
	return "", false
}

// unquote takes the quotes off a quoted string and resolves its escapes.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Contacts gives every Contact of a message in order; those that could not be
// read are left out (Check refuses such a message).
func Contacts(msg sip.Message) []*sip.ContactHeader {
	var list []*sip.ContactHeader
	for _, h := range headersOf(msg) {
		if c, ok := h.(*sip.ContactHeader); ok {
			list = append(list, c)
		}
	}
	return list
}

// Contact gives the first Contact, nil without one. sipgo's own Contact gives
// the last of several.
func Contact(msg sip.Message) *sip.ContactHeader {
	for _, h := range headersOf(msg) {
		if c, ok := h.(*sip.ContactHeader); ok {
			return c
		}
	}
	return nil
}

// headersOf gives all headers of a message. sipgo's own look-up by name makes a list, and
// names in lower case, each time.
func headersOf(msg sip.Message) []sip.Header {
	switch m := msg.(type) {
	case *sip.Request:
		return m.Headers()
	case *sip.Response:
		return m.Headers()
	}
	return nil
}

// Values gives the values of a header as its lines have them, in order. name is in full,
// in any case.
func Values(msg sip.Message, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, h := range headersOf(msg) {
			if n := h.Name(); len(n) == len(name) && strings.EqualFold(n, name) && !yield(h.Value()) {
				return
			}
		}
	}
}

// Value gives the first of them without blanks around it, empty without one.
func Value(msg sip.Message, name string) string {
	for v := range Values(msg, name) {
		return strings.TrimSpace(v)
	}
	return ""
}

// Tokens gives the elements of a comma-separated header, over all its lines,
// without blanks: Supported, Require, Allow, Accept, Path.
func Tokens(msg sip.Message, name string) []string {
	var list []string
	for element := range elements(msg, name) {
		list = append(list, element)
	}
	return list
}

// elements is Tokens without a list.
func elements(msg sip.Message, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for value := range Values(msg, name) {
			for more := true; more; {
				var element string
				element, value, more = cutElement(value)
				if element != "" && !yield(element) {
					return
				}
			}
		}
	}
}

// cutElement takes the first element off a comma-separated value.
func cutElement(value string) (element, rest string, more bool) {
	end := elementEnd(value)
	element = strings.Trim(value[:end], " \t")
	if end == len(value) {
		return element, "", false
	}
	return element, value[end+1:], true
}

// Has tells whether such a header holds a token, in any case.
func Has(msg sip.Message, name, token string) bool {
	for value := range Values(msg, name) {
		if Lists(value, token) {
			return true
		}
	}
	return false
}

// Lists tells whether a comma-separated value holds a token, in any case.
func Lists(value, token string) bool {
	for more := true; more; {
		var element string
		element, value, more = cutElement(value)
		if strings.EqualFold(element, token) {
			return true
		}
	}
	return false
}

// Split cuts a header value at its commas, but not at those inside quotes or
// angle brackets, and trims the blanks.
func Split(value string) []string {
	var list []string
	for more := true; more; {
		var element string
		element, value, more = cutElement(value)
		list = append(list, element)
	}
	return list
}

// elementEnd is where the first element of a comma-separated value ends.
func elementEnd(value string) int {
	quoted, bracket := false, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			bracket = true
		case c == '>':
			bracket = false
		case c == ',' && !bracket:
			return i
		}
	}
	return len(value)
}
