//go:build e2e

package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"breakwater/sip/siptest"
)

const (
	e2ePassword = "not-a-secret"
	e2ePIN      = "4711"
)

// server starts the built binary with a profile of its own, on free ports, and
// stops it at the end of the test.
func server(t *testing.T, agents int) (sip string, leaks leakCheck) {
	t.Helper()
	return serverWith(t, agents, nil)
}

// serverWith lets a test change the texts of the profile, by the name of the file.
func serverWith(t *testing.T, agents int, edit func(files map[string]string)) (sip string, leaks leakCheck) {
	t.Helper()
	binary, err := filepath.Abs("../bin/breakwater")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("make build first: %v", err)
	}
	host := netip.MustParseAddr("127.0.0.1")
	port, err := freePort(host)
	if err != nil {
		t.Fatal(err)
	}
	sip = netip.AddrPortFrom(host, uint16(port)).String()
	api := freeTCP(t)
	dir := t.TempDir()
	profile := &profileCommand{
		Dir: filepath.Join(dir, "config"), Agents: agents, Listen: sip, API: api,
		Ports: []int{20000, 23998}, Trunk: "127.0.0.2", Var: filepath.Join(dir, "var"), Silence: "2s", More: neverLate(),
	}
	if err := profile.Run(); err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		rewrite(t, profile.Dir, edit)
	}
	if err := os.MkdirAll(profile.Var, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "--config", profile.Dir, "--log-level", "warn")
	cmd.Env = append(os.Environ(), "BENCH_PASSWORD="+e2ePassword, "BENCH_PIN="+e2ePIN)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	awaken(t, netip.MustParseAddrPort(sip))
	return sip, leakCheck{
		Metrics: "http://" + api + "/metrics", TokenFile: filepath.Join(profile.Var, "api-token"), Settle: 60 * time.Second,
		Gauges: []string{"sip_legs", "sip_transactions", "media_ports_open", "media_ports_draining", "go_goroutines"}, Slack: 8,
	}
}

func rewrite(t *testing.T, dir string, edit func(files map[string]string)) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(text)
	}
	edit(files)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func freeTCP(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "127.0.0.1:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// awaken returns when the server answers a REGISTER, whatever it says.
func awaken(t *testing.T, at netip.AddrPort) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	p, err := siptest.New(siptest.Options{Name: "awaken", Server: at})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var refused *siptest.Refused
	if err := p.Register(ctx); err != nil && !errors.As(err, &refused) {
		t.Fatalf("the server does not answer: %v", err)
	}
}

func TestSIPpAgainstTheServer(t *testing.T) {
	sip, _ := server(t, 6)
	c := &sippCommand{Server: sip, Trunk: "127.0.0.2", Password: e2ePassword, PIN: e2ePIN, Calls: 1, Limit: time.Minute}
	if err := c.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// The delays of a shared machine are no gate; failures, double offers and leaks are.
func TestLoadAgainstTheServer(t *testing.T) {
	sip, leaks := server(t, 20)
	before, err := leaks.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []*runCommand{
		{Load: "idle", For: 5 * time.Second},
		{Load: "a", Rate: 15, For: 5 * time.Second},
		{Load: "b", Rate: 10, For: 5 * time.Second},
	} {
		t.Run(run.Load, func(t *testing.T) {
			run.Server, run.Trunk, run.Transport, run.Password, run.PIN = sip, "127.0.0.2", "udp", e2ePassword, e2ePIN
			run.Agents, run.Drain = 20, time.Minute
			_, err := exec.LookPath("tcpdump")
			run.Blind = err != nil
			if err := run.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	if err := leaks.compare(t.Context(), before); err != nil {
		t.Error(err)
	}
}
