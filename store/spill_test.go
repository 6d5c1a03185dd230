package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
	"breakwater/store/memory"
)

// TestTheFirstEventOfAnOutageOutlastsAPowerCut: a file that is on the disk is gone all the
// same while its folder does not name it there, and so is a folder that is new.
func TestTheFirstEventOfAnOutageOutlastsAPowerCut(t *testing.T) {
	root := t.TempDir()
	folder := filepath.Join(root, "data", "new")
	b := openedBacklog(t, &far{Store: memory.New(), fault: away}, filepath.Join(folder, "events.spill"))
	var forced []string
	b.force = func(path string) error {
		forced = append(forced, path)
		return forceFolder(path)
	}
	for i, want := range [][]string{{root, filepath.Join(root, "data"), folder}, nil} {
		forced = nil
		if err := b.Append(t.Context(), numbered(uint64(i+1), uint64(i+1))); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, forced); d != "" {
			t.Errorf("folders forced to the disk with event %d (-want +got):\n%s", i+1, d)
		}
	}
}

// TestWhatIsNotNamedOnTheDiskIsNotKept: the floor must not take it for durable, and it must
// not come back beside what the floor brings again.
func TestWhatIsNotNamedOnTheDiskIsNotKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.spill")
	b := openedBacklog(t, &far{Store: memory.New(), fault: away}, path)
	refused := errors.New("input/output error")
	b.force = func(string) error { return refused }
	if err := b.Append(t.Context(), numbered(1, 2)); !errors.Is(err, refused) || !errors.Is(err, errAway) {
		t.Errorf("a folder that is not forced: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || len(text) > 0 || b.Waiting() != 0 {
		t.Errorf("%d bytes are left, %d events wait, %v", len(text), b.Waiting(), err)
	}
	b.force = forceFolder
	if err := b.Append(t.Context(), numbered(1, 2)); err != nil || b.Waiting() != 2 {
		t.Errorf("when the disk is well again: %v, %d wait", err, b.Waiting())
	}
}

// TestALineThatAPowerCutLeftWasNeverDurable: the rest is.
func TestALineThatAPowerCutLeftWasNeverDurable(t *testing.T) {
	l, path := &far{Store: memory.New(), fault: away}, filepath.Join(t.TempDir(), "events.spill")
	b := openedBacklog(t, l, path)
	if err := b.Append(t.Context(), numbered(1, 2)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(text, `{"seq":3,"ki`...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.is(nil, false)
	openedBacklog(t, l, path)
	if d := cmp.Diff([]uint64{1, 2}, l.seqs(t)); d != "" {
		t.Error(d)
	}
}

// TestAFileThatCannotBeReadBackEndsInASnapshot: events that a failing disk has spoilt would
// keep all after them from the ledger for ever, and nobody would be told.
func TestAFileThatCannotBeReadBackEndsInASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, path := &far{Store: memory.New(), fault: away}, filepath.Join(t.TempDir(), "events.spill")
		b := runningBacklog(t, l, path)
		if err := b.Append(t.Context(), numbered(1, 2)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // what Run has read of the file before it is spoilt, the ledger has refused
		text, err := os.ReadFile(path)
		if err == nil {
			text[0] = 0
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		l.is(nil, false)
		<-time.After(5 * time.Second)
		if err := b.Append(t.Context(), numbered(3, 3)); !errors.Is(err, acd.ErrForgotten) {
			t.Errorf("the floor is told %v; want that only a snapshot helps", err)
		}
		if err := b.Compact(t.Context(), 3, []byte("all")); err != nil || b.Waiting() != 0 {
			t.Errorf("the snapshot: %v, %d wait", err, b.Waiting())
		}
		if kept, _ := filepath.Glob(path + ".*"); len(kept) != 1 {
			t.Errorf("put aside: %v", kept)
		}
		l.is(away, false)
		if err := b.Append(t.Context(), numbered(4, 4)); err != nil {
			t.Error(err)
		}
		l.is(nil, false)
		<-time.After(5 * time.Second)
		if d := cmp.Diff([]uint64{4}, l.seqs(t)); d != "" {
			t.Error(d)
		}
	})
}

// TestAFileWithoutALineSaysSo: what was forced to the disk as whole lines and has none is
// damaged, and the error says what is wrong.
func TestAFileWithoutALineSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.spill")
	b := &Backlog{path: path, size: 10}
	if err := os.WriteFile(path, make([]byte, 10), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.next(); !errors.Is(err, errDamaged) || !errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "%!") {
		t.Errorf("%v, want that it is damaged and why", err)
	}
}
