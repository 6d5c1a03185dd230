package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBenchmarksBecomeATable(t *testing.T) {
	const out = `goos: linux
pkg: breakwater/media/guard
cpu: whatever
BenchmarkProtectFrame/quiet-2         	 1000000	      1012 ns/op	       0 B/op	       0 allocs/op
pkg: breakwater/media
BenchmarkRelay 	  200000	      1612.5 ns/op	 12.5 MB/s	       8 B/op	       2 allocs/op
BenchmarkBare-16 	  200000	      7 ns/op
--- FAIL: BenchmarkBroken
PASS
ok  	breakwater/media	2.2s
`
	got, failures, err := readStages(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	want := []stage{
		{"media/guard", "ProtectFrame/quiet", 1012, 0, true},
		{"media", "Relay", 1612.5, 2, true},
		{"media", "Bare", 7, 0, false},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(stage{})); d != "" {
		t.Error(d)
	}
	if len(failures) != 1 {
		t.Errorf("failures %q", failures)
	}
	var table strings.Builder
	printStages(&table, got)
	if lines := strings.Count(table.String(), "\n"); lines != 4 || !strings.Contains(table.String(), "0.1012") {
		t.Errorf("%s", table.String())
	}
}
