package acd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// Relax is one step by waiting time. It replaces the condition by Needs, or changes the
// condition of the step before: first Drop, then Lower, then Add. With none of them
// everybody of the queue may serve from then on.
type Relax struct {
	After time.Duration  `yaml:"after"`
	Needs string         `yaml:"needs"` // the condition from now on
	Drop  []string       `yaml:"drop"`  // skills: what asks for them, joined by &&, is asked no more
	Lower map[string]int `yaml:"lower"` // by skill: so many levels less are enough
	Add   string         `yaml:"add"`   // a condition that must hold, too
}

// changes tells whether the step changes the condition before it.
func (r Relax) changes() bool { return len(r.Drop)+len(r.Lower) > 0 || r.Add != "" }

// errTwoWays is for a step that says a new condition and changes the old.
var errTwoWays = errors.New("a step has either needs, or drop, lower and add")

// needs are the conditions of a queue by step, changes worked in, step 0 being the
// queue's own. wrong says which cannot be read; who comes after such a step goes on from
// the one before.
func (d dictionary) needs(q QueueSpec) (list []*need, wrong map[int]error) {
	wrong = map[int]error{}
	text := ""
	for i, r := range append([]Relax{{Needs: q.Needs}}, q.Relax...) {
		next, err := d.relaxed(text, r)
		n := &need{}
		if err == nil {
			n, err = d.compile(next)
		}
		if err != nil {
			wrong[i] = err
			continue
		}
		text = next
		list = append(list, n)
	}
	return list, wrong
}

// relaxed is the condition after a step.
func (d dictionary) relaxed(before string, r Relax) (string, error) {
	switch {
	case !r.changes():
		return r.Needs, nil
	case r.Needs != "":
		return "", errTwoWays
	}
	parts, err := d.dropped(before, r.Drop)
	if err != nil {
		return "", err
	}
	for _, skill := range slices.Sorted(maps.Keys(r.Lower)) {
		if r.Lower[skill] < 1 || r.Lower[skill] > 10 {
			return "", fmt.Errorf("lower: %s by %d; levels go from 0 to 10", skill, r.Lower[skill])
		}
		if parts, err = lowered(parts, skill, r.Lower[skill]); err != nil {
			return "", err
		}
	}
	if r.Add != "" {
		if _, err := d.compile(r.Add); err != nil {
			return "", fmt.Errorf("add: %w", err)
		}
		parts = append(parts, "("+r.Add+")")
	}
	return strings.Join(parts, " && "), nil
}

// dropped are the parts of a condition that name none of the skills.
func (d dictionary) dropped(text string, skills []string) ([]string, error) {
	var parts []string
	dropped := map[string]bool{}
	before, err := d.compile(text)
	if err != nil {
		return nil, err
	}
	for _, p := range before.parts {
		gone := false
		for _, s := range skills {
			if slices.Contains(p.Names(), s) {
				gone, dropped[s] = true, true
			}
		}
		if !gone {
			parts = append(parts, "("+p.Text()+")")
		}
	}
	for _, s := range skills {
		if !dropped[s] {
			return nil, fmt.Errorf("drop: the condition before does not ask for %s", s)
		}
	}
	return parts, nil
}

// lowered asks for less of a skill wherever the parts compare it with a number.
func lowered(parts []string, skill string, by int) ([]string, error) {
	out := make([]string, 0, len(parts))
	l := lowering{skill: skill, by: by}
	for _, p := range parts {
		tree, err := parser.Parse(p)
		if err != nil {
			return nil, fmt.Errorf("lower: %w", err) // cannot be: it was compiled
		}
		ast.Walk(&tree.Node, &l)
		out = append(out, "("+tree.Node.String()+")")
	}
	if !l.found {
		return nil, fmt.Errorf("lower: the condition before does not ask for a level of %s", skill)
	}
	return out, nil
}

// lowering changes skill >= n and skill > n.
type lowering struct {
	skill string
	by    int
	found bool
}

// Visit is called for every node.
func (l *lowering) Visit(node *ast.Node) {
	b, ok := (*node).(*ast.BinaryNode)
	if !ok || b.Operator != ">=" && b.Operator != ">" {
		return
	}
	name, isName := b.Left.(*ast.IdentifierNode)
	level, isLevel := b.Right.(*ast.IntegerNode)
	if isName && isLevel && name.Value == l.skill {
		level.Value = max(0, level.Value-l.by)
		l.found = true
	}
}
