package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

// runCommand loads a server that runs with the bench profile, captures its wire
// meanwhile, and judges it. It starts nothing that it does not stop.
type runCommand struct {
	Load      string        `arg:"" help:"idle: one call at a time. a: agents are free. b: saturated, callers wait." enum:"idle,a,b" default:"a"`
	Server    string        `help:"The server's SIP address." default:"127.0.0.1:5060"`
	Transport string        `help:"Of phones and callers." enum:"udp,tcp" default:"udp"`
	Trunk     string        `help:"Address the callers have; the profile's trunk." default:"127.0.0.2"`
	Password  string        `help:"Of the phones." env:"BENCH_PASSWORD" required:""`
	PIN       string        `help:"Of the agents." env:"BENCH_PIN" required:""`
	Agents    int           `help:"Agents, at most those of the profile." default:"100"`
	Rate      float64       `help:"Calls a second; default 5 for idle, else 50."`
	Talk      time.Duration `help:"How long caller and agent talk; default 100ms for idle, 1s for a, 3s for b."`
	For       time.Duration `help:"How long calls are placed." default:"60s"`
	Drain     time.Duration `help:"How long callers may wait for an agent after the last call was placed." default:"120s"`
	Capture   string        `help:"Keep the capture in this file; default none. Capturing needs tcpdump and its rights."`
	Blind     bool          `help:"Capture nothing: measure at the callers only."`
	Leaks     leakCheck     `embed:""`
	Limits    limits        `embed:""`
}

const mostCalls = 20000 // a run is a measurement, not an attack

// Run sets the stage, plays, and judges.
func (c *runCommand) Run(ctx context.Context) (err error) {
	server, trunk, err := c.prepare()
	if err != nil {
		return err
	}
	const setUp = 2 * time.Minute
	ctx, cancel := context.WithTimeoutCause(ctx, setUp+c.For+c.Drain+setUp, errors.New("the run took too long"))
	defer cancel()
	before, err := c.Leaks.read(ctx)
	if err != nil {
		return err
	}

	crew := &crew{server: server, password: c.Password, pin: c.PIN, transport: c.Transport}
	working, stopWork := context.WithCancel(ctx)
	leave := func() {
		stopWork()
		crew.stop(ctx)
	}
	fmt.Printf("logging in %d agents\n", c.Agents)
	if err := crew.start(working, c.Agents); err != nil {
		leave()
		return err
	}
	tap, err := c.tap(ctx, server)
	if err != nil {
		leave()
		return err
	}
	defer tap.forget()
	fmt.Printf("calling %s: %g calls a second, talk %v, %v\n", numberBench, c.Rate, c.Talk, c.For)
	callers := &callers{server: server, local: trunk, transport: c.Transport, rate: c.Rate, talk: c.Talk, span: c.For, drain: c.Drain}
	seen, err := callers.play(ctx)
	leave()
	if err != nil {
		return errors.Join(err, tap.stop())
	}
	seen.print(os.Stdout)
	fmt.Printf("agents       answered %d, never heard the caller %d, called during a call %d\n",
		crew.answered.Load(), crew.deaf.Load(), crew.doubles.Load())
	problems := seen.problems()
	if n := crew.deaf.Load() + crew.doubles.Load(); n > 0 {
		problems = append(problems, fmt.Errorf("%d calls were wrong at the agents", n))
	}
	problems = append(problems, c.judge(tap, server), c.Leaks.compare(ctx, before))
	return errors.Join(problems...)
}

func (c *runCommand) prepare() (server netip.AddrPort, trunk netip.Addr, err error) {
	if server, err = netip.ParseAddrPort(c.Server); err != nil {
		return server, trunk, fmt.Errorf("server: %w", err)
	}
	if trunk, err = netip.ParseAddr(c.Trunk); err != nil {
		return server, trunk, fmt.Errorf("trunk: %w", err)
	}
	rate, talk := 50.0, time.Second
	switch c.Load {
	case "idle":
		rate, talk = 5, 100*time.Millisecond
	case "b":
		talk = 3 * time.Second
	}
	if c.Rate == 0 {
		c.Rate = rate
	}
	if c.Talk == 0 {
		c.Talk = talk
	}
	if n := c.Rate * c.For.Seconds(); c.Rate < 0 || n < 1 || n > mostCalls {
		return server, trunk, fmt.Errorf("%.0f calls: 1 to %d are allowed", n, mostCalls)
	}
	return server, trunk, nil
}

func (c *runCommand) tap(ctx context.Context, server netip.AddrPort) (*wiretap, error) {
	if c.Blind {
		return nil, nil //nolint:nilnil // no tap is a tap that hears nothing
	}
	file := c.Capture
	if file == "" {
		dir, err := os.MkdirTemp("", "loadtest-")
		if err != nil {
			return nil, err
		}
		file = filepath.Join(dir, "sip.pcap")
	}
	return openTap(ctx, file, fmt.Sprintf("port %d", server.Port()), c.Capture == "")
}

// judge stops the tap and reads what it took down.
func (c *runCommand) judge(tap *wiretap, server netip.AddrPort) error {
	if tap == nil {
		return nil
	}
	if err := tap.stop(); err != nil {
		return err
	}
	f, err := os.Open(tap.file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	r, err := judgeCapture(f, server)
	if err != nil {
		return err
	}
	return publish(os.Stdout, r, c.Limits, false)
}
