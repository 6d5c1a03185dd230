package main

import (
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"breakwater/config"
)

// shape is how a value is written.
type shape string

const (
	text     shape = "text"
	number   shape = "number"
	whole    shape = "whole number"
	yesNo    shape = "true or false"
	duration shape = "duration"
	secret   shape = "secret"
	level    shape = "level"
	list     shape = "list"
	byName   shape = "map"
	keys     shape = "keys"
)

// value describes what a key holds.
type value struct {
	shape  shape
	unit   string   // level
	words  []string // text: the only ones allowed
	item   *value   // list, byName: what is in it
	fields []field  // keys
	about  string   // keys: the type's own comment
}

// field is one key.
type field struct {
	name    string
	meaning string
	usual   string // the default, as the comment says
	value   value
}

// book reads types by reflection and their comments from the source.
type book struct {
	root     string
	packages map[string]*pkg // by import path
}

// pkg holds the comments of one package.
type pkg struct {
	types  map[string]string            // type → comment
	fields map[string]map[string]string // struct → field → comment
	words  map[string][]string          // string type → its constants
}

// sections are the top-level keys.
func (b *book) sections() ([]field, error) {
	v, err := b.describe(reflect.TypeFor[config.Config](), config.Option{})
	return v.fields, err
}

func (b *book) describe(t reflect.Type, o config.Option) (value, error) {
	switch {
	case o.Secret:
		return value{shape: secret}, nil
	case t == reflect.TypeFor[time.Duration]():
		return value{shape: duration}, nil
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return value{shape: text}, nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return b.describeStruct(t)
	case reflect.Pointer:
		return b.describe(t.Elem(), o)
	case reflect.Slice, reflect.Map:
		item, err := b.describe(t.Elem(), config.Option{})
		if t.Kind() == reflect.Map {
			return value{shape: byName, item: &item}, err
		}
		return value{shape: list, item: &item}, err
	case reflect.Bool:
		return value{shape: yesNo}, nil
	case reflect.String:
		words, err := b.wordsOf(t)
		return value{shape: text, words: words}, err
	case reflect.Float32, reflect.Float64:
		if o.Unit != "" {
			return value{shape: level, unit: o.Unit}, nil
		}
		return value{shape: number}, nil
	default:
		return value{shape: whole}, nil
	}
}

func (b *book) describeStruct(t reflect.Type) (value, error) {
	v := value{shape: keys}
	p, err := b.pkg(t.PkgPath())
	if err != nil {
		return v, err
	}
	inWords := asKeys(t)
	if v.about = inWords(p.types[t.Name()]); strings.HasPrefix(v.about, "Settings ") {
		v.about = "" // the section has said it
	}
	for _, o := range config.Options(t) {
		inner, err := b.describe(o.Type, o)
		if err != nil {
			return v, err
		}
		owner, err := b.pkg(o.Owner.PkgPath())
		if err != nil {
			return v, err
		}
		f := field{name: o.Name, value: inner}
		f.meaning, f.usual = split(inWords(owner.fields[o.Owner.Name()][o.Field]))
		v.fields = append(v.fields, f)
	}
	return v, nil
}

// asKeys gives a function that writes the keys of a struct as the files do where a
// comment names its Go fields.
func asKeys(t reflect.Type) func(string) string {
	keyOf := map[string]string{}
	for _, o := range config.Options(t) {
		keyOf[o.Field] = o.Name
	}
	return func(comment string) string {
		return goName.ReplaceAllStringFunc(comment, func(word string) string {
			if key := keyOf[word]; key != "" && word != t.Name() {
				return key
			}
			return word
		})
	}
}

var goName = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]*\b`)

func (b *book) wordsOf(t reflect.Type) ([]string, error) {
	if t.PkgPath() == "" {
		return nil, nil
	}
	p, err := b.pkg(t.PkgPath())
	if err != nil {
		return nil, err
	}
	return p.words[t.Name()], nil
}

var (
	usually  = regexp.MustCompile(`(^|[;,:] )default (.+)$`)
	usualOne = regexp.MustCompile(`(\S+) \(default\)`)
)

// split parts a comment "how long it rings; default 20s", or "udp (default), tcp",
// into meaning and default.
func split(comment string) (meaning, usual string) {
	if m := usualOne.FindStringSubmatch(comment); m != nil {
		return strings.Replace(comment, " (default)", "", 1), m[1]
	}
	m := usually.FindStringSubmatchIndex(comment)
	if m == nil {
		return comment, ""
	}
	meaning, usual = comment[:m[0]], comment[m[4]:m[5]]
	if before, after, ok := strings.Cut(usual, ", -1 = "); ok {
		usual, meaning = before, join(meaning, "-1 = "+after)
	}
	if before, after, ok := strings.Cut(usual, ";"); ok {
		usual, meaning = before, join(meaning, strings.TrimSpace(after))
	}
	return meaning, usual
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// pkg reads the comments of a package of this module, once.
func (b *book) pkg(path string) (*pkg, error) {
	if p := b.packages[path]; p != nil {
		return p, nil
	}
	dir := filepath.Join(b.root, strings.TrimPrefix(path, "breakwater"))
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	p := &pkg{types: map[string]string{}, fields: map[string]map[string]string{}, words: map[string][]string{}}
	sort.Strings(files)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("comments of %s: %w", path, err)
		}
		p.read(file)
	}
	b.packages[path] = p
	return p, nil
}

func (p *pkg) read(file *ast.File) {
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range decl.Specs {
			switch spec := s.(type) {
			case *ast.TypeSpec:
				p.types[spec.Name.Name] = sentence(spec.Doc, decl.Doc)
				if st, ok := spec.Type.(*ast.StructType); ok {
					p.fields[spec.Name.Name] = fieldComments(st)
				}
			case *ast.ValueSpec:
				p.readWords(decl.Tok, spec)
			}
		}
	}
}

// readWords notes typed string constants: the words that a setting may hold.
func (p *pkg) readWords(tok token.Token, spec *ast.ValueSpec) {
	typ, ok := spec.Type.(*ast.Ident)
	if tok != token.CONST || !ok {
		return
	}
	for i, v := range spec.Values {
		if !spec.Names[i].IsExported() {
			continue // a word that the code keeps to itself
		}
		if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if word, err := strconv.Unquote(lit.Value); err == nil {
				p.words[typ.Name] = append(p.words[typ.Name], word)
			}
		}
	}
}

func fieldComments(st *ast.StructType) map[string]string {
	out := map[string]string{}
	for _, f := range st.Fields.List {
		for _, name := range f.Names {
			out[name.Name] = sentence(f.Comment, f.Doc)
		}
	}
	return out
}

// sentence is the first comment there is, in one line.
func sentence(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if g != nil {
			return strings.Join(strings.Fields(g.Text()), " ")
		}
	}
	return ""
}
