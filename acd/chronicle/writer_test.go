package chronicle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
)

// desk is a floor with one agent, driven by hand, whose turns are noted.
type desk struct {
	testing.TB
	floor  *acd.Rerun
	now    acd.Stamp
	writer *Writer
	calls  int
	noted  int
	asked  bool // the writer wanted a picture at a turn of the last call
}

func newDesk(t testing.TB, s Settings) *desk {
	t.Helper()
	d := &desk{TB: t, now: acd.Stamp{Wall: time.Date(2026, 3, 2, 23, 50, 0, 0, time.UTC), Boot: "boot", Mono: time.Hour}}
	plan := acd.Plan{
		Settings: acd.Settings{Gap: -1, Care: acd.Care{Occupancy: -1, Break: -1}}, // anna takes calls for hours on end
		Agents:   map[string]acd.AgentSpec{"anna": {}},
		Queues:   map[string]acd.QueueSpec{"help": {WrapUp: -1}},
	}
	var err error
	if d.floor, err = acd.NewRerun(plan, d.now); err != nil {
		t.Fatal(err)
	}
	d.open(s)
	d.do(acd.Input{Kind: acd.InCommand, Agent: "anna", Command: &acd.Command{Verb: acd.LogIn, Phone: "p1"}})
	return d
}

// open begins a writer, as a process does.
func (d *desk) open(s Settings) {
	d.Helper()
	var err error
	if d.writer, err = New(s, "test", slog.New(slog.DiscardHandler)); err != nil {
		d.Fatal(err)
	}
	d.writer.Begin(d.floor.Picture())
}

// do lets something happen a second later, notes it, and gives a picture when asked.
func (d *desk) do(in acd.Input) *acd.Turn {
	d.Helper()
	d.now.Mono += time.Second
	d.now.Wall = d.now.Wall.Add(time.Second)
	t := d.floor.Apply(d.now, nil, in)
	if t.Refused != "" {
		d.Fatal(t.Refused)
	}
	d.noted++
	if d.writer.Note(t) {
		d.asked = true
		d.writer.Begin(d.floor.Picture())
	}
	return t
}

// call is a caller who is served: four turns, one offer.
func (d *desk) call() {
	d.Helper()
	d.calls++
	d.asked = false
	t := d.do(acd.Input{Kind: acd.InEnter, Entry: &acd.Entry{Call: fmt.Sprint(d.calls), Queue: "help", Data: map[string]any{"n": d.calls}}})
	seat := t.Offers[0].Seats[0].Assignment
	d.do(acd.Input{Kind: acd.InTaken, Ticket: t.Offers[0].Ticket})
	d.do(acd.Input{Kind: acd.InAnswered, Assignment: seat})
	d.do(acd.Input{Kind: acd.InFinish, Assignment: seat, Outcome: &acd.Outcome{Cause: "caller_ended"}})
}

// write lets the writer write what waits, and end.
func (d *desk) write() {
	d.Helper()
	ctx, stop := context.WithCancel(d.Context())
	stop()
	if err := d.writer.Run(ctx); err != nil {
		d.Fatal(err)
	}
}

func replayed(t testing.TB, r *Replay, path string) error {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return r.Feed(filepath.Base(path), f)
}

func files(t testing.TB, folder string) []string {
	t.Helper()
	all, err := Files(folder)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestADayOfDecisionsComesOutTheSame(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made", "by us")
	d := newDesk(t, Settings{Folder: folder})
	for range 20 {
		d.call()
	}
	d.write()
	r := Replay{Audit: true}
	if err := replayed(t, &r, files(t, folder)[0]); err != nil {
		t.Fatal(err)
	}
	if r.Turns != d.noted || r.Offers != 20 || r.Pictures != 1 || r.Skipped+r.Torn+len(r.Broken) > 0 || r.Software != "test" {
		t.Errorf("%+v, want %d turns and 20 offers", r, d.noted)
	}
	if r.Counters.Answers != 20 {
		t.Errorf("the floor at the end has %+v", r.Counters)
	}
	if info, err := os.Stat(files(t, folder)[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: callers are in it", info.Mode(), err)
	}
}

func TestTheFirstDecisionThatDiffersIsNamed(t *testing.T) {
	folder := t.TempDir()
	d := newDesk(t, Settings{Folder: folder})
	d.call()
	d.call()
	d.write()
	path := files(t, folder)[0]
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	lines[6] = strings.Replace(lines[6], "longest idle", "prettiest", 1) // picture, log-in, 4 turns, enter
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	var r Replay
	err = replayed(t, &r, path)
	var diff *Difference
	if !errors.As(err, &diff) || diff.Line != 7 || diff.Turn.In.Entry.Call != "2" {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"2026-03-02T23:50:06Z", "prettiest", "longest idle", "line 7", `"enter"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not tell %q", err, want)
		}
	}
	if r.Turns != 5 {
		t.Errorf("%d turns before it", r.Turns)
	}
}

func TestALineCutOffByAKillIsPassedOver(t *testing.T) {
	folder := t.TempDir()
	d := newDesk(t, Settings{Folder: folder})
	d.call()
	d.write()
	path := files(t, folder)[0]
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-40); err != nil {
		t.Fatal(err)
	}
	d.open(Settings{Folder: folder}) // the next process, the same day
	d.call()
	d.write()
	var r Replay
	if err := replayed(t, &r, path); err != nil {
		t.Fatal(err)
	}
	if len(files(t, folder)) != 1 || r.Torn != 1 || r.Pictures != 2 || r.Turns != d.noted-1 {
		t.Errorf("%+v, want %d turns", r, d.noted-1)
	}
}

func TestWhatTheDiskCannotTakeIsDroppedCountedAndMarked(t *testing.T) {
	folder := t.TempDir()
	d := newDesk(t, Settings{Folder: folder})
	for d.writer.Counts().Dropped == 0 { // nobody writes
		d.call()
	}
	kept := queueSize - 3 // with the first picture and that of midnight the queue is full
	if d.call(); d.asked {
		t.Fatal("a picture is wanted of a floor whose log is full")
	}
	before := d.writer.Counts().Dropped
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.writer.Run(ctx) }()
	for !d.asked { // the writer takes the queue in its own time
		d.call()
	}
	d.call()
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var r Replay
	for _, path := range files(t, folder) {
		if err := replayed(t, &r, path); err != nil {
			t.Fatal(err)
		}
	}
	dropped := d.writer.Counts().Dropped
	if before < 4 || r.Dropped != dropped || r.Turns != d.noted-int(dropped) || r.Turns < kept || r.Pictures < 2 || r.Skipped > 0 {
		t.Errorf("%d noted, %d dropped: replayed %+v", d.noted, dropped, r)
	}
}

func TestEachDayHasAFileThatStandsByItself(t *testing.T) {
	folder := t.TempDir()
	d := newDesk(t, Settings{Folder: folder})
	for range 200 { // from 23:50 on, four seconds each
		d.call()
	}
	d.write()
	all := files(t, folder)
	if len(all) != 2 || filepath.Base(all[0]) != "2026-03-02.jsonl" || filepath.Base(all[1]) != "2026-03-03.jsonl" {
		t.Fatalf("%q", all)
	}
	turns := 0
	for _, path := range all {
		var r Replay
		if err := replayed(t, &r, path); err != nil {
			t.Error(err)
		}
		turns += r.Turns
	}
	if turns != d.noted {
		t.Errorf("%d turns, want %d", turns, d.noted)
	}
}

func TestADayThatGrowsLargeGoesOnInAnotherPart(t *testing.T) {
	folder := t.TempDir()
	d := newDesk(t, Settings{Folder: folder})
	d.writer.part = 20_000
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.writer.Run(ctx) }()
	for range 120 {
		d.call()
		for len(d.writer.queue) > 0 {
			runtime.Gosched()
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	all := files(t, folder)
	turns := 0
	for _, path := range all {
		info, err := os.Stat(path)
		if err != nil || info.Size() > 40_000 {
			t.Errorf("%s has %d bytes, %v", path, info.Size(), err)
		}
		var r Replay
		if err := replayed(t, &r, path); err != nil {
			t.Error(err)
		}
		turns += r.Turns
	}
	if len(all) < 3 || turns != d.noted {
		t.Errorf("%d parts, %d turns of %d: %q", len(all), turns, d.noted, all)
	}
}

func TestOldDecisionsAreRemovedAndNothingElse(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	lay := func(names ...string) string {
		folder := t.TempDir()
		for _, name := range names {
			f, err := os.Create(filepath.Join(folder, name))
			if err == nil {
				err = errors.Join(f.Truncate(300<<20), f.Close()) // a hole, no disk is used
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return folder
	}
	for name, c := range map[string]struct {
		settings Settings
		has      []string
		left     []string
	}{
		"by age": {
			Settings{Keep: 3},
			[]string{"2026-03-07.jsonl", "2026-03-07_02.jsonl", "2026-03-08.jsonl", "2026-03-10.jsonl"},
			[]string{"2026-03-08.jsonl", "2026-03-10.jsonl"},
		},
		"by size": {
			Settings{Most: 650},
			[]string{"2026-03-09.jsonl", "2026-03-09_02.jsonl", "2026-03-09_10.jsonl"},
			[]string{"2026-03-09_02.jsonl", "2026-03-09_10.jsonl"},
		},
		"never the last": {Settings{Keep: 1}, []string{"2020-01-01.jsonl"}, []string{"2020-01-01.jsonl"}},
		"nothing of others": {
			Settings{Keep: 1},
			[]string{"1999-01-01.jsonl.bak", "notes.jsonl", "2026-03-10.jsonl"},
			[]string{"1999-01-01.jsonl.bak", "2026-03-10.jsonl", "notes.jsonl"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.settings.Folder = lay(c.has...)
			w, err := New(c.settings, "", slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			w.sweep(now)
			entries, err := os.ReadDir(c.settings.Folder)
			var left []string
			for _, e := range entries {
				left = append(left, e.Name())
			}
			if err != nil || fmt.Sprint(left) != fmt.Sprint(c.left) {
				t.Errorf("left are %q, want %q (%v)", left, c.left, err)
			}
		})
	}
}

// TestADiskThatFailsIsToldOnceAndTriedAgain: the folder is gone, then there again.
func TestADiskThatFailsIsToldOnceAndTriedAgain(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "decisions")
	var said strings.Builder
	d := newDesk(t, Settings{Folder: folder})
	d.writer.log = slog.New(slog.NewTextHandler(&said, nil))
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	d.call()
	d.write()
	lost := d.writer.Counts()
	if lost.Failed != 1 || lost.Dropped != uint64(d.noted) || strings.Count(said.String(), "level=ERROR") != 1 {
		t.Fatalf("%+v of %d: %s", lost, d.noted, said.String())
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	d.writer.renew.Store(true) // as Run does after a while
	d.call()
	d.write()
	var r Replay
	if err := replayed(t, &r, files(t, folder)[0]); err != nil {
		t.Fatal(err)
	}
	if r.Turns != 3 || r.Dropped == 0 {
		t.Errorf("%+v", r)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		s    Settings
		key  string
		text string
	}{
		"nothing said": {Settings{}, "", ""},
		"days":         {Settings{Keep: -1}, "keep", "-1 days"},
		"too little":   {Settings{Most: 10}, "most", "10 MiB hold no day; at least 512"},
	} {
		wrong := c.s.WithDefaults().Check()
		if c.key == "" && len(wrong) > 0 || c.key != "" && !strings.Contains(wrong[c.key], c.text) {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}
