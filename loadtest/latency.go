package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
)

type latencyCommand struct {
	File   string `arg:"" help:"Capture file, pcap or pcapng, of the server's SIP; - reads standard input." default:"-"`
	Server string `help:"The server's SIP address. 0.0.0.0:PORT stands for every address of the machine." default:"0.0.0.0:5060"`
	JSON   bool   `help:"Print the report as JSON."`
	limits `embed:""`
}

// Run measures a server from a capture of its wire.
func (c *latencyCommand) Run() error {
	server, err := netip.ParseAddrPort(c.Server)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	r, err := judgeCapture(in, server)
	if err != nil {
		return err
	}
	return publish(os.Stdout, r, c.limits, c.JSON)
}

func judgeCapture(in io.Reader, server netip.AddrPort) (*report, error) {
	j := newJudge(server)
	if err := watch(in, server, j.see); err != nil {
		return nil, err
	}
	return j.verdict(), nil
}

// publish prints the report and turns broken promises into an error.
func publish(w io.Writer, r *report, l limits, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			return err
		}
	} else {
		r.print(w)
	}
	if broken := l.broken(r); len(broken) > 0 {
		return errors.New(strings.Join(broken, "; "))
	}
	return nil
}
