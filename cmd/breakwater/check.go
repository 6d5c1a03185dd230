package main

import (
	"fmt"
	"os"
	"time"

	"breakwater/acd/shift"
	"breakwater/config"
)

type checkCommand struct {
	Dir string `arg:"" help:"Directory of the config files." type:"existingdir"`
}

// Run prints every problem as a compiler would and fails when there is one.
func (c checkCommand) Run() error {
	loaded, err := loadConfig(c.Dir)
	if err != nil {
		return err
	}
	if err := c.warn(loaded); err != nil {
		return err
	}
	fmt.Printf("%s: good (version %s): %d phones, %d agents, %d queues, %d menus, %d numbers\n", c.Dir, loaded.Version,
		len(loaded.Phones), len(loaded.Agents), len(loaded.Queues), len(loaded.Menus), len(loaded.Numbers))
	return nil
}

// warn tells on stderr which conditions speak of what no call ever has, and which hardships
// the shifts hold: they are no problem of the config, but somebody's to solve.
func (c checkCommand) warn(loaded *config.Config) error {
	for _, sentence := range loaded.NeverKnown() {
		fmt.Fprintf(os.Stderr, "warning: %s\n", sentence)
	}
	roster, err := shift.NewRoster(loaded.Shifts)
	if err != nil {
		return err
	}
	for _, s := range shift.Repeated(roster.Lint(loaded.ShiftRules, time.Now(), 0)) {
		times := ""
		if s.Times > 1 {
			times = fmt.Sprintf(" (%d times)", s.Times)
		}
		fmt.Fprintf(os.Stderr, "warning: shift %s, agent %s: %s: %s%s; limit %s: %s\n", s.Shift, s.Agent, s.Rule, s.Text, times, s.Limit, s.Source)
	}
	return nil
}
