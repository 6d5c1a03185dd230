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

// WriteJSON writes the report period by period, so that it is not held once more as text.
func (r Report[T]) WriteJSON(w io.Writer) error {
	periods := r.Periods
	r.Periods = []Period[T]{}
	head, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("figures as JSON: %w", err)
	}
	const end = "]}" // periods are the last of a report
	before := bytes.TrimSuffix(head, []byte(end))
	each := json.NewEncoder(w)
	each.SetEscapeHTML(false) // nobody reads this as a page
	for _, p := range periods {
		if _, err := w.Write(before); err != nil {
			return err
		}
		if err := each.Encode(p); err != nil {
			return fmt.Errorf("figures as JSON: %w", err)
		}
		before = []byte(",")
	}
	if len(periods) > 0 {
		before = nil
	}
	_, err = w.Write(append(before, end+"\n"...))
	return err
}

// CSV writes one line for each period and figure, under names that are those of the JSON;
// what is unknown is empty. Lists are left out.
func (r Report[T]) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	var head []string
	for _, p := range r.Periods {
		for _, f := range p.Figures {
			if head == nil {
				keys, _, err := flat(full(f))
				if err != nil {
					return err
				}
				head = append([]string{"from", "to"}, keys...)
				_ = out.Write(head) // what goes wrong is told at the end
			}
			keys, values, err := flat(f)
			if err != nil {
				return err
			}
			row := map[string]string{"from": p.From.Format(time.RFC3339), "to": p.To.Format(time.RFC3339)}
			for i, key := range keys {
				row[key] = values[i]
			}
			line := make([]string, len(head))
			for i, key := range head {
				line[i] = row[key]
			}
			if err := out.Write(line); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// full gives a figure with all its keys: those of a team that are not given have few.
func full(figure any) any {
	if t, is := figure.(TeamFigures); is && t.Work == nil {
		t.People, t.Work = 1, &Work{}
		return t
	}
	return figure
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
