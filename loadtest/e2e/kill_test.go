//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"breakwater/sip/siptest"
)

const (
	killTalking = 25 // calls in a conversation when the server dies
	killWaiting = 25 // calls waiting in a queue
	killAgents  = killTalking + 3
)

// killConfig has agents at phones of the same number: 3001, 3002, …; the last three
// rest, wrap up and are not ready when the server dies, however long a busy machine takes
// until then.
func killConfig(port string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `
sip:
  listen: [{transport: udp, address: "127.0.0.1:%s"}]
  rate_per_source: 100000
  late: {off: true}
store: {url: "sqlite:var/breakwater.db"}
media: {recordings: var/recordings}
api: {listen: "127.0.0.1:0", token_file: var/api-token}
floor: {gap: -1}
protect: {after_answer: 1ms, rest_3: 10m}
numbers:
  8100: {queue: crowd}
  8200: {queue: rester}
  8300: {queue: wrapper}
queues:
  crowd: {agents: [%s], ring: 20s, notice: given, wrap_up: 3s}
  rester: {agents: [rester], notice: given, wrap_up: 1s}
  wrapper: {agents: [wrapper], notice: given, wrap_up: 10m}
phones:
`, port, strings.Join(crowd(), ", "))
	for i := range killAgents + killTalking + killWaiting {
		fmt.Fprintf(&b, "  %d: {password: {env: E2E_PASSWORD}}\n", 3001+i)
	}
	b.WriteString("agents:\n")
	for i, name := range agentNames() {
		fmt.Fprintf(&b, "  %s: {number: %d, pin: {env: E2E_PIN}}\n", name, 7001+i)
	}
	return b.String()
}

func crowd() (names []string) {
	for i := range killTalking {
		names = append(names, fmt.Sprintf("agent%02d", i))
	}
	return names
}

func agentNames() []string { return append(crowd(), "rester", "wrapper", "idler") }

// crew is every phone of the test.
type crew struct {
	t      *testing.T
	server netip.AddrPort
	phones []*siptest.Phone
}

func newCrew(t *testing.T, server string, phones int) *crew {
	t.Helper()
	c := &crew{t: t, server: netip.MustParseAddrPort(server)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i := range phones {
		p, err := siptest.New(siptest.Options{Name: fmt.Sprint(3001 + i), Password: password, Server: c.server})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		if err := p.Register(ctx); err != nil {
			t.Fatalf("register %d: %v", 3001+i, err)
		}
		c.phones = append(c.phones, p)
	}
	return c
}

// logIn dials *11 from a phone, types number and PIN, then dials *13.
func (c *crew) logIn(ctx context.Context, i int) error {
	call, err := c.phones[i].Call(ctx, "*11")
	if err != nil {
		return err
	}
	if err := call.WaitAnswered(ctx); err != nil {
		return err
	}
	if err := call.SendDigits(ctx, fmt.Sprintf("%d#%s#", 7001+i, pin)); err != nil {
		return err
	}
	if _, err := call.WaitEnded(ctx); err != nil {
		return err
	}
	return c.code(ctx, i, "*13")
}

func (c *crew) code(ctx context.Context, i int, code string) error {
	call, err := c.phones[i].Call(ctx, code)
	if err != nil {
		return err
	}
	_, err = call.WaitEnded(ctx)
	return err
}

// talk brings a caller to the agent of a number and answers there.
func (c *crew) talk(ctx context.Context, agent, caller int, number string) (at, from *siptest.Call, err error) {
	from, err = c.phones[caller].Call(ctx, number)
	if err != nil {
		return nil, nil, err
	}
	select {
	case at = <-c.phones[agent].Incoming():
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("phone %d was not rung: %w", 3001+agent, ctx.Err())
	}
	return at, from, at.Answer(ctx)
}

const (
	password = "e2e-password-1"
	pin      = "2468"
)

type agentView struct {
	Name, State, Reason, Phone string
	Until                      time.Time
}

func (s *server) agents() map[string]agentView {
	s.t.Helper()
	var all []agentView
	if err := s.get("/v1/agents", &all); err != nil {
		s.t.Fatal(err)
	}
	byName := map[string]agentView{}
	for _, a := range all {
		byName[a.Name] = a
	}
	return byName
}

type recordView struct {
	ID      string
	Dialled string
	Agent   string
	Cause   struct{ Metric string }
}

func (s *server) records() (all []recordView) {
	s.t.Helper()
	if err := s.get("/v1/records?limit=1000", &all); err != nil {
		s.t.Fatal(err)
	}
	return all
}

func TestKillNineInTheMiddleOfFiftyCalls(t *testing.T) {
	t.Setenv("E2E_PASSWORD", password)
	t.Setenv("E2E_PIN", pin)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "config", "example"), 0o700); err != nil {
		t.Fatal(err)
	}
	config := killConfig(freePort(t))
	if err := os.WriteFile(filepath.Join(dir, "config", "example", "all.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	c := newCrew(t, s.udp, killAgents+killTalking+killWaiting)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	everyone(t, killAgents, func(i int) error { return c.logIn(ctx, i) })

	rester, wrapper, idler := killTalking, killTalking+1, killTalking+2
	if err := c.code(ctx, idler, "*147"); err != nil {
		t.Fatal(err)
	}
	at, _, err := c.talk(ctx, rester, killAgents, "8200")
	if err != nil {
		t.Fatal(err)
	}
	if err := at.SendDigits(ctx, "*94#"); err != nil { // one strike: the long rest
		t.Fatal(err)
	}
	if _, err := at.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	at, _, err = c.talk(ctx, wrapper, killAgents+1, "8300")
	if err != nil {
		t.Fatal(err)
	}
	if err := at.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, func() error {
		if got := s.agents()["rester"]; got.State != "resting" {
			return fmt.Errorf("rester is %s", got.State)
		}
		return nil
	})

	for i := range killTalking { // somebody answers, whoever is offered
		if err := c.phones[i].Behave(ctx, siptest.AnswerAfter(0)); err != nil {
			t.Fatal(err)
		}
	}
	everyone(t, killTalking+killWaiting, func(i int) error {
		call, err := c.phones[killAgents+i].Call(ctx, "8100")
		if err != nil {
			return err
		}
		return call.WaitAnswered(ctx)
	})
	eventually(t, 20*time.Second, func() error { return phases(s, killTalking, killWaiting) })
	c.isWritten(ctx, s, idler)
	before, ended := s.agents(), s.records()

	s.kill()
	s = start(t, dir)
	after := s.agents()

	for name, was := range before {
		now := after[name]
		switch {
		case name == "rester" && (now.State != "resting" || now.Until.Sub(was.Until).Abs() > time.Second):
			t.Errorf("the rest until %s became %s until %s", was.Until, now.State, now.Until)
		case name == "wrapper" && (now.State != "wrap-up" || now.Until.Sub(was.Until).Abs() > time.Second):
			t.Errorf("the wrap-up until %s became %s until %s", was.Until, now.State, now.Until)
		case name == "idler" && (now.State != "not-ready" || now.Reason != was.Reason):
			t.Errorf("not ready (%s) became %s (%s)", was.Reason, now.State, now.Reason)
		case was.State == "on-call" && now.State != "wrap-up" && now.State != "ready":
			t.Errorf("%s was on a call and is %s now", name, now.State)
		case now.Phone != was.Phone:
			t.Errorf("%s sat at %s and is at %q now", name, was.Phone, now.Phone)
		}
	}
	c.checkRecords(t, s, ended)
	c.checkReachable(ctx, t)
}

// isWritten returns when what is known of all calls is on the disk: the journal is given it
// in order, and so the record of one more call, of the idler, comes last.
func (c *crew) isWritten(ctx context.Context, s *server, idler int) {
	c.t.Helper()
	const code = "*147"
	dialled := func() (n int) {
		for _, r := range s.records() {
			if r.Dialled == code {
				n++
			}
		}
		return n
	}
	before := dialled()
	if err := c.code(ctx, idler, code); err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, 20*time.Second, func() error {
		if dialled() == before {
			return fmt.Errorf("the record of %s is not written", code)
		}
		return nil
	})
}

// checkRecords: every call that ended before is there, every call that was alive has
// a sealed record that says the server died, none twice.
func (c *crew) checkRecords(t *testing.T, s *server, ended []recordView) {
	t.Helper()
	died, talked, ids := 0, 0, map[string]bool{}
	for _, r := range s.records() {
		if ids[r.ID] {
			t.Errorf("record %s twice", r.ID)
		}
		ids[r.ID] = true
		if r.Cause.Metric == "server_died" {
			died++
			if r.Agent != "" {
				talked++
			}
		}
	}
	if talked < killTalking {
		t.Errorf("%d records of calls that died name the agent, want the %d that talked", talked, killTalking)
	}
	for _, r := range ended {
		if !ids[r.ID] {
			t.Errorf("record %s is lost", r.ID)
		}
	}
	if want := killTalking + killWaiting; died < want {
		t.Errorf("%d records say that the server died, want the %d calls that were alive", died, want)
	}
}

// checkReachable: phones are called without having registered again.
func (c *crew) checkReachable(ctx context.Context, t *testing.T) {
	t.Helper()
	idle := killAgents - 1
	from := c.phones[killAgents+1]
	call, err := from.Call(ctx, fmt.Sprint(3001+idle))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case in := <-c.phones[idle].Incoming():
		if err := in.Answer(ctx); err != nil {
			t.Error(err)
		}
	case <-ctx.Done():
		t.Error("a phone was not reachable after the restart without registering again")
	}
	if err := call.Hangup(ctx); err != nil {
		t.Error(err)
	}
}

// everyone runs f for 0 … n−1 at once and fails on the first error.
func everyone(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// phases is nil once so many calls talk and so many wait.
func phases(s *server, talking, waiting int) error {
	var calls []struct{ Phase string }
	if err := s.get("/v1/calls", &calls); err != nil {
		return err
	}
	var is []string
	for _, c := range calls {
		is = append(is, c.Phase)
	}
	count := func(p string) (n int) {
		for _, x := range is {
			if x == p {
				n++
			}
		}
		return n
	}
	if count("talking") == talking && count("waiting") == waiting {
		return nil
	}
	slices.Sort(is)
	return fmt.Errorf("phases %v, want %d talking and %d waiting", is, talking, waiting)
}
