package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
)

// logged writes a decision log: from 08:00:00 on, every second one of the inputs.
// Anna is alone in the queue, whose wrap-up is a minute.
func logged(t *testing.T, inputs ...acd.Input) (folder string) {
	t.Helper()
	folder = t.TempDir()
	now := acd.Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.FixedZone("", 3600)), Boot: "b", Mono: time.Hour}
	floor, err := acd.NewRerun(acd.Plan{
		Agents: map[string]acd.AgentSpec{"anna": {}},
		Queues: map[string]acd.QueueSpec{"help": {WrapUp: time.Minute, LeaveOn: []acd.AgentState{}}},
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	w, err := chronicle.New(chronicle.Settings{Folder: folder}, version(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.Begin(floor.Picture())
	for _, in := range inputs {
		now.Wall, now.Mono = now.Wall.Add(time.Second), now.Mono+time.Second
		w.Note(floor.Apply(now, nil, in))
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return folder
}

// morning is a log-in at 08:00:01, a call answered at :04 and over at :05, and another
// one from :06 on, which waits for the end of anna's wrap-up at 08:01:05.
func morning() []acd.Input {
	return []acd.Input{
		{Kind: acd.InCommand, Agent: "anna", Command: &acd.Command{Verb: acd.LogIn, Phone: "p1"}},
		{Kind: acd.InEnter, Entry: &acd.Entry{Call: "c1", Queue: "help"}},
		{Kind: acd.InTaken, Ticket: 1},
		{Kind: acd.InAnswered, Assignment: 1},
		{Kind: acd.InFinish, Assignment: 1, Outcome: &acd.Outcome{Cause: "caller_ended"}},
		{Kind: acd.InEnter, Entry: &acd.Entry{Call: "c2", Queue: "help"}},
	}
}

func TestReplayTellsThatAllIsTheSame(t *testing.T) {
	files, err := logFiles([]string{logged(t, morning()...)})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := replay(&out, files, true); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "6 turns, 1 offers: all the same\n") || !strings.Contains(out.String(), "double_offers 0") {
		t.Errorf("%s", out.String())
	}
}

// cutMorning is the log of a morning in which a line, counted from 0, ends after nine bytes.
func cutMorning(t *testing.T, line int) []string {
	t.Helper()
	files, err := logFiles([]string{logged(t, morning()...)})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	lines[line] = lines[line][:9] + "\n"
	if err := os.WriteFile(files[0], []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return files
}

// TestReplayNamesALineThatCannotBeRead: what stands behind it was not made again, and whoever
// reads that all was the same must know.
func TestReplayNamesALineThatCannotBeRead(t *testing.T) {
	files := cutMorning(t, 2)
	var out strings.Builder
	if err := replay(&out, files, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 turns, 0 offers: all the same\n", "1 lines that cannot be read, 4 turns after a gap\n", files[0] + " line 3: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// TestReplayOfALogOfWhichNoTurnWasReplayedFails: that all came out the same was not seen.
func TestReplayOfALogOfWhichNoTurnWasReplayedFails(t *testing.T) {
	files := cutMorning(t, 1) // the first turn
	var out strings.Builder
	if err := replay(&out, files, true); err == nil || !strings.Contains(err.Error(), "no turn was replayed") {
		t.Errorf("%v", err)
	}
	if strings.Contains(out.String(), "all the same") || !strings.Contains(out.String(), files[0]+" line 2: ") {
		t.Errorf("%s", out.String())
	}
}

func TestReplayNamesTheFirstDecisionThatDiffers(t *testing.T) {
	folder := logged(t, morning()...)
	files, err := logFiles([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(text), `"kind":"answered","phone":"p1"`, `"kind":"answered","phone":"p2"`, 1)
	other = strings.Replace(other, `"state":"wrap-up"`, `"state":"ready"`, 1)
	if other == string(text) {
		t.Fatal("nothing was changed")
	}
	if err := os.WriteFile(files[0], []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = replay(&out, files, false)
	var diff *chronicle.Difference
	if !errors.As(err, &diff) || !strings.Contains(err.Error(), "08:00:") || !strings.Contains(out.String(), "turns") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestReplayOfNothingIsAnError(t *testing.T) {
	empty := t.TempDir()
	if _, err := logFiles([]string{empty}); err == nil || !strings.Contains(err.Error(), "holds no decision log") {
		t.Errorf("%v", err)
	}
	file := filepath.Join(empty, "2026-03-02.jsonl")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replay(&strings.Builder{}, []string{file}, true); err == nil || !strings.Contains(err.Error(), "no picture") {
		t.Errorf("%v", err)
	}
}

func TestWhyIsAnsweredForAnyMomentOfALog(t *testing.T) {
	files, err := logFiles([]string{logged(t, morning()...)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		what, who, at string
		want          string
	}{
		"an agent before the log-in":  {"agent", "anna", "08:00:00", "anna is logged-out"},
		"an agent on a call":          {"agent", "anna", "08:00:04", "anna is on-call (call c1)"},
		"with a time zone":            {"agent", "anna", "2026-03-02T07:00:04Z", "anna is on-call (call c1)"},
		"a caller at the end":         {"call", "c2", "", "1 of 1 capable agents is in wrap-up: anna (59s)"},
		"a caller after the last one": {"call", "c2", "08:00:45", "1 of 1 capable agents is in wrap-up: anna (20s)"},
		"clocks run out meanwhile":    {"call", "c2", "08:01:05", "is offered to anna"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			err := whyCommand{What: c.what, Name: c.who, Log: files[0], At: c.at}.fromLog(&out)
			if err != nil || !strings.Contains(out.String(), c.want) {
				t.Errorf("%v, %s", err, out.String())
			}
		})
	}
	for name, c := range map[string]struct{ who, at, want string }{
		"a caller who is not there": {"c9", "", "c9"},
		"no time":                   {"c2", "yesterday", "write 2026-03-02T15:04:05+01:00"},
	} {
		t.Run(name, func(t *testing.T) {
			err := whyCommand{What: "call", Name: c.who, Log: files[0], At: c.at}.fromLog(&strings.Builder{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}
