//go:build e2e

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"breakwater/loadtest/trial"
	"breakwater/sip/siptest"
)

// moody is an agent who answers, declines, lets it ring, vanishes in the middle of a
// call, changes phones, and presses every key there is, as the dice say.
type moody struct {
	n      int
	server netip.AddrPort
	dice   *rand.Rand
	phone  *siptest.Phone
	at     int // the phone sat at
	seen   *sync.Map
}

// did counts what agents did, by name.
func (m *moody) did(what string) {
	n, _ := m.seen.LoadOrStore(what, new(int64Counter))
	n.(*int64Counter).add()
}

type int64Counter struct {
	mu sync.Mutex // guards n
	n  int
}

func (c *int64Counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (m *moody) between(least, most time.Duration) time.Duration {
	return least + time.Duration(m.dice.Int64N(int64(most-least)))
}

// work lives until ctx ends. Whatever goes wrong on the way is what the test is for.
func (m *moody) work(ctx context.Context) {
	m.sit(ctx, m.n)
	for mood := m.n - 1; ctx.Err() == nil; mood = m.dice.IntN(12) { // at first each has another one, so that a short day sees all
		switch mood {
		case 0:
			m.did("declines")
			m.behave(ctx, siptest.DeclineWith([]int{486, 603, 480}[m.dice.IntN(3)]))
		case 1:
			m.did("misses")
			m.behave(ctx, siptest.Policy{})
		case 2:
			m.did("vanishes")
			m.phone.Close() // no BYE, no farewell: the cable is pulled
			stay(ctx, m.between(200*time.Millisecond, 4*time.Second))
			m.sit(ctx, m.at)
		case 3:
			m.did("changes phones")
			_ = m.phone.Unregister(ctx)
			m.phone.Close()
			m.sit(ctx, (m.at+8-1)%16+1) // the spare phone, or back
		case 4, 5, 6:
			m.did("presses keys")
			for range m.dice.IntN(6) + 1 {
				m.dial(ctx, []string{"*12", "*13", "*13", "*14", "*15", "*16", "*16", "*17", "*99", "*90", "*77"}[m.dice.IntN(11)])
			}
			m.logIn(ctx)
		default:
			m.behave(ctx, siptest.AnswerAfter(m.between(0, 1500*time.Millisecond)))
			m.dial(ctx, "*13")
		}
		m.serve(ctx, m.between(500*time.Millisecond, 4*time.Second))
	}
	m.phone.Close()
}

func (m *moody) behave(ctx context.Context, p siptest.Policy) { _ = m.phone.Behave(ctx, p) }

// sit takes a phone and logs in there.
func (m *moody) sit(ctx context.Context, at int) {
	m.at = at
	p, err := siptest.New(siptest.Options{
		Name: phoneName(at), Password: e2ePassword, Server: m.server, Policy: siptest.AnswerAfter(300 * time.Millisecond), Keep: time.Second,
	})
	if err != nil {
		panic(err) // no socket is left
	}
	m.phone = p
	_ = p.Register(ctx)
	m.logIn(ctx)
}

func (m *moody) logIn(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	call, err := m.phone.Call(ctx, "*11")
	if err != nil || call.WaitAnswered(ctx) != nil {
		return
	}
	_ = call.SendDigits(ctx, agentNumber(m.n)+"#"+e2ePIN+"#")
	_, _ = call.WaitEnded(ctx)
}

// dial presses a code and does not always hear it out.
func (m *moody) dial(ctx context.Context, code string) {
	ctx, cancel := context.WithTimeout(ctx, m.between(50*time.Millisecond, 2*time.Second))
	defer cancel()
	if call, err := m.phone.Call(ctx, code); err == nil {
		_, _ = call.WaitEnded(ctx)
		_ = call.Hangup(context.WithoutCancel(ctx))
	}
}

// serve talks with whoever comes for a while; some calls the agent ends.
func (m *moody) serve(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for {
		select {
		case call := <-m.phone.Incoming():
			m.did("is rung")
			if m.dice.IntN(3) == 0 {
				stay(ctx, m.between(100*time.Millisecond, 2*time.Second))
				_ = call.Hangup(context.WithoutCancel(ctx))
			}
		case <-ctx.Done():
			return
		}
	}
}

func stay(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// TestTheDecisionsAmongMoodyAgentsComeOutTheSame is the whole server among agents as
// above and callers of SIPp and of ours who give up: 20 s here, BREAKWATER_MOODS in
// make soak. Its decision log is replayed while nothing is said by the server itself:
// the same decisions, and no promise broken, by the server's own counters and by a look
// over the whole floor for each second.
func TestTheDecisionsAmongMoodyAgentsComeOutTheSame(t *testing.T) {
	span := 20 * time.Second
	if text := os.Getenv("BREAKWATER_MOODS"); text != "" {
		var err error
		if span, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("dice from %d", seed)
	var dir string
	sip, metrics := serverWith(t, 18, func(files map[string]string) {
		queues := strings.Replace(files["queues.yaml"], "ring: 20s\n    wrap_up: -1", "ring: 2s\n    wrap_up: 1s\n    max_wait: 15s", 1)
		if queues == files["queues.yaml"] {
			t.Fatal("the profile has changed")
		}
		files["queues.yaml"] = queues
		floor := "floor:\n  delay_busy: 500ms\n  delay_declined: 500ms\n  delay_unreached: 1s\n  delay_no_answer: 300ms\n  strikes: 3\n"
		files["server.yaml"] = strings.Replace(files["server.yaml"], "floor:\n", floor, 1)
		files["server.yaml"] = strings.Replace(files["server.yaml"], "\n  strikes: 100", "", 1)
		dir = regexp.MustCompile(`sqlite:(.*)/breakwater.db`).FindStringSubmatch(files["server.yaml"])[1]
	})
	server := netip.MustParseAddrPort(sip)
	ctx, stop := context.WithTimeout(t.Context(), span)
	defer stop()
	var seen sync.Map
	var all sync.WaitGroup
	for n := 1; n <= 8; n++ {
		m := &moody{n: n, server: server, dice: rand.New(rand.NewPCG(seed, uint64(n))), seen: &seen}
		all.Go(func() { m.work(ctx) })
	}
	all.Go(func() { sippCallers(t, ctx, server, span) })
	for n := 17; n <= 18; n++ {
		m := &moody{n: n, server: server, dice: rand.New(rand.NewPCG(seed, uint64(n))), seen: &seen}
		all.Go(func() { m.giveUp(ctx) })
	}
	all.Wait()
	for _, what := range []string{"declines", "misses", "vanishes", "changes phones", "presses keys", "is rung", "gives up"} {
		if _, ok := seen.Load(what); !ok {
			t.Errorf("no agent or caller %s: the test saw too little", what)
		}
	}
	stayUntil(t, metrics)
	out, err := exec.CommandContext(t.Context(), "../bin/breakwater", "replay", filepath.Join(dir, "decisions")).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("replay: %v", err)
	}
	verdict := regexp.MustCompile(`^(\d+) turns, (\d+) offers: all the same\n`).FindStringSubmatch(string(out))
	if verdict == nil {
		t.Fatal("the decisions came out otherwise")
	}
	if offers, _ := strconv.Atoi(verdict[2]); offers < int(span.Seconds())/4 { // the pattern matched digits
		t.Errorf("only %d offers", offers)
	}
	dry := exec.CommandContext(t.Context(), "../bin/breakwater", "dry-run", filepath.Join(filepath.Dir(dir), "config"), "--log", filepath.Join(dir, "decisions"))
	dry.Env = append(os.Environ(), "BENCH_PASSWORD="+e2ePassword, "BENCH_PIN="+e2ePIN)
	out, err = dry.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "queue bench") {
		t.Errorf("dry-run: %v", err)
	}
}

// giveUp is a caller who hangs up before long, again and again.
func (m *moody) giveUp(ctx context.Context) {
	p, err := siptest.New(siptest.Options{Name: phoneName(m.n), Password: e2ePassword, Server: m.server, Keep: time.Second})
	if err != nil {
		panic(err) // no socket is left
	}
	defer p.Close()
	_ = p.Register(ctx)
	for ctx.Err() == nil {
		if call, err := p.Call(ctx, numberBench); err == nil {
			stay(ctx, m.between(100*time.Millisecond, 5*time.Second))
			m.did("gives up")
			_ = call.Hangup(context.WithoutCancel(ctx))
		}
		stay(ctx, m.between(100*time.Millisecond, time.Second))
	}
}

// sippCallers places two calls a second. How each of them ends is up to the agents.
func sippCallers(t *testing.T, ctx context.Context, server netip.AddrPort, span time.Duration) {
	c := &sippCommand{Trunk: "127.0.0.2", Password: e2ePassword, PIN: e2ePIN, Limit: span + time.Minute}
	dir, err := c.workshop()
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r := &sippRunner{sippCommand: c, server: server, dir: dir}
	port, err := freePort(netip.MustParseAddr(c.Trunk))
	if err != nil {
		t.Error(err)
		return
	}
	calls := int(2 * span.Seconds())
	talker := part{scenario: "talker", number: numberBench, more: []string{"-d", "1500", "-l", "40", "-r", "2", "-rp", "1000", "-m", fmt.Sprint(calls)}}
	_ = r.start(ctx, talker, port, calls).wait()
}

// stayUntil returns when the server has come to rest, and asks its promise counters.
func stayUntil(t *testing.T, l leakCheck) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		all, err := trial.Metrics{URL: l.Metrics, TokenFile: l.TokenFile}.Scrape(ctx)
		if err != nil {
			t.Fatal(err)
		}
		live := 0.0
		for name, v := range all {
			if strings.HasPrefix(name, "breakwater_calls{") || strings.HasPrefix(name, "calls{") {
				live += v
			}
			for _, promise := range []string{
				"double_offers_total", "wrapups_cut_short_total", "rests_cut_short_total", "starved_callers_total", "stuck_agents_total",
				"records_lost_total", "decisions_dropped_total",
			} {
				if strings.HasSuffix(name, promise) && v != 0 {
					t.Fatalf("%s is %v", name, v)
				}
			}
		}
		if live == 0 {
			return
		}
		stay(ctx, time.Second)
	}
}
