package truth

import (
	"fmt"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// Question is a part of a condition that hangs on the call's data alone, such as
// data.tier == "gold", or the int(data.level) of english >= int(data.level).
type Question struct {
	root    *node       // a condition by itself
	program *vm.Program // or a value within a term
}

// Answer is what a call's data say to it, in words that two calls share exactly when
// they answer alike.
func (q Question) Answer(env any) string {
	if q.root != nil {
		return q.root.ask(env).String()
	}
	value, err := expr.Run(q.program, env)
	if err != nil {
		return Unknown.String()
	}
	return fmt.Sprintf("%#v", value)
}

// questions finds what hangs on the data alone, from the top.
func (g grower) questions(n *node) ([]Question, error) {
	if g.data == "" || !n.seen[g.data] {
		return nil, nil
	}
	if len(n.seen) == 1 {
		return []Question{{root: n}}, nil
	}
	if n.op == term {
		return g.values(n.tree)
	}
	var out []Question
	for _, k := range n.kids {
		more, err := g.questions(k)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// values finds the largest parts of a term that hang on the data alone.
func (g grower) values(tree ast.Node) ([]Question, error) {
	var alone []ast.Node
	within := map[ast.Node]bool{}
	visit(tree, func(n ast.Node) {
		if seen, _ := mentioned(n); len(seen) != 1 || !seen[g.data] {
			return
		}
		alone = append(alone, n)
		visit(n, func(part ast.Node) { within[part] = within[part] || part != n })
	})
	var out []Question
	for _, n := range alone {
		if within[n] {
			continue
		}
		program, err := g.compile(n, expr.AsAny())
		if err != nil {
			return nil, err
		}
		out = append(out, Question{program: program})
	}
	return out, nil
}
