package house_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"go.uber.org/goleak"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/cmd/breakwater/house"
	"breakwater/loadtest/referee"
	"breakwater/sip/siptest"
)

// patience is how long anything may take that must happen at all; on a machine that
// is busy with other tests, too.
const patience = time.Minute

// bearable is how late this machine may be without a test of real time that fails being judged
// again: half a packet.
const bearable = 10 * time.Millisecond

// carrier is the address from which the config expects the carrier's calls.
var carrier = netip.AddrFrom4([4]byte{127, 0, 0, 2})

// TestMain lets many stages be open at once: most of the time their people listen.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "10"); err != nil { // the command line still decides
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// stage is the whole server in this process and the people around it: callers who
// come through a carrier, and agents who log in at desk phones.
type stage struct {
	testing.TB
	ctx     context.Context
	house   *house.House
	stops   func() // the server, once
	config  string // folder
	dir     string
	options map[string]string
	city    *siptest.Phone
	log     lockedBuffer
	people  []*person
	sounds  map[string][]byte // of prompts, as they are heard
}

// open starts a server with the config of testdata/stage.yaml; changes are pairs of
// a key and a value of that template, or of a prompt and how long it is. Other tests
// run meanwhile.
func open(t *testing.T, changes ...string) *stage {
	t.Helper()
	t.Parallel()
	return alone(t, changes...)
}

// alone is open for a test that measures time, and says itself whether others run meanwhile.
func alone(t testing.TB, changes ...string) *stage {
	t.Helper()
	s := &stage{TB: t, dir: t.TempDir(), options: map[string]string{}, sounds: map[string][]byte{}}
	s.config = filepath.Join(s.dir, "config")
	s.options["dir"] = s.dir
	for i := 0; i+1 < len(changes); i += 2 {
		s.options[changes[i]] = changes[i+1]
	}
	s.furnish()
	s.mark()
	t.Cleanup(s.keepsItsPromises)
	s.opens()
	s.city = s.phone(siptest.Options{Name: "city", Local: carrier})
	return s
}

// opens starts the server; it is stopped with the stage, or by stops.
func (s *stage) opens() {
	s.Helper()
	log := slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	serving, stop := context.WithCancel(s.ctx)
	s.Cleanup(stop)
	h, err := house.Build(serving, house.Options{Config: s.config, Version: "test", Log: log})
	if err != nil {
		s.Fatal(err)
	}
	s.house = h
	ended := make(chan error, 1)
	go func() { ended <- h.Run(serving) }()
	s.stops = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil && s.options["replaced"] == "" { // what a server that was replaced did is kept nowhere
			s.Errorf("the house stopped with: %v", err)
		}
	})
	s.Cleanup(s.stops)
}

// mark labels every goroutine that begins on this stage, so that a test can tell its
// own from those of the tests beside it, and looks at the end whether one is left.
func (s *stage) mark() {
	label := s.Name()
	s.ctx = pprof.WithLabels(s.Context(), pprof.Labels("stage", label))
	s.ctx = context.WithoutCancel(s.ctx) // the test's own context ends before its cleanup
	pprof.SetGoroutineLabels(s.ctx)
	s.Cleanup(func() {
		pprof.SetGoroutineLabels(context.Background())
		var left string
		if !holds(5*time.Second, func() bool { left = goroutinesOf(label); return left == "" }) {
			s.Errorf("goroutines left behind:\n%s", left)
		}
		if s.Failed() {
			s.Logf("the server's log:\n%s", s.log.tail(80))
		}
	})
}

// goroutinesOf gives the stacks of the goroutines with a label.
func goroutinesOf(label string) string {
	var all, left bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&all, 1) // a buffer takes everything
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, fmt.Sprintf("%q:%q", "stage", label)) {
			left.WriteString(stack + "\n\n")
		}
	}
	return left.String()
}

// furnish writes config, secrets and prompts.
func (s *stage) furnish() {
	s.Helper()
	for file, text := range map[string]string{"config/secret": password, "config/pin": pin} {
		s.write(file, text)
	}
	s.configure()
	for id, clip := range s.clips() {
		language := "en"
		if strings.HasPrefix(id, "tone-") || id == music {
			language = "all"
		}
		s.write(filepath.Join("prompts", language, id+".wav"), string(clip))
	}
}

// configure writes the config anew after a change of options.
func (s *stage) configure(changes ...string) {
	s.Helper()
	for i := 0; i+1 < len(changes); i += 2 {
		s.options[changes[i]] = changes[i+1]
	}
	page := template.Must(template.ParseFiles("testdata/stage.yaml"))
	var text bytes.Buffer
	if err := page.Execute(&text, s.options); err != nil {
		s.Fatal(err)
	}
	s.write("config/stage.yaml", text.String())
}

func (s *stage) write(file, text string) {
	s.Helper()
	file = filepath.Join(s.dir, file)
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// phone opens a phone that is closed with the stage.
func (s *stage) phone(o siptest.Options) *siptest.Phone {
	s.Helper()
	if o.Transport == "" {
		o.Transport = "udp"
	}
	for _, a := range s.house.SIP.Addresses() {
		if on, at, _ := strings.Cut(a, " "); on == o.Transport {
			o.Server = netip.MustParseAddrPort(at)
		}
	}
	p, err := siptest.New(o)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(p.Close)
	return p
}

// does runs one step, which must be over in time.
func (s *stage) does(what string, step func(ctx context.Context) error) {
	s.Helper()
	ctx, cancel := context.WithTimeoutCause(s.ctx, patience, fmt.Errorf("not within %s", patience))
	defer cancel()
	if err := step(ctx); err != nil {
		s.Fatalf("%s: %v", what, err)
	}
}

// sees waits until something is true.
func (s *stage) sees(what string, is func() bool) {
	s.Helper()
	if !holds(patience, is) {
		s.Fatalf("not seen within %s: %s", patience, what)
	}
}

// holds waits until is says yes, or for d.
func holds(d time.Duration, is func() bool) bool {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-look.C {
		if is() {
			return true
		}
	}
	return is()
}

// lateness measures how late this machine runs what is due, until it is asked.
func (s *stage) lateness() (worst func() time.Duration) {
	worst = sync.OnceValue(referee.Lateness())
	s.Cleanup(func() { worst() })
	return worst
}

// agent is how the floor sees an agent.
func (s *stage) agent(name string) (view acd.AgentView) {
	s.Helper()
	s.does("look at the floor", func(ctx context.Context) error {
		agents, err := s.house.Floor.Agents(ctx)
		for _, a := range agents {
			if a.Name == name {
				view = a
			}
		}
		return err
	})
	return view
}

// becomes waits until an agent is in a state.
func (s *stage) becomes(agent string, state acd.AgentState) (view acd.AgentView) {
	s.Helper()
	ok := holds(patience, func() bool { view = s.agent(agent); return view.State == state })
	if !ok {
		s.Fatalf("%s is %s, and not %s within %s", agent, view.State, state, patience)
	}
	return view
}

// record waits for the sealed record of a person's last call.
func (s *stage) record(of *person) call.Record { return s.recordAfter(of, "") }

// recordAfter is record once there is another one than that.
func (s *stage) recordAfter(of *person, before string) (r call.Record) {
	s.Helper()
	s.sees("the record of "+of.name, func() bool {
		found, err := s.house.Store.Records(s.ctx, call.Query{Caller: of.number, Limit: 1})
		if err != nil {
			s.Fatal(err)
		}
		if len(found) == 1 {
			r = found[0]
		}
		return len(found) == 1 && r.ID != before
	})
	return r
}

// keepsItsPromises looks at the counters of queues.md §3.
func (s *stage) keepsItsPromises() {
	c := s.house.Floor.Counters()
	for promise, broken := range map[string]uint64{
		"double_offers_total": c.DoubleOffers, "wrapups_cut_short_total": c.WrapUpsCutShort,
		"rests_cut_short_total": c.RestsCutShort, "starved_callers_total": c.StarvedCallers,
		"stuck_agents_total": c.StuckAgents, "hard_rows_broken_total": c.Care.RowsBroken,
	} {
		if broken != 0 {
			s.Errorf("%s is %d", promise, broken)
		}
	}
	for name, n := range s.house.Exchange.Tally().Counts() {
		switch name {
		case "journal_failures_total":
			if s.options["outage"] == "" {
				s.Errorf("%s is %d", name, n)
			}
		case "call_panics_total", "call_inbox_full_total", "records_lost_total", "records_sealed_twice_total":
			s.Errorf("%s is %d", name, n)
		}
	}
}

// lockedBuffer takes the log.
type lockedBuffer struct {
	mu   sync.Mutex // protects text
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) tail(lines int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := strings.Split(strings.TrimSpace(b.text.String()), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
