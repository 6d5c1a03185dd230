package sqlite

import (
	"bytes"
	"fmt"
	"iter"
	"time"

	"breakwater/acd"
)

// row is events that came together, as the table events holds them: a line each. A busy
// floor brings some fifty at once, and a row costs more than what is in it. What events
// say of their callers has a table of its own, which Compact empties.
type row struct {
	last    uint64 // Seq: rows are told apart by it
	newest  int64  // At.Wall of the newest, as nanos
	body    []byte
	callers []caller
}

// caller is what an event says of its caller.
type caller struct {
	seq  uint64
	body []byte
}

const (
	// rowEvents is how many events a row takes at most, and rowSpan how far apart they
	// are at most by At.Wall: so that a period is found by the newest of a row.
	rowEvents = 64
	rowSpan   = time.Second
	// eventRoom is what most events fit in, in bytes.
	eventRoom = 384
)

// rowsOf writes events as rows. All share one piece of memory.
func rowsOf(events []acd.Event) (rows []row, err error) {
	text := make([]byte, 0, eventRoom*len(events))
	for len(events) > 0 {
		n, newest := shared(events)
		r, start := row{last: events[n-1].Seq, newest: nanos(newest)}, len(text)
		for i := range events[:n] {
			if i > 0 {
				text = append(text, '\n')
			}
			if text, err = events[i].AppendHistory(text); err != nil {
				return nil, fmt.Errorf("ledger: event %d: %w", events[i].Seq, err)
			}
		}
		r.body = text[start:len(text):len(text)]
		for i := range events[:n] {
			if events[i].Who == nil {
				continue
			}
			start := len(text)
			if text, err = events[i].Who.AppendJSON(text); err != nil {
				return nil, fmt.Errorf("ledger: caller of event %d: %w", events[i].Seq, err)
			}
			r.callers = append(r.callers, caller{events[i].Seq, text[start:len(text):len(text)]})
		}
		rows, events = append(rows, r), events[n:]
	}
	return rows, nil
}

// shared gives how many of some events, one at least, are the next row, and the newest of
// their times.
func shared(events []acd.Event) (n int, newest time.Time) {
	newest = events[0].At.Wall
	oldest := newest
	for n = 1; n < min(len(events), rowEvents); n++ {
		from, to := oldest, newest
		if at := events[n].At.Wall; at.Before(from) {
			from = at
		} else if at.After(to) {
			to = at
		}
		if to.Sub(from) >= rowSpan {
			break
		}
		oldest, newest = from, to
	}
	return n, newest
}

// eventsIn gives the events of a row's body, each as JSON.
func eventsIn(body []byte) iter.Seq[[]byte] { return bytes.SplitSeq(body, []byte{'\n'}) }
