package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"breakwater/loadtest/trial"
)

// setupsCommand sets calls up and tears them down.
type setupsCommand struct {
	bench    `embed:""`
	Rate     []float64     `help:"Calls a second; of several, one run after the other." default:"400"`
	For      time.Duration `help:"How long calls are placed." default:"20s"`
	Talk     time.Duration `help:"From the moment an agent has the call to BYE, which every second time is the agent's." default:"250ms"`
	Agents   int           `help:"Agents; default enough for the highest rate."`
	Sound    bool          `help:"Both sides speak while they are connected." negatable:"" default:"true"`
	Settle   time.Duration `help:"After the last call, which counts as its cost, too: what is written late." default:"5s"`
	Seed     uint64        `help:"Of who hangs up." default:"1"`
	JSON     string        `help:"Write the results to this file, too."`
	MostCPU  float64       `name:"most-cpu-ms" help:"Fail when a call costs the server more, in ms of processor time; 0: never." default:"0"`
	MostP99  time.Duration `name:"most-p99" help:"Fail when the p99 from a caller's INVITE to the agent's is longer; 0: never." default:"0"`
	Tolerant bool          `help:"Failed calls are told and are no failure: to look for the highest rate."`
}

const (
	mostSetups   = 60000 // calls of one run; a measurement is not an attack
	silentSlot   = 5 * time.Millisecond
	shareReached = 0.98 // of the rate asked for, below which the generator did not keep up
)

// Run measures each rate.
func (c *setupsCommand) Run(ctx context.Context) error {
	highest := slices.Max(c.Rate)
	if slices.Min(c.Rate) <= 0 || highest*c.For.Seconds() > mostSetups {
		return fmt.Errorf("rates are above 0, and at most %d calls are placed by one", mostSetups)
	}
	if c.Agents == 0 { // a little more than Little's law wants
		const around = 250 * time.Millisecond
		c.Agents = max(50, int(math.Ceil(1.25*highest*(c.Talk+around).Seconds())))
	}
	if err := allowed(c.Agents); err != nil {
		return err
	}
	if !c.Sound {
		c.Slot = silentSlot
	}
	g, err := c.set(ctx, c.Agents)
	if err != nil {
		return err
	}
	all, err := c.play(ctx, g)
	return errors.Join(err, g.leave(), save(c.JSON, all))
}

func (c *setupsCommand) play(ctx context.Context, g *ground) (all []*trial.Placed, err error) {
	trial.PlacedHead(os.Stdout)
	var wrong []error
	for _, rate := range c.Rate {
		t := trial.Setups{Agents: c.Agents, Rate: rate, For: c.For, Talk: c.Talk, Silent: !c.Sound, Settle: c.Settle, Seed: c.Seed}
		p, err := t.Run(ctx, g.stage, g.pid)
		if err != nil {
			return all, errors.Join(append(wrong, err)...)
		}
		p.Row(os.Stdout)
		all = append(all, p)
		wrong = append(wrong, c.judge(p))
	}
	return all, errors.Join(wrong...)
}

func (c *setupsCommand) judge(p *trial.Placed) error {
	var errs []error
	if n := int64(p.Failures()) + p.Doubles + p.Odd; n > 0 && !c.Tolerant {
		errs = append(errs, fmt.Errorf("%g a second: %d calls or messages were wrong", p.Rate, n))
	}
	if p.Refused > 0 && !c.Tolerant {
		errs = append(errs, fmt.Errorf("%g a second: %d calls were refused", p.Rate, p.Refused))
	}
	if p.Reached < shareReached*p.Rate && !c.Tolerant {
		errs = append(errs, fmt.Errorf("%g a second: only %.1f were placed", p.Rate, p.Reached))
	}
	if c.MostCPU > 0 && p.PerCall > c.MostCPU {
		errs = append(errs, fmt.Errorf("%g a second: %.3f ms of processor time a call, at most %g is allowed", p.Rate, p.PerCall, c.MostCPU))
	}
	if p99 := p.Times.Offered.Percentile(0.99); c.MostP99 > 0 && p99 > c.MostP99 {
		errs = append(errs, fmt.Errorf("%g a second: p99 %v from INVITE to the agent's INVITE, at most %v is allowed", p.Rate, p99, c.MostP99))
	}
	return errors.Join(errs...)
}

// freeToRingCommand measures how fast a freed agent's phone rings.
type freeToRingCommand struct {
	bench   `embed:""`
	Agents  int           `help:"Agents." default:"100"`
	Waiting int           `help:"Callers beyond those who talk." default:"100"`
	Talk    time.Duration `help:"How long a call lasts, on average; every second one is ended by its agent." default:"2s"`
	Rate    float64       `help:"Callers placed a second, on the way there." default:"100"`
	Warm    time.Duration `help:"How long the queue is full before it counts." default:"3s"`
	For     time.Duration `help:"How long it counts." default:"30s"`
	Sound   bool          `help:"Both sides speak while they are connected." negatable:"" default:"true"`
	Seed    uint64        `help:"Of who hangs up, and when." default:"1"`
	JSON    string        `help:"Write the result to this file, too."`
	MostP99 time.Duration `name:"most-p99" help:"Fail when the p99 is longer; 0: never." default:"0"`
}

// Run measures it.
func (c *freeToRingCommand) Run(ctx context.Context) error {
	if err := allowed(c.Agents, c.Agents+c.Waiting); err != nil {
		return err
	}
	if c.Rate <= 0 || c.Talk <= 0 || c.For.Seconds()/c.Talk.Seconds()*float64(c.Agents) > mostSetups {
		return fmt.Errorf("at most %d calls are placed, at a rate and of a length above 0", mostSetups)
	}
	if !c.Sound {
		c.Slot = silentSlot
	}
	g, err := c.set(ctx, c.Agents)
	if err != nil {
		return err
	}
	t := trial.Saturated{
		Agents: c.Agents, Waiting: c.Waiting, Talk: c.Talk, Rate: c.Rate, Warm: c.Warm, For: c.For, Silent: !c.Sound, Seed: c.Seed,
	}
	p, err := t.Run(ctx, g.stage, g.pid)
	if err = errors.Join(err, g.leave()); err != nil {
		return err
	}
	err = p.Freed(os.Stdout, c.MostP99)
	if n := int64(p.Failures()) + p.Doubles + p.Odd; n > 0 {
		err = errors.Join(err, fmt.Errorf("%d calls or messages were wrong", n))
	}
	return errors.Join(err, save(c.JSON, p))
}
