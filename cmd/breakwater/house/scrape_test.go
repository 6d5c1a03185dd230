package house_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape is what Prometheus would read now, by series: queue_waiting{queue="sales"}.
func (s *stage) scrape() map[string]float64 {
	s.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(s.asks("/metrics")))
	if err != nil {
		s.Fatal(err)
	}
	out := map[string]float64{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			out[name+labelsOf(m)] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return out
}

func labelsOf(m *dto.Metric) string {
	var labels []string
	for _, l := range m.GetLabel() {
		labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	if len(labels) == 0 {
		return ""
	}
	return "{" + strings.Join(labels, ",") + "}"
}

// TestAScrapeTellsOfEstimatesLookupsAndPromises: three calls on real phones, of which one
// waits and is told how long, while another system is asked about each; and everything
// that is told stands in the manual.
func TestAScrapeTellsOfEstimatesLookupsAndPromises(t *testing.T) {
	crm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"tier": "gold"}`) }))
	t.Cleanup(crm.Close)
	s := open(t, "position", "true", "crm", crm.URL)
	anna := s.seat("anna")
	first := s.connects("8100", anna)
	second := s.caller("8100")
	second.hears("position-before", "number-1", "position-after")

	now := s.scrape()
	for series, want := range map[string]float64{
		`queue_waiting{queue="sales"}`:                       1,
		`queue_callbacks_waiting{queue="sales"}`:             0,
		`queue_callers_held{queue="sales",rule="occupancy"}`: 0,
		`queue_callers_held{queue="sales",rule="gap"}`:       0,
		`queue_estimates_judged_total{queue="sales"}`:        0,
		`lookup_asked_total{lookup="crm"}`:                   2,
		`lookup_answered_total{lookup="crm"}`:                2,
		`lookup_timeouts_total{lookup="crm"}`:                0,
		`lookup_failed_total{lookup="crm"}`:                  0,
		`lookup_fallbacks_total{lookup="crm"}`:               0,
		`lookup_cached_total{lookup="crm"}`:                  0,
		`metrics_unreadable`:                                 0,
	} {
		if got, told := now[series]; !told || got != want {
			t.Errorf("%s is %v (told: %v), want %v", series, got, told, want)
		}
	}
	if p50, p90 := now[`queue_estimated_wait_seconds{quantile="0.5",queue="sales"}`], now[`queue_estimated_wait_seconds{quantile="0.9",queue="sales"}`]; p90 <= 0 || p50 > p90 {
		t.Errorf("the estimate of sales is %v and %v", p50, p90)
	}
	if _, told := now[`queue_estimated_wait_seconds{quantile="0.5",queue="care"}`]; told {
		t.Error("nobody is at work for care, and there is an estimate")
	}

	first.hangsUp()
	anna.isCut()
	anna.rings()
	anna.answers()
	s.talk(second, anna)
	then := s.scrape()
	if n := then[`queue_estimates_judged_total{queue="sales"}`]; n != 1 {
		t.Errorf("%v estimates were judged, want 1", n)
	}
	if n := then[`queue_estimates_kept_total{quantile="0.9",queue="sales"}`]; n != 1 {
		t.Errorf("%v estimates were kept: a caller who expects minutes waited seconds", n)
	}
	second.hangsUp()
	anna.isCut()

	for _, promise := range []string{
		"double_offers_total", "wrapups_cut_short_total", "rests_cut_short_total", "starved_callers_total", "stuck_agents_total",
		"records_lost_total", "hard_rows_broken_total",
	} {
		if n, told := then[promise]; !told || n != 0 {
			t.Errorf("%s is %v (told: %v)", promise, n, told)
		}
	}
	s.explained()
}

// explained holds a scrape to docs/operations.md: every name stands there, and beside
// every name stands a sentence of its own.
func (s *stage) explained() {
	s.Helper()
	manual, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		s.Fatal(err)
	}
	for line := range strings.Lines(s.asks("/metrics")) {
		name, help, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "# HELP "), " ")
		if !strings.HasPrefix(line, "# HELP ") || strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		if !ok || help == "Told by a room of the house." {
			s.Errorf("%s has no sentence in api/help.go", name)
		}
		if !strings.Contains(string(manual), "`"+name+"`") {
			s.Errorf("docs/operations.md does not explain `%s`", name)
		}
	}
}
