package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"breakwater/media/g711"
)

//go:embed sipp/*.xml
var scenarios embed.FS

// sippCommand runs SIPp against a server with the profile that "loadtest
// profile" writes: our scenarios and SIPp's own.
type sippCommand struct {
	Server   string        `help:"The server's SIP address." default:"127.0.0.1:5060"`
	Trunk    string        `help:"Address the callers have; the profile's trunk." default:"127.0.0.2"`
	Password string        `help:"Of the phones." env:"BENCH_PASSWORD" required:""`
	PIN      string        `help:"Of the agents." env:"BENCH_PIN" required:""`
	Calls    int           `help:"Calls per scenario, one after the other." default:"1"`
	Limit    time.Duration `help:"Most time for one scenario." default:"60s"`
	Only     []string      `help:"Run these scenarios only, by name."`
	Keep     string        `help:"Directory to keep SIPp's logs in; default none."`
}

// bout is one test: a caller, and the phones that it reaches.
type bout struct {
	name    string
	says    string
	caller  part
	phones  []part
	repeats bool // may be run Calls times in a row
}

// part is one SIPp: a scenario of ours, or a stock one.
type part struct {
	scenario string
	stock    bool
	phone    int    // registers first as this phone; 0 = from the trunk
	number   string // dialled, or for a phone its own name
	more     []string
}

func answering(n int) part { return part{scenario: "agent_answer", phone: n} }

// bouts are all tests, in order. Agents are logged in at phones 1 to 5.
func bouts() []bout {
	one := []part{answering(1)}
	call := func(scenario, number string, more ...string) part {
		return part{scenario: scenario, number: number, more: more}
	}
	return []bout{
		{name: "register", says: "a phone proves its password and is bound", caller: part{scenario: "register", phone: 1}, repeats: true},
		{name: "caller", says: "RTP, a key in a menu by RFC 4733, an answering agent", caller: call("caller", numberMenu), phones: one, repeats: true},
		{name: "answer", says: "straight into a queue, an answering agent", caller: call("talker", numberOne, "-d", "2000"), phones: one, repeats: true},
		{name: "decline", says: "the first agent declines, the second one answers", caller: call("talker", numberDeclines, "-d", "3000"), phones: []part{{scenario: "agent_decline", phone: 2}, answering(3)}},
		{name: "silent", says: "the first agent lets it ring, the second one answers", caller: call("talker", numberSilents, "-d", "5000"), phones: []part{{scenario: "agent_silent", phone: 4}, answering(5)}},
		{name: "cancel", says: "the caller gives up while a phone rings", caller: call("cancel", numberPhone), phones: []part{{scenario: "agent_silent", phone: 6}}, repeats: true},
		{name: "lost_bye", says: "the caller is gone without a BYE; the agent is freed", caller: call("lost_bye", numberOne), phones: one},
		{name: "late_ack", says: "the ACK comes after two repeated 200s", caller: call("late_ack", numberOne), phones: one, repeats: true},
		{name: "reinvite_hold", says: "hold by re-INVITE and back", caller: call("reinvite_hold", numberOne), phones: one, repeats: true},
		{name: "stock_uac", says: "SIPp's own uac, through the queue to its own uas", caller: part{scenario: "uac", stock: true, number: numberOne, more: []string{"-d", "1000"}}, phones: []part{{scenario: "uas", stock: true, phone: 1}}, repeats: true},
		{name: "stock_uac_pcap", says: "SIPp's own uac_pcap with RTP and a digit", caller: part{scenario: "uac_pcap", stock: true, number: numberOne}, phones: one, repeats: true},
	}
}

// Run plays every bout and prints pass or FAIL for each.
func (c *sippCommand) Run(ctx context.Context) error {
	server, err := netip.ParseAddrPort(c.Server)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if _, err := exec.LookPath("sipp"); err != nil {
		return fmt.Errorf("sipp is needed (Debian: sip-tester): %w", err)
	}
	dir, err := c.workshop()
	if err != nil {
		return err
	}
	if c.Keep == "" {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	r := &sippRunner{sippCommand: c, server: server, dir: dir}
	if err := r.logIn(ctx); err != nil {
		return err
	}
	failed := 0
	for _, b := range bouts() {
		if len(c.Only) > 0 && !slices.Contains(c.Only, b.name) {
			continue
		}
		began := time.Now()
		err := r.play(ctx, b)
		verdict := "pass"
		if err != nil {
			verdict = "FAIL"
			failed++
		}
		fmt.Printf("%s  %-15s %-55s %5.1fs\n", verdict, b.name, b.says, time.Since(began).Seconds())
		if err != nil {
			fmt.Printf("      %v\n", err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d scenarios failed", failed)
	}
	return nil
}

// workshop makes a directory with the scenarios and the sound they play.
func (c *sippCommand) workshop() (string, error) {
	dir := c.Keep
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "loadtest-sipp-"); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "pcap"), 0o755); err != nil {
		return "", err
	}
	if err := os.CopyFS(filepath.Join(dir, "x"), scenarios); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	tone, digits := newRTPTape(g711.Mu), newRTPTape(g711.Mu)
	tone.tone(440, time.Second)
	digits.tone(440, time.Second)
	digits.keys("1")
	digits.tone(440, 2*time.Second)
	stockTone, stockDigit := newRTPTape(g711.A), newRTPTape(g711.A) // where uac_pcap looks for them
	stockTone.tone(440, 8*time.Second)
	stockDigit.keys("1")
	return dir, errors.Join(
		tone.save(filepath.Join(dir, "x", "sipp", "tone.pcap")), digits.save(filepath.Join(dir, "x", "sipp", "digits.pcap")),
		stockTone.save(filepath.Join(dir, "pcap", "g711a.pcap")), stockDigit.save(filepath.Join(dir, "pcap", "dtmf_2833_1.pcap")),
	)
}

type sippRunner struct {
	*sippCommand
	server netip.AddrPort
	dir    string
}

// logIn logs agents 1 to 5 in at their phones. The phones then leave: SIPp takes
// their names.
func (r *sippRunner) logIn(ctx context.Context) error {
	crew := &crew{server: r.server, password: r.Password, pin: r.PIN}
	for n := 1; n <= 5; n++ {
		if err := crew.logInAndLeave(ctx, n); err != nil {
			return fmt.Errorf("log in: %w", err)
		}
	}
	return nil
}

// play runs one bout. The phones must be ready before the caller calls.
func (r *sippRunner) play(ctx context.Context, b bout) error {
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	calls := 1
	if b.repeats {
		calls = max(r.Calls, 1)
	}
	var running []*sippRun
	for _, p := range b.phones {
		port, err := freePort(r.server.Addr())
		if err != nil {
			return err
		}
		reg := part{scenario: "register", phone: p.phone, number: phoneName(p.phone)}
		if err := r.start(ctx, reg, port, 1).wait(); err != nil {
			return fmt.Errorf("phone %d: %w", p.phone, err)
		}
		p.number = phoneName(p.phone)
		running = append(running, r.start(ctx, p, port, calls))
	}
	host := netip.MustParseAddr(r.Trunk)
	if b.caller.phone > 0 {
		host, b.caller.number = r.server.Addr(), phoneName(b.caller.phone)
	}
	port, err := freePort(host)
	if err != nil {
		return err
	}
	err = r.start(ctx, b.caller, port, calls).wait()
	if err != nil {
		cancel() // nobody calls the phones any more
	}
	for _, p := range running {
		if perr := p.wait(); perr != nil && err == nil {
			err = perr
		}
	}
	return err
}

// sippRun is a SIPp that runs.
type sippRun struct {
	what   string
	cmd    *exec.Cmd
	out    bytes.Buffer
	errors string // file
	failed error  // it did not start
}

func (r *sippRunner) start(ctx context.Context, p part, port, calls int) *sippRun {
	host := r.server.Addr().String()
	if p.phone == 0 {
		host = r.Trunk
	}
	run := &sippRun{what: p.scenario, errors: filepath.Join(r.dir, fmt.Sprintf("%s_%d_errors.log", p.scenario, port))}
	media, err := freePort(netip.MustParseAddr(host))
	if err != nil {
		run.failed = err
		return run
	}
	which := []string{"-sf", filepath.Join("x", "sipp", p.scenario+".xml")}
	if p.stock {
		which = []string{"-sn", p.scenario}
	}
	args := append(which,
		"-s", p.number, "-i", host, "-mi", host, "-p", strconv.Itoa(port), "-mp", strconv.Itoa(media&^1),
		"-m", strconv.Itoa(calls), "-l", "1", "-r", "1", "-rp", "100", "-nostdin", "-aa",
		"-timeout", strconv.Itoa(int(r.Limit.Seconds())), "-timeout_error",
		"-au", p.number, "-ap", r.Password, "-trace_err", "-error_file", run.errors,
	)
	args = append(args, p.more...)
	run.cmd = exec.CommandContext(ctx, "sipp", append(args, r.server.String())...)
	run.cmd.Dir = r.dir
	run.cmd.Stdout, run.cmd.Stderr = &run.out, &run.out
	run.cmd.WaitDelay = time.Second
	run.failed = run.cmd.Start()
	return run
}

// wait gives SIPp's verdict with the first thing it complained about.
func (run *sippRun) wait() error {
	if run.failed != nil {
		return fmt.Errorf("sipp %s: %w", run.what, run.failed)
	}
	err := run.cmd.Wait()
	if err == nil {
		return nil
	}
	why := "no word"
	if text, rerr := os.ReadFile(run.errors); rerr == nil && len(text) > 0 {
		why = firstLines(string(text), 3)
	} else if text := run.out.String(); strings.TrimSpace(text) != "" {
		why = lastLines(text, 3)
	}
	return fmt.Errorf("sipp %s: %w: %s", run.what, err, why)
}

func firstLines(text string, n int) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	return strings.Join(lines[:min(n, len(lines))], " | ")
}

func lastLines(text string, n int) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	return strings.Join(lines[max(len(lines)-n, 0):], " | ")
}

// freePort finds a UDP port that nobody has at the moment, even so that RTP can
// use it.
func freePort(host netip.Addr) (int, error) {
	for range 50 {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(host, 0)))
		if err != nil {
			return 0, fmt.Errorf("free port: %w", err)
		}
		port := conn.LocalAddr().(*net.UDPAddr).Port
		if err := conn.Close(); err != nil {
			return 0, err
		}
		if port%2 == 0 {
			return port, nil
		}
	}
	return 0, errors.New("free port: none")
}
