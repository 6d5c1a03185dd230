package chronicle

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// ours is the name of a file of this package: nothing else in the folder is touched.
var ours = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})(_\d{2,})?\.jsonl$`)

// Files gives the files of a folder in the order they were written.
func Files(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if ours.MatchString(e.Name()) && e.Type().IsRegular() {
			out = append(out, filepath.Join(folder, e.Name()))
		}
	}
	slices.SortFunc(out, func(x, y string) int { return slices.Compare(order(x), order(y)) })
	return out, nil
}

// order puts _10 after _9, and a day's first part before its second.
func order(path string) []string {
	m := ours.FindStringSubmatch(filepath.Base(path))
	part := m[2]
	for len(part) < 8 {
		part = " " + part
	}
	return []string{m[1], part}
}

// sweep removes what is older than Keep days, and the oldest of what is more than Most.
// The last file is never removed: it is being written.
func (w *Writer) sweep(now time.Time) {
	files, err := Files(w.settings.Folder)
	if err != nil {
		w.log.Warn("old decisions are not removed", "error", err)
		return
	}
	oldest := dayOf(now.AddDate(0, 0, 1-w.settings.Keep))
	var total int64
	for i, path := range slices.Backward(files) {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		total += info.Size()
		day := ours.FindStringSubmatch(filepath.Base(path))[1]
		if i == len(files)-1 || day >= oldest && total <= int64(w.settings.Most)<<20 {
			continue
		}
		if err := os.Remove(path); err != nil {
			w.log.Warn("old decisions are not removed", "file", path, "error", err)
		}
	}
}
