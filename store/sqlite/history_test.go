package sqlite

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"breakwater/acd"
)

func TestALedgerOfAServerBeforeThisOneIsDated(t *testing.T) {
	file := filepath.Join(t.TempDir(), "old.db")
	old, err := connect(file, 1, "immediate")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`CREATE TABLE ledger (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)`,
		`INSERT INTO ledger VALUES (1, '{"seq":1,"at":{"wall":"2026-03-01T12:00:00+01:00"},"kind":"ready"}')`,
		`INSERT INTO ledger VALUES (2, '{"seq":2,"at":{"wall":"2026-03-01T13:00:00+01:00"},"kind":"ready"}')`,
	} {
		if _, err := old.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		s, err := Open(t.Context(), file, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		for e, err := range s.Events(t.Context(), noon, noon.Add(time.Hour)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Seq)
		}
		if len(got) != 1 || got[0] != 2 {
			t.Errorf("events %v at noon UTC, want the second", got)
		}
		if err := s.Append(t.Context(), []acd.Event{{Seq: 2}}); err == nil {
			t.Error("an old event is not known any more")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
