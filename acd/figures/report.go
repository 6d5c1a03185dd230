package figures

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Report is an answer: what was asked, by which formulas, and the figures of each period.
type Report[T any] struct {
	Formula  string      `json:"formula"`
	From     time.Time   `json:"from"`
	To       time.Time   `json:"to"`
	TimeZone string      `json:"time_zone"`
	At       time.Time   `json:"at"` // when it was asked: what is not over by then is not in it
	Short    Span        `json:"short_abandon_seconds"`
	Total    *T          `json:"total,omitempty"` // of a team: of the days that are given
	Periods  []Period[T] `json:"periods"`
}

// Period is a part of the time asked for.
type Period[T any] struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Figures []T       `json:"figures"`
}

// CSV gives one line for each period and figure, under names that are those of the JSON;
// what is unknown is empty. Lists are left out.
func (r Report[T]) CSV() ([]byte, error) {
	var head []string
	var rows []map[string]string
	for _, p := range r.Periods {
		for _, f := range p.Figures {
			keys, values, err := flat(f)
			if err != nil {
				return nil, err
			}
			row := map[string]string{"from": p.From.Format(time.RFC3339), "to": p.To.Format(time.RFC3339)}
			for i, key := range keys {
				row[key] = values[i]
			}
			rows = append(rows, row)
			if len(keys)+2 > len(head) { // the figures of a team of too few are null, and have no keys of their own
				head = append([]string{"from", "to"}, keys...)
			}
		}
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if head == nil {
		return nil, nil
	}
	lines := [][]string{head}
	for _, row := range rows {
		line := make([]string, len(head))
		for i, key := range head {
			line[i] = row[key]
		}
		lines = append(lines, line)
	}
	err := w.WriteAll(lines)
	return out.Bytes(), err
}

// flat gives the leaves of a value in the order of its fields, by dotted key.
func flat(v any) (keys, values []string, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, nil, fmt.Errorf("figures as CSV: %w", err)
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	err = leaves(in, "", func(key, value string) {
		keys, values = append(keys, key), append(values, value)
	})
	return keys, values, err
}

// leaves walks over one JSON value.
func leaves(in *json.Decoder, key string, leaf func(key, value string)) error {
	token, err := in.Token()
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("figures as CSV: %w", err)
	}
	switch v := token.(type) {
	case json.Delim:
		for in.More() {
			name := ""
			if v == '{' {
				next, err := in.Token()
				if err != nil {
					return fmt.Errorf("figures as CSV: %w", err)
				}
				name = strings.TrimPrefix(fmt.Sprint(key, ".", next), ".")
			}
			below := leaf
			if v == '[' {
				below = func(string, string) {}
			}
			if err := leaves(in, name, below); err != nil {
				return err
			}
		}
		_, err := in.Token() // the closing one
		return err
	case nil:
		leaf(key, "")
	default:
		leaf(key, fmt.Sprint(v))
	}
	return nil
}
