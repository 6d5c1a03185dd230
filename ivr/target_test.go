package ivr

import (
	"errors"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]Target{
		"queue:sales":         {Queue, "sales"},
		"menu:main":           {Submenu, "main"},
		"phone:1001":          {Extension, "1001"},
		"number:+49301234":    {Number, "+49301234"},
		"number:110":          {Number, "110"},
		"goodbye":             {Goodbye, ""},
		"goodbye:closed":      {Goodbye, "closed"},
		"goodbye:silence:200": {Goodbye, "silence:200"},
		"queue:销售":            {Queue, "销售"},
	} {
		t.Run(text, func(t *testing.T) {
			got, err := ParseTarget(text)
			if err != nil || got != want {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
			if got.String() != text {
				t.Errorf("written %q", got.String())
			}
		})
	}
	for _, text := range []string{
		"", ":", "sales", "queue", "queue:", "Queue:sales", "queues:sales", "queue: sales", "queue:sa les", "goodbye:", "number:", "number:+",
		"number:12a", "number:*12", "extension:1001", "queue:a\x00", "queue:\xff", "queue:" + strings.Repeat("a", 65),
	} {
		t.Run("refused: "+text, func(t *testing.T) {
			if got, err := ParseTarget(text); !errors.Is(err, ErrTarget) || got != (Target{}) {
				t.Errorf("%+v, %v; want an error that says how a target is written", got, err)
			}
		})
	}
	if odd := (Target{Kind: "moon", Name: "far"}).String(); odd != "moon:far" {
		t.Errorf("a kind that does not exist is written %q", odd)
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, text := range []string{"queue:sales", "number:+49", "goodbye", "goodbye:a:b", "phone:", "menu:\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := ParseTarget(text)
		if err != nil {
			return
		}
		if again, err := ParseTarget(target.String()); err != nil || again != target || target.String() != text {
			t.Errorf("%q is %+v, written %q", text, target, target.String())
		}
	})
}
