package sqlite

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// before is the schema of the servers that wrote no version.
const before = `
CREATE TABLE IF NOT EXISTS ledger (seq INTEGER PRIMARY KEY, wall INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS snapshot (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS drafts (id TEXT PRIMARY KEY, start INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
	id TEXT PRIMARY KEY, start INTEGER NOT NULL, caller TEXT NOT NULL, agent TEXT NOT NULL, queue TEXT NOT NULL,
	body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_start ON records (start);
CREATE INDEX IF NOT EXISTS records_agent ON records (agent, start);
CREATE INDEX IF NOT EXISTS records_caller ON records (caller, start);
CREATE INDEX IF NOT EXISTS records_queue ON records (queue, start);
`

// lookBefore is what such a server asks next.
const lookBefore = `SELECT count(*) > 0 FROM pragma_table_info('ledger') WHERE name = 'wall'`

const kept = `
CREATE INDEX ledger_wall ON ledger (wall);
INSERT INTO ledger VALUES (1, 1772362800000000000, '{"seq":1,"at":{"wall":"2026-03-01T11:00:00Z"},"kind":"ready"}');
INSERT INTO ledger VALUES (2, 1772366400000000000, '{"seq":2,"at":{"wall":"2026-03-01T12:00:00Z"},"kind":"ready"}');
INSERT INTO drafts VALUES ('C', 3000, '{"id":"C","start":"1970-01-01T00:00:03Z"}');
INSERT INTO records VALUES ('A', 1000, '030', 'anna', 'orders', '{"id":"A","caller":"030","agent":"anna","start":"1970-01-01T00:00:01Z"}');
INSERT INTO records VALUES ('B', 2000, '031', 'bert', 'orders', '{"id":"B","caller":"031","agent":"bert","start":"1970-01-01T00:00:02Z"}');
`

// oldFile makes a file by some statements.
func oldFile(t *testing.T, text ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "old.db")
	db, err := connect(file, 1, "immediate")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range text {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestAStoreOfAServerBeforeThisOneOpens: its calls, events and drafts are there, what was
// sealed stays sealed, and what comes is kept beside it.
func TestAStoreOfAServerBeforeThisOneOpens(t *testing.T) {
	file := oldFile(t, before, kept)
	for round := range 2 { // the second time there is nothing to do
		s, err := Open(t.Context(), file, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		checkKept(t, s)
		if err := s.Begin(t.Context(), call.Record{ID: "A"}); !errors.Is(err, call.ErrSealed) {
			t.Errorf("a sealed record was begun again: %v", err)
		}
		seq := uint64(3 + round)
		if err := s.Append(t.Context(), []acd.Event{{Seq: seq, At: acd.Stamp{Wall: time.Date(2026, 3, 2, 0, 0, round, 0, time.UTC)}}}); err != nil {
			t.Error(err)
		}
		if _, events, err := s.Load(t.Context()); err != nil || len(events) != int(seq) {
			t.Errorf("%d events, want %d (%v)", len(events), seq, err)
		}
		if err := s.Append(t.Context(), []acd.Event{{Seq: 2}}); !errors.Is(err, acd.ErrAppended) {
			t.Errorf("an old event is not known any more: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkKept looks for all that kept wrote, and for the form.
func checkKept(t *testing.T, s *Store) {
	t.Helper()
	for name, c := range map[string]struct {
		q    call.Query
		want string
	}{
		"all":       {call.Query{To: time.Unix(1000, 0)}, "BA"},
		"an agent":  {call.Query{Agent: "anna"}, "A"},
		"a caller":  {call.Query{Caller: "031"}, "B"},
		"a queue":   {call.Query{Queue: "orders", Limit: 1}, "B"},
		"an id":     {call.Query{ID: "A"}, "A"},
		"in a time": {call.Query{To: time.Unix(2, 0)}, "A"},
	} {
		if got := ids(t, s, c.q); got != c.want {
			t.Errorf("records of %s: %q, want %q", name, got, c.want)
		}
	}
	drafts, err := s.Unsealed(t.Context())
	if err != nil || len(drafts) != 1 || drafts[0].ID != "C" {
		t.Errorf("drafts are %v, want C (%v)", drafts, err)
	}
	if _, events, err := s.Load(t.Context()); err != nil || len(events) < 2 || events[0].Seq != 1 || events[1].Seq != 2 {
		t.Errorf("events are %v, want 1 and 2 (%v)", events, err)
	}
	var tables int
	if err := s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM pragma_table_list
		WHERE name IN ('drafts', 'records') AND NOT wr OR name LIKE '%_before'`).Scan(&tables); err != nil || tables != 2 {
		t.Errorf("%d tables have the new form, want 2 and none left over (%v)", tables, err)
	}
}

// TestACrashWhileTheFormChangesLosesNothing: whatever of the change has reached the files
// when the server dies, the next start finds all of the old form, or all of the new one.
func TestACrashWhileTheFormChangesLosesNothing(t *testing.T) {
	const many = 3000 // more than the connection holds in memory: some is written before the end
	file := oldFile(t, before, kept, fmt.Sprintf(`WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i+1 FROM n WHERE i < %d)
		INSERT INTO records SELECT printf('M%%06d', i), 5000000+i, '', 'many', '', '{"id":"M","caller":"' || hex(randomblob(1000)) || '"}' FROM n`, many))
	db, err := connect(file, 1, "immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	crash := func(after string) (written int) {
		crashed := filepath.Join(t.TempDir(), "crashed.db")
		for _, end := range []string{"", "-wal"} { // what another process finds
			text, err := os.ReadFile(file + end)
			if err == nil {
				err = os.WriteFile(crashed+end, text, 0o600)
			}
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			written = len(text)
		}
		s, err := Open(t.Context(), crashed, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatalf("a crash after %s: %v", after, err)
		}
		checkKept(t, s)
		if all, err := s.Records(t.Context(), call.Query{Agent: "many", Limit: 2 * many}); err != nil || len(all) != many {
			t.Errorf("a crash after %s leaves %d records, want %d (%v)", after, len(all), many, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		return written
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := changes(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for i, do := range steps {
		most = max(most, crash(fmt.Sprint(i, " steps")))
		if err := do(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
	}
	if most < 1_000_000 {
		t.Errorf("%d bytes were written before the end: nothing was tried", most)
	}
	crash("all steps")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	crash("the commit")
}

func TestALedgerOfAServerLongBeforeThisOneIsDated(t *testing.T) {
	file := oldFile(t,
		`CREATE TABLE ledger (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)`,
		`INSERT INTO ledger VALUES (1, '{"seq":1,"at":{"wall":"2026-03-01T12:00:00+01:00"},"kind":"ready"}')`,
		`INSERT INTO ledger VALUES (2, '{"seq":2,"at":{"wall":"2026-03-01T13:00:00+01:00"},"kind":"ready"}')`)
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
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnOlderServerRefusesANewerStore, and says why: one that knows of versions, and one
// that does not, which fails at the first thing it asks.
func TestAnOlderServerRefusesANewerStore(t *testing.T) {
	file := oldFile(t, fmt.Sprintf(`PRAGMA user_version = %d`, form+1))
	if s, err := Open(t.Context(), file, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "a newer server wrote it") {
		t.Errorf("a newer store is %v, %v", s, err)
	}
	s := opened(t)
	if _, err := s.write.db.ExecContext(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	var is bool
	err := s.write.db.QueryRowContext(t.Context(), lookBefore).Scan(&is)
	if err == nil || !strings.Contains(err.Error(), "this_store_was_written_by_a_newer_server") {
		t.Errorf("a server without versions finds %v, %v", is, err)
	}
	if err := errors.Join(s.Seal(t.Context(), call.Record{ID: "A", Start: time.Now()}), s.Append(t.Context(), []acd.Event{{Seq: 1}})); err != nil {
		t.Errorf("after it was there: %v", err)
	}
}

// ids gives the ids of records, newest first.
func ids(t *testing.T, s *Store, q call.Query) (out string) {
	t.Helper()
	records, err := s.Records(t.Context(), q)
	if err != nil {
		t.Error(err)
	}
	for _, r := range records {
		out += r.ID
	}
	return out
}

// TestWhoReadsAnOldFileKeepsItFromNoNewForm: a copy that is being made holds up the emptying of the log,
// not the server.
func TestWhoReadsAnOldFileKeepsItFromNoNewForm(t *testing.T) {
	file := oldFile(t, before, kept)
	db, err := connect(file, 1, "deferred")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRowContext(t.Context(), `SELECT count(*) FROM records`).Scan(&n); err != nil || n != 2 {
		t.Fatalf("%d records, %v", n, err)
	}
	s, err := Open(t.Context(), file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	checkKept(t, s)
	if err := errors.Join(tx.Rollback(), s.Close()); err != nil {
		t.Error(err)
	}
}
