package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"breakwater/acd/figures"
)

type staffCommand struct {
	history
	Calls     float64       `help:"Calls in the interval. Not needed with --queue."`
	Per       time.Duration `help:"Length of the interval." default:"30m"`
	AHT       time.Duration `help:"Handle time of a call: talk, hold and wrap-up. Not needed with --queue." name:"aht"`
	Level     string        `help:"Service level: share in percent/seconds, e.g. 80/20. Empty = none asked for." default:"80/20"`
	ASA       time.Duration `help:"Average wait at most." name:"asa"`
	Abandoned float64       `help:"Share of callers who leave at most, percent. Needs --patience."`
	Occupancy float64       `help:"Share of an agent's time in calls at most, percent." default:"85"`
	Patience  time.Duration `help:"How long callers wait on average before they leave (Erlang A). 0 = for ever (Erlang C)."`
	Shrinkage float64       `help:"Paid time not at the phone, percent: breaks, training, illness."`
	Around    int           `help:"Show so many agents fewer and more, too." default:"3"`
}

// Run prints how many agents are needed, and what a few fewer or more would mean.
func (c staffCommand) Run() error {
	goal := figures.Goal{
		ASA: c.ASA, Abandoned: c.Abandoned / 100, Occupancy: c.Occupancy / 100, Patience: c.Patience, Shrinkage: c.Shrinkage / 100,
	}
	var err error
	if goal.Level, goal.Target, err = serviceLevel(c.Level); err != nil {
		return err
	}
	load, err := c.offered(os.Stdout)
	if err != nil {
		return err
	}
	s, err := figures.Staff(load, goal)
	if err != nil {
		return err
	}
	c.print(os.Stdout, load, goal, s)
	return nil
}

// offered is what is given, or what the queue's past tells where it is not.
func (c staffCommand) offered(w io.Writer) (figures.Load, error) {
	load := figures.Load{Calls: c.Calls, Per: c.Per, AHT: c.AHT}
	if c.Queue == "" {
		if c.Calls <= 0 || c.AHT <= 0 {
			return load, errors.New("give --calls and --aht, or a --queue to take them from")
		}
		return load, nil
	}
	past, at, err := c.load(c.Per)
	if err != nil {
		return load, err
	}
	fmt.Fprintf(w, "%s, busiest %s from %s: %.0f calls of %s\n", c.Queue, c.Per, at.Format("2006-01-02 15:04"), past.Calls, past.AHT.Round(time.Second))
	if c.Calls > 0 {
		past.Calls = c.Calls
	}
	if c.AHT > 0 {
		past.AHT = c.AHT
	}
	return past, nil
}

func (c staffCommand) print(w io.Writer, load figures.Load, goal figures.Goal, s figures.Staffing) {
	fmt.Fprintf(w, "%.2f erlangs: %s at the phone, %d scheduled (%s)\n\n", s.Erlangs, agentsOf(s.Agents), s.Scheduled, s.Formula)
	fmt.Fprintf(w, "agents  answered in %-5v  wait at all  average wait  abandoned  occupancy\n", goal.Target)
	for n := max(1, s.Agents-c.Around); n <= s.Agents+c.Around; n++ {
		waiting, err := goal.Waiting(load, n)
		if err != nil {
			fmt.Fprintf(w, "%6d  %v\n", n, err)
			continue
		}
		mark := ""
		if n == s.Agents {
			mark = "  <"
		}
		fmt.Fprintf(w, "%6d  %16.1f %%  %9.1f %%  %10.1f s  %7.1f %%  %7.1f %%%s\n", n, 100*waiting.Level, 100*waiting.Delayed,
			waiting.ASA.Seconds(), 100*waiting.Abandoned, 100*waiting.Occupancy, mark)
	}
}

// agentsOf counts agents in words.
func agentsOf(n int) string {
	if n == 1 {
		return "1 agent"
	}
	return fmt.Sprintf("%d agents", n)
}

// serviceLevel reads 80/20: 80 percent within 20 seconds.
func serviceLevel(text string) (share float64, within time.Duration, err error) {
	if text == "" {
		return 0, 0, nil
	}
	percent, secs, ok := strings.Cut(text, "/")
	p, errP := strconv.ParseFloat(percent, 64)
	s, errS := strconv.ParseFloat(secs, 64)
	if !ok || errP != nil || errS != nil {
		return 0, 0, fmt.Errorf("--level %q: write percent/seconds, e.g. 80/20", text)
	}
	return p / 100, time.Duration(s * float64(time.Second)), nil
}
