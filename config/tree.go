package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// source is one file as it was read.
type source struct {
	name  string // in the config directory
	data  []byte
	lines []string
	odd   string // what it is instead of a file, e.g. "a directory"; it was not read then
}

// isBlank tells whether nothing was written into the file, not even a comment.
func (s *source) isBlank() bool { return s.odd == "" && len(bytes.TrimSpace(s.data)) == 0 }

// pos is a place in a file. The zero pos is nowhere.
type pos struct {
	file         *source
	line, column int
}

func (p pos) String() string { return fmt.Sprintf("%s:%d:%d", p.file.name, p.line, p.column) }

// kind is the shape of a node.
type kind uint8

const (
	empty   kind = iota // a key without a value, null, ~
	scalar              // one word, number or text
	list                // - a, - b
	mapping             // key: value
	refused             // YAML that is not used here; its problem is reported already
)

func (k kind) String() string {
	return [...]string{"nothing", "a single value", "a list", "a map", "nothing"}[k]
}

// node is a piece of YAML with the place where it stands. The tree is our own
// and small: every file becomes one, and all are merged, before any Go type is
// looked at.
type node struct {
	kind   kind
	at     pos
	text   string   // scalar: as written, without quotes
	quoted bool     // scalar: in quotes or as a block
	items  []*node  // list
	fields []*field // mapping, in the order of the file
}

// field is one key of a mapping.
type field struct {
	name  string
	at    pos
	value *node
}

// get is the field of that name, nil if there is none.
func (n *node) get(name string) *field {
	if n == nil {
		return nil
	}
	for _, f := range n.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

const (
	maxFile  = 4 << 20 // bytes; a larger file is not written by people
	maxDepth = 40      // levels of nesting; menus need 8
)

// parse reads one file into a tree. What YAML allows but a config that people
// read has no use for is refused: anchors, aliases, merge keys, tags, several
// documents, and a key given twice.
func parse(src *source, report func(Problem)) (root *node, ok bool) {
	fail := func(line, column int, message, hint string) (*node, bool) {
		report(Problem{File: src.name, Line: line, Column: column, Message: message, Hint: hint})
		return nil, false
	}
	if src.odd != "" {
		return fail(0, 0, "this is "+src.odd+", not a file", "a config is read from files only; move it away or give it another ending than .yaml and .yml")
	}
	if len(src.data) > maxFile {
		return fail(0, 0, fmt.Sprintf("the file is larger than %d MiB", maxFile>>20), "split it into several files")
	}
	if line, column, bad := strange(src.data); bad {
		return fail(line, column, "the file is not UTF-8 text", "save it as UTF-8")
	}
	if line, column, bad := tooDeep(src.lines); bad {
		return fail(line, column, fmt.Sprintf("nested deeper than %d levels", maxDepth), "")
	}
	// A library that panics on strange bytes must not end the telephone exchange.
	defer func() {
		if r := recover(); r != nil {
			root, ok = fail(0, 0, fmt.Sprintf("the file is not readable as YAML: %v", r), "")
		}
	}()
	file, err := parser.ParseBytes(src.data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, column, message := yamlError(err)
		return fail(min(line, len(src.lines)), column, "not readable as YAML: "+message, "")
	}
	c := &converter{src: src, report: report, ok: true}
	var body *node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			c.refuse(doc.Body, "a second document in one file", "remove the --- line or use a second file")
			continue
		}
		body = c.node(doc.Body)
	}
	if body == nil {
		body = &node{kind: empty, at: pos{src, 1, 1}}
	}
	return body, c.ok
}

// strange finds the first place that is not UTF-8 or is a control character.
func strange(data []byte) (line, column int, bad bool) {
	line, column = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return line, column, true
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
		data = data[size:]
	}
	return 0, 0, false
}

// tooDeep finds the first line whose brackets, dashes or indentation go deeper
// than any config needs, before a recursive parser meets them.
func tooDeep(lines []string) (line, column int, bad bool) {
	open := 0
	for i, text := range lines {
		inset := len(text) - len(strings.TrimLeft(text, " -?\t"))
		if inset > 4*maxDepth {
			return i + 1, 1, true
		}
		for j, r := range text {
			switch r {
			case '[', '{':
				open++
			case ']', '}':
				open = max(0, open-1)
			}
			if open > maxDepth {
				return i + 1, utf8.RuneCountInString(text[:j]) + 1, true
			}
		}
	}
	return 0, 0, false
}

// yamlError takes the place and the sentence out of the library's error.
func yamlError(err error) (line, column int, message string) {
	var e yaml.Error
	if !errors.As(err, &e) {
		return 0, 0, err.Error()
	}
	if t := e.GetToken(); t != nil && t.Position != nil {
		line, column = t.Position.Line, max(1, t.Position.Column)
	}
	if message = e.GetMessage(); strings.Contains(message, "'\t'") {
		message = "a tab cannot indent; indent with spaces"
	}
	return line, column, message
}

// converter turns the library's tree into ours.
type converter struct {
	src    *source
	report func(Problem)
	ok     bool
	depth  int
}

func (c *converter) refuse(n ast.Node, message, hint string) {
	at := c.at(n.GetToken())
	c.ok = false
	c.report(Problem{File: c.src.name, Line: at.line, Column: at.column, Message: message, Hint: hint})
}

// at is a token's place, kept inside the file whatever the library says.
func (c *converter) at(t *token.Token) pos {
	if t == nil || t.Position == nil {
		return pos{c.src, 1, 1}
	}
	line := max(1, min(t.Position.Line, len(c.src.lines)))
	return pos{c.src, line, max(1, t.Position.Column)}
}

func (c *converter) node(n ast.Node) *node {
	if c.depth++; c.depth > 2*maxDepth {
		panic("nested too deeply")
	}
	defer func() { c.depth-- }()
	out := &node{at: c.at(n.GetToken())}
	switch v := n.(type) {
	case *ast.NullNode:
	case *ast.MappingNode:
		out.kind = mapping
		c.fields(out, v.Values)
	case *ast.MappingValueNode:
		out.kind = mapping
		c.fields(out, []*ast.MappingValueNode{v})
	case *ast.SequenceNode:
		out.kind = list
		for _, item := range v.Values {
			out.items = append(out.items, c.node(item))
		}
	case *ast.LiteralNode:
		out.kind, out.quoted = scalar, true
		if v.Value != nil {
			out.text = v.Value.Value
		}
	case *ast.StringNode:
		out.kind, out.text = scalar, v.Value
		out.quoted = v.Token.Type == token.SingleQuoteType || v.Token.Type == token.DoubleQuoteType
	case *ast.AnchorNode, *ast.AliasNode:
		out.kind = refused
		c.refuse(n, "anchors and aliases are not used here", "write the value out")
	case *ast.TagNode:
		out.kind = refused
		c.refuse(n, "tags are not used here", "remove "+v.Start.Value)
	case ast.ScalarNode: // numbers, booleans, infinities: kept as written
		out.kind, out.text = scalar, v.GetToken().Value
	default:
		out.kind = refused
		c.refuse(n, "this kind of YAML is not used here", "write keys, lists and plain values")
	}
	return out
}

func (c *converter) fields(out *node, values []*ast.MappingValueNode) {
	seen := make(map[string]*field, len(values))
	for _, v := range values {
		key, ok := v.Key.(ast.ScalarNode)
		if _, merge := v.Key.(*ast.MergeKeyNode); merge || !ok {
			c.refuse(v.Key, "merge keys and composed keys are not used here", "write the keys out")
			continue
		}
		name := key.GetToken().Value
		if s, isText := key.(*ast.StringNode); isText {
			name = s.Value
		}
		f := &field{name: name, at: c.at(key.GetToken()), value: c.node(v.Value)}
		if f.value.kind == mapping && len(f.value.fields) > 0 && !strings.HasPrefix(v.Value.GetToken().Value, "{") {
			f.value.at = f.value.fields[0].at // the library gives the colon
		}
		if first := seen[name]; first != nil {
			c.report(twice("key", first, f))
			continue
		}
		seen[name] = f
		out.fields = append(out.fields, f)
	}
}

// twice says that a key was given before, in this file or another.
func twice(what string, first, again *field) Problem {
	return Problem{
		File: again.at.file.name, Line: again.at.line, Column: again.at.column,
		Message: fmt.Sprintf("%s %q is given twice; the first is at %s", what, again.name, first.at),
		Hint:    "keep one of them",
	}
}

// merge lays the files' trees together: sections by key, and within a section
// names or settings by key. Nothing overrides anything.
func merge(roots []*node, report func(Problem)) *node {
	all := &node{kind: mapping}
	for _, root := range roots {
		if root.kind != mapping {
			if root.kind != empty {
				report(Problem{
					File: root.at.file.name, Line: root.at.line, Column: root.at.column,
					Message: "a file holds sections such as queues: or phones:, but this is " + root.kind.String(),
				})
			}
			continue
		}
		for _, f := range root.fields {
			have := all.get(f.name)
			switch {
			case have == nil:
				section := *f.value
				all.fields = append(all.fields, &field{name: f.name, at: f.at, value: &section})
			case f.value.kind == empty:
			case have.value.kind == empty:
				section := *f.value
				have.value = &section
			case have.value.kind != mapping || f.value.kind != mapping:
				report(twice("section", have, f))
			default:
				mergeSection(f.name, have.value, f.value, report)
			}
		}
	}
	return all
}

func mergeSection(section string, into, from *node, report func(Problem)) {
	what, ok := oneOf[section]
	if !ok {
		what = section + " setting"
	}
	seen := make(map[string]*field, len(into.fields))
	for _, f := range into.fields {
		seen[f.name] = f
	}
	for _, f := range from.fields {
		if first := seen[f.name]; first != nil {
			report(twice(what, first, f))
			continue
		}
		into.fields = append(into.fields, f)
	}
}
