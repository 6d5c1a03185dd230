package api

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// exporter shows sheets to Prometheus, beside what Go and the system tell of the
// process. Its registry is its own: no library adds to it unasked.
type exporter struct {
	process *prometheus.Registry
	log     *slog.Logger
}

func newExporter(log *slog.Logger) *exporter {
	e := &exporter{process: prometheus.NewRegistry(), log: log}
	e.process.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return e
}

// show answers a scrape. What cannot be gathered is logged and left out.
func (e *exporter) show(w http.ResponseWriter, r *http.Request, house *sheet) {
	once := prometheus.NewRegistry()
	once.MustRegister(house)
	promhttp.HandlerFor(prometheus.Gatherers{e.process, once}, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError,
		ErrorLog:      slog.NewLogLogger(e.log.Handler(), slog.LevelWarn),
	}).ServeHTTP(w, r)
}

// Describe gives nothing: what is shown is known only when it is.
func (s *sheet) Describe(chan<- *prometheus.Desc) {}

// Collect hands everything to the registry.
func (s *sheet) Collect(out chan<- prometheus.Metric) {
	kinds := map[kind]prometheus.ValueType{counter: prometheus.CounterValue, gauge: prometheus.GaugeValue}
	for _, one := range s.series {
		var names, values []string
		for _, l := range one.labels {
			names, values = append(names, l.name), append(values, l.value)
		}
		desc := prometheus.NewDesc(one.name, helpOf(one.name), names, nil)
		out <- prometheus.MustNewConstMetric(desc, kinds[s.kinds[one.name]], one.value, values...)
	}
}
