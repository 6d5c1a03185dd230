package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"breakwater/acd/shift"
	"breakwater/config"
)

type shiftsCommand struct {
	Check shiftsCheckCommand `cmd:"" help:"Name what in the shifts wears people out; fails when there is something."`
	Show  shiftsShowCommand  `cmd:"" help:"Draw a week of every agent's shifts."`
}

type shiftsCheckCommand struct {
	Config string `help:"Directory of the config files." default:"config/example" type:"existingdir"`
	From   string `help:"A date in the first week to look at. Empty = today."`
	Weeks  int    `help:"How many weeks to look at, 104 at most. 0 = each rotation once through."`
	Agent  string `help:"Look at this agent only."`
	JSON   bool   `help:"Print every single finding as JSON."`
}

// Run prints the hardships and fails when there are any.
func (c shiftsCheckCommand) Run() error {
	if err := weeksOf(c.Weeks, 0); err != nil {
		return err
	}
	loaded, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	from, err := dateOr(c.From, time.Now())
	if err != nil {
		return err
	}
	roster, err := shift.NewRoster(loaded.Shifts)
	if err != nil {
		return err
	}
	if _, known := loaded.Agents[c.Agent]; c.Agent != "" && !known {
		return fmt.Errorf("there is no agent %q", c.Agent)
	}
	found := roster.Lint(loaded.ShiftRules, from, c.Weeks)
	if c.Agent != "" {
		found = slices.DeleteFunc(found, func(f shift.Finding) bool { return f.Agent != c.Agent })
	}
	if c.JSON {
		err = printFindingsJSON(os.Stdout, found)
	} else {
		err = printFindings(os.Stdout, found, len(roster.Agents()))
	}
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%s: %s", c.Config, hardships(len(found)))
	}
	return err
}

func hardships(n int) string {
	if n == 1 {
		return "1 hardship"
	}
	return fmt.Sprintf("%d hardships", n)
}

func printFindingsJSON(w io.Writer, found []shift.Finding) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(struct {
		Findings []shift.Finding `json:"findings"`
	}{append([]shift.Finding{}, found...)})
}

// printFindings prints a table with what comes again and again in one line, and below
// it what each rule is for.
func printFindings(w io.Writer, found []shift.Finding, agents int) error {
	if len(found) == 0 {
		_, err := fmt.Fprintf(w, "no hardship in the shifts of %d agents\n", agents)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AGENT\tRULE\tFOUND\tLIMIT\tWHAT\tTIMES")
	named := map[shift.Rule]bool{}
	for _, s := range shift.Repeated(found) {
		named[s.Rule] = true
		times := "once"
		if s.Times > 1 {
			times = fmt.Sprintf("%d, last on %s", s.Times, s.Last.Format(time.DateOnly))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Agent, s.Rule, s.Measured, s.Limit, s.Text, times)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, a := range shift.Catalogue() {
		if named[a.Rule] {
			fmt.Fprintf(w, "%s: %s (%s)\n", a.Rule, a.Why, a.Source)
		}
	}
	return nil
}

// loadConfig loads a config, or prints every problem as `breakwater check` does.
func loadConfig(dir string) (*config.Config, error) {
	loaded, err := config.Load(dir)
	if problems := config.AsErrors(err); len(problems) > 0 {
		fmt.Fprintln(os.Stderr, problems.Error())
		return nil, fmt.Errorf("%s: %s", dir, map[bool]string{true: "1 problem", false: fmt.Sprintf("%d problems", len(problems))}[len(problems) == 1])
	}
	return loaded, nil
}

// dateOr reads a date as noon of it, wherever; empty is otherwise.
func dateOr(text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	d, err := shift.ParseDate(strings.TrimSpace(text))
	if err != nil {
		return time.Time{}, err
	}
	return d.At(12*time.Hour, time.Local), nil
}

// mostWeeks are as many as are looked at together: two years.
const mostWeeks = 104

// weeksOf refuses a number of weeks that would not be looked at: a plan must not pass for
// weeks that nobody has judged.
func weeksOf(weeks, least int) error {
	if weeks < least || weeks > mostWeeks {
		return fmt.Errorf("--weeks: %d is not between %d and %d", weeks, least, mostWeeks)
	}
	return nil
}

type shiftsShowCommand struct {
	Config string `help:"Directory of the config files." default:"config/example" type:"existingdir"`
	Week   string `help:"A date in the week. Empty = this week."`
	Weeks  int    `help:"How many weeks, 104 at most." default:"1"`
	Agent  string `help:"Draw this agent only."`
}

// Run prints a calendar for each agent.
func (c shiftsShowCommand) Run() error {
	if err := weeksOf(c.Weeks, 1); err != nil {
		return err
	}
	loaded, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	when, err := dateOr(c.Week, time.Now())
	if err != nil {
		return err
	}
	roster, err := shift.NewRoster(loaded.Shifts)
	if err != nil {
		return err
	}
	agents := roster.Agents()
	if c.Agent != "" {
		if _, ok := roster.Of(c.Agent); !ok {
			return fmt.Errorf("no shift names agent %q", c.Agent)
		}
		agents = []string{c.Agent}
	}
	for _, agent := range agents {
		p, _ := roster.Of(agent)
		monday := shift.DateOf(when.In(p.Zone())).Monday()
		if c.Week != "" { // the date as written, wherever the shift is worked
			monday = shift.DateOf(when).Monday()
		}
		for w := range c.Weeks {
			fmt.Println(p.Calendar(monday + shift.Date(7*w)))
		}
	}
	return nil
}
