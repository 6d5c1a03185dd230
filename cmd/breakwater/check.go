package main

import (
	"errors"
	"fmt"
	"os"

	"breakwater/config"
)

type checkCommand struct {
	Dir string `arg:"" help:"Directory of the config files." type:"existingdir"`
}

// Run prints every problem as a compiler would and fails when there is one.
func (c checkCommand) Run() error {
	loaded, err := config.Load(c.Dir)
	if problems := config.Errors(nil); errors.As(err, &problems) {
		fmt.Fprintln(os.Stderr, problems.Error())
		return fmt.Errorf("%s: %d problems", c.Dir, len(problems))
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s: good (version %s): %d phones, %d agents, %d queues, %d menus, %d numbers\n", c.Dir, loaded.Version,
		len(loaded.Phones), len(loaded.Agents), len(loaded.Queues), len(loaded.Menus), len(loaded.Numbers))
	return nil
}
