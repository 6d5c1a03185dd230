package truth

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// random is a condition drawn by chance: its text, the same with the sides of every && and
// || in another order, and what it must answer, reckoned from its parts without expr.
type random struct {
	text, mixed string
	want        Answer
}

// drawn draws a condition of at most so many levels over the data of drawnData.
func drawn(t *rapid.T, depth int) random {
	if depth == 0 {
		return rapid.SampledFrom([]random{
			{`data.tier == "gold"`, `data.tier == "gold"`, Yes},
			{`data.tier != "gold"`, `data.tier != "gold"`, No},
			{`data.missing == ""`, `data.missing == ""`, Yes},
			{`int(data.missing) > 5`, `int(data.missing) > 5`, Unknown},
			{`int(data.word) > 5`, `int(data.word) > 5`, Unknown},
			{`english >= 5`, `english >= 5`, Yes},
			{`english >= int(data.nine)`, `english >= int(data.nine)`, No},
			{`(english >= 5 || int(data.missing) > 5) == true`, `(int(data.missing) > 5 || english >= 5) == true`, Unknown},
			{`(english >= 5 && refunds == 0) == true`, `(refunds == 0 && english >= 5) == true`, Yes},
			{"true", "true", Yes},
		}).Draw(t, "term")
	}
	switch rapid.SampledFrom([]string{"&&", "||", "and", "or", "!", "not", "?:"}).Draw(t, "op") {
	case "!":
		k := drawn(t, depth-1)
		return random{"!(" + k.text + ")", "!(" + k.mixed + ")", Unknown}.turned(k)
	case "not":
		k := drawn(t, depth-1)
		return random{"not (" + k.text + ")", "not (" + k.mixed + ")", Unknown}.turned(k)
	case "?:":
		c, a, b := drawn(t, depth-1), drawn(t, depth-1), drawn(t, depth-1)
		chosen := map[Answer]Answer{Yes: a.want, No: b.want}[c.want]
		if c.want == Unknown && a.want == b.want {
			chosen = a.want
		}
		form := "(%s) ? (%s) : (%s)"
		return random{fmt.Sprintf(form, c.text, a.text, b.text), fmt.Sprintf(form, c.mixed, a.mixed, b.mixed), chosen}
	case "and", "&&":
		return joined(t, depth, []string{"and", "&&"}, Yes, No)
	default:
		return joined(t, depth, []string{"or", "||"}, No, Yes)
	}
}

// turned is the answer turned round.
func (r random) turned(kid random) random {
	r.want = map[Answer]Answer{Yes: No, No: Yes, Unknown: Unknown}[kid.want]
	return r
}

// joined draws two or three conditions and joins them, in two orders.
func joined(t *rapid.T, depth int, operators []string, every, one Answer) random {
	kids := make([]random, rapid.IntRange(2, 3).Draw(t, "sides"))
	out := random{want: every}
	for i := range kids {
		kids[i] = drawn(t, depth-1)
		switch {
		case kids[i].want == one:
			out.want = one
		case kids[i].want == Unknown && out.want == every:
			out.want = Unknown
		}
	}
	operator := " " + rapid.SampledFrom(operators).Draw(t, "operator") + " "
	var texts, mixed []string
	for _, k := range kids {
		texts = append(texts, "("+k.text+")")
	}
	for _, k := range rapid.Permutation(kids).Draw(t, "order") {
		mixed = append(mixed, "("+k.mixed+")")
	}
	out.text, out.mixed = strings.Join(texts, operator), strings.Join(mixed, operator)
	return out
}

var drawnData = map[string]any{"tier": "gold", "word": "many", "nine": "9"}

// TestPromiseTheOrderOfTermsNeverChangesAnAnswer: whatever a condition asks, and whatever
// of it is unknown, the sides of its && and || may stand in any order. The answer is that
// of three-valued logic, reckoned here from how the condition was put together.
func TestPromiseTheOrderOfTermsNeverChangesAnAnswer(t *testing.T) {
	seen := map[Answer]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		if rapid.Bool().Draw(t, "named") {
			r.text, r.mixed = "let n = int(data.missing); ("+r.text+")", "let n = int(data.missing); ("+r.mixed+")"
		}
		for _, text := range []string{r.text, r.mixed} {
			w := words()
			w.MaxNodes = 0
			c, err := w.Compile(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if got, _ := c.Ask(env(drawnData)); got != r.want {
				t.Errorf("%s: %s, want %s", text, got, r.want)
			}
			everyPart := Yes
			for _, p := range c.Parts() {
				switch a := p.Ask(env(drawnData)); {
				case a == No || everyPart == No:
					everyPart = No
				case a == Unknown:
					everyPart = Unknown
				}
			}
			if everyPart != r.want {
				t.Errorf("%s: its parts say %s, want %s", text, everyPart, r.want)
			}
		}
		seen[r.want]++
	})
	if len(seen) != 3 {
		t.Errorf("only these answers were seen: %v", seen)
	}
}

// TestPromiseCallsThatAnswerAlikeAreServedAlike: the answers to a condition's questions
// decide everything that the call has to say.
func TestPromiseCallsThatAnswerAlikeAreServedAlike(t *testing.T) {
	field := rapid.SampledFrom([]any{nil, "", "gold", "5", "9", "many"})
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		w := words()
		w.MaxNodes = 0
		c, err := w.Compile(r.text)
		if err != nil {
			t.Fatalf("%s: %v", r.text, err)
		}
		calls := make([]map[string]any, 2)
		for i := range calls {
			calls[i] = map[string]any{"tier": field.Draw(t, "tier"), "word": field.Draw(t, "word"), "nine": field.Draw(t, "nine")}
		}
		asked := func(data map[string]any) (out []string) {
			for _, q := range c.Questions() {
				out = append(out, q.Answer(map[string]any{"data": data}))
			}
			return out
		}
		if !slices.Equal(asked(calls[0]), asked(calls[1])) {
			return
		}
		for level := range 11 {
			agent := func(data map[string]any) map[string]any {
				return map[string]any{"english": level, "refunds": 0, "data": data}
			}
			a, _ := c.Ask(agent(calls[0]))
			if b, _ := c.Ask(agent(calls[1])); a != b {
				t.Errorf("%s: level %d is %s for %v, %s for %v", r.text, level, a, calls[0], b, calls[1])
			}
			for _, p := range c.Parts() {
				if a, b := p.Ask(agent(calls[0])), p.Ask(agent(calls[1])); a != b {
					t.Errorf("%s: %s is %s for %v, %s for %v", r.text, p.Text(), a, calls[0], b, calls[1])
				}
			}
		}
	})
}
