//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to read the server's file from outside

	"breakwater/sip/siptest"
)

// The callers of the crash test come through a trunk, with these numbers. No trunk dials
// the last.
const (
	talksAtCrash = "03011000"
	waitsLongest = "03011001"
	waitsAlso    = "03011002"
	notDialled   = "09999"
)

const crashRest, crashWrap = 50 * time.Second, 30 * time.Second

// crashConfig has anna, who serves the callers, two who rest and wrap up meanwhile, and one
// who is ending a hard call when the server dies.
func crashConfig(port, trunk string) string {
	return fmt.Sprintf(`
sip:
  listen: [{transport: udp, address: "127.0.0.1:%s"}]
  rate_per_source: 100000
  late: {off: true}
store: {url: "sqlite:var/breakwater.db"}
media: {recordings: var/recordings}
api: {listen: "127.0.0.1:0", token_file: var/api-token}
floor: {gap: -1}
protect: {after_answer: 1ms, rest_3: %s}
trunks:
  city: {addresses: [127.0.0.2], proxy: "%s", dial: ["0301"]}
numbers:
  8100: {queue: line}
  8200: {queue: rester}
  8300: {queue: wrapper}
  8400: {queue: earner}
queues:
  line: {agents: [anna], ring: 60s, notice: given, wrap_up: 1s, leave_on: [], record: never, callback: {hours: 00:00-24:00}}
  rester: {agents: [rester], notice: given, wrap_up: 1s, leave_on: []}
  wrapper: {agents: [wrapper], notice: given, wrap_up: %s, leave_on: []}
  earner: {agents: [earner], notice: given, wrap_up: 1s, leave_on: []}
phones:
  3001: {password: {env: E2E_PASSWORD}}
  3002: {password: {env: E2E_PASSWORD}}
  3003: {password: {env: E2E_PASSWORD}}
  3004: {password: {env: E2E_PASSWORD}}
agents:
  anna: {number: 7001, pin: {env: E2E_PIN}}
  rester: {number: 7002, pin: {env: E2E_PIN}}
  wrapper: {number: 7003, pin: {env: E2E_PIN}}
  earner: {number: 7004, pin: {env: E2E_PIN}}
`, port, crashRest, trunk, crashWrap)
}

type callbackView struct {
	Number, Kind, Agent string
	Since               time.Time
}

func (s *server) callbacks() (all []callbackView) {
	s.t.Helper()
	if err := s.get("/v1/callbacks", &all); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// crash is a server that dies twice while callers wait, and who is on the phone with it.
type crash struct {
	*testing.T
	s    *server
	crew *crew
	city *siptest.Phone
	ctx  context.Context
}

func newCrash(t *testing.T) *crash {
	t.Helper()
	t.Setenv("E2E_PASSWORD", password)
	t.Setenv("E2E_PIN", pin)
	port := freePort(t)
	city, err := siptest.New(siptest.Options{
		Name: "city", Local: netip.MustParseAddr("127.0.0.2"), Server: netip.MustParseAddrPort("127.0.0.1:" + port),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(city.Close)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "config", "example"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, proxy, _ := strings.Cut(strings.Trim(city.Contact(), "<>"), "@")
	config := filepath.Join(dir, "config", "example", "all.yaml")
	if err := os.WriteFile(config, []byte(crashConfig(port, proxy)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	c := &crash{T: t, s: start(t, dir), city: city, ctx: ctx}
	c.crew = newCrew(t, c.s.udp, 4)
	everyone(t, 4, func(i int) error { return c.crew.logIn(ctx, i) })
	return c
}

// dials lets a caller come through the trunk.
func (c *crash) dials(from, number string) *siptest.Call {
	c.Helper()
	call, err := c.city.Dial(c.ctx, siptest.Dial{Number: number, From: from})
	if err != nil {
		c.Fatal(err)
	}
	return call
}

// rings waits for the next call at a phone.
func (c *crash) rings(p *siptest.Phone, what string) *siptest.Call {
	c.Helper()
	select {
	case call := <-p.Incoming():
		return call
	case <-time.After(40 * time.Second):
		c.Fatalf("%s: the phone was not rung\n%s", what, c.s.logText())
	}
	return nil
}

func (c *crash) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// notDialled looks whether nobody was called back yet.
func (c *crash) notDialled(when string) {
	c.Helper()
	select {
	case call := <-c.city.Incoming():
		c.Fatalf("%s was dialled %s", call.Dialled(), when)
	default:
	}
}

// takesUp answers at anna's phone: only then the number is dialled through the trunk.
func (c *crash) takesUp(number string) {
	c.Helper()
	at := c.rings(c.crew.phones[0], "anna, for "+number)
	c.notDialled("before anna took the call")
	c.must(at.Answer(c.ctx))
	back := c.rings(c.city, "who is called back")
	if got := back.Dialled(); got != number {
		c.Errorf("%s was dialled, want %s", got, number)
	}
	c.must(back.Answer(c.ctx))
	eventually(c.T, 20*time.Second, func() error { return phases(c.s, 1, 0) })
	c.must(back.Hangup(c.ctx))
}

// dies is kill -9 and a new start.
func (c *crash) dies() {
	c.Helper()
	dir := c.s.dir
	c.s.kill()
	c.s = start(c.T, dir)
}

// keeps looks whether those who still wait are called back at their age, oldest first.
func (c *crash) keeps(entered map[string]time.Time, numbers ...string) {
	c.Helper()
	got := c.s.callbacks()
	if len(got) != len(numbers) {
		c.Fatalf("callbacks %+v, want %v", got, numbers)
	}
	for i, number := range numbers {
		if b := got[i]; b.Number != number || b.Kind != "crash" || b.Since.Sub(entered[number]).Abs() > 100*time.Millisecond {
			c.Errorf("callback %d is %+v, want %s since %s", i, b, number, entered[number])
		}
	}
}

// protect brings rester into the long rest and wrapper into a long wrap-up.
func (c *crash) protect() {
	c.Helper()
	for agent, number := range []string{1: "8200", 2: "8300"} {
		if number == "" {
			continue
		}
		c.dials(fmt.Sprintf("0301200%d", agent), number)
		at := c.rings(c.crew.phones[agent], number)
		c.must(at.Answer(c.ctx))
		if number == "8200" { // one strike
			c.must(at.SendDigits(c.ctx, "*94#"))
			_, err := at.WaitEnded(c.ctx)
			c.must(err)
		} else {
			c.must(at.Hangup(c.ctx))
		}
	}
	eventually(c.T, 20*time.Second, func() error {
		if a := c.s.agents(); a["rester"].State != "resting" || a["wrapper"].State != "wrap-up" {
			return fmt.Errorf("%+v", a)
		}
		return nil
	})
}

// earns brings earner into a call that ends by a one strike, and leaves it while its last
// words are said.
func (c *crash) earns() {
	c.Helper()
	c.dials("03012003", "8400")
	at := c.rings(c.crew.phones[3], "earner")
	c.must(at.Answer(c.ctx))
	eventually(c.T, 20*time.Second, func() error { return phases(c.s, 2, 3) })
	c.must(at.SendDigits(c.ctx, "*94#"))
	eventually(c.T, 5*time.Second, func() error {
		for _, e := range events(c.T, c.s.dir) {
			if e.Agent == "earner" && e.Kind == "earned" && e.Level == 3 {
				return nil
			}
		}
		return errors.New("the disk does not have what earner has earned")
	})
}

// TestKillNineAndWhoWaitedIsCalledBackOnceAtTheirAge is the promise of a crash, with a
// real process, its disk and a trunk: a rest and a wrap-up end when they would have; the rest
// that a hard call had earned until then is granted and whole; who
// waited and can be dialled is called back when an agent is reserved, the oldest first,
// once, whatever dies meanwhile; and the figures are those of the events on the disk.
func TestKillNineAndWhoWaitedIsCalledBackOnceAtTheirAge(t *testing.T) {
	c := newCrash(t)
	c.protect()
	c.dials(talksAtCrash, "8100")
	c.must(c.rings(c.crew.phones[0], "anna").Answer(c.ctx))
	eventually(t, 20*time.Second, func() error { return phases(c.s, 1, 0) })
	for i, number := range []string{waitsLongest, waitsAlso, notDialled} {
		c.must(c.dials(number, "8100").WaitAnswered(c.ctx))
		eventually(t, 20*time.Second, func() error { return phases(c.s, 1, i+1) })
	}
	eventually(t, 20*time.Second, func() error { // the disk is behind by as long as a write takes
		if n := recomputed(events(t, c.s.dir)).Callers.Entered; n != 4 {
			return fmt.Errorf("%d callers are on the disk", n)
		}
		return nil
	})
	c.earns()
	before := c.s.agents()
	c.dies()
	after := c.s.agents()
	for _, name := range []string{"rester", "wrapper"} {
		if was, now := before[name], after[name]; now.State != was.State || now.Until.Sub(was.Until).Abs() > 100*time.Millisecond {
			t.Errorf("%s was %s until %s and is %s until %s", name, was.State, was.Until, now.State, now.Until)
		}
	}
	entered := map[string]time.Time{}
	for _, e := range events(t, c.s.dir) {
		if e.Kind == "entered" && e.Queue == "line" {
			entered[[]string{talksAtCrash, waitsLongest, waitsAlso, notDialled}[len(entered)]] = e.At.Wall
		}
	}
	c.keeps(entered, waitsLongest, waitsAlso)
	c.notDialled("before an agent was reserved")
	c.takesUp(waitsLongest)
	c.rings(c.crew.phones[0], "anna, for the second") // and the server dies while it rings
	c.keeps(entered, waitsAlso)
	c.dies()
	c.keeps(entered, waitsAlso)
	c.takesUp(waitsAlso)
	eventually(t, time.Minute, func() error {
		if a := c.s.agents(); a["rester"].State != "ready" || a["wrapper"].State != "ready" || a["earner"].State != "ready" || a["anna"].State != "ready" {
			return fmt.Errorf("%+v", a)
		}
		return nil
	})
	c.keeps(entered)
	c.notDialled("twice")
	raw := events(t, c.s.dir)
	checkClocks(t, raw)
	checkFigures(t, c.s, raw)
}
