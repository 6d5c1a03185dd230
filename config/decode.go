package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// reading is one load under way: the merged tree, what was found wrong so far,
// and the places of keys that the checks will ask for.
type reading struct {
	root     *node
	sources  []*source
	around   surroundings
	problems Errors
	torn     bool            // a file could not be read, so names may be missing
	spoiled  map[string]bool // paths with a problem already: no second one is raised there
	above    map[string]bool // all paths above a spoiled one
	zeros    map[string]*node
	entries  map[string]map[string]bool // section → names, see has
	options  map[reflect.Type][]Option  // what Options gave
	sounds   sounds                     // that the files name, opened to be checked; nil = they cannot be
}

func newReading(sources []*source, around surroundings) *reading {
	return &reading{
		sources: sources, around: around, spoiled: map[string]bool{}, above: map[string]bool{}, zeros: map[string]*node{},
		entries: map[string]map[string]bool{}, options: map[reflect.Type][]Option{},
	}
}

func (r *reading) report(p Problem) { r.problems = append(r.problems, p) }

// fault reports a problem at a place and marks the path as spoiled.
func (r *reading) fault(at pos, p path, message, hint string) {
	r.spoiled[string(p)] = true
	for q := p.parent(); q != "" && !r.above[string(q)]; q = q.parent() {
		r.above[string(q)] = true
	}
	problem := Problem{Message: message, Hint: hint}
	if at.file != nil {
		problem.File, problem.Line, problem.Column = at.file.name, at.line, at.column
	}
	r.report(problem)
}

// path is where a value stands in the config: queues.refunds.relax.0.needs. A dot
// within a key, as in a phone called john.doe, is kept apart from those between keys.
type path string

// innerDot stands for a dot within a key; no file may hold the character itself.
const innerDot = "\x00"

// to is the path of one key below p.
func (p path) to(key string) path {
	return p.join(path(strings.ReplaceAll(key, ".", innerDot)))
}

// join is the path of several keys below p.
func (p path) join(rest path) path {
	if p == "" || rest == "" {
		return p + rest
	}
	return p + "." + rest
}

// keys are the path's keys as the files write them.
func (p path) keys() []string {
	all := strings.Split(string(p), ".")
	for i, key := range all {
		all[i] = strings.ReplaceAll(key, innerDot, ".")
	}
	return all
}

// String is the path for people.
func (p path) String() string { return strings.Join(p.keys(), ".") }

// parent is the path above; empty at the top.
func (p path) parent() path { return p[:max(0, strings.LastIndexByte(string(p), '.'))] }

// last is the key that people know the path by: that of the list for an item.
func (p path) last() string {
	parts := p.keys()
	for i := len(parts) - 1; i > 1; i-- {
		if _, err := strconv.Atoi(parts[i]); err != nil {
			return parts[i]
		}
	}
	return parts[min(1, len(parts)-1)]
}

// Option is a key that a struct knows. The reference page is made from it too.
type Option struct {
	Name   string // as the files write it
	Type   reflect.Type
	Secret bool         // given as {file: path} or {env: NAME} only
	Unit   string       // that must stand behind the number, e.g. dBm0
	Owner  reflect.Type // the struct that has the field, where its comment stands
	Field  string       // the field's name there

	index []int // for reflect.Value.FieldByIndex
}

// presetter is a struct whose defaults cannot be told from the zero value, such
// as a switch that is on unless the file says off.
type presetter interface{ preset() }

// Options lists the keys of a struct, those of inlined structs included.
func Options(t reflect.Type) []Option {
	var all []Option
	for i := range t.NumField() {
		f := t.Field(i)
		name, flags, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case flags == "inline":
			for _, o := range Options(f.Type) {
				o.index = append([]int{i}, o.index...)
				all = append(all, o)
			}
		default:
			if name == "" {
				name = strings.ToLower(f.Name)
			}
			all = append(all, Option{
				Name: name, Type: f.Type, Owner: t, Field: f.Name, index: []int{i},
				Secret: f.Tag.Get("secret") == "true", Unit: f.Tag.Get("unit"),
			})
		}
	}
	return all
}

// sections are the top-level keys.
func sections() []Option { return Options(reflect.TypeFor[Config]()) }

// entryType is the struct that a section holds: itself, or under each name.
func entryType(section Option) reflect.Type {
	if section.Type.Kind() == reflect.Map {
		return section.Type.Elem()
	}
	return section.Type
}

func names(options []Option) []string {
	out := make([]string, len(options))
	for i, o := range options {
		out[i] = o.Name
	}
	return out
}

// decode reads n into v. What does not fit is reported and left as it was.
func (r *reading) decode(n *node, v reflect.Value, p path, o Option) {
	if o.Secret {
		r.decodeSecret(n, v, p)
		return
	}
	if _, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		r.decodeScalar(n, v, p, o)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.decodeStruct(n, v, p)
	case reflect.Map:
		r.decodeMap(n, v, p)
	case reflect.Slice:
		r.decodeList(n, v, p, o)
	case reflect.Pointer:
		if n.kind == empty {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		r.decode(n, v.Elem(), p, o)
	default:
		r.decodeScalar(n, v, p, o)
	}
}

func (r *reading) decodeStruct(n *node, v reflect.Value, p path) {
	if s, ok := v.Addr().Interface().(presetter); ok {
		s.preset()
	}
	if !r.shaped(n, mapping, "keys and values", p) {
		return
	}
	options := r.optionsOf(v.Type())
	for _, f := range n.fields {
		i := slices.IndexFunc(options, func(o Option) bool { return o.Name == f.name })
		if i < 0 {
			r.fault(f.at, p.to(f.name), fmt.Sprintf("unknown key %q%s", f.name, in(p)), r.hintForKey(f.name, p, options))
			continue
		}
		o := options[i]
		r.decode(f.value, v.FieldByIndex(o.index), p.to(f.name), o)
	}
}

// optionsOf is Options, worked out once: there may be thousands of agents.
func (r *reading) optionsOf(t reflect.Type) []Option {
	all, ok := r.options[t]
	if !ok {
		all = Options(t)
		r.options[t] = all
	}
	return all
}

// in says where a key was not expected, in words: "in queue refunds".
func in(p path) string {
	parts := p.keys()
	switch {
	case p == "":
		return ""
	case len(parts) == 1:
		return " in " + parts[0]
	case oneOf[parts[0]] != "":
		return fmt.Sprintf(" in %s %s", oneOf[parts[0]], strings.Join(parts[1:], "."))
	default:
		return " in " + p.String()
	}
}

func (r *reading) hintForKey(key string, p path, options []Option) string {
	known := names(options)
	if _, ok := nearest(key, known); ok {
		return didYouMean(key, known)
	}
	if p == "" {
		return didYouMean(key, known)
	}
	for _, section := range sections() {
		if slices.Contains(names(Options(entryType(section))), key) && section.Name != p.keys()[0] {
			return fmt.Sprintf("%q is a key of %s", key, section.Name)
		}
	}
	return didYouMean(key, known)
}

func (r *reading) decodeMap(n *node, v reflect.Value, p path) {
	v.Set(reflect.MakeMap(v.Type()))
	if !r.shaped(n, mapping, "names, each with its settings", p) {
		return
	}
	for _, f := range n.fields {
		key := reflect.New(v.Type().Key()).Elem()
		r.decodeScalar(&node{kind: scalar, at: f.at, text: f.name}, key, p.to(f.name), Option{})
		value := reflect.New(v.Type().Elem()).Elem()
		r.decode(f.value, value, p.to(f.name), Option{})
		v.SetMapIndex(key, value)
	}
}

func (r *reading) decodeList(n *node, v reflect.Value, p path, o Option) {
	if n.kind == scalar {
		r.fault(n.at, p, fmt.Sprintf("%s must be a list, not a single value", p.last()), fmt.Sprintf("write [%s]", n.text))
		return
	}
	if !r.shaped(n, list, "a list", p) {
		return
	}
	if len(n.items) == 0 && n.kind == list {
		r.zeros[string(p)] = n
	}
	out := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		r.decode(item, out.Index(i), p.to(strconv.Itoa(i)), Option{Unit: o.Unit})
	}
	if n.kind == list { // an empty list is not the same as none, see acd.QueueSpec.LeaveOn
		v.Set(out)
	}
}

// shaped tells whether n has the shape wanted; a key without a value has every
// shape and holds nothing.
func (r *reading) shaped(n *node, want kind, words string, p path) bool {
	if n.kind == want || n.kind == empty || n.kind == refused {
		return true
	}
	r.fault(n.at, p, fmt.Sprintf("%s must hold %s, not %s", p.last(), words, n.kind), "")
	return false
}

func (r *reading) decodeScalar(n *node, v reflect.Value, p path, o Option) {
	want := describe(v.Type(), o.Unit)
	switch n.kind {
	case scalar:
	case refused:
		return
	case empty:
		r.fault(n.at, p, p.last()+" has no value", "remove the key to get the default, or write "+want)
		return
	default:
		hint := ""
		if n.kind == mapping && len(n.fields) == 1 && strings.Trim(n.fields[0].name, "0123456789") == "" {
			hint = "within { } a text with a colon is written in quotes"
		}
		r.fault(n.at, p, fmt.Sprintf("%s must be %s, not %s", p.last(), want, n.kind), hint)
		return
	}
	hint, err := setScalar(n, v, o.Unit)
	if _, own := v.Addr().Interface().(encoding.TextUnmarshaler); err != nil && own {
		r.fault(n.at, p, fmt.Sprintf("%s: %q: %v", p.last(), n.text, err), "")
		return
	}
	if err != nil {
		r.fault(n.at, p, fmt.Sprintf("%s must be %s, not %q%s", p.last(), want, n.text, because(err)), hint)
		return
	}
	if v.IsZero() && v.Kind() != reflect.Bool {
		r.zeros[string(p)] = n
	}
}

// taken lists the written values that a part's WithDefaults replaced: a zero that
// means "the default" to the code would be a surprise to whoever wrote it.
func (r *reading) taken(c *Config) {
	for _, p := range slices.Sorted(maps.Keys(r.zeros)) {
		n, now := r.zeros[p], lookup(reflect.ValueOf(c).Elem(), path(p).keys())
		if !now.IsValid() || now.IsZero() || now.Kind() == reflect.Slice && now.Len() == 0 {
			continue
		}
		wrote := n.text
		if n.kind == list {
			wrote = "an empty list"
		} else if wrote == "" {
			wrote = `""`
		}
		usual := ", " + spell(now)
		if usual == ", …" {
			usual = ""
		}
		r.fault(n.at, path(p), fmt.Sprintf("%s: %s would be taken as the default%s", path(p).last(), wrote, usual),
			"remove the key, or write the value you want")
	}
}

// lookup follows a path into a decoded value; the zero Value if it leads nowhere.
func lookup(v reflect.Value, parts []string) reflect.Value {
	for _, part := range parts {
		switch v.Kind() {
		case reflect.Struct:
			options := Options(v.Type())
			i := slices.IndexFunc(options, func(o Option) bool { return o.Name == part })
			if i < 0 {
				return reflect.Value{}
			}
			v = v.FieldByIndex(options[i].index)
		case reflect.Map:
			v = v.MapIndex(reflect.ValueOf(part).Convert(v.Type().Key()))
		case reflect.Slice:
			i, err := strconv.Atoi(part)
			if err != nil || i >= v.Len() {
				return reflect.Value{}
			}
			v = v.Index(i)
		default:
			return reflect.Value{}
		}
		if !v.IsValid() {
			return v
		}
	}
	return v
}
