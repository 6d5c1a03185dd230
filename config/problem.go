package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with the config, told so that a person can mend it.
type Problem struct {
	File    string `json:"file,omitempty"`    // name in the config directory; empty when no file is to blame
	Line    int    `json:"line,omitempty"`    // from 1; 0 = the file as a whole
	Column  int    `json:"column,omitempty"`  // in characters, from 1
	Excerpt string `json:"excerpt,omitempty"` // the line of the file, secrets starred out
	Message string `json:"message"`           // what is wrong
	Hint    string `json:"hint,omitempty"`    // what to write instead
}

// Place is file:line:column, as far as known.
func (p Problem) Place() string {
	switch {
	case p.File == "":
		return ""
	case p.Line == 0:
		return p.File
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

// String prints the problem as a compiler does: place, message, hint, then the
// line and a caret under the offending text.
func (p Problem) String() string {
	var b strings.Builder
	if place := p.Place(); place != "" {
		b.WriteString(place + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	if p.Excerpt != "" {
		b.WriteString("\n    " + p.Excerpt + "\n    " + indent(p.Excerpt, p.Column) + "^")
	}
	return b.String()
}

// indent is as wide on the screen as what stands before column: tabs stay tabs
// and a Chinese character takes two cells.
func indent(line string, column int) string {
	var b strings.Builder
	for _, r := range line {
		if column--; column < 1 {
			break
		}
		switch {
		case r == '\t':
			b.WriteByte('\t')
		case wide(r):
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// wide tells the East Asian characters that terminals draw in two cells (UAX #11,
// the ranges a config is likely to hold).
func wide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
		r >= 0xffe0 && r <= 0xffe6 || r >= 0x20000 && r <= 0x3fffd
}

// Errors is everything wrong with a config at once, sorted by place.
type Errors []Problem

// Error prints every problem, one below the other.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted puts problems in the order of the files and removes repetitions.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b Problem) int {
		return cmp.Or(
			strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			strings.Compare(a.Message, b.Message),
		)
	})
	return slices.Compact(e)
}

// didYouMean is the hint that goes with an unknown word: the nearest known one,
// or all of them when they are few, or nothing.
func didYouMean(word string, known []string) string {
	if near, ok := nearest(word, known); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 {
		return ""
	}
	known = slices.Clone(known)
	slices.Sort(known)
	const few = 16 // more names than this help nobody
	if len(known) > few {
		return fmt.Sprintf("known: %s and %d more", strings.Join(known[:few], ", "), len(known)-few)
	}
	return "known: " + strings.Join(known, ", ")
}

// nearest is the known word that a slip of the hand turns into word.
func nearest(word string, known []string) (string, bool) {
	best, at := "", 1+max(1, len([]rune(word))/3)
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < at || d == at && best != "" && k < best {
			best, at = k, d
		}
	}
	return best, best != ""
}

// distance counts the slips between two words: a letter more, less, other, or two
// neighbours swapped (optimal string alignment).
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	const long = 64 // names are short; a longer text is no slip of the hand
	if len(s) > long || len(t) > long {
		return long
	}
	var before, above []int
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := range s {
		before, above, row = above, row, make([]int, len(t)+1)
		row[0] = i + 1
		for j := range t {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			row[j+1] = min(above[j+1]+1, row[j]+1, above[j]+cost)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(t)]
}
