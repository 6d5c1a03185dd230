package lookup

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	tableMost = 64 << 20 // bytes of a table
	lookEvery = 5 * time.Second
)

// table is a CSV file in memory. A file that was changed and cannot be read is an error
// once, and the table before it stays in use.
type table struct {
	spec Spec
	warn func(error) // of a change that cannot be read; nil = nobody

	mu     sync.Mutex // guards what follows; held while the file is read again
	rows   map[string]map[string]string
	stamp  time.Time
	size   int64
	looked time.Time
}

func openTable(s Spec) (*table, error) {
	t := &table{spec: s}
	info, err := os.Stat(s.CSV)
	if err != nil {
		return nil, err
	}
	return t, t.read(info)
}

// read takes the file's rows. t.mu is held, or nobody else has t.
func (t *table) read(info os.FileInfo) error {
	t.stamp, t.size, t.looked = info.ModTime(), info.Size(), time.Now()
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", t.spec.CSV)
	case info.Size() > tableMost:
		return fmt.Errorf("%s has %d bytes, at most %d are read", t.spec.CSV, info.Size(), tableMost)
	}
	f, err := os.Open(t.spec.CSV)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := readRows(io.LimitReader(f, tableMost), t.spec.Key)
	if err != nil {
		return fmt.Errorf("%s: %w", t.spec.CSV, err)
	}
	t.rows = rows
	return nil
}

// readRows reads a table with a header row, by the number in the column key. A number
// that stands twice is an error: which row counts would be chance.
func readRows(r io.Reader, key string) (map[string]map[string]string, error) {
	in := csv.NewReader(r)
	in.TrimLeadingSpace = true
	head, err := header(in)
	if err != nil {
		return nil, err
	}
	at := slices.Index(head, key)
	if at < 0 {
		return nil, fmt.Errorf("there is no column %q, only %s", key, strings.Join(head, ", "))
	}
	rows := map[string]map[string]string{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		number := plainNumber(row[at])
		if _, twice := rows[number]; twice {
			line, _ := in.FieldPos(at)
			return nil, fmt.Errorf("line %d: number %s stands in the table already", line, number)
		}
		fields := make(map[string]string, len(row)-1)
		for i, value := range row {
			if i != at {
				fields[head[i]] = strings.TrimSpace(value)
			}
		}
		rows[number] = fields
	}
}

// header reads the names of a table's columns.
func header(in *csv.Reader) ([]string, error) {
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("a table begins with the names of its columns: %w", err)
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff") // as spreadsheets write it
	return head, nil
}

// columns are the names of the columns of a table in a file.
func columns(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.TrimLeadingSpace = true
	return header(in)
}

// plainNumber is a number without what people write between digits.
func plainNumber(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -/().\t", r) {
			return -1
		}
		return r
	}, s)
}

func (t *table) ask(_ context.Context, who Caller) (map[string]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Since(t.looked) >= lookEvery {
		t.looked = time.Now()
		info, err := os.Stat(t.spec.CSV)
		if err == nil && (!info.ModTime().Equal(t.stamp) || info.Size() != t.size) {
			err = t.read(info)
		}
		if err != nil && t.warn != nil {
			t.warn(err) // and the table that was read before stays in use
		}
	}
	return t.rows[plainNumber(who.Number)], nil
}

// web asks another system.
type web struct {
	spec   Spec
	client *http.Client
}

// ask gets a JSON object. Not found (404) and no content (204) are answers: nothing is
// known.
func (w *web) ask(ctx context.Context, who Caller) (map[string]string, error) {
	to := strings.NewReplacer("{number}", url.QueryEscape(who.Number), "{dialled}", url.QueryEscape(who.Dialled),
		"{trunk}", url.QueryEscape(who.Trunk)).Replace(w.spec.URL)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if w.spec.Token != "" {
		req.Header.Set("Authorization", "Bearer "+w.spec.Token)
	}
	res, err := w.client.Do(req)
	if err != nil {
		var why *url.Error
		if errors.As(err, &why) {
			err = why.Err // the address has the caller's number in it
		}
		return nil, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusNoContent:
		return nil, nil //nolint:nilnil // nothing is known of the caller
	default:
		return nil, fmt.Errorf("answered %s", res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(w.spec.Size)+1))
	if err != nil {
		return nil, err
	}
	if len(body) > w.spec.Size {
		return nil, fmt.Errorf("the answer is longer than %d bytes", w.spec.Size)
	}
	return readObject(body)
}

// readObject takes the text, numbers and yes or no of a JSON object; what is nested is
// left out.
func readObject(body []byte) (map[string]string, error) {
	var got map[string]json.RawMessage
	if err := json.Unmarshal(body, &got); err != nil {
		return nil, fmt.Errorf("the answer is no JSON object: %w", err)
	}
	out := make(map[string]string, len(got))
	for name, raw := range got {
		var text string
		switch {
		case json.Unmarshal(raw, &text) == nil && string(raw) != "null":
			out[name] = text
		case len(raw) > 0 && !strings.ContainsAny(string(raw[:1]), "[{n"):
			out[name] = string(raw)
		}
	}
	return out, nil
}
