package eval

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The files of labels.
const (
	csvFile  = "labels.csv"
	jsonFile = "labels.json"
)

// label is a line of labels: that somebody heard a call, and one piece that is raised, if
// any is.
type label struct {
	place string // file:line
	file  string
	rater string
	group string
	part  piece // of the call; zero = all of it
	mark  *piece
}

// readLabels reads the labels of a folder and gives the calls they speak of, in order.
func readLabels(tree fs.FS) ([]*call, error) {
	text, errCSV := fs.ReadFile(tree, csvFile)
	other, errJSON := fs.ReadFile(tree, jsonFile)
	switch {
	case errCSV == nil && errJSON == nil:
		return nil, fmt.Errorf("there are both %s and %s; keep one", csvFile, jsonFile)
	case errCSV == nil:
		return gather(parseCSV(text))
	case errJSON == nil:
		return gather(parseJSON(other))
	case errors.Is(errCSV, fs.ErrNotExist) && errors.Is(errJSON, fs.ErrNotExist):
		return nil, fmt.Errorf("there is neither %s nor %s in the folder", csvFile, jsonFile)
	}
	return nil, errors.Join(errCSV, errJSON)
}

// gather makes calls of labels, or tells all that is wrong with them.
func gather(labels []label, wrong []error) ([]*call, error) {
	byFile := map[string]*call{}
	var calls []*call
	for _, l := range labels {
		c := byFile[l.file]
		if c == nil {
			c = &call{file: l.file, place: l.place, group: l.group, part: l.part}
			byFile[l.file] = c
			calls = append(calls, c)
		}
		if err := c.add(l); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %s: %w", l.place, l.file, err))
		}
	}
	if len(labels) == 0 && len(wrong) == 0 {
		wrong = append(wrong, errors.New("there are no labels"))
	}
	return calls, errors.Join(wrong...)
}

// add enters a label into the call.
func (c *call) add(l label) error {
	if l.group != c.group {
		return fmt.Errorf("group %q, but %s says %q; a caller is in one group", l.group, c.place, c.group)
	}
	if l.part != c.part {
		return fmt.Errorf("the part is %v to %v s, but %s says %v to %v", l.part.from, l.part.to, c.place, c.part.from, c.part.to)
	}
	known := slices.ContainsFunc(c.raters, func(r *rating) bool { return r.rater == l.rater })
	r := c.by(l.rater)
	if known && (l.mark == nil || len(r.raised) == 0) {
		return fmt.Errorf("rater %q says that nothing is raised, and something else in another line", l.rater)
	}
	if l.mark != nil {
		r.raised, r.places = append(r.raised, *l.mark), append(r.places, l.place)
	}
	return nil
}

// check tells what is wrong with a label by itself.
func (l *label) check() error {
	switch {
	case l.file == "":
		return errors.New("file is empty")
	case !fs.ValidPath(l.file):
		return fmt.Errorf("file %q is no name inside the folder", l.file)
	case l.rater == "":
		return errors.New("rater is empty; write who listened")
	case l.part.from < 0 || l.part.to != 0 && l.part.to <= l.part.from:
		return fmt.Errorf("from %v to %v s is no part of a call", l.part.from, l.part.to)
	case l.mark != nil && (l.mark.from < 0 || l.mark.to <= l.mark.from):
		return fmt.Errorf("the end, %v s, is not after the start, %v s", l.mark.to, l.mark.from)
	}
	return nil
}

// columns of labels.csv; the first two must be there.
var columns = []string{"file", "rater", "start", "end", "group", "from", "to"}

// parseCSV reads labels.csv: a line for each raised piece, or one with neither start nor
// end for a call in which the rater heard none.
func parseCSV(text []byte) (labels []label, wrong []error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))))
	r.Comment, r.TrimLeadingSpace, r.FieldsPerRecord = '#', true, -1
	header, err := r.Read()
	if err != nil {
		return nil, []error{fmt.Errorf("%s:1: %s", csvFile, csvError(err))}
	}
	if err := checkHeader(header); err != nil {
		return nil, []error{fmt.Errorf("%s:1: %w", csvFile, err)}
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return labels, wrong
		}
		if err != nil {
			return labels, append(wrong, fmt.Errorf("%s:%d: %s", csvFile, csvLine(err), csvError(err)))
		}
		line, _ := r.FieldPos(0)
		l, err := parseRow(header, row)
		l.place = fmt.Sprintf("%s:%d", csvFile, line)
		if err == nil {
			err = l.check()
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", l.place, err))
			continue
		}
		labels = append(labels, l)
	}
}

func csvLine(err error) int {
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return parse.Line
	}
	return 1
}

func csvError(err error) string {
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return parse.Err.Error()
	}
	if errors.Is(err, io.EOF) {
		return "the file is empty"
	}
	return err.Error()
}

func checkHeader(header []string) error {
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(columns, header[i]) {
			return fmt.Errorf("column %q is not one of %s", name, strings.Join(columns, ", "))
		}
		if slices.Contains(header[:i], header[i]) {
			return fmt.Errorf("column %q is there twice", name)
		}
	}
	for _, need := range columns[:4] {
		if !slices.Contains(header, need) {
			return fmt.Errorf("column %q is missing; the first line must name the columns %s", need, strings.Join(columns[:4], ", "))
		}
	}
	return nil
}

func parseRow(header, row []string) (l label, err error) {
	if len(row) != len(header) {
		return l, fmt.Errorf("%d fields, but the first line names %d columns", len(row), len(header))
	}
	fields := map[string]string{}
	for i, name := range header {
		fields[name] = strings.TrimSpace(row[i])
	}
	l.file, l.rater, l.group = fields["file"], fields["rater"], fields["group"]
	times := map[string]float64{}
	for _, name := range []string{"start", "end", "from", "to"} {
		if fields[name] == "" {
			continue
		}
		if times[name], err = parseTime(fields[name]); err != nil {
			return l, fmt.Errorf("%s %q: %w", name, fields[name], err)
		}
	}
	l.part = piece{times["from"], times["to"]}
	if (fields["start"] == "") != (fields["end"] == "") {
		return l, errors.New("start and end belong together; leave both empty where nothing is raised")
	}
	if fields["start"] != "" {
		l.mark = &piece{times["start"], times["end"]}
	}
	return l, nil
}

// parseTime reads seconds (12.5), minutes (1:02.5) or hours (1:00:02).
func parseTime(text string) (seconds float64, err error) {
	parts := strings.Split(text, ":")
	for i, p := range parts {
		v, err := strconv.ParseFloat(p, 64)
		if err != nil || math.IsNaN(v) || v < 0 || v > 1e5 || len(parts) > 3 || i > 0 && v >= 60 {
			return 0, errors.New("is no time; write seconds (62.5) or minutes (1:02.5)")
		}
		seconds = seconds*60 + v
	}
	return seconds, nil
}

// entry is what one rater says of one call in labels.json.
type entry struct {
	File   string  `json:"file"`
	Rater  string  `json:"rater"`
	Group  string  `json:"group"`
	From   float64 `json:"from"`
	To     float64 `json:"to"`
	Raised []struct {
		Start *float64 `json:"start"`
		End   *float64 `json:"end"`
	} `json:"raised"`
}

// parseJSON reads labels.json: a list of entries. A line in an error is that in which the
// entry begins, or at which the text stops making sense.
func parseJSON(text []byte) (labels []label, wrong []error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	at := func(offset int64) string {
		return fmt.Sprintf("%s:%d", jsonFile, 1+bytes.Count(text[:min(int(offset), len(text))], []byte("\n")))
	}
	if open, err := d.Token(); err != nil || open != json.Delim('[') {
		return nil, []error{fmt.Errorf("%s: must be a list of entries: [{\"file\": …, \"rater\": …, \"raised\": [{\"start\": 1.5, \"end\": 4}]}]", at(d.InputOffset()))}
	}
	for d.More() {
		begin := d.InputOffset() + int64(blank(text[d.InputOffset():]))
		place := at(begin)
		var e entry
		if err := d.Decode(&e); err != nil {
			return labels, append(wrong, fmt.Errorf("%s: %w", at(jsonOffset(err, text, begin)), err))
		}
		found, err := e.labels(place)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", place, err))
			continue
		}
		labels = append(labels, found...)
	}
	if _, err := d.Token(); err != nil {
		wrong = append(wrong, fmt.Errorf("%s: the list does not end", at(int64(len(text)))))
	}
	return labels, wrong
}

// blank counts what stands before an entry.
func blank(text []byte) int { return len(text) - len(bytes.TrimLeft(text, ", \t\r\n")) }

// jsonOffset is where an error is. A decoder counts from somewhere else: a text that is no
// JSON is read once more as a whole, and a wrong kind is counted from the entry's begin.
func jsonOffset(err error, text []byte, begin int64) int64 {
	if syntax := (*json.SyntaxError)(nil); errors.As(json.Unmarshal(text, new(any)), &syntax) {
		return syntax.Offset
	}
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		return begin + kind.Offset
	}
	return begin
}

// labels are those of an entry: one for each piece, or one without.
func (e *entry) labels(place string) (labels []label, err error) {
	one := label{place: place, file: e.File, rater: e.Rater, group: e.Group, part: piece{e.From, e.To}}
	if len(e.Raised) == 0 {
		return []label{one}, one.check()
	}
	for _, r := range e.Raised {
		if r.Start == nil || r.End == nil {
			return nil, errors.New("a raised piece needs start and end, in seconds")
		}
		l := one
		l.mark = &piece{*r.Start, *r.End}
		if err := l.check(); err != nil {
			return nil, err
		}
		labels = append(labels, l)
	}
	return labels, nil
}
