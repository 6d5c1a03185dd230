package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"breakwater/loadtest/chart"
	"breakwater/loadtest/flood"
	"breakwater/loadtest/trial"
	"breakwater/media/g711"
)

// bench says which server is loaded. By default it starts ours, with a profile of
// its own in a temporary directory, and stops it.
type bench struct {
	Start    string        `help:"Server to start, with a profile of its own, unless --server is given." default:"bin/breakwater"`
	Server   string        `help:"SIP address of a server that runs already on this machine." placeholder:"127.0.0.1:5060"`
	PID      int           `name:"pid" help:"Its process, whose processor time and memory are read; needed with --server."`
	Trunk    string        `help:"Address the callers have." default:"127.0.0.2"`
	Number   string        `help:"What callers dial." default:"8100"`
	Keys     string        `help:"What callers press when they are answered."`
	LogIn    string        `help:"What an agent's phone dials to log in; - for a server whose agents need not." default:"*11"`
	LogOut   string        `help:"What it dials at the end, where the server goes on without us; - for nothing." default:"*12"`
	Password string        `help:"Of the phones." env:"BENCH_PASSWORD" default:"not-a-secret"`
	PIN      string        `help:"Of the agents." env:"BENCH_PIN" default:"4711"`
	Law      string        `help:"Of all sound." enum:"PCMU,PCMA" default:"PCMU"`
	Level    float64       `help:"Of the speech, dBm0." default:"-24"`
	Slot     time.Duration `help:"Of the pacing wheel: shorter is smoother and dearer." default:"250us"`
	Pin      bool          `name:"pinned" help:"Keep the server (and the floor) on core 0 and this program on core 1."`
	Record   bool          `help:"Record every call." negatable:"" default:"true"`
	More     []string      `help:"More settings of the started server, SECTION: KEY: VALUE with section media, hearing or sip." sep:"none" placeholder:"SECTION: KEY: VALUE"`
	Disk     string        `help:"Where the started server writes its files; default a temporary directory, removed afterwards."`
	Verbose  bool          `help:"Say what is being done."`
}

// firstFloorPort is where the ports of a started server end and those of the floor
// begin: each has room for thousands of calls below the ports that the kernel gives.
const firstFloorPort uint16 = 26000

// ground is a bench in use.
type ground struct {
	name  string
	house trial.House
	pid   int
	api   string // of a server that we have started
	token string // file
	stage *trial.Stage
	close []func() error
}

// set starts the server, unless one runs, and brings the crowd up.
func (b *bench) set(ctx context.Context, agents int) (g *ground, err error) {
	if b.Server != "" && b.PID <= 0 {
		return nil, errNoPID
	}
	flood.Processors()
	g = &ground{name: "server", pid: b.PID}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.leave())
		}
	}()
	if g.house, err = b.house(); err != nil {
		return g, err
	}
	if b.Pin {
		if err := trial.Pin(ctx, os.Getpid(), 1); err != nil {
			return g, err
		}
	}
	if b.Server == "" {
		if err := b.start(ctx, g, agents); err != nil {
			return g, err
		}
	}
	log := slog.New(slog.DiscardHandler)
	if b.Verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	sound := trial.Sound{Level: b.Level, Slot: b.Slot}
	if b.Law == "PCMA" {
		sound.Law = g711.A
	}
	if g.stage, err = trial.Open(ctx, g.house, sound, log); err != nil {
		return g, err
	}
	g.close = append(g.close, g.stage.Close)
	if b.Server != "" {
		g.close = append(g.close, func() error { return vacate(ctx, g.stage) })
	}
	return g, nil
}

// vacate leaves a server of others as it was, even when the run was interrupted.
func vacate(ctx context.Context, s *trial.Stage) error {
	const enough = time.Minute
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), enough)
	defer cancel()
	return s.Leave(ctx)
}

func (b *bench) house() (trial.House, error) {
	h := trial.House{
		Number: b.Number, Keys: b.Keys, LogIn: orNothing(b.LogIn), LogOut: orNothing(b.LogOut),
		Phone:    func(n int) (string, string) { return phoneName(n), b.Password },
		Identity: func(n int) string { return agentNumber(n) + "#" + b.PIN + "#" },
	}
	var err error
	if h.Trunk, err = netip.ParseAddr(b.Trunk); err != nil {
		return h, fmt.Errorf("trunk: %w", err)
	}
	if b.Server != "" {
		if h.Server, err = netip.ParseAddrPort(b.Server); err != nil {
			return h, fmt.Errorf("server: %w", err)
		}
		return h, nil
	}
	host := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	port, err := freePort(host)
	h.Server = netip.AddrPortFrom(host, uint16(port))
	return h, err
}

// orNothing reads - as nothing.
func orNothing(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// start runs our server as a user would, on free ports.
func (b *bench) start(ctx context.Context, g *ground, agents int) error {
	dir := b.Disk
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "loadtest-"); err != nil {
			return err
		}
		g.close = append(g.close, func() error { return os.RemoveAll(dir) })
	}
	api, err := freeTCPPort()
	if err != nil {
		return err
	}
	files := filepath.Join(dir, "var")
	p := &profileCommand{
		Dir: filepath.Join(dir, "config"), Agents: max(agents, 6), Listen: g.house.Server.String(), API: api,
		Ports: []int{10000, int(firstFloorPort) - 2}, Trunk: b.Trunk, Var: files, Silence: "60s", Record: b.Record, More: b.More,
	}
	if err := p.write(); err != nil {
		return err
	}
	if err := os.MkdirAll(files, 0o755); err != nil {
		return err
	}
	command := []string{b.Start, "run", "--config", p.Dir, "--log-level", "warn"}
	if b.Pin {
		command = append([]string{"taskset", "-c", "0"}, command...)
	}
	s, err := trial.StartServer(ctx, command, []string{"BENCH_PASSWORD=" + b.Password, "BENCH_PIN=" + b.PIN}, g.house)
	if err != nil {
		return err
	}
	g.close = append(g.close, s.Stop)
	g.name, g.pid, g.api, g.token = filepath.Base(b.Start), s.PID(), api, filepath.Join(files, "api-token")
	return nil
}

// leave stops what was started, the last first.
func (g *ground) leave() error {
	var errs []error
	for i := len(g.close) - 1; i >= 0; i-- {
		errs = append(errs, g.close[i]())
	}
	return errors.Join(errs...)
}

func freeTCPPort() (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return "127.0.0.1:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// draw writes a picture where one wants it, as a page where the file's name ends in .html.
func draw(file string, picture []byte) error {
	if file == "" {
		return nil
	}
	if strings.EqualFold(filepath.Ext(file), ".html") {
		picture = chart.Page(filepath.Base(file), picture)
	}
	return os.WriteFile(file, picture, 0o644)
}

// save writes a result as JSON where one wants it.
func save(file string, result any) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// metrics are those of a server that we have started; of another one, none.
func (g *ground) metrics() trial.Metrics {
	if g.api == "" {
		return trial.Metrics{}
	}
	return trial.Metrics{URL: "http://" + g.api + "/metrics", TokenFile: g.token}
}

var errNoPID = errors.New("--pid is needed with --server: what a server costs is read from its process")

const mostAtOnce = 4000 // calls; a run is a measurement, not an attack

var errTooMany = fmt.Errorf("1 to %d calls at once are allowed, rising", mostAtOnce)

// allowed checks numbers of calls.
func allowed(calls ...int) error {
	if len(calls) == 0 || calls[0] < 1 || !slices.IsSorted(calls) || calls[len(calls)-1] > mostAtOnce {
		return errTooMany
	}
	return nil
}
