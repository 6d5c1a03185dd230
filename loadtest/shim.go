package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"time"

	"breakwater/loadtest/shim"
)

// shimCommand is a bad line for people: a phone sends its sound to it instead of to the
// server, and the server's sound comes back through it.
type shimCommand struct {
	Listen netip.AddrPort `default:"127.0.0.1:0" help:"Where the near party sends to, and hears from."`
	Target netip.AddrPort `required:"" help:"The far party."`

	Seed    uint64        `default:"1" help:"The luck of both directions; the same seed has the same luck."`
	Loss    float64       `help:"Percent of packets that are lost."`
	Burst   float64       `help:"Mean number of packets that are lost in a row."`
	Delay   time.Duration `help:"Delay of every packet."`
	Jitter  time.Duration `help:"Delay of a packet besides, evenly from 0 to twice this."`
	Reorder float64       `help:"Percent of packets that arrive behind the next one."`
	Double  float64       `help:"Percent of packets that arrive twice."`
	OneWay  bool          `help:"Only toward the target; the way back is good."`
}

// Run passes packets on until it is interrupted, and tells what became of them.
func (c shimCommand) Run(ctx context.Context) error {
	there := shim.Faults{
		Seed: c.Seed, Loss: c.Loss / 100, Burst: c.Burst, Delay: c.Delay,
		Jitter: c.Jitter, Reorder: c.Reorder / 100, Double: c.Double / 100,
	}
	back := shim.Faults{}
	if !c.OneWay {
		back = there
		back.Seed++
	}
	s, err := shim.Open(shim.Route{Listen: c.Listen, Target: c.Target, There: there, Back: back})
	if err != nil {
		return err
	}
	fmt.Printf("near party: %v  far party: %v hears from %v\n", s.Near(), c.Target, s.Far())
	<-ctx.Done()
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	if err := out.Encode(map[string]shim.Counters{"there": s.There(), "back": s.Back()}); err != nil {
		return err
	}
	return s.Close()
}
