// Package breakwater_test holds the law of the house: which room may import
// which, as the table in docs/architecture.md says.
package breakwater_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"
)

// room is one row of the arrow table.
type room struct {
	pattern string   // "media", "media/…"
	allowed []string // patterns; "all" allows everything
}

func TestNoArrowIsForbidden(t *testing.T) {
	rooms := readTable(t, "docs/architecture.md")
	for pkg, imports := range ourImports(t) {
		row, ok := rowOf(rooms, pkg)
		if !ok {
			t.Errorf("%s has no row in docs/architecture.md: nothing new without a row", pkg)
			continue
		}
		for _, to := range imports {
			if !row.allows(to) {
				t.Errorf("%s imports %s: the row of %s allows %v", pkg, to, row.pattern, row.allowed)
			}
		}
	}
}

func TestSomeLibrariesHaveOneRoomOnly(t *testing.T) {
	only := map[string][]string{
		"github.com/emiago/sipgo": {"sip"},
		"modernc.org/sqlite":      {"store"},
		"github.com/redis":        {"store"},
	}
	for pkg, imports := range imports(t) {
		for _, to := range imports {
			for lib, rooms := range only {
				if strings.HasPrefix(to, lib) && !underAny(pkg, rooms) {
					t.Errorf("%s imports %s, which belongs under %v", pkg, to, rooms)
				}
			}
		}
	}
}

func TestTheTableRefusesWhatItShould(t *testing.T) {
	rooms := readTable(t, "docs/architecture.md")
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"sip", "call", true},
		{"call", "sip", false},
		{"media/rtp", "media", false},
		{"media", "media/rtp", true},
		{"acd", "media", false},
		{"acd/protect", "acd", false},
		{"config", "store", false},
		{"store/sqlite", "acd", true},
	} {
		row, ok := rowOf(rooms, c.from)
		if !ok {
			t.Fatalf("%s has no row", c.from)
		}
		if got := row.allows(c.to); got != c.want {
			t.Errorf("%s → %s: allowed %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func (r room) allows(pkg string) bool {
	for _, a := range r.allowed {
		if a == "all" || matches(a, pkg) {
			return true
		}
	}
	return false
}

// matches tells whether pkg is the pattern's package or, for "x/…", below it.
func matches(pattern, pkg string) bool {
	if below, ok := strings.CutSuffix(pattern, "/…"); ok {
		return strings.HasPrefix(pkg, below+"/")
	}
	return pkg == pattern
}

// rowOf finds the row that speaks of pkg: its own, else the nearest above it.
func rowOf(rooms []room, pkg string) (room, bool) {
	for p := pkg; p != "."; p = path.Dir(p) {
		for _, r := range rooms {
			if r.pattern == p || r.pattern == path.Dir(p)+"/…" {
				return r, true
			}
		}
	}
	return room{}, false
}

func readTable(t *testing.T, file string) []room {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "| package | one line |")
	if !ok {
		t.Fatalf("%s has no arrow table", file)
	}
	name := regexp.MustCompile("^`([^`]+)`$")
	var rooms []room
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(line, "|")
		if len(cells) < 6 {
			break
		}
		m := name.FindStringSubmatch(strings.TrimSpace(cells[1]))
		if m == nil {
			t.Fatalf("row without a package: %s", line)
		}
		r := room{pattern: m[1]}
		for _, a := range strings.Split(cells[4], ",") {
			if a = strings.TrimSpace(a); a != "nothing" {
				r.allowed = append(r.allowed, a)
			}
			// config reads prompt.Settings and main builds everything; a domain
			// room that allows media as a whole allows what lies below it too.
			if a == "media" {
				r.allowed = append(r.allowed, "media/…")
			}
		}
		rooms = append(rooms, r)
	}
	if len(rooms) < 10 {
		t.Fatalf("only %d rows read from %s", len(rooms), file)
	}
	return rooms
}

func ourImports(t *testing.T) map[string][]string {
	ours := map[string][]string{}
	for pkg, list := range imports(t) {
		ours[pkg] = nil
		for _, to := range list {
			if rest, ok := strings.CutPrefix(to, "breakwater/"); ok {
				ours[pkg] = append(ours[pkg], rest)
			}
		}
	}
	return ours
}

// imports gives what each of our packages imports, tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if rest, ok := strings.CutPrefix(p.ImportPath, "breakwater/"); ok {
			all[rest] = p.Imports
		}
	}
}

func underAny(pkg string, rooms []string) bool {
	for _, r := range rooms {
		if pkg == r || strings.HasPrefix(pkg, r+"/") {
			return true
		}
	}
	return false
}
