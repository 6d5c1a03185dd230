package main

import (
	"errors"
	"os"

	"breakwater/media/meter"
	"breakwater/media/meter/eval"
)

type protectEvalCommand struct {
	Dir       string  `arg:"" help:"Folder with two-channel WAV files (caller left, agent right) and labels.csv or labels.json." type:"existingdir"`
	JSON      bool    `help:"Print JSON instead of a table."`
	Threshold float64 `help:"Score above which a second counts as raised, as in the settings of the meter." default:"0.35"`
	Hours     float64 `help:"Hours of neutral calls that are needed to tell." default:"5"`
}

// Run judges the meter on an operator's own labelled calls; it fails unless the gate is
// passed.
func (c protectEvalCommand) Run() error {
	report, err := eval.Dir(c.Dir, eval.Options{Meter: meter.Settings{Threshold: c.Threshold}, Hours: c.Hours})
	if err != nil {
		return err
	}
	write := report.Table
	if c.JSON {
		write = report.JSON
	}
	if err := write(os.Stdout); err != nil {
		return err
	}
	if !report.Gate.Passed {
		return errors.New("the gate for hints is not passed")
	}
	return nil
}
