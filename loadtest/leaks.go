package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"breakwater/loadtest/trial"
)

// leakCheck compares gauges of the server before and after a run.
type leakCheck struct {
	Metrics   string        `help:"URL of the server's Prometheus metrics; default: leaks are not looked for." placeholder:"http://127.0.0.1:8080/metrics"`
	TokenFile string        `help:"File with the bearer token for it."`
	Gauges    []string      `help:"Gauges that must come back to what they were, by the end of their names." default:"sip_legs,sip_transactions,media_ports_open,media_ports_draining,go_goroutines"`
	Slack     float64       `help:"How many more goroutines there may be than before." default:"8"`
	Settle    time.Duration `help:"How long the server may take to come to rest: transactions live 32 s." default:"45s"`
}

// gauges are values by name.
type gauges map[string]float64

var errLeak = errors.New("something was left behind")

// read gives nothing when no URL is set.
func (l leakCheck) read(ctx context.Context) (gauges, error) {
	if l.Metrics == "" {
		return gauges{}, nil
	}
	all, err := trial.Metrics{URL: l.Metrics, TokenFile: l.TokenFile}.Scrape(ctx)
	if err != nil {
		return nil, err
	}
	return l.pick(all)
}

// pick keeps the wanted gauges.
func (l leakCheck) pick(all map[string]float64) (gauges, error) {
	found := gauges{}
	for name, value := range all {
		if slices.ContainsFunc(l.Gauges, func(g string) bool { return name == g || strings.HasSuffix(name, "_"+g) }) {
			found[name] = value
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("metrics: none of %v is there", l.Gauges)
	}
	return found, nil
}

// compare waits until every gauge is back, and names those that are not.
func (l leakCheck) compare(ctx context.Context, before gauges) error {
	if l.Metrics == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.Settle)
	defer cancel()
	again := time.NewTicker(time.Second)
	defer again.Stop()
	left := []string{"never read"}
	for {
		now, err := l.read(ctx)
		if err == nil {
			if left = l.leftBehind(before, now); len(left) == 0 {
				fmt.Printf("leaks        none: %v\n", now)
				return nil
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", errLeak, strings.Join(left, ", "))
		}
	}
}

func (l leakCheck) leftBehind(before, now gauges) []string {
	var left []string
	for name, value := range now {
		slack := 0.0
		if strings.HasSuffix(name, "goroutines") {
			slack = l.Slack
		}
		if value > before[name]+slack {
			left = append(left, fmt.Sprintf("%s %g, before %g", name, value, before[name]))
		}
	}
	slices.Sort(left)
	return left
}
