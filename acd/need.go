package acd

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// dataName is the variable that holds a call's data in a skill expression. It
// cannot be the name of a skill.
const dataName = "data"

// maxNodes bounds a skill expression, so that a config edit cannot stop the floor.
const maxNodes = 400

// skillName is what a skill may be called: what an expression can name.
var skillName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// need is a compiled skill condition: who may serve. It is immutable. The zero
// need is met by everybody.
type need struct {
	text    string
	program *vm.Program
	parts   []part   // what is joined by && at the top, to name what failed
	skills  []string // names used, sorted

	questions []question // what is asked of the call
}

// part is one condition that must hold by itself.
type part struct {
	text    string
	program *vm.Program
	skills  []string
}

// dictionary is what an expression may name: every skill of any agent.
type dictionary struct {
	skills map[string]bool
	texts  bool // the call's data are text; else of any kind
}

func newDictionary(agents map[string]AgentSpec) dictionary {
	d := dictionary{skills: map[string]bool{}}
	for _, a := range agents {
		for s := range a.Skills {
			d.skills[s] = true
		}
	}
	return d
}

// env gives the variables of one agent: missing skills are level 0.
func (d dictionary) env(a AgentSpec) map[string]any {
	env := make(map[string]any, len(d.skills)+1)
	for s := range d.skills {
		env[s] = a.Skills[s]
	}
	env[dataName] = map[string]any{}
	if d.texts {
		env[dataName] = map[string]string{}
	}
	return env
}

// compile checks and compiles a condition. The error names the column.
func (d dictionary) compile(text string) (*need, error) {
	if strings.TrimSpace(text) == "" {
		return &need{}, nil
	}
	n := &need{text: text}
	anything := []expr.Option{
		expr.Env(d.env(AgentSpec{})), expr.MaxNodes(maxNodes),
		expr.DisableAllBuiltins(), expr.EnableBuiltin("int"), expr.EnableBuiltin("float"), // call data are text
	}
	options := append(slices.Clone(anything), expr.AsBool())
	var err error
	if n.program, err = expr.Compile(text, options...); err != nil {
		return nil, d.explain(err)
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, d.explain(err)
	}
	used := names{}
	ast.Walk(&tree.Node, &used)
	n.skills = used.skills()
	for _, node := range conjuncts(tree.Node) {
		p := part{text: node.String()}
		if p.program, err = expr.Compile(p.text, options...); err != nil {
			return nil, d.explain(err)
		}
		of := names{}
		ast.Walk(&node, &of)
		p.skills = of.skills()
		n.parts = append(n.parts, p)
		asked, err := questions(node, anything)
		if err != nil {
			return nil, d.explain(err)
		}
		n.questions = append(n.questions, asked...)
	}
	return n, nil
}

// met tells whether the agent meets the need. A condition that cannot be
// evaluated (a field of the call's data is missing) is not met.
func (n *need) met(env, data map[string]any) bool {
	return n.program == nil || holds(n.program, env, data)
}

// lacking names the parts that the agent does not meet, with what he has.
func (n *need) lacking(env, data map[string]any) string {
	var out []string
	for _, p := range n.parts {
		if holds(p.program, env, data) {
			continue
		}
		text := p.text
		if has := p.has(env); has != "" {
			text += " (" + has + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, " and ")
}

// firstLack is the first part that the agent does not meet, and what he has of it.
func (n *need) firstLack(env, data map[string]any) (text, has string) {
	for _, p := range n.parts {
		if !holds(p.program, env, data) {
			return p.text, p.has(env)
		}
	}
	return n.text, ""
}

// has tells the levels that an agent brings to a part.
func (p *part) has(env map[string]any) string {
	var has []string
	for _, s := range p.skills {
		has = append(has, fmt.Sprintf("%s is %v", s, env[s]))
	}
	return strings.Join(has, ", ")
}

func holds(program *vm.Program, env, data map[string]any) bool {
	if data == nil {
		data = map[string]any{}
	}
	env[dataName] = data
	got, err := expr.Run(program, env)
	yes, ok := got.(bool)
	return err == nil && ok && yes
}

// usesData tells whether the answer depends on the call.
func (n *need) usesData() bool { return len(n.questions) > 0 }

// best is the sum of the levels the expression names, for best-skill.
func (n *need) best(a AgentSpec) int {
	sum := 0
	for _, s := range n.skills {
		sum += a.Skills[s]
	}
	return sum
}

// explain turns a compiler's message into ours.
func (d dictionary) explain(err error) error {
	var at *file.Error
	if !errors.As(err, &at) { // about the whole, such as what it gives
		return fmt.Errorf("column 1: %w", err)
	}
	text := at.Message
	if name, ok := strings.CutPrefix(text, "unknown name "); ok {
		text = fmt.Sprintf("no agent has a skill named %s", name)
		if near := nearest(name, d.skills); near != "" {
			text += fmt.Sprintf("; did you mean %s?", near)
		}
	}
	if d.texts && strings.Contains(text, "string") {
		text += "; call data are text: compare with a text, such as \"1\", or write int(data.NAME)"
	}
	return fmt.Errorf("column %d: %s", at.Column+1, text)
}

// conjuncts splits a && b && c.
func conjuncts(n ast.Node) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && (b.Operator == "&&" || b.Operator == "and") {
		return append(conjuncts(b.Left), conjuncts(b.Right)...)
	}
	return []ast.Node{n}
}

// names collects what an expression names.
type names struct {
	seen map[string]bool // all but data
	data int             // mentions of data
}

// Visit is called for every node.
func (v *names) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.IdentifierNode)
	switch {
	case !ok:
	case n.Value == dataName:
		v.data++
	default:
		if v.seen == nil {
			v.seen = map[string]bool{}
		}
		v.seen[n.Value] = true
	}
}

func (v *names) skills() []string { return slices.Sorted(maps.Keys(v.seen)) }

// nearest gives the known word within two edits of an unknown one.
func nearest(word string, known map[string]bool) string {
	best, distance := "", 3
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if d := edits(word, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
