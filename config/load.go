package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// Load reads every *.yaml and *.yml file of dir, merges them, checks everything
// and gives a config that is fit to run. The error is Errors with all problems at
// once, or says that the directory itself cannot be read.
func Load(dir string) (*Config, error) {
	_, c, err := load(dir, fromSystem{dir})
	return c, err
}

func load(dir string, around surroundings) (*reading, *Config, error) {
	sources, err := readDir(dir)
	if err != nil {
		return nil, nil, err
	}
	return build(sources, around)
}

// readDir reads the files of dir in the order of their names. Hidden files are
// left out: editors keep their locks and copies there.
func readDir(dir string) ([]*source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read config directory: %w", err)
	}
	var sources []*source
	for _, e := range entries {
		if !ofConfig(e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			sources = append(sources, &source{name: e.Name(), odd: kindOf(info.Mode())}) // a pipe would never end
			continue
		}
		data, err := readFile(path)
		if err != nil {
			return nil, fmt.Errorf("read config: %w", err)
		}
		sources = append(sources, newSource(e.Name(), data))
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("config directory %s: no .yaml file in it", dir)
	}
	return sources, nil
}

// kindOf says what something is that is no file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// ofConfig tells whether a file of that name belongs to the config.
func ofConfig(name string) bool {
	ext := filepath.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(name, ".")
}

func newSource(name string, data []byte) *source {
	text := strings.TrimPrefix(string(data), "\ufeff") // some editors begin a file with a byte order mark
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r")
	}
	return &source{name: name, data: []byte(text), lines: lines}
}

// build makes a config of the files' content. The reading is for questions about
// places that come up later.
func build(sources []*source, around surroundings) (*reading, *Config, error) {
	r := newReading(sources, around)
	r.parseAll()
	c := &Config{}
	r.decode(r.root, reflect.ValueOf(c).Elem(), "", Option{})
	r.check(c)
	if len(r.problems) > 0 {
		return r, nil, r.finish()
	}
	c.Version = fingerprint(sources)
	return r, c, nil
}

func (r *reading) parseAll() {
	var roots []*node
	for _, src := range r.sources {
		root, ok := parse(src, r.report)
		if !ok {
			r.torn = true
		}
		if root != nil {
			roots = append(roots, root)
		}
	}
	r.root = merge(roots, r.report)
}

// finish gives the problems in order, each with its line of the file.
func (r *reading) finish() Errors {
	byName := map[string]*source{}
	for _, src := range r.sources {
		byName[src.name] = src
	}
	for i, p := range r.problems {
		if src := byName[p.File]; src != nil && p.Line > 0 && p.Line <= len(src.lines) {
			r.problems[i].Excerpt = excerpt(src.lines[p.Line-1])
		}
	}
	return r.problems.sorted()
}

// excerpt is a line that may be shown: short, and without secrets.
func excerpt(line string) string {
	const long = 160 // characters that fit on a screen
	line = hide(strings.TrimRight(strings.ToValidUTF8(line, "\ufffd"), " \t"))
	if runes := []rune(line); len(runes) > long {
		line = string(runes[:long]) + "…"
	}
	return line
}

// fingerprint names the content of all files.
func fingerprint(sources []*source) string {
	h := sha256.New()
	for _, src := range sources {
		for _, part := range [][]byte{[]byte(src.name), src.data} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			h.Write(part)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// AsErrors gives the problems behind an error of Load or Reload. An error that is
// not about the files' content becomes one problem without a place.
func AsErrors(err error) Errors {
	var all Errors
	switch {
	case err == nil:
		return nil
	case errors.As(err, &all):
		return slices.Clone(all)
	default:
		return Errors{{Message: err.Error()}}
	}
}
