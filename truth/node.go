package truth

import (
	"fmt"
	"maps"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// op is how the answers of a node's kids make its own.
type op int

const (
	term   op = iota // no kids: a program
	and              // yes when all are, no when one is
	or               // no when all are, yes when one is
	not              // of its only kid
	choice           // its first kid chooses between the two others
)

// node is a condition, or a part of one.
type node struct {
	op      op
	kids    []*node
	text    string
	program *vm.Program     // of a term
	tree    ast.Node        // of a term
	seen    map[string]bool // names in it, the data's among them
	own     map[string]bool // names it gives by let
}

// ask answers with three values, as Kleene has it.
func (n *node) ask(env any) Answer {
	switch n.op {
	case and:
		return n.all(env, Yes, No)
	case or:
		return n.all(env, No, Yes)
	case not:
		return n.kids[0].ask(env).not()
	case choice:
		return n.choose(env)
	case term:
	}
	got, err := expr.Run(n.program, env)
	if err != nil {
		return Unknown
	}
	a, _ := plain(got)
	return a
}

// all is one answer when every kid gives it, and the other one as soon as one gives that.
func (n *node) all(env any, every, one Answer) Answer {
	result := every
	for _, k := range n.kids {
		a := k.ask(env)
		if a == one {
			return one
		}
		if a == Unknown {
			result = Unknown
		}
	}
	return result
}

// choose: where the first kid does not know, what both others say is so all the same.
func (n *node) choose(env any) Answer {
	switch n.kids[0].ask(env) {
	case Yes:
		return n.kids[1].ask(env)
	case No:
		return n.kids[2].ask(env)
	case Unknown:
	}
	if a := n.kids[1].ask(env); a == n.kids[2].ask(env) {
		return a
	}
	return Unknown
}

// names are those that are not the condition's own, sorted.
func (n *node) names() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(n.seen)) {
		if !n.own[name] {
			out = append(out, name)
		}
	}
	return out
}

// grower takes a condition apart.
type grower struct {
	data    string
	options []expr.Option
}

// given is a name by let.
type given struct {
	name  string
	value ast.Node
}

// grow makes a node of a tree, which may use the names given before it.
func (g grower) grow(tree ast.Node, before []given) (*node, error) {
	n := &node{text: written(tree, before).String()}
	var kids []ast.Node
	switch t := tree.(type) {
	case *ast.BinaryNode:
		if n.op = joins(t.Operator); n.op != term {
			kids = terms(t, n.op)
		}
	case *ast.UnaryNode:
		if t.Operator == "!" || t.Operator == "not" {
			n.op, kids = not, []ast.Node{t.Node}
		}
	case *ast.ConditionalNode:
		n.op, kids = choice, []ast.Node{t.Cond, t.Exp1, t.Exp2}
	case *ast.VariableDeclaratorNode:
		return g.grow(t.Expr, append(slices.Clip(before), given{t.Name, t.Value}))
	}
	if n.op == term {
		return n, g.term(n, written(tree, before))
	}
	n.seen, n.own = map[string]bool{}, map[string]bool{}
	for _, kid := range kids {
		k, err := g.grow(kid, before)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
		maps.Copy(n.seen, k.seen)
		maps.Copy(n.own, k.own)
	}
	return n, nil
}

// joins is what an operator does with the truth of two sides.
func joins(operator string) op {
	switch operator {
	case "&&", "and":
		return and
	case "||", "or":
		return or
	}
	return term
}

// terms splits a && b && c.
func terms(tree ast.Node, by op) []ast.Node {
	if b, ok := tree.(*ast.BinaryNode); ok && joins(b.Operator) == by {
		return append(terms(b.Left, by), terms(b.Right, by)...)
	}
	return []ast.Node{tree}
}

// written is a tree with the names before it that it uses.
func written(tree ast.Node, before []given) ast.Node {
	for _, g := range slices.Backward(before) {
		used := false
		visit(tree, func(n ast.Node) {
			name, ok := n.(*ast.IdentifierNode)
			used = used || ok && name.Value == g.name
		})
		if used {
			tree = &ast.VariableDeclaratorNode{Name: g.name, Value: g.value, Expr: tree}
		}
	}
	return tree
}

// term makes a program of a tree that is not taken apart further.
func (g grower) term(n *node, tree ast.Node) error {
	program, err := g.compile(tree, expr.AsBool())
	if err != nil {
		return err
	}
	n.program, n.tree = program, tree
	n.seen, n.own = mentioned(tree)
	return nil
}

// compile makes a program of a tree by way of its text. Not everything that can be read
// is written again as it was; what is not is refused, instead of asked wrongly.
func (g grower) compile(tree ast.Node, as expr.Option) (*vm.Program, error) {
	text := tree.String()
	again, err := parser.Parse(text)
	if err != nil || ast.Dump(again.Node) != ast.Dump(tree) {
		return nil, &Error{Column: 1, Message: fmt.Sprintf("%s is too intricate to be asked by itself: write it with fewer parentheses, or two conditions", text)}
	}
	program, err := expr.Compile(text, append(slices.Clip(g.options), as)...)
	if err != nil {
		return nil, wrong(err)
	}
	return program, nil
}

// mentioned are the names in a tree, and those that it gives by let.
func mentioned(tree ast.Node) (seen, own map[string]bool) {
	seen, own = map[string]bool{}, map[string]bool{}
	visit(tree, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.IdentifierNode:
			seen[n.Value] = true
		case *ast.PointerNode: // what a function over a list looks at
			seen["#"], own["#"] = true, true
		case *ast.VariableDeclaratorNode:
			own[n.Name] = true
		}
	})
	return seen, own
}
