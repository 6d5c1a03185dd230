package api

import (
	"context"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"breakwater/acd"
)

// family is a metric as it is shown: its values by the values of its labels.
type family struct {
	kind   string
	labels []string
	values map[string]float64
}

var promised = []string{
	"double_offers_total", "wrapups_cut_short_total", "rests_cut_short_total",
	"starved_callers_total", "stuck_agents_total", "records_lost_total", "hard_rows_broken_total",
}

func TestPromisesAreShownAlsoAtZero(t *testing.T) {
	o := newOffice()
	o.parts.Counts = func() map[string]float64 { return nil }
	families := scraped(t, o)
	for _, name := range promised {
		f := families[name]
		if got := f.values; len(got) != 1 || got[""] != 0 || f.kind != "counter" {
			t.Errorf("%s: %v %v", name, f.kind, got)
		}
	}
}

func TestABrokenPromiseIsShown(t *testing.T) {
	o := newOffice()
	o.floor.counts = acd.Counters{DoubleOffers: 1, WrapUpsCutShort: 2, RestsCutShort: 3, StarvedCallers: 4, StuckAgents: 5}
	o.floor.counts.Care = acd.CareCounters{RowsBroken: 7, BreaksDue: 8, TalksWanted: 9, TalksTaken: 11, Lifted: 10}
	o.parts.Counts = func() map[string]float64 { return map[string]float64{"records_lost_total": 6} }
	families := scraped(t, o)
	for i, name := range promised {
		if got := families[name].values[""]; got != float64(i+1) {
			t.Errorf("%s: %v, want %d", name, got, i+1)
		}
	}
	for name, want := range map[string]float64{"breaks_due_total": 8, "talks_wanted_total": 9, "talks_taken_total": 11, "caps_lifted_total": 10} {
		if got := families[name].values[""]; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestTheHouseIsShown(t *testing.T) {
	families := scraped(t, newOffice())
	for name, want := range map[string]map[string]float64{
		"calls_total":                   {"": 7},
		"protect_warnings_total":        {`1 a"b`: 3},
		"media_ports_open":              {"": 4},
		"agents":                        {"logged-out": 0, "ready": 1, "offered": 0, "on-call": 1, "wrap-up": 0, "resting": 0, "not-ready": 0, "missed": 0},
		"queue_waiting":                 {"orders": 2},
		"queue_agents_ready":            {"orders": 1},
		"queue_agents_capable":          {"orders": 2},
		"calls":                         {"begin": 1, "menu": 0, "greeting": 0, "rescue": 0, "waiting": 0, "ringing": 0, "talking": 1, "closing": 0, "voicemail": 0, "message": 0, "dialling": 0, "asking": 0, "direct": 0, "code": 0},
		"phones_known":                  {"": 2},
		"phones_reachable":              {"": 1},
		"config_refused":                {"": 0},
		"store_up":                      {"": 0},
		"store_records_waiting":         {"": 3},
		"store_events_waiting":          {"": 20},
		"ready":                         {"": 1},
		"floor_up":                      {"": 1},
		"metrics_unreadable":            {"": 0},
		"ledger_failures_total":         {"": 0},
		"queue_oldest_wait_seconds":     nil,
		"process_resident_memory_bytes": nil, "go_goroutines": nil,
		"breakwater_build_info": nil,
	} {
		got := families[name].values
		if want != nil && !maps.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestNoSeriesNamesAnAgent(t *testing.T) {
	o := newOffice()
	o.parts.Counts = func() map[string]float64 {
		return map[string]float64{`calls_ended_total{agent="anna",cause="x"}`: 1, "calls_total": 1}
	}
	families := scraped(t, o)
	for name, f := range families {
		for labels := range f.values {
			if slices.Contains(f.labels, "agent") || strings.Contains(labels, "anna") || strings.Contains(labels, "ben") {
				t.Errorf("%s shows %v of %v", name, labels, f.labels)
			}
		}
	}
	if got := families["metrics_unreadable"].values[""]; got != 1 {
		t.Errorf("metrics_unreadable %v, want 1", got)
	}
}

func TestOneBadSeriesDoesNotSpoilTheRest(t *testing.T) {
	o := newOffice()
	o.parts.Counts = func() map[string]float64 {
		return map[string]float64{"calls_total": 1, "no name": 1, `x{`: 1, `x{a="1",a="2"}`: 1, "media_ports_open": 1, "x_total{q=\"\xff\"}": 1}
	}
	families := scraped(t, o)
	if families["calls_total"].values[""] != 1 || families["media_ports_open"].values[""] != 1 {
		t.Error("the good series are gone")
	}
	if got := families["metrics_unreadable"].values[""]; got != 5 { // the gauge of the counter's name among them
		t.Errorf("metrics_unreadable %v, want 5", got)
	}
}

func TestAScrapeWithoutTheFloor(t *testing.T) {
	o := newOffice()
	o.floor.err = acd.ErrStopped
	o.parts.Health = func(context.Context) error { return acd.ErrStopped }
	families := scraped(t, o)
	if families["floor_up"].values[""] != 0 || families["ready"].values[""] != 0 || families["calls_total"].values[""] != 7 {
		t.Error("a floor that is down must show, and nothing else be lost")
	}
}

func TestTheApiCountsItsAnswers(t *testing.T) {
	o := newOffice()
	s := o.open()
	ask(s, request(http.MethodGet, "/v1/agents"))
	ask(s, request(http.MethodGet, "/nowhere"))
	wrong := request(http.MethodGet, "/v1/agents")
	wrong.Header.Set("Authorization", "Bearer wrong")
	ask(s, wrong)
	w := ask(s, request(http.MethodGet, "/metrics"))
	for _, line := range []string{`api_requests_total{code="200"} 1`, `api_requests_total{code="404"} 1`, `api_requests_total{code="401"} 1`, `api_tokens_refused_total 1`} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

func TestKeysAreSplitAsPrometheusWritesThem(t *testing.T) {
	for key, want := range map[string]struct {
		name   string
		labels []label
		bad    bool
	}{
		"calls_total":               {name: "calls_total"},
		`a{b="c"}`:                  {name: "a", labels: []label{{"b", "c"}}},
		`a{c="1",b="2"}`:            {name: "a", labels: []label{{"b", "2"}, {"c", "1"}}},
		`a{b="\\\"\n}, "}`:          {name: "a", labels: []label{{"b", "\\\"\n}, "}}},
		`a{b="电话"}`:                 {name: "a", labels: []label{{"b", "电话"}}},
		``:                          {bad: true},
		`1a`:                        {bad: true},
		`__name__`:                  {bad: true},
		`a-b`:                       {bad: true},
		`a{}`:                       {bad: true},
		`a{b}`:                      {bad: true},
		`a{b="c"`:                   {bad: true},
		`a{b="c}`:                   {bad: true},
		`a{b="c\`:                   {bad: true},
		`a{b="\t"}`:                 {bad: true},
		`a{b="c",}`:                 {bad: true},
		`a{b="c"}x`:                 {bad: true},
		`a{b="c",b="d"}`:            {bad: true},
		`a{b:c="d"}`:                {bad: true},
		`a{__b="c"}`:                {bad: true},
		`a{agent="anna"}`:           {bad: true},
		`a{queue="q",agent="anna"}`: {bad: true},
	} {
		name, labels, ok := splitKey(key)
		if ok == want.bad || ok && (name != want.name || !slices.Equal(labels, want.labels)) {
			t.Errorf("%s: %q %v %v", key, name, labels, ok)
		}
	}
}

func FuzzSplitKey(f *testing.F) {
	for _, seed := range []string{"a", `a{b="c"}`, `a{b="\\\"\n",c="d"}`, `a{b="`, "{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		s := newSheet()
		s.addAll(gauge, map[string]float64{key: 1})
		if len(s.series)+s.unreadable != 1 {
			t.Errorf("%q is neither shown nor counted", key)
		}
	})
}

// TestEveryMetricIsExplained holds the rooms, the sentences and the manual to each
// other: a metric that nobody can look up is worth nothing at night.
func TestEveryMetricIsExplained(t *testing.T) {
	manual, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range help {
		if !strings.Contains(string(manual), "`"+name) {
			t.Errorf("docs/operations.md does not explain %s", name)
		}
	}
	told := regexp.MustCompile("(?:ally\\.Add\\(|^\\s*)[\"`]([a-z][a-z_0-9]*)[\"`{]")
	for _, pattern := range []string{"../call/*.go", "../cmd/breakwater/house/shown.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				if !strings.Contains(line, "ally.Add(") && !strings.Contains(line, "float64(") {
					continue
				}
				for _, m := range told.FindAllStringSubmatch(line, -1) {
					if help[m[1]] == "" {
						t.Errorf("%s tells %s: explain it in api/help.go and docs/operations.md", file, m[1])
					}
				}
			}
		}
	}
}
