package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

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
