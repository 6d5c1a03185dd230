package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
)

// edit is the plan of logged with another queue help.
func edit(change func(*acd.QueueSpec)) *acd.Plan {
	q := acd.QueueSpec{WrapUp: time.Minute, LeaveOn: []acd.AgentState{}}
	change(&q)
	return &acd.Plan{Agents: map[string]acd.AgentSpec{"anna": {}}, Queues: map[string]acd.QueueSpec{"help": q}}
}

func TestADryRunTellsWhatWouldChangeAndWhatItCannotKnow(t *testing.T) {
	files, err := logFiles([]string{logged(t, morning()...)})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		plan *acd.Plan
		want []string
	}{
		"another wrap-up": {
			edit(func(q *acd.QueueSpec) { q.WrapUp = time.Second }),
			[]string{
				"2026-03-02 08:00:00 to 2026-03-02 08:00:06, callers: 2, agents who were offered calls: 1, log: ", "with the edit  change",
				"queue help", `"change" is from`, "Who was not served on the day talks for its median, 1s;",
			},
		},
		"the queue and the agent are gone": {
			&acd.Plan{Agents: map[string]acd.AgentSpec{"ben": {}}, Queues: map[string]acd.QueueSpec{"other": {}}},
			[]string{"2 callers end at queue help, which is not in the config", "Agent anna took calls on the day and is not in the edited config."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := rehearse(&out, files, tc.plan, false); err != nil {
				t.Fatal(err)
			}
			for _, want := range tc.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is missing in\n%s", want, out.String())
				}
			}
		})
	}
}

func TestADryRunNamesTheLinesItCannotRead(t *testing.T) {
	files, err := logFiles([]string{logged(t, morning()...)})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], append(whole, "{half of a l\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := rehearse(&out, files, edit(func(*acd.QueueSpec) {}), false); err != nil {
		t.Fatal(err)
	}
	if want := "Not rehearsed: " + files[0] + ":8: "; !strings.Contains(out.String(), want) {
		t.Errorf("%q is missing in\n%s", want, out.String())
	}
}

func TestTheNewestDayIsTakenWhereNoLogIsNamed(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"2026-03-01.jsonl", "2026-03-02.jsonl", "2026-03-02_02.jsonl", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := newestDay(chronicle.Settings{Folder: folder})
	if err != nil || len(files) != 2 || filepath.Base(files[0]) != "2026-03-02.jsonl" || filepath.Base(files[1]) != "2026-03-02_02.jsonl" {
		t.Errorf("%q, %v", files, err)
	}
	for name, s := range map[string]chronicle.Settings{"off": {Off: true, Folder: folder}, "nothing there": {Folder: t.TempDir()}} {
		if _, err := newestDay(s); err == nil || !strings.Contains(err.Error(), "give --log") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
