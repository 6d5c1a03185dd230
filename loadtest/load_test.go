package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"breakwater/loadtest/trial"
	"breakwater/media/g711"
	"breakwater/sip/siptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// house is a phone that plays the server: whoever calls hears the agent's tone.
func house(t *testing.T, o siptest.Options) *siptest.Phone {
	t.Helper()
	o.Name = "house"
	p, err := siptest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestCallersAreServedAndMeasured(t *testing.T) {
	h := house(t, siptest.Options{Policy: siptest.AnswerAfter(0)})
	ctx := soon(t)
	go func() {
		for {
			select {
			case c := <-h.Incoming():
				c.PlayTone(agentTone, toneLevel)
			case <-ctx.Done():
				return
			}
		}
	}()
	c := &callers{
		server: h.Address(), local: netip.MustParseAddr("127.0.0.1"), rate: 20,
		talk: 50 * time.Millisecond, span: 500 * time.Millisecond, drain: 10 * time.Second,
	}
	x, err := c.play(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if x.calls != 10 || x.served != 10 || len(x.heard) != 10 || x.sound.Lost != 0 || len(x.problems()) != 0 {
		t.Errorf("got %d calls, %d served, %d heard, %d lost, %v", x.calls, x.served, len(x.heard), x.sound.Lost, x.wrong)
	}
	var text bytes.Buffer
	x.print(&text)
	if !strings.Contains(text.String(), "10 calls, 10 served") {
		t.Errorf("printed %s", &text)
	}
}

func TestCallersWhoAreRefusedAreCounted(t *testing.T) {
	h := house(t, siptest.Options{Policy: siptest.DeclineWith(503)})
	c := &callers{server: h.Address(), local: netip.MustParseAddr("127.0.0.1"), rate: 50, span: 60 * time.Millisecond, drain: time.Second}
	x, err := c.play(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if x.calls != 3 || x.served != 0 || len(x.problems()) != 1 {
		t.Errorf("got %d calls, %d served, %v", x.calls, x.served, x.wrong)
	}
}

// desk plays a server that logs agents in: it answers *11, takes the digits and
// hangs up. It gives what was typed.
func desk(ctx context.Context, h *siptest.Phone, typed chan<- string, want string) {
	for {
		select {
		case c := <-h.Incoming():
			if err := c.WaitDigits(ctx, want); err == nil {
				typed <- c.Dialled() + " " + c.HeardDigits()
				_ = c.WaitSilence(ctx, 300*time.Millisecond) // until the key is let go
			}
			_ = c.Hangup(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func TestTheCrewLogsInAndWorks(t *testing.T) {
	ctx := soon(t)
	h := house(t, siptest.Options{Policy: siptest.AnswerAfter(0)})
	typed := make(chan string, 4)
	working, stop := context.WithCancel(ctx)
	deskCtx, closeDesk := context.WithCancel(ctx)
	defer closeDesk()
	go desk(deskCtx, h, typed, "#12#")
	c := &crew{server: h.Address(), password: "x", pin: "12"}
	if err := c.start(working, 1); err != nil {
		t.Fatal(err)
	}
	if got := <-typed; got != "*11 7001#12#" {
		t.Errorf("the desk saw %q", got)
	}
	agent := phoneName(1) + "@" + c.phones[0].Address().String()
	call, err := h.Call(ctx, agent)
	if err != nil {
		t.Fatal(err)
	}
	if err := call.WaitTone(ctx, agentTone); err != nil {
		t.Fatal(err)
	}
	second, err := h.Call(ctx, agent)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.WaitTone(ctx, agentTone); err != nil {
		t.Fatal(err)
	}
	_ = call.Hangup(ctx)
	_ = second.Hangup(ctx)
	stop()
	closeDesk()
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c.stop(short)
	if c.answered.Load() != 2 || c.doubles.Load() != 1 || c.deaf.Load() == 0 {
		t.Errorf("answered %d, double %d, deaf %d", c.answered.Load(), c.doubles.Load(), c.deaf.Load())
	}
}

func TestLeaksAreFound(t *testing.T) {
	const text = `# HELP x
breakwater_sip_legs 0
breakwater_media_ports_open{loop="0"} 2
breakwater_media_ports_open{loop="1"} 3
go_goroutines 40
something_else 1
`
	l := leakCheck{Gauges: []string{"sip_legs", "media_ports_open", "go_goroutines"}, Slack: 5}
	all, err := trial.ParseMetrics(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.pick(all)
	if err != nil {
		t.Fatal(err)
	}
	want := gauges{"breakwater_sip_legs": 0, "breakwater_media_ports_open": 5, "go_goroutines": 40}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	before := gauges{"breakwater_media_ports_open": 4, "go_goroutines": 36}
	if left := l.leftBehind(before, got); len(left) != 1 || !strings.HasPrefix(left[0], "breakwater_media_ports_open 5") {
		t.Errorf("left behind: %q", left)
	}
	if _, err := l.pick(map[string]float64{"nothing": 1}); err == nil {
		t.Error("gauges that are not there are no proof")
	}
}

func TestLeaksAreAskedOfTheServer(t *testing.T) {
	ports := "1"
	asked := make(chan struct{}, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		asked <- struct{}{}
		_, _ = w.Write([]byte("media_ports_open " + ports + "\n"))
	}))
	defer srv.Close()
	defer http.DefaultClient.CloseIdleConnections()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := leakCheck{Metrics: srv.URL, Gauges: []string{"media_ports_open"}, Settle: 50 * time.Millisecond}
	if _, err := l.read(soon(t)); err == nil {
		t.Error("read without the token")
	}
	l.TokenFile = token
	if err := l.compare(soon(t), gauges{"media_ports_open": 1}); err != nil {
		t.Error(err)
	}
	if err := l.compare(soon(t), gauges{"media_ports_open": 0}); !errors.Is(err, errLeak) || !strings.Contains(err.Error(), "before 0") {
		t.Errorf("got %v", err)
	}
	if err := (leakCheck{}).compare(soon(t), nil); err != nil {
		t.Errorf("nobody asked for a leak check: %v", err)
	}
}

func TestTheBenchProfileIsWhatItsGeneratorWrites(t *testing.T) {
	c := &profileCommand{
		Agents: 100, Listen: "127.0.0.1:5060", API: "127.0.0.1:8080", Ports: []int{10000, 32766},
		Trunk: "127.0.0.2", Var: "var/bench", Silence: "3s",
	}
	files, err := c.files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("profiles", "bench", name))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s: run go run ./loadtest profile\n%s", name, d)
		}
	}
	if _, err := (&profileCommand{Agents: 1}).files(); err == nil {
		t.Error("a profile of one agent was written")
	}
}

func TestTheSoundForSIPpIsOneStream(t *testing.T) {
	tape := newRTPTape(g711.A)
	tape.tone(440, 100*time.Millisecond)
	tape.keys("1#")
	tape.tone(440, 40*time.Millisecond)
	var sequence []byte
	var types []string
	last := time.Duration(-1)
	err := readCapture(bytes.NewReader(tape.file), func(f captured) error {
		s, ok := unwrap(f)
		if !ok {
			t.Fatal("not UDP")
		}
		if at := time.Duration(f.at.UnixNano()); at < last {
			t.Errorf("time runs back at %v", at)
		} else {
			last = at
		}
		sequence = append(sequence, s.payload[3])
		kind := map[byte]string{8: "a", tapeEvent: "k"}[s.payload[1]&0x7f]
		types = append(types, kind)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(types, ""), "aaaaa"+strings.Repeat("k", 14)+"aa"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for i, n := range sequence {
		if int(n) != i {
			t.Fatalf("packet %d has sequence %d", i, n)
		}
	}
}

func TestARunIsBounded(t *testing.T) {
	for name, c := range map[string]runCommand{
		"too many calls": {Load: "a", Server: "127.0.0.1:5060", Trunk: "127.0.0.2", Rate: 1000, For: time.Minute},
		"no call":        {Load: "a", Server: "127.0.0.1:5060", Trunk: "127.0.0.2", For: time.Millisecond},
		"no address":     {Load: "a", Server: "somewhere", Trunk: "127.0.0.2", For: time.Second},
		"no trunk":       {Load: "a", Server: "127.0.0.1:5060", Trunk: "somewhere", For: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := c.prepare(); err == nil {
				t.Error("accepted")
			}
		})
	}
	b := runCommand{Load: "b", Server: "127.0.0.1:5060", Trunk: "127.0.0.2", For: time.Minute}
	if _, _, err := b.prepare(); err != nil || b.Rate != 50 || b.Talk != 3*time.Second {
		t.Errorf("run b: %v calls a second, talk %v, %v", b.Rate, b.Talk, err)
	}
}
