package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
	"breakwater/acd/rehearsal"
)

type dryRunCommand struct {
	Dir    string   `arg:"" help:"Directory of the edited config files." type:"existingdir"`
	Log    []string `help:"Decision logs of the day, in order, or a folder of them. Default: the newest day in the folder that the config names." type:"path"`
	Agents bool     `help:"Name each agent's load, too. It is a rehearsal, not a judgement of anybody."`
}

// Run plays the day again under the edited config and prints what would change.
func (c dryRunCommand) Run() error {
	loaded, err := loadConfig(c.Dir)
	if err != nil {
		return err
	}
	var files []string
	if len(c.Log) > 0 {
		files, err = logFiles(c.Log)
	} else {
		files, err = newestDay(loaded.Floor.Decisions)
	}
	if err != nil {
		return err
	}
	plan := loaded.FloorPlan()
	return rehearse(os.Stdout, files, &plan, c.Agents)
}

// newestDay are the parts of the last day of a folder.
func newestDay(s chronicle.Settings) ([]string, error) {
	if s.Off || s.Folder == "" {
		return nil, errors.New("give --log: the config keeps no decision log (floor.decisions.off)")
	}
	files, err := logFiles([]string{s.Folder})
	if err != nil {
		return nil, fmt.Errorf("give --log: %w", err)
	}
	day := func(path string) string { return filepath.Base(path)[:len(time.DateOnly)] }
	last := day(files[len(files)-1])
	return slices.DeleteFunc(files, func(path string) bool { return day(path) != last }), nil
}

// rehearse prints the day as it was, played again as a measure of the rehearsal itself,
// and under the plan.
func rehearse(out io.Writer, files []string, plan *acd.Plan, agents bool) error {
	var logs []rehearsal.File
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		logs = append(logs, rehearsal.File{Name: path, Reader: f})
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
	}{{"as it was", day.Events}, {"rehearsed unchanged", again.Events}, {"with the edit", edited.Events}} {
		o, err := day.Judge(c.events)
		if err != nil {
			return err
		}
		columns = append(columns, rehearsal.Column{Title: c.title, Outcome: o})
	}
	begin := day.Begin.At.Wall
	fmt.Fprintf(out, "%s to %s, callers: %d, agents who were offered calls: %d, log: %s\n\n", begin.Format("2006-01-02 15:04:05"),
		day.End().In(begin.Location()).Format("2006-01-02 15:04:05"), day.Callers(), len(day.Agents()), strings.Join(files, " "))
	if err := rehearsal.Print(out, agents, columns...); err != nil {
		return err
	}
	return caveats(out, day, edited, plan)
}

// caveats says what the figures above cannot know.
func caveats(out io.Writer, day *rehearsal.Day, edited rehearsal.Played, plan *acd.Plan) error {
	lines := []string{
		"\"change\" is from \"rehearsed unchanged\" to \"with the edit\". Where the first two columns differ, the rehearsal itself is off by as much.",
		fmt.Sprintf("Who was not served on the day talks for its median, %s; who was served hangs up like those of the day who waited as long.",
			day.TypicalTalk().Round(time.Second)),
		"Agents answer, decline and pause as on the day. What they would do otherwise under the edit, nobody knows.",
	}
	for _, where := range slices.Sorted(maps.Keys(edited.Lost)) {
		lines = append(lines, fmt.Sprintf("%d callers end at %s: what becomes of them there is not rehearsed.", edited.Lost[where], where))
	}
	for _, name := range day.Agents() {
		if _, known := plan.Agents[name]; !known {
			lines = append(lines, fmt.Sprintf("Agent %s took calls on the day and is not in the edited config.", name))
		}
	}
	if day.Unplayed > 0 {
		lines = append(lines, fmt.Sprintf("%d callbacks after a lost line are not rehearsed.", day.Unplayed))
	}
	for i, what := range day.Unread {
		if i == 5 {
			lines = append(lines, fmt.Sprintf("… and %d lines more.", len(day.Unread)-i))
			break
		}
		lines = append(lines, "Not rehearsed: "+what)
	}
	_, err := fmt.Fprintf(out, "\n%s\n", strings.Join(lines, "\n"))
	return err
}
