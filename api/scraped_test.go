package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scraped parses what a scrape shows, as Prometheus does.
func scraped(t *testing.T, o *office) map[string]family {
	t.Helper()
	w := ask(o.open(), request(http.MethodGet, "/metrics"))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	shown, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	families := map[string]family{}
	for name, f := range shown {
		one := family{kind: strings.ToLower(f.GetType().String()), values: map[string]float64{}}
		for _, m := range f.GetMetric() {
			var at []string
			for _, l := range m.GetLabel() {
				one.labels = append(one.labels, l.GetName())
				at = append(at, l.GetValue())
			}
			one.values[strings.Join(at, " ")] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		families[name] = one
	}
	return families
}
