package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
)

type whyCommand struct {
	server `embed:""`
	What   string `arg:"" help:"call or agent." enum:"call,agent"`
	Name   string `arg:"" help:"Id of a waiting call, or name of an agent."`
	Log    string `help:"Do not ask a server, but this decision log." type:"existingfile"`
	At     string `help:"Moment of the log: 2026-03-02T15:04:05+01:00, or 15:04:05 of the log's day where the server was. Default: its end."`
}

// Run prints the reasons, one a line.
func (c whyCommand) Run() error {
	if c.Log == "" && c.At != "" {
		return fmt.Errorf("--at needs --log: a running server tells of now")
	}
	if c.Log != "" {
		return c.fromLog(os.Stdout)
	}
	var answer struct {
		Why []string `json:"why"`
	}
	if err := c.get("/v1/why?"+c.What+"="+url.QueryEscape(c.Name), &answer); err != nil {
		return err
	}
	for _, line := range answer.Why {
		fmt.Println(line)
	}
	return nil
}

// fromLog replays a log up to the moment and asks the floor as it was then.
func (c whyCommand) fromLog(out io.Writer) error {
	f, err := os.Open(c.Log)
	if err != nil {
		return err
	}
	defer f.Close()
	at, err := c.moment(f)
	if err != nil {
		return err
	}
	r := chronicle.Replay{Until: at}
	if err := r.Feed(c.Log, f); err != nil {
		return err
	}
	floor := r.Floor(at)
	if floor == nil {
		return fmt.Errorf("%s: turns are missing before that moment", c.Log)
	}
	whom := acd.Whom{Call: c.Name}
	if c.What == "agent" {
		whom = acd.Whom{Agent: c.Name}
	}
	reasons, err := floor.Why(whom)
	if err != nil {
		return err
	}
	for _, line := range reasons {
		fmt.Fprintln(out, line)
	}
	return nil
}

// moment reads At, which may be a time of the log's own day, and leaves the file at its
// beginning. Zero is the log's end.
func (c whyCommand) moment(log io.ReadSeeker) (at time.Time, err error) {
	if c.At == "" {
		return time.Time{}, nil
	}
	if at, err = time.Parse(time.RFC3339Nano, c.At); err == nil {
		return at, nil
	}
	clock, err := time.Parse(time.TimeOnly, c.At)
	if err != nil {
		return at, fmt.Errorf("--at %q: write 2026-03-02T15:04:05+01:00 or 15:04:05", c.At)
	}
	for p, err := range chronicle.Read(log) {
		if err != nil {
			return at, err
		}
		if p.Picture != nil {
			day := p.Picture.At.Wall
			at = time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, day.Location())
			break
		}
	}
	_, err = log.Seek(0, io.SeekStart)
	return at, err
}
