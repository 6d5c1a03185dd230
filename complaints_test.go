package breakwater_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryComplaintIsAnsweredByATestThatExists reads the table of docs/complaints.md:
// every complaint has a row, every row that says "cannot" names a test, and every test
// it names is in the folder it says.
func TestEveryComplaintIsAnsweredByATestThatExists(t *testing.T) {
	const complaints, faults = 36, 5
	page, err := os.ReadFile("docs/complaints.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z0-9/]+)\\.(Test\\w+)`")
	rows := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 {
			continue
		}
		id, verdict := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[3])
		if id == "" || !strings.ContainsAny(id[:1], "F0123456789") {
			continue
		}
		rows[id] = true
		tests := named.FindAllStringSubmatch(cells[4], -1)
		switch {
		case verdict != "cannot" && verdict != "partly" && verdict != "can":
			t.Errorf("row %s: %q is no answer", id, verdict)
		case verdict != "can" && len(tests) == 0:
			t.Errorf("row %s says %s and names no test", id, verdict)
		}
		for _, m := range tests {
			if !hasTest(t, m[1], m[2]) {
				t.Errorf("row %s: %s has no %s", id, m[1], m[2])
			}
		}
	}
	for n := range complaints {
		if !rows[strconv.Itoa(n+1)] {
			t.Errorf("complaint %d has no row", n+1)
		}
	}
	for n := range faults {
		if !rows["F"+strconv.Itoa(n+1)] {
			t.Errorf("fault F%d has no row", n+1)
		}
	}
}

// hasTest tells whether a folder has a test of that name.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
