package trial

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"breakwater/loadtest/chart"
	"breakwater/loadtest/flood"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAProcessIsReadWhateverItsName(t *testing.T) {
	// 53 fields of proc_pid_stat(5): 14 utime, 15 stime, 20 threads, 24 rss
	line := "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 7 0 12345 1000000 256 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n"
	got, err := parseStat([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if want := (usage{CPU: 2 * time.Second, Threads: 7, RSS: 256 * int64(os.Getpagesize())}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, odd := range []string{"", "42 (x", "42 (x) S 1", strings.Replace(line, " 150 ", " x ", 1)} {
		if _, err := parseStat([]byte(odd)); !errors.Is(err, errProc) {
			t.Errorf("%q: %v", odd, err)
		}
	}
}

func TestOurOwnProcessIsThere(t *testing.T) {
	got, err := usageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if got.Threads < 1 || got.RSS < 1<<20 || got.Descriptors < 3 {
		t.Errorf("%+v", got)
	}
	if _, err := usageOf(-1); err == nil {
		t.Error("nobody is process -1")
	}
}

func TestTheMachineIsBusyWithEverythingButIdling(t *testing.T) {
	got, err := parseBusy("cpu  100 1 50 100000 300 2 3 44 0 0\ncpu0 1 1 1 1\n")
	if want := 200 * 10 * time.Millisecond; err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, odd := range []string{"", "cpu 1 2", "intr 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h"} {
		if _, err := parseBusy(odd); !errors.Is(err, errProc) {
			t.Errorf("%q: %v", odd, err)
		}
	}
	if now, err := busy(); err != nil || now <= 0 {
		t.Errorf("this machine: %v, %v", now, err)
	}
}

func TestTheHighestLoadIsFound(t *testing.T) {
	for name, c := range map[string]struct{ limit, want int }{
		"between two steps":          {1130, 1125},
		"exactly on a step":          {1000, 1000},
		"not even the first":         {0, 0},
		"less than the first":        {300, 281},
		"more than may be tried":     {9999, 2000},
		"the first and nothing more": {500, 500},
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			got, err := search(500, 250, 50, 2000, func(n int) (bool, error) {
				tries++
				return n <= c.limit, nil
			})
			if err != nil || got > c.limit || got < c.want-50 {
				t.Errorf("got %d, %v; the limit is %d", got, err, c.limit)
			}
			if tries > 12 {
				t.Errorf("%d tries", tries)
			}
		})
	}
	broken := errors.New("broken")
	if _, err := search(1, 1, 1, 9, func(int) (bool, error) { return false, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestBoundsSayWhatIsBroken(t *testing.T) {
	reading := func(change func(*Reading)) *Reading {
		r := &Reading{Tally: &flood.Tally{}}
		r.Tally.Delay[0].Add(time.Millisecond)
		change(r)
		return r
	}
	bounds := Bounds{P99: 2 * time.Millisecond, Loss: 0.0001}
	for name, c := range map[string]struct {
		change func(*Reading)
		want   string
	}{
		"all is well":   {func(*Reading) {}, ""},
		"too late":      {func(r *Reading) { r.Tally.Delay[1].Add(3 * time.Millisecond) }, "p99"},
		"lost":          {func(r *Reading) { r.Loss = 0.001 }, "loss"},
		"a stranger":    {func(r *Reading) { r.Tally.Strangers = 1 }, "strangers"},
		"one is silent": {func(r *Reading) { r.Tally.Unheard = 1 }, "not heard"},
	} {
		t.Run(name, func(t *testing.T) {
			got := bounds.broken(reading(c.change))
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestAReadingOfABusyMachineIsDoubtful(t *testing.T) {
	quiet := &Reading{Tally: &flood.Tally{}}
	if why := quiet.doubt(); why != "" {
		t.Errorf("a quiet machine: %s", why)
	}
	busy := &Reading{Noise: 1.2, Tally: &flood.Tally{Stalls: 2}}
	if why := busy.doubt(); !strings.Contains(why, "generator was late") || !strings.Contains(why, "others used 1.2 cores") {
		t.Errorf("a busy one: %q", why)
	}
}

func TestDoubtfulRoundsAreLeftOut(t *testing.T) {
	reading := func(cost, beside float64) *Reading {
		return &Reading{PerCall: cost, Beside: beside, Tally: &flood.Tally{}}
	}
	for name, c := range map[string]struct {
		step  Step
		ratio float64
		sure  int
	}{
		"all are sure": {Step{
			Floor:  []*Reading{reading(1, 0), reading(1, 0), reading(1, 0)},
			Server: []*Reading{reading(2, 0), reading(9, 0), reading(3, 0)},
		}, 3, 3},
		"one floor had company": {Step{
			Floor:  []*Reading{reading(1, 0), reading(4, 0.1), reading(1, 0)},
			Server: []*Reading{reading(2, 0), reading(2, 0), reading(3, 0)},
		}, 2.5, 2},
		"none is sure": {Step{
			Floor:  []*Reading{reading(1, 0.1)},
			Server: []*Reading{reading(2, 0)},
		}, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c.step.sum()
			if c.step.Ratio != c.ratio || c.step.Sure != c.sure {
				t.Errorf("ratio %g of %d rounds, want %g of %d", c.step.Ratio, c.step.Sure, c.ratio, c.sure)
			}
		})
	}
}

func TestMedians(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(c.of); got != c.want {
			t.Errorf("median of %v is %g, want %g", c.of, got, c.want)
		}
	}
}

func TestWhatGrowsHasASlope(t *testing.T) {
	var all []Sample
	for i := range 60 {
		s := Sample{After: time.Duration(i) * time.Minute, RSS: 100, Heap: float64(1000 + 5*i)}
		if i < 5 {
			s.RSS = 0 // it warms up
		}
		all = append(all, s)
	}
	got := slopes(all, 5*time.Minute)
	if math.Abs(got["rss_bytes"]) > 1e-9 || math.Abs(got["heap_bytes"]-300) > 1e-6 {
		t.Errorf("%v", got)
	}
	if got := slope([]chart.Point{{X: 1, Y: 1}}); got != 0 {
		t.Errorf("one point has no slope, got %g", got)
	}
	if got := slope([]chart.Point{{X: 1, Y: 1}, {X: 1, Y: 2}}); got != 0 {
		t.Errorf("two points at once have no slope, got %g", got)
	}
}

func TestAPictureOfReadingsIsDrawn(t *testing.T) {
	r := func(what string, calls int) *Reading {
		return &Reading{What: what, Calls: calls, PerCall: 0.4, Tally: &flood.Tally{}}
	}
	svg := string(CompareCharts([]Step{
		{Calls: 100, Floor: []*Reading{r("floor", 100)}, Server: []*Reading{r("server", 100)}},
		{Calls: 500, Floor: []*Reading{r("floor", 500)}, Server: []*Reading{r("server", 500)}},
	}))
	if strings.Count(svg, "<polyline") != 6 || !strings.Contains(svg, "server p99") {
		t.Errorf("%s", svg)
	}
	churned := Churned{Samples: []Sample{{RSS: 1}, {After: time.Minute, RSS: 2}}, Slopes: map[string]float64{"rss_bytes": 60}}
	if svg := string(churned.Chart("soak")); !strings.Contains(svg, "rss_bytes") {
		t.Errorf("%s", svg)
	}
	var text strings.Builder
	churned.Print(&text)
	if !strings.Contains(text.String(), "grows by 60 an hour") {
		t.Errorf("%s", text.String())
	}
}

func TestMetricsAreReadAndAdded(t *testing.T) {
	const text = "# HELP x y\nports{loop=\"0\"} 2\nports{loop=\"1\"} 3\ngo_goroutines 40\nodd NaNo\n\n"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(text))
	}))
	defer srv.Close()
	defer http.DefaultClient.CloseIdleConnections()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Metrics{URL: srv.URL, TokenFile: token}.Scrape(t.Context())
	if err != nil || got["ports"] != 5 || got["go_goroutines"] != 40 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := (Metrics{URL: srv.URL}).Scrape(t.Context()); err == nil {
		t.Error("without a token it is refused")
	}
}

// TestTheFloorPassesSoundOn builds the relay and lets ten pairs talk through it.
func TestTheFloorPassesSoundOn(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		t.Fatalf("the floor is C, make deps installs a compiler: %v", err)
	}
	source, err := os.ReadFile("../floor/relay.c")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	program, err := buildFloor(ctx, source, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := soundOnly(t, ctx)
	bare, err := s.bare(10, 26000)
	if err != nil {
		t.Fatal(err)
	}
	for name, tick := range map[string]time.Duration{"at once": 0, "with a tick": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			relay, err := startFloor(ctx, []string{program}, tick, pairsOf(bare))
			if err != nil {
				t.Fatal(err)
			}
			talk(bare, true)
			if err := wait(ctx, 200*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			r, err := s.measure(ctx, "floor", relay.pid(), 10, 500*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			talk(bare, false)
			if err := relay.stop(); err != nil {
				t.Error(err)
			}
			if r.Tally.Whole < 400 || r.Loss != 0 || r.Tally.Strangers != 0 || r.Tally.Unheard != 0 || r.Altered != 0 {
				t.Errorf("%+v", r.Tally)
			}
		})
	}
}

// soundOnly is a stage without signalling.
func soundOnly(t *testing.T, ctx context.Context) *Stage {
	t.Helper()
	flood.Processors()
	f, err := flood.Open(flood.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- f.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &Stage{flood: f}
}

func TestAFloorThatCannotBeSetUpSaysSo(t *testing.T) {
	if _, err := startFloor(t.Context(), []string{"false"}, 0, nil); !errors.Is(err, errNotReady) {
		t.Errorf("got %v", err)
	}
	if _, err := startFloor(t.Context(), []string{"/nonexistent/relay"}, 0, nil); err == nil {
		t.Error("nothing was started")
	}
	if _, err := buildFloor(t.Context(), []byte("int main(void) { return x; }"), t.TempDir()); err == nil {
		t.Error("this is not C")
	}
	if _, err := freePorts(70000, 1024); err == nil {
		t.Error("there are not so many ports")
	}
	if got := addr(26000); got != netip.MustParseAddrPort("127.0.0.1:26000") {
		t.Errorf("%v", got)
	}
}
