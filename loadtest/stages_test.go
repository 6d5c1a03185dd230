package main

import (
	"errors"
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

func TestAServerOfOthersNeedsItsProcess(t *testing.T) {
	b := bench{Server: "127.0.0.1:5060"}
	if _, err := b.set(t.Context(), 1); !errors.Is(err, errNoPID) {
		t.Errorf("got %v", err)
	}
}

func TestAProfileTakesMoreSettings(t *testing.T) {
	p := &profileCommand{
		Agents: 6, Listen: "127.0.0.1:5060", API: "127.0.0.1:8080", Ports: []int{10000, 20000}, Trunk: "127.0.0.2",
		More: []string{"media: loops: 1", "hearing: off: true", "sip: max_calls: 9"},
	}
	files, err := p.files()
	if err != nil {
		t.Fatal(err)
	}
	text := string(files["server.yaml"])
	for _, want := range []string{"\n  loops: 1\n", "\nhearing:\n  off: true\n", "\n  max_calls: 9\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if _, ok := files["queues.yaml"]; !ok || strings.Contains(string(files["queues.yaml"]), "after_notice") {
		t.Error("queues are not recorded unless that is asked for")
	}
}
