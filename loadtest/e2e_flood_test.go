//go:build e2e

package main

import (
	"path/filepath"
	"testing"
	"time"

	"breakwater/loadtest/trial"
)

// testBench starts the built server with a profile of its own.
func testBench(t *testing.T) bench {
	t.Helper()
	binary, err := filepath.Abs("../bin/breakwater")
	if err != nil {
		t.Fatal(err)
	}
	return bench{
		Start: binary, Trunk: "127.0.0.2", Number: numberBench, LogIn: "*11", Password: e2ePassword, PIN: e2ePIN,
		Law: "PCMU", Level: -24, Slot: 500 * time.Microsecond, Record: true, More: neverLate(),
	}
}

// neverLate is for what is tested on machines that have other work: there a late server
// refuses calls, as it should, and that is no fault.
func neverLate() []string { return []string{"sip: late: {off: true}"} }

// Delays and prices on a shared machine are no gate; who hears whom is, and that
// nothing is left behind.
func TestNobodyHearsAStranger(t *testing.T) {
	c := memoryCommand{
		bench: testBench(t), Calls: 40, Rate: 20, Settle: time.Second, For: 4 * time.Second, Watch: time.Second, Rest: 3 * time.Second,
	}
	g, err := c.set(t.Context(), c.Calls)
	if err != nil {
		t.Fatal(err)
	}
	m := trial.Memory{Calls: c.Calls, Rate: c.Rate, Settle: c.Settle, For: c.For, Watch: c.Watch, Rest: c.Rest, Metrics: g.metrics()}
	held, err := m.Run(t.Context(), g.stage, g.name, g.pid, t.Output())
	if err != nil {
		t.Error(err)
	}
	if err := g.leave(); err != nil {
		t.Error(err)
	}
	if held == nil || held.Reading == nil {
		return
	}
	sound := held.Reading.Tally
	if sound.Strangers != 0 || sound.Unheard != 0 || sound.Doubles != 0 || sound.Sources != 0 {
		t.Errorf("strangers %d %q, unheard %d, doubles %d, new sources %d",
			sound.Strangers, sound.Strange, sound.Unheard, sound.Doubles, sound.Sources)
	}
	if share := held.Reading.Altered; share > 0.01 {
		t.Errorf("%.2f %% of ordinary speech was altered on its way", 100*share)
	}
	if held.After.Ports != 0 || held.After.Goroutines > held.Before.Goroutines+8 {
		t.Errorf("left behind: before %+v, after %+v", held.Before, held.After)
	}
}

func TestCallsThatComeAndGoHearNoStranger(t *testing.T) {
	c := churnCommand{
		bench: testBench(t), Agents: 30, Rate: 8, Talk: 2 * time.Second, For: 8 * time.Second, Warm: 2 * time.Second, Every: time.Second, Seed: 1,
	}
	if err := c.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTheFloorStandsBesideTheServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "compare.svg")
	c := compareCommand{
		bench: testBench(t), Calls: []int{10, 20}, Rounds: 1, Rate: 20, Settle: time.Second, For: 2 * time.Second, Ports: firstFloorPort, SVG: file,
	}
	if err := c.Run(t.Context()); err != nil {
		t.Error(err)
	}
}
