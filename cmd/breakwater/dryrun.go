package main

import (
	"fmt"
	"io"
	"os"

	"breakwater/acd"
	"breakwater/acd/rehearsal"
)

type dryRunCommand struct {
	Dir    string   `arg:"" help:"Directory of the edited config files." type:"existingdir"`
	Log    []string `help:"Decision logs of the day, in order, or a folder of them." required:"" type:"path"`
	Agents bool     `help:"Name each agent's load, too. It is a rehearsal, not a judgement of anybody."`
}

// Run plays the day again under the edited config and prints what would change.
func (c dryRunCommand) Run() error {
	loaded, err := loadConfig(c.Dir)
	if err != nil {
		return err
	}
	files, err := logFiles(c.Log)
	if err != nil {
		return err
	}
	plan := loaded.FloorPlan()
	return rehearse(os.Stdout, files, &plan, c.Agents)
}

// rehearse prints the day as it was, played again as a measure of the rehearsal itself,
// and under the plan.
func rehearse(out io.Writer, files []string, plan *acd.Plan, agents bool) error {
	var logs []io.Reader
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		logs = append(logs, f)
	}
	day, err := rehearsal.Read(logs...)
	if err != nil {
		return err
	}
	again, err := day.Play(nil)
	if err != nil {
		return err
	}
	edited, err := day.Play(plan)
	if err != nil {
		return err
	}
	var columns []rehearsal.Column
	for _, c := range []struct {
		title  string
		events []acd.Event
	}{{"as it was", day.Events}, {"rehearsed unchanged", again}, {"with the edit", edited}} {
		o, err := day.Judge(c.events)
		if err != nil {
			return err
		}
		columns = append(columns, rehearsal.Column{Title: c.title, Outcome: o})
	}
	if day.Gaps > 0 {
		fmt.Fprintf(out, "the log has %d gaps: what happened in them is not rehearsed\n", day.Gaps)
	}
	return rehearsal.Print(out, agents, columns...)
}
