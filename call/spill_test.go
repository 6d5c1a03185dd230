package call

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestASpilledRecordComesBackAsItWas(t *testing.T) {
	s := &spill{path: filepath.Join(t.TempDir(), "deep", "records.spill")}
	want := someRecord(1)
	want.Attempts = []Attempt{{Queue: "orders", Agent: "anna", Rang: time.Second, Result: "answered"}}
	if err := s.add(want); err != nil {
		t.Fatal(err)
	}
	j := newFakeJournal()
	if err := s.readIn(t.Context(), j, discard()); err != nil {
		t.Fatal(err)
	}
	got := j.all()[0]
	if got.Cause != want.Cause || got.Steps[0].Note != want.Steps[0].Note || got.Steps[0].Mono != want.Steps[0].Mono ||
		got.Attempts[0].Result != "answered" || got.Data["customer"] != "42" || !got.Start.Equal(want.Start) {
		t.Errorf("came back as %+v", got)
	}
	if mode := s.path; mode == "" {
		t.Error("no path")
	}
}

func TestALineTornByACrashIsKeptAside(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		good  int
		aside int
	}{
		"the last line torn":        {`{"id":"A"}` + "\n" + `{"id":"B"}` + "\n" + `{"id":"C","ste`, 2, 1},
		"a line in the middle torn": {`{"id":"A"}` + "\n" + `{"id":"B",` + "\n" + `{"id":"C"}` + "\n", 2, 1},
		"no end of the last line":   {`{"id":"A"}` + "\n" + `{"id":"B"}`, 2, 0},
		"a line that is no record":  {`{}` + "\n" + `[1]` + "\n" + "\x00\x00\x00\n", 0, 3},
		"an empty file":             {"", 0, 0},
		"empty lines":               {"\n\n" + `{"id":"A"}` + "\n\n", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &spill{path: filepath.Join(t.TempDir(), "records.spill")}
			if err := os.WriteFile(s.path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			j := newFakeJournal()
			if err := s.readIn(t.Context(), j, discard()); err != nil {
				t.Fatal(err)
			}
			if got := len(j.all()); got != c.good {
				t.Errorf("%d records sealed, want %d", got, c.good)
			}
			kept, _ := os.ReadFile(s.path + ".unreadable")
			if got := strings.Count(string(kept), "\n"); got != c.aside {
				t.Errorf("%d lines kept aside, want %d: %q", got, c.aside, kept)
			}
			if _, err := os.Stat(s.path); !errors.Is(err, os.ErrNotExist) {
				t.Error("the spill file is read in again at every start")
			}
		})
	}
}

func TestASpillFileStaysWhileTheJournalDoesNotTakeIt(t *testing.T) {
	s := &spill{path: filepath.Join(t.TempDir(), "records.spill")}
	for i := range 3 {
		if err := s.add(someRecord(i)); err != nil {
			t.Fatal(err)
		}
	}
	j := newFakeJournal()
	j.setFail(errDisk)
	if err := s.readIn(t.Context(), j, discard()); !errors.Is(err, errDisk) {
		t.Fatalf("read in: %v, want the journal's error", err)
	}
	j.setFail(nil)
	for range 2 { // the second time there is no file, which is fine
		if err := s.readIn(t.Context(), j, discard()); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(j.all()); got != 3 {
		t.Errorf("%d records, want 3", got)
	}
}

func TestManyCallsMaySpillAtOnce(t *testing.T) {
	s := &spill{path: filepath.Join(t.TempDir(), "records.spill")}
	done := make(chan error)
	const many = 50
	for i := range many {
		go func() { done <- s.add(someRecord(i)) }()
	}
	for range many {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	j := newFakeJournal()
	if err := s.readIn(t.Context(), j, discard()); err != nil {
		t.Fatal(err)
	}
	if got := len(slices.Compact(ids(j.all()))); got != many {
		t.Errorf("%d different records, want %d", got, many)
	}
}

func TestTheSpillFileStandsNextToTheRecordings(t *testing.T) {
	for folder, want := range map[string]string{
		"var/recordings":  "var/records.spill",
		"var/recordings/": "var/records.spill",
		"recordings":      "records.spill",
		"":                "",
	} {
		if got := spillBeside(folder).path; got != want {
			t.Errorf("beside %q: %q, want %q", folder, got, want)
		}
	}
}

func TestACallWhoseJournalFailsUntilTheStopIsKnownAtTheNextStart(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "recordings") // outlives the room
	var journal *fakeJournal
	synctest.Test(t, func(t *testing.T) {
		openRoom(t.Context(), t, folder, func(r *room) {
			r.kept = true
			journal = r.journal
			r.logIn("anna", "1001")
			caller, _ := r.talking("8100")
			r.journal.setFail(errDisk)
			wait(20 * time.Second)
			caller.hangUp()
			wait(time.Second)
		})
	})
	// The draft was durable: without the spill file the call would now be one that
	// died with the server.
	journal.setFail(nil)
	if err := spillBeside(folder).readIn(t.Context(), journal, discard()); err != nil {
		t.Fatal(err)
	}
	if err := sealTheDead(t.Context(), journal, discard()); err != nil {
		t.Fatal(err)
	}
	all := journal.all()
	if len(all) != 1 || all[0].Cause.Metric != CauseCallerEnded {
		t.Errorf("%d records, %+v", len(all), all[0].Cause)
	}
}

func TestANewExchangeReadsTheSpillBeforeItSealsTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "recordings")
		known := someRecord(1)
		if err := spillBeside(folder).add(known); err != nil {
			t.Fatal(err)
		}
		j := newFakeJournal()
		j.drafts[known.ID] = Record{ID: known.ID}
		j.drafts["R2"] = Record{ID: "R2"}
		x, err := NewExchange(t.Context(), Plan{}, Parts{Journal: j, Log: discard(), Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		causes := map[string]string{}
		for _, r := range j.all() {
			causes[r.ID] = r.Cause.Metric
		}
		if causes["R1"] != CauseCallerEnded || causes["R2"] != CauseServerDied || j.twice != 0 {
			t.Errorf("sealed %v, %d twice", causes, j.twice)
		}
	})
}

func TestNewExchangeSaysWhyItCannotBegin(t *testing.T) {
	broken := newFakeJournal()
	broken.setFail(errDisk)
	bad := Plan{Settings: Settings{MaxCalls: -1}}
	spilled := filepath.Join(t.TempDir(), "mine.spill")
	if err := (&spill{path: spilled}).add(someRecord(1)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		plan  Plan
		parts Parts
		says  string
	}{
		"a plan that is wrong":               {bad, Parts{Journal: newFakeJournal()}, "calls.max_calls"},
		"a journal that cannot be read":      {Plan{}, Parts{Journal: broken}, "unsealed records"},
		"a journal that takes no old record": {Plan{}, Parts{Journal: broken, Spill: spilled}, "spilled record"},
	} {
		t.Run(name, func(t *testing.T) {
			c.parts.Log = discard()
			if _, err := NewExchange(t.Context(), c.plan, c.parts); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want something about %q", err, c.says)
			}
		})
	}
}
