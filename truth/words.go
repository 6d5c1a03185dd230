package truth

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// Words is what a condition may be made of.
type Words struct {
	Env       any      // every name with a value of its kind: a struct or a map[string]any
	Data      string   // the name of the call's data, a table in which what is missing is ""
	Functions []string // which functions of the language may be called; nil = all
	MaxNodes  uint     // bounds a condition; 0 = the language's own bound
}

// Error is what is wrong with the text of a condition.
type Error struct {
	Column  int // from 1
	Message string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Message) }

// wrong is any error of the language as an *Error.
func wrong(err error) error {
	if at := (*file.Error)(nil); errors.As(err, &at) {
		return &Error{Column: at.Column + 1, Message: at.Message}
	}
	return &Error{Column: 1, Message: err.Error()} // about the whole, such as what it gives
}

// Compile reads a condition. An error is an *Error.
func (w Words) Compile(text string) (*Condition, error) {
	if _, err := expr.Compile(text, append(w.options(), expr.AsBool())...); err != nil {
		return nil, wrong(err)
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, wrong(err)
	}
	if err := w.refused(tree.Node, text); err != nil {
		return nil, wrong(err)
	}
	g := grower{data: w.Data, options: w.forTerms()}
	c := &Condition{text: text, fields: w.fields(tree.Node)}
	if c.whole, err = expr.Compile(text, append(w.forTerms(), expr.AsBool())...); err != nil {
		return nil, wrong(err)
	}
	if c.root, err = g.grow(tree.Node, nil); err != nil {
		return nil, err
	}
	for _, p := range c.Parts() {
		asked, err := g.questions(p.root)
		if err != nil {
			return nil, err
		}
		c.questions = append(c.questions, asked...)
	}
	return c, nil
}

func (w Words) options() []expr.Option {
	options := []expr.Option{expr.Env(w.Env)}
	if w.MaxNodes > 0 {
		options = append(options, expr.MaxNodes(w.MaxNodes))
	}
	if w.Functions != nil {
		options = append(options, expr.DisableAllBuiltins())
		for _, name := range w.Functions {
			options = append(options, expr.EnableBuiltin(name))
		}
	}
	return options
}

// forTerms are the options of a term: both sides of an && or || within it are reckoned, so
// that it does not matter which comes first, and what is missing is "".
func (w Words) forTerms() []expr.Option {
	options := append(w.options(), expr.DisableShortCircuit())
	if w.Data == "" || !w.anyKind() {
		return options
	}
	options = append(options, expr.Patch(missing{w.Data}))
	return append(options, expr.Function(datumName, datum, new(func(map[string]any, string) any)))
}

// anyKind tells whether the data may be of any kind: a table of texts gives "" by itself.
func (w Words) anyKind() bool {
	names, ok := w.Env.(map[string]any)
	if !ok {
		return false
	}
	_, ok = names[w.Data].(map[string]any)
	return ok
}

// datumName is the function that looks into the data. No condition can be written with it.
const datumName = "$datum"

// datum is a field of the data, "" where it is missing.
func datum(params ...any) (any, error) {
	table, isTable := params[0].(map[string]any)
	name, isName := params[1].(string)
	if !isTable || !isName {
		return nil, fmt.Errorf("%v is no name of a field", params[1])
	}
	if value := table[name]; value != nil {
		return value, nil
	}
	return "", nil
}

// missing makes of data.NAME the function that knows what to do without it.
type missing struct{ data string }

// Visit is called for every node, the inner ones first.
func (m missing) Visit(node *ast.Node) {
	if field, ok := fieldOf(*node, m.data); ok {
		ast.Patch(node, &ast.CallNode{
			Callee: &ast.IdentifierNode{Value: datumName}, Arguments: []ast.Node{field.Node, field.Property},
		})
	}
}

// fieldOf tells whether a node is a field of the data.
func fieldOf(node ast.Node, data string) (*ast.MemberNode, bool) {
	if chain, ok := node.(*ast.ChainNode); ok {
		node = chain.Node
	}
	field, ok := node.(*ast.MemberNode)
	if !ok {
		return nil, false
	}
	of, ok := field.Node.(*ast.IdentifierNode)
	return field, ok && of.Value == data
}

// refused finds what the language would take and what could never be so.
func (w Words) refused(tree ast.Node, text string) error {
	var found *file.Error
	visit(tree, func(n ast.Node) {
		if message := w.nonsense(n); message != "" && found == nil {
			found = (&file.Error{Location: n.Location(), Message: message}).Bind(file.NewSource(text))
		}
	})
	if found == nil {
		return nil
	}
	return found
}

func (w Words) nonsense(n ast.Node) string {
	if name, ok := n.(*ast.IdentifierNode); ok && strings.HasPrefix(name.Value, "$") {
		return fmt.Sprintf("%s is no name for a condition", name.Value)
	}
	b, ok := n.(*ast.BinaryNode)
	if !ok || w.Data == "" {
		return ""
	}
	_, left := fieldOf(b.Left, w.Data)
	_, right := fieldOf(b.Right, w.Data)
	_, leftNil := b.Left.(*ast.NilNode)
	_, rightNil := b.Right.(*ast.NilNode)
	switch {
	case b.Operator == "??" && left, left && rightNil, right && leftNil:
		return fmt.Sprintf("what is missing is the empty text, never nil: compare with \"\", or ask \"NAME\" in %s", w.Data)
	}
	return ""
}

// fields are the names that are asked of the data in so many words, each once.
func (w Words) fields(tree ast.Node) []string {
	var names []string
	seen := map[string]bool{}
	visit(tree, func(n ast.Node) {
		field, ok := fieldOf(n, w.Data)
		if !ok {
			return
		}
		if name, ok := field.Property.(*ast.StringNode); ok && !seen[name.Value] {
			seen[name.Value] = true
			names = append(names, name.Value)
		}
	})
	return names
}

// visit calls a function for every node, the inner ones first.
func visit(n ast.Node, f func(ast.Node)) { ast.Walk(&n, visitor(f)) }

type visitor func(ast.Node)

// Visit is called for every node.
func (v visitor) Visit(n *ast.Node) { v(*n) }
