// Package eval judges the meter on an operator's own calls: recordings in which people
// have marked where the caller's voice was raised. It says how often the meter would have
// hinted for nothing, how much it would have found and how soon, for whom it is worse, and
// whether hints may be switched on.
package eval

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"breakwater/media/meter"
)

// Options of an evaluation.
type Options struct {
	Meter   meter.Settings // as it would run
	Allowed float64        // flags in an hour of neutral calls, at most; 0 = 0.2
	Hours   float64        // of neutral calls, at least, to say anything; 0 = 5
}

// WithDefaults fills what is not set.
func (o Options) WithDefaults() Options {
	o.Meter = o.Meter.WithDefaults()
	if o.Allowed == 0 {
		o.Allowed = 0.2
	}
	if o.Hours == 0 {
		o.Hours = 5
	}
	return o
}

// Dir evaluates the calls in a folder: WAV files with two channels, the caller on the left
// and the agent on the right, as Breakwater records them, and one file of labels,
// labels.csv or labels.json. The error tells everything that is wrong, with file and line.
func Dir(dir string, o Options) (*Report, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder", dir)
	}
	return FS(os.DirFS(dir), o)
}

// FS is Dir for any tree of files.
func FS(tree fs.FS, o Options) (*Report, error) {
	o = o.WithDefaults()
	if wrong := o.Meter.Check(); len(wrong) > 0 {
		return nil, fmt.Errorf("settings of the meter: %v", wrong)
	}
	calls, err := readLabels(tree)
	if err != nil {
		return nil, err
	}
	var wrong []error
	for _, c := range calls {
		if err := c.hear(tree, o.Meter); err != nil {
			wrong = append(wrong, err)
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	r := newReport(calls, o)
	if r.Unlabelled, err = unlabelled(tree, calls); err != nil {
		return nil, err
	}
	return r, nil
}

// unlabelled are the recordings that no label speaks of.
func unlabelled(tree fs.FS, calls []*call) (names []string, err error) {
	known := map[string]bool{}
	for _, c := range calls {
		known[c.file] = true
	}
	names = []string{}
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.EqualFold(path.Ext(name), ".wav") && !known[name] {
			names = append(names, name)
		}
		return err
	})
	slices.Sort(names)
	return names, err
}
