package acd

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// question is a part of a condition that hangs on the call alone, such as
// data.tier == "gold". Two calls that answer every question of a condition alike can be
// served by the same agents. So what a caller types makes no condition of its own: one
// that asks int(data.order) > 1000 knows two kinds of callers, not ten thousand.
type question struct{ program *vm.Program }

// questions are the largest parts of a condition that hang on the call alone.
func questions(condition ast.Node, options []expr.Option) ([]question, error) {
	var alone []ast.Node
	within := map[ast.Node]bool{}
	visit(condition, func(n ast.Node) {
		used := names{}
		ast.Walk(&n, &used)
		if used.data == 0 || len(used.seen) > 0 {
			return
		}
		alone = append(alone, n)
		visit(n, func(part ast.Node) { within[part] = within[part] || part != n })
	})
	var out []question
	for _, n := range alone {
		if within[n] {
			continue
		}
		program, err := expr.Compile(n.String(), options...)
		if err != nil {
			return nil, err
		}
		out = append(out, question{program})
	}
	return out, nil
}

// visit calls a function for every node, the inner ones first.
func visit(n ast.Node, f func(ast.Node)) { ast.Walk(&n, visitor(f)) }

type visitor func(ast.Node)

// Visit is called for every node.
func (v visitor) Visit(n *ast.Node) { v(*n) }

// signature is how a call answers the questions of the need: calls of the same signature
// can be served by the same agents.
func (n *need) signature(data map[string]any) string {
	if data == nil {
		data = map[string]any{}
	}
	var b strings.Builder
	env := map[string]any{dataName: data}
	for _, q := range n.questions {
		if answer, err := expr.Run(q.program, env); err == nil {
			fmt.Fprintf(&b, "%#v;", answer)
		} else {
			b.WriteString("none;") // a condition that asks this of the call is not met
		}
	}
	return b.String()
}

// CheckTexts says which conditions take the call's data for numbers, by dotted key. On a
// server all of it is text: data.order > 1000 would be met by nobody for ever.
func (p Plan) CheckTexts() map[string]string {
	w := wrongs{}
	d := newDictionary(p.Agents)
	d.texts = true
	for _, name := range slices.Sorted(maps.Keys(p.Queues)) {
		d.checkNeeds(w, "queues."+name, p.Queues[name])
	}
	return w
}
