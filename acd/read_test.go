package acd

import (
	"fmt"
	"strings"
	"testing"
)

func TestEventsAreReadInTheirOrder(t *testing.T) {
	var kept [][]byte
	for i := range 2345 {
		kept = append(kept, fmt.Appendf(nil, `{"seq":%d,"kind":"ready"}`, i+1))
	}
	for _, n := range []int{0, 1, fewestToPart - 1, 2 * fewestToPart, len(kept)} {
		events, err := ReadEvents(kept[:n])
		if err != nil || len(events) != n {
			t.Fatalf("%d events of %d, %v", len(events), n, err)
		}
		for i, e := range events {
			if e.Seq != uint64(i+1) || e.Kind != KindReady {
				t.Fatalf("event %d of %d stands at %d", e.Seq, n, i+1)
			}
		}
	}
}

func TestTheFirstEventThatCannotBeReadIsNamed(t *testing.T) {
	kept := make([][]byte, 4*fewestToPart)
	for i := range kept {
		kept[i] = []byte(`{}`)
	}
	kept[1700], kept[1200] = []byte(`{"seq":-1}`), []byte(`{`)
	if _, err := ReadEvents(kept); err == nil || !strings.Contains(err.Error(), "event 1201 of 2000") {
		t.Errorf("%v, want it to name event 1201", err)
	}
}
