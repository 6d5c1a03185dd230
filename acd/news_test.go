package acd

import (
	"sync"
	"testing"
)

func TestNewsAreHeardOnceWhenTheyComeOrAtOnce(t *testing.T) {
	for name, order := range map[string]func(n *News[string], hear func(string)){
		"heard before":         func(n *News[string], hear func(string)) { n.Hear(hear); n.tell("word") },
		"heard after":          func(n *News[string], hear func(string)) { n.tell("word"); n.Hear(hear) },
		"told twice":           func(n *News[string], hear func(string)) { n.Hear(hear); n.tell("word"); n.tell("other") },
		"a listener was first": func(n *News[string], hear func(string)) { n.Hear(nil); n.Hear(hear); n.tell("word") },
		"at the same moment": func(n *News[string], hear func(string)) {
			var both sync.WaitGroup
			both.Go(func() { n.Hear(hear) })
			n.tell("word")
			both.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var n News[string]
			var heard []string
			if n.Came() {
				t.Error("came before it was told")
			}
			order(&n, func(w string) { heard = append(heard, w) })
			if len(heard) != 1 || heard[0] != "word" || !n.Came() {
				t.Errorf("heard %q, came %v", heard, n.Came())
			}
		})
	}
}
