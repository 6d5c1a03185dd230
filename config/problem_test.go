package config

import (
	"slices"
	"testing"
)

func TestTheNearestNameIsTheOneMeant(t *testing.T) {
	known := []string{"ring", "record", "wrap_up", "max_wait", "max_size", "title"}
	for word, want := range map[string]string{
		"rign": "ring", "Ring": "ring", "wrapup": "wrap_up", "max-wait": "max_wait", "titel": "title",
		"colour": "", "x": "", "": "",
	} {
		got, _ := nearest(word, known)
		if got != want {
			t.Errorf("%q is taken for %q, want %q", word, got, want)
		}
	}
}

func TestDistanceCountsSlipsOfTheHand(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"ring", "ring", 0},
		{"ring", "rign", 1},
		{"ring", "rings", 1},
		{"ring", "rang", 1},
		{"ring", "rng", 1},
		{"", "abc", 3},
		{"退款", "退換", 1},
		{"abcdef", "badcfe", 3},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if distance(c.a, c.b) != distance(c.b, c.a) {
			t.Errorf("%q and %q: not the same both ways", c.a, c.b)
		}
	}
}

func TestTheCaretStandsUnderTheText(t *testing.T) {
	for name, c := range map[string]struct {
		p    Problem
		want string
	}{
		"plain":          {Problem{File: "a.yaml", Line: 1, Column: 3, Excerpt: "a: x", Message: "no"}, "a.yaml:1:3: no\n    a: x\n      ^"},
		"tab":            {Problem{File: "a.yaml", Line: 1, Column: 2, Excerpt: "\tx", Message: "no"}, "a.yaml:1:2: no\n    \tx\n    \t^"},
		"Chinese":        {Problem{File: "a.yaml", Line: 1, Column: 3, Excerpt: "退款x", Message: "no"}, "a.yaml:1:3: no\n    退款x\n        ^"},
		"behind the end": {Problem{File: "a.yaml", Line: 1, Column: 9, Excerpt: "ab", Message: "no"}, "a.yaml:1:9: no\n    ab\n      ^"},
		"a whole file":   {Problem{File: "a.yaml", Message: "no", Hint: "yes"}, "a.yaml: no (yes)"},
		"no file":        {Problem{Message: "sip refuses"}, "sip refuses"},
	} {
		if got := c.p.String(); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestProblemsAreSortedAndToldOnce(t *testing.T) {
	got := Errors{
		{File: "b.yaml", Line: 1, Message: "x"},
		{File: "a.yaml", Line: 10, Message: "x"},
		{File: "a.yaml", Line: 9, Column: 2, Message: "x"},
		{File: "a.yaml", Line: 9, Column: 2, Message: "x"},
	}.sorted()
	var places []string
	for _, p := range got {
		places = append(places, p.Place())
	}
	if want := []string{"a.yaml:9:2", "a.yaml:10:0", "b.yaml:1:0"}; !slices.Equal(places, want) {
		t.Errorf("got %v, want %v", places, want)
	}
}
