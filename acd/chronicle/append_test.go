package chronicle

import (
	"testing"

	"breakwater/acd"
	"breakwater/jsonline/jsonlinetest"
)

// TestATurnIsWrittenAsItIsRead: what the log holds of a turn is what encoding/json makes of
// the form that is read, and no field of it is forgotten.
func TestATurnIsWrittenAsItIsRead(t *testing.T) {
	jsonlinetest.Same(t, (*acd.Turn).AppendLog, func(t *acd.Turn) any { return short(t) })
}

// short gives the form that is read.
func short(t *acd.Turn) *turn {
	out := &turn{Turn: t, Events: make([]event, len(t.Events))}
	for i, e := range t.Events {
		out.Events[i] = event{Event: e}
		if e.At != t.At {
			out.Events[i].At = e.At
		}
	}
	return out
}
