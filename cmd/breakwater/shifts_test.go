package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakwater/acd/shift"
	"breakwater/config"
)

// nights is a roster of one agent with seven nights a week.
func nights(t *testing.T) shift.Roster {
	t.Helper()
	week := map[string][]shift.Hours{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		week[day] = []shift.Hours{{From: 23 * time.Hour, To: 31 * time.Hour}}
	}
	r, err := shift.NewRoster(map[string]shift.Settings{"hotline": {TimeZone: "Asia/Shanghai", Agents: []string{"mei"}, Week: week}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheExamplesShiftsWearNobodyOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config", "example")
	if err := os.CopyFS(dir, os.DirFS("../../config/example")); err != nil {
		t.Fatal(err)
	}
	if _, err := config.EnsureSecrets(dir); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	roster, err := shift.NewRoster(loaded.Shifts)
	if err != nil || len(roster.Agents()) == 0 {
		t.Fatalf("%v, agents %v", err, roster.Agents())
	}
	for _, f := range roster.Lint(loaded.ShiftRules, time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC), 26) {
		t.Errorf("%s %s: %s", f.Agent, f.Rule, f.Text)
	}
}

// TestWeeksThatAreNotLookedAtAreRefused: no plan passes for weeks that nobody has judged.
func TestWeeksThatAreNotLookedAtAreRefused(t *testing.T) {
	for name, run := range map[string]func() error{
		"more are checked than can be": shiftsCheckCommand{Config: "../../config/example", Weeks: 105}.Run,
		"fewer than none":              shiftsCheckCommand{Config: "../../config/example", Weeks: -1}.Run,
		"more are shown than can be":   shiftsShowCommand{Config: "../../config/example", Weeks: 105}.Run,
		"none is shown":                shiftsShowCommand{Config: "../../config/example"}.Run,
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), "--weeks: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTableNamesAgentDatesHoursRuleAndSource(t *testing.T) {
	found := nights(t).Lint(shift.Rules{}, time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC), 2)
	var out bytes.Buffer
	if err := printFindings(&out, found, 1); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"mei", "nights-in-a-row", "no-break", "8h", "2026-11-0", "no-break: nobody", "2003/88/EC, article 4"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing:\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "\n"); n > 25 {
		t.Errorf("what comes every day takes %d lines", n)
	}
	out.Reset()
	if err := printFindingsJSON(&out, nil); err != nil || out.String() != "{\n  \"findings\": []\n}\n" {
		t.Errorf("%v: %s", err, out.String())
	}
}
