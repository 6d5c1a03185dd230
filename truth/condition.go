package truth

import (
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

// Condition is a compiled condition. It is immutable.
type Condition struct {
	text      string
	whole     *vm.Program // with both sides of every && and ||: where it runs, nothing is unknown
	root      *node
	questions []Question
	fields    []string
}

// Text is the condition as it was written.
func (c *Condition) Text() string { return c.text }

// Ask answers the condition for an environment: values for the names of Words.Env. Where
// the answer is Unknown, why says what could not be reckoned first.
func (c *Condition) Ask(env any) (a Answer, why string) {
	got, err := expr.Run(c.whole, env)
	if err == nil {
		return plain(got)
	}
	if a = c.root.ask(env); a != Unknown {
		return a, ""
	}
	why, _, _ = strings.Cut(err.Error(), "\n")
	return Unknown, why
}

// plain reads what a program gave.
func plain(got any) (a Answer, why string) {
	if yes, ok := got.(bool); ok {
		return answer(yes), ""
	}
	return Unknown, "it is neither true nor false"
}

// Fields are the names of call data that the condition asks for by name, each once.
func (c *Condition) Fields() []string { return c.fields }

// Names are the names that the condition uses, sorted, without its own by let.
func (c *Condition) Names() []string { return c.root.names() }

// Parts are what must hold each by itself: the terms of && at the top.
func (c *Condition) Parts() []Part {
	if c.root.op != and {
		return []Part{{c.root}}
	}
	parts := make([]Part, len(c.root.kids))
	for i, k := range c.root.kids {
		parts[i] = Part{k}
	}
	return parts
}

// Part is one of the conditions that && joins.
type Part struct{ root *node }

// Text is the part as it can be written.
func (p Part) Text() string { return p.root.text }

// Names are the names that the part uses, sorted, without its own by let.
func (p Part) Names() []string { return p.root.names() }

// Ask answers the part.
func (p Part) Ask(env any) Answer { return p.root.ask(env) }

// Questions are what hangs on the call's data alone, as much as possible in each question,
// but each of Parts by itself. Two calls that answer all of them alike get the same answer
// from the condition and from each of its parts, whatever its other names stand for.
func (c *Condition) Questions() []Question { return c.questions }
