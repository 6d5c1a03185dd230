package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"breakwater/loadtest/trial"
)

// steadyCommand holds one load.
type steadyCommand struct {
	bench  `embed:""`
	Calls  int           `help:"Calls at once." default:"100"`
	Rate   float64       `help:"Calls placed a second, on the way there." default:"50"`
	Settle time.Duration `help:"How long the calls are up before it counts." default:"3s"`
	For    time.Duration `help:"How long it counts." default:"10s"`
	JSON   string        `help:"Write the reading to this file, too."`
}

// Run measures one load.
func (c *steadyCommand) Run(ctx context.Context) error {
	if err := allowed(c.Calls); err != nil {
		return err
	}
	g, err := c.set(ctx, c.Calls)
	if err != nil {
		return err
	}
	r, err := trial.Steady{Calls: c.Calls, Rate: c.Rate, Settle: c.Settle, For: c.For}.Run(ctx, g.stage, g.name, g.pid, os.Stdout)
	return errors.Join(err, g.leave(), save(c.JSON, r))
}

// memoryCommand holds one load and asks what a call takes, and leaves behind.
type memoryCommand struct {
	bench  `embed:""`
	Calls  int           `help:"Calls at once." default:"1500"`
	Rate   float64       `help:"Calls placed a second, on the way there." default:"50"`
	Settle time.Duration `help:"How long the calls are up before it counts." default:"5s"`
	For    time.Duration `help:"How long sound is measured." default:"30s"`
	Watch  time.Duration `help:"How long memory is watched, each time: Go collects garbage every two minutes at least." default:"130s"`
	Rest   time.Duration `help:"How long after hang-up it is watched again." default:"40s"`
	JSON   string        `help:"Write the result to this file, too."`
}

// Run measures memory.
func (c *memoryCommand) Run(ctx context.Context) error {
	if err := allowed(c.Calls); err != nil {
		return err
	}
	g, err := c.set(ctx, c.Calls)
	if err != nil {
		return err
	}
	t := trial.Memory{Calls: c.Calls, Rate: c.Rate, Settle: c.Settle, For: c.For, Watch: c.Watch, Rest: c.Rest, Metrics: g.metrics()}
	held, err := t.Run(ctx, g.stage, g.name, g.pid, os.Stdout)
	return errors.Join(err, g.leave(), save(c.JSON, held))
}

// curveCommand measures one load after the other.
type curveCommand struct {
	bench  `embed:""`
	Calls  []int         `help:"Calls at once, rising." default:"200,500,750,1000,1250,1500"`
	Rate   float64       `help:"Calls placed a second, on the way there." default:"50"`
	Settle time.Duration `help:"How long the calls are up before it counts." default:"3s"`
	For    time.Duration `help:"How long each reading counts." default:"10s"`
	JSON   string        `help:"Write the readings to this file, too."`
	SVG    string        `name:"svg" help:"Draw cost and delay over the number of calls into this file; a page where it ends in .html."`
}

// Run measures the curve.
func (c *curveCommand) Run(ctx context.Context) error {
	if err := allowed(c.Calls...); err != nil {
		return err
	}
	g, err := c.set(ctx, c.Calls[len(c.Calls)-1])
	if err != nil {
		return err
	}
	t := trial.Curve{Calls: c.Calls, Rate: c.Rate, Settle: c.Settle, For: c.For}
	all, err := t.Run(ctx, g.stage, g.name, g.pid, os.Stdout)
	return errors.Join(err, g.leave(), save(c.JSON, all), draw(c.SVG, trial.Charts(g.name, 0, all)))
}

// capacityCommand finds the highest load that is carried well.
type capacityCommand struct {
	bench  `embed:""`
	First  int           `help:"Calls to begin with." default:"500"`
	Step   int           `help:"How many more each time." default:"250"`
	Exact  int           `help:"How exactly the limit is found, in calls." default:"50"`
	Most   int           `help:"Calls at most." default:"3000"`
	P99    time.Duration `name:"p99" help:"The 99th percentile of the delay added must stay below this." default:"2ms"`
	Loss   float64       `help:"The share of lost frames must stay below this." default:"0.0001"`
	Rate   float64       `help:"Calls placed a second, on the way there." default:"50"`
	Settle time.Duration `help:"How long the calls are up before it counts." default:"3s"`
	For    time.Duration `help:"How long each reading counts." default:"10s"`
	JSON   string        `help:"Write the readings to this file, too."`
	SVG    string        `name:"svg" help:"Draw cost and delay over the number of calls into this file; a page where it ends in .html."`
}

// Run searches.
func (c *capacityCommand) Run(ctx context.Context) error {
	if err := allowed(c.First, c.Most); err != nil || c.Step < 1 || c.Exact < 1 {
		return errTooMany
	}
	g, err := c.set(ctx, c.Most)
	if err != nil {
		return err
	}
	t := trial.Capacity{
		Curve:  trial.Curve{Rate: c.Rate, Settle: c.Settle, For: c.For},
		Bounds: trial.Bounds{P99: c.P99, Loss: c.Loss}, First: c.First, Step: c.Step, Exact: c.Exact, Most: c.Most,
	}
	carried, all, err := t.Run(ctx, g.stage, g.name, g.pid, os.Stdout)
	fmt.Printf("%s carries %d calls with p99 under %v and loss under %.4f %%\n", g.name, carried, c.P99, 100*c.Loss)
	return errors.Join(err, g.leave(), save(c.JSON, all), draw(c.SVG, trial.Charts(g.name, c.P99, all)))
}

// churnCommand lets calls come and go.
type churnCommand struct {
	bench    `embed:""`
	Agents   int           `help:"Agents." default:"300"`
	Rate     float64       `help:"Calls a second." default:"10"`
	Talk     time.Duration `help:"How long a call lasts, on average." default:"20s"`
	For      time.Duration `help:"How long calls are placed." default:"30m"`
	Warm     time.Duration `help:"How much of the beginning the slopes leave out." default:"3m"`
	Every    time.Duration `help:"Between two samples of memory." default:"5s"`
	Seed     uint64        `help:"Of what differs from call to call." default:"1"`
	JSON     string        `help:"Write the result to this file, too."`
	SVG      string        `name:"svg" help:"Draw the samples into this file; a page where it ends in .html."`
	MostRSS  float64       `name:"most-rss" help:"Fail when resident memory grows by more MiB an hour; 0: never." default:"0"`
	MostHeap float64       `help:"The same of the heap." default:"0"`
	MostRest float64       `help:"The same of descriptors, goroutines and threads, in their number an hour." default:"0"`
}

const mostChurned = 200000 // calls

// Run lets them.
func (c *churnCommand) Run(ctx context.Context) error {
	if err := allowed(c.Agents); err != nil {
		return err
	}
	if n := c.Rate * c.For.Seconds(); c.Rate <= 0 || n > mostChurned || c.Every < time.Second {
		return fmt.Errorf("%.0f calls: at most %d are allowed, sampled once a second at most", n, mostChurned)
	}
	g, err := c.set(ctx, c.Agents)
	if err != nil {
		return err
	}
	t := trial.Churn{
		Agents: c.Agents, Rate: c.Rate, Talk: c.Talk, For: c.For, Warm: c.Warm, Every: c.Every, Seed: c.Seed, Metrics: g.metrics(),
	}
	out, err := t.Run(ctx, g.stage, g.pid)
	if err = errors.Join(err, g.leave()); out == nil {
		return err
	}
	out.Print(os.Stdout)
	return errors.Join(err, save(c.JSON, out), draw(c.SVG, out.Chart(g.name+": calls come and go")), c.judge(out))
}

// leastSamples is how many samples make a slope.
const leastSamples = 10

// seen tells whether enough was sampled to say that nothing grows.
func (c *churnCommand) seen(samples []trial.Sample) error {
	n, heap := 0, 0
	for _, s := range samples {
		if s.After >= c.Warm {
			n++
		}
		if s.Heap > 0 {
			heap++
		}
	}
	switch {
	case n < leastSamples:
		return fmt.Errorf("only %d samples after the first %v: too few to say that nothing grows", n, c.Warm)
	case c.MostHeap > 0 && heap < n:
		return fmt.Errorf("the heap was read in %d of %d samples: the server's metrics are needed to judge it", heap, n)
	}
	return nil
}

func (c *churnCommand) judge(out *trial.Churned) error {
	var errs []error
	if n := out.Failures(); n > 0 {
		errs = append(errs, fmt.Errorf("%d calls failed", n))
	}
	if t := out.Tally; t != nil && t.Strangers > 0 {
		errs = append(errs, fmt.Errorf("%d frames of strangers were heard", t.Strangers))
	}
	if limits := c.MostRSS + c.MostHeap + c.MostRest; limits > 0 {
		errs = append(errs, c.seen(out.Samples))
	}
	over := func(name string, unit, most float64) {
		if most > 0 && out.Slopes[name]/unit > most {
			errs = append(errs, fmt.Errorf("%s grows by %.1f an hour, at most %.1f is allowed", name, out.Slopes[name]/unit, most))
		}
	}
	over("rss_bytes", 1<<20, c.MostRSS)
	over("heap_bytes", 1<<20, c.MostHeap)
	for _, name := range []string{"descriptors", "goroutines", "threads"} {
		over(name, 1, c.MostRest)
	}
	return errors.Join(errs...)
}
