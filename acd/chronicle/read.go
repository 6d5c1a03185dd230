package chronicle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Read gives the pages of a file. A line that cannot be read is a page with Torn: a
// process that was killed leaves half of one. The error is that of the reader.
func Read(r io.Reader) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		in := bufio.NewReaderSize(r, 1<<20)
		for n := 1; ; n++ {
			text, err := in.ReadBytes('\n')
			if len(bytes.TrimSpace(text)) > 0 {
				p := parse(text)
				p.Line = n
				if !yield(p, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Page{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
		}
	}
}

// parse reads one line.
func parse(text []byte) Page {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return Page{Torn: err}
	}
	p := Page{Software: l.Software, Picture: l.Picture, Dropped: l.Dropped}
	switch {
	case l.Turn != nil:
		p.Turn = l.Turn.full()
	case l.Picture == nil && l.Dropped == 0:
		p.Torn = errors.New("neither a picture nor a turn")
	}
	return p
}
