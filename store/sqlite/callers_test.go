package sqlite

import (
	"log/slog"
	"path/filepath"
	"testing"

	"breakwater/acd"
)

// TestACallersNumberIsNotInTheHistoryAtAll looks into the tables themselves.
func TestACallersNumberIsNotInTheHistoryAtAll(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	holds := func(table string, want int) {
		t.Helper()
		var n int
		if err := s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table+` WHERE instr(CAST(body AS TEXT), '0305550001') > 0`).Scan(&n); err != nil || n != want {
			t.Errorf("%d rows of %s hold the number, want %d (%v)", n, table, want, err)
		}
	}
	if err := s.Append(t.Context(), []acd.Event{{Seq: 1, Kind: acd.KindEntered, Who: &acd.Caller{Number: "0305550001"}}}); err != nil {
		t.Fatal(err)
	}
	holds("events", 0)
	holds("callers", 1)
	if err := s.Compact(t.Context(), 1, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	holds("callers", 0)
}
