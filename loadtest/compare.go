package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"breakwater/loadtest/trial"
)

//go:embed floor/relay.c
var floorSource []byte

// compareCommand measures a server and the floor in turn.
type compareCommand struct {
	bench  `embed:""`
	Calls  []int         `help:"Calls at once, rising." default:"100,500,1000"`
	Rounds int           `help:"How often both are measured at each." default:"3"`
	Rate   float64       `help:"Calls placed a second, on the way there." default:"50"`
	Settle time.Duration `help:"How long sound flows before it counts." default:"2s"`
	For    time.Duration `help:"How long each reading counts." default:"5s"`
	Ports  uint16        `help:"First port of the floor, which needs two for each call." default:"26000"`
	Tick   time.Duration `help:"Let the floor collect for so long before it passes on; 0 is the floor." default:"0"`
	Most   float64       `help:"Fail when the server costs more than so many times the floor, at any number of calls; 0: never." default:"0"`
	JSON   string        `help:"Write all readings to this file, too."`
	SVG    string        `name:"svg" help:"Draw cost and delay over the number of calls into this file; a page where it ends in .html."`
}

// Run compares, and fails where a ratio is over the limit, sound was lost, or a stranger
// was heard.
func (c *compareCommand) Run(ctx context.Context) error {
	if err := allowed(c.Calls...); err != nil || c.Rounds < 1 {
		return errTooMany
	}
	dir, err := os.MkdirTemp("", "loadtest-floor-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	g, err := c.set(ctx, c.Calls[len(c.Calls)-1])
	if err != nil {
		return err
	}
	t := trial.Comparison{
		Source: floorSource, Dir: dir, Ports: c.Ports, Tick: c.Tick, Calls: c.Calls, Rounds: c.Rounds,
		Rate: c.Rate, Settle: c.Settle, For: c.For, Metrics: g.metrics(),
	}
	if c.Pin {
		t.Before = []string{"taskset", "-c", "0"}
	}
	steps, err := t.Run(ctx, g.stage, g.name, g.pid, os.Stdout)
	return errors.Join(err, g.leave(), save(c.JSON, steps), draw(c.SVG, trial.CompareCharts(steps)), c.judge(steps))
}

// mostLost is the share of frames that a reading may lose and still tell a cost.
const mostLost = 0.0001

// leastGuarded is how many of the 50 frames a second of each caller the server must say it has
// guarded: it tells five times a second.
const leastGuarded = 47

func (c *compareCommand) judge(steps []trial.Step) error {
	var errs []error
	for _, s := range steps {
		if c.Most > 0 && s.Ratio > c.Most {
			errs = append(errs, fmt.Errorf("%d calls cost %.2f times the floor, at most %.2f is allowed", s.Calls, s.Ratio, c.Most))
		}
		if c.Most > 0 && 2*s.Sure <= c.Rounds {
			errs = append(errs, fmt.Errorf("%d calls: %d of %d rounds are doubtful, so nothing is shown", s.Calls, c.Rounds-s.Sure, c.Rounds))
		}
		for _, r := range s.Server {
			if c.Most > 0 && (r.Guarded < leastGuarded || c.Record && r.Recorded < 1) {
				errs = append(errs, fmt.Errorf("%s at %d calls: by its metrics (it needs some) %.1f frames a second were guarded for each call and %.2f recordings ran, want 50 and 1: who does not do the work is cheap",
					r.What, s.Calls, r.Guarded, r.Recorded))
			}
		}
		for _, r := range slices.Concat(s.Floor, s.Server) {
			if r.Loss >= mostLost || r.Tally.Unheard > 0 { // who drops work is cheap
				errs = append(errs, fmt.Errorf("%s at %d calls: %.4f %% of the frames were lost and %d parties unheard, so its cost says nothing",
					r.What, s.Calls, 100*r.Loss, r.Tally.Unheard))
			}
		}
	}
	return errors.Join(errs...)
}
