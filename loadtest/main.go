// Loadtest calls a telephony server from outside, over the wire alone, and
// measures what callers and agents get: real phones, real RTP, and a capture of
// the loopback as the only witness.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Latency    latencyCommand    `cmd:"" help:"Measure delays and find double offers in a capture."`
	Run        runCommand        `cmd:"" help:"Load a server, capture its wire, and judge it."`
	Profile    profileCommand    `cmd:"" help:"Write the config directory that the other commands expect of the server."`
	Steady     steadyCommand     `cmd:"" help:"Hold so many calls, and measure what they cost and how they sound."`
	Compare    compareCommand    `cmd:"" help:"Put a server beside a bare relay in C, on the same load in the same run."`
	Curve      curveCommand      `cmd:"" help:"Measure one load after the other, rising."`
	Capacity   capacityCommand   `cmd:"" help:"Find the highest load that is carried well."`
	Memory     memoryCommand     `cmd:"" help:"Hold one load, and tell what a call takes and leaves behind."`
	Churn      churnCommand      `cmd:"" help:"Let calls come and go, and watch what grows."`
	Setups     setupsCommand     `cmd:"" help:"Set calls up through the queue and tear them down, so many a second, and count what one costs."`
	FreeToRing freeToRingCommand `cmd:"" help:"Keep a queue full, and measure how fast a freed agent's phone rings."`
	Shim       shimCommand       `cmd:"" help:"Be a bad line between two parties that speak UDP."`
	Streams    streamsCommand    `cmd:"" help:"Find every break in the RTP streams of a capture."`
	Stages     stagesCommand     `cmd:"" help:"Turn the output of Go benchmarks into a table of stages."`
	SIPp       sippCommand       `cmd:"" name:"sipp" help:"Play SIPp scenarios, ours and its own, against a server with that profile."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	cmd := kong.Parse(&c,
		kong.Name("loadtest"),
		kong.Description("Calls a telephony server from outside and measures what callers and agents get."),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "loadtest: "+err.Error())
		stop()
		os.Exit(1)
	}
}
