package api

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// kind is what a number means: how often so far, or how much now.
type kind string

// The kinds, in the words of Prometheus.
const (
	counter kind = "counter"
	gauge   kind = "gauge"
)

// label is one label of a series.
type label struct{ name, value string }

// sheet is everything one scrape shows of the house. The same series told twice is
// added up; what cannot be shown is counted instead of spoiling the rest.
type sheet struct {
	kinds      map[string]kind    // by name
	series     map[string]*series // by name and sorted labels
	unreadable int
}

type series struct {
	name   string
	labels []label
	value  float64
}

func newSheet() *sheet {
	return &sheet{kinds: map[string]kind{}, series: map[string]*series{}}
}

// add tells a value. A label that names an agent is refused here, whoever tells it:
// the exporter is public, and figures of one person are not.
func (s *sheet) add(as kind, name string, v float64, labels ...label) {
	known, told := s.kinds[name]
	if !validName(name, true) || told && known != as || !showable(labels) {
		s.unreadable++
		return
	}
	s.kinds[name] = as
	key := fmt.Sprintf("%s%q", name, labels)
	if one, again := s.series[key]; again {
		one.value += v
		return
	}
	s.series[key] = &series{name: name, labels: labels, value: v}
}

// addAll tells values whose keys have the labels in Prometheus' own form.
func (s *sheet) addAll(as kind, values map[string]float64) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		name, labels, ok := splitKey(key)
		if !ok {
			s.unreadable++
			continue
		}
		s.add(as, name, values[key], labels...)
	}
}

// showable tells whether labels can be shown, and puts them in order.
func showable(labels []label) bool {
	slices.SortFunc(labels, func(a, b label) int { return strings.Compare(a.name, b.name) })
	for i, l := range labels {
		twice := i > 0 && labels[i-1].name == l.name
		if twice || l.name == "agent" || !validName(l.name, false) || !utf8.ValidString(l.value) {
			return false
		}
	}
	return true
}

// splitKey reads name{label="value",…} as Prometheus writes it: \\, \" and \n are
// escaped in values.
func splitKey(key string) (name string, labels []label, ok bool) {
	name, rest, more := strings.Cut(key, "{")
	if !more {
		return name, nil, validName(name, true)
	}
	for {
		var l label
		if l.name, rest, ok = strings.Cut(rest, `="`); !ok {
			return "", nil, false
		}
		if l.value, rest, ok = unquote(rest); !ok {
			return "", nil, false
		}
		labels = append(labels, l)
		switch {
		case rest == "}":
			return name, labels, validName(name, true) && showable(labels)
		case !strings.HasPrefix(rest, ","):
			return "", nil, false
		}
		rest = rest[1:]
	}
}

// unquote reads up to the closing quote.
func unquote(text string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
			plain, known := map[byte]byte{'\\': '\\', '"': '"', 'n': '\n'}[text[i]]
			if !known {
				return "", "", false
			}
			b.WriteByte(plain)
		default:
			b.WriteByte(text[i])
		}
	}
	return "", "", false
}

// validName tells the names that every version of Prometheus takes. Names that
// begin with two underscores are its own.
func validName(name string, colon bool) bool {
	if name == "" || strings.HasPrefix(name, "__") {
		return false
	}
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || colon && c == ':'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}
