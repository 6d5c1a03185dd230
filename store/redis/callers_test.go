package redis

import (
	"fmt"
	"strings"
	"testing"

	"breakwater/acd"
	"breakwater/store/redis/redistest"
)

// TestACallersNumberIsNotInTheStreamAtAll looks into the keys themselves: an entry of a
// stream stays until the history is forgotten.
func TestACallersNumberIsNotInTheStreamAtAll(t *testing.T) {
	s := opened(t, redistest.Start(t).URL())
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	called := acd.Event{Seq: 1, Kind: acd.KindEntered, Who: &acd.Caller{Number: "0305550001"}}
	if err := s.Append(t.Context(), []acd.Event{called}); err != nil {
		t.Fatal(err)
	}
	stream, err := s.db.XRange(t.Context(), s.keys.of("events"), "-", "+").Result()
	if err != nil || len(stream) != 1 || strings.Contains(fmt.Sprint(stream), "0305550001") {
		t.Errorf("the stream holds %v, %v", stream, err)
	}
	holds := func(want int64) {
		t.Helper()
		if n, err := s.db.HLen(t.Context(), s.keys.of("ledger", "callers")).Result(); err != nil || n != want {
			t.Errorf("%d callers are kept, want %d (%v)", n, want, err)
		}
	}
	holds(1)
	if err := s.Compact(t.Context(), 1, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	holds(0)
}
