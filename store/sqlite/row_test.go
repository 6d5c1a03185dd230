package sqlite

import (
	"fmt"
	"testing"
	"time"

	"breakwater/acd"
)

// TestManyEventsShareARow: what comes together is one row, unless it is much or its times
// lie apart.
func TestManyEventsShareARow(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(ms ...int) (events []acd.Event) {
		for i, ms := range ms {
			events = append(events, acd.Event{Seq: uint64(i + 1), At: acd.Stamp{Wall: noon.Add(time.Duration(ms) * time.Millisecond)}})
		}
		return events
	}
	for name, c := range map[string]struct {
		events []acd.Event
		want   string // last Seq and newest of each row
	}{
		"one":                  {at(7), "1@7 "},
		"a turn":               {at(7, 7, 9), "3@9 "},
		"the clock set back":   {at(7, 5, 3), "3@7 "},
		"far apart":            {at(0, 999, 1000, 5000), "2@999 3@1000 4@5000 "},
		"set back by an hour":  {at(3_600_000, 0, 1), "1@3600000 3@1 "},
		"more than a row has":  {at(make([]int, rowEvents+1)...), fmt.Sprintf("%d@0 %d@0 ", rowEvents, rowEvents+1)},
		"none, which is never": {nil, ""},
	} {
		rows, err := rowsOf(c.events)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got string
		for _, r := range rows {
			got += fmt.Sprintf("%d@%d ", r.last, (r.newest-noon.UnixNano())/int64(time.Millisecond))
		}
		if got != c.want {
			t.Errorf("%s: rows are %q, want %q", name, got, c.want)
		}
	}
}
