package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"breakwater/loadtest/crowd"
	"breakwater/loadtest/trial"
)

func TestSetUpsAreJudged(t *testing.T) {
	placed := func(change func(*trial.Placed)) *trial.Placed {
		p := &trial.Placed{Rate: 400, Reached: 399, Calls: 8000, PerCall: 0.9, Times: &crowd.Times{}}
		for range 100 {
			p.Times.Offered.Add(5 * time.Millisecond)
		}
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		change   func(*trial.Placed)
		tolerant bool
		want     string
	}{
		"all is well":                     {func(*trial.Placed) {}, false, ""},
		"a call failed":                   {func(p *trial.Placed) { p.Failed = map[string]int{"no agent": 1} }, false, "1 calls or messages"},
		"a phone was called twice":        {func(p *trial.Placed) { p.Doubles = 2 }, false, "2 calls or messages"},
		"the generator did not keep up":   {func(p *trial.Placed) { p.Reached = 300 }, false, "only 300.0"},
		"looking for the highest rate":    {func(p *trial.Placed) { p.Reached, p.Doubles = 300, 2 }, true, ""},
		"too much processor time":         {func(p *trial.Placed) { p.PerCall = 1.2 }, true, "1.200 ms"},
		"an agent's phone rings too late": {func(p *trial.Placed) { p.Times.Offered.Add(time.Second); p.Times.Offered.Add(time.Second) }, true, "p99"},
	} {
		t.Run(name, func(t *testing.T) {
			judge := setupsCommand{MostCPU: 1, MostP99: 10 * time.Millisecond, Tolerant: c.tolerant}
			err := judge.judge(placed(c.change))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestTooMuchIsNotPlaced(t *testing.T) {
	for name, c := range map[string]interface {
		Run(ctx context.Context) error
	}{
		"falling rates":       &setupsCommand{Rate: []float64{400, 100}, For: time.Second},
		"no rate":             &setupsCommand{Rate: []float64{0}, For: time.Second},
		"hours of it":         &setupsCommand{Rate: []float64{400}, For: time.Hour},
		"too many agents":     &setupsCommand{Rate: []float64{400}, For: time.Second, Agents: mostAtOnce + 1},
		"too many callers":    &freeToRingCommand{Agents: 100, Waiting: mostAtOnce, Talk: time.Second, Rate: 1, For: time.Second},
		"calls of no length":  &freeToRingCommand{Agents: 100, Rate: 1, For: time.Second},
		"a queue for an hour": &freeToRingCommand{Agents: 100, Rate: 1, Talk: time.Second, For: time.Hour},
	} {
		if err := c.Run(t.Context()); err == nil {
			t.Errorf("%s: allowed", name)
		}
	}
}
