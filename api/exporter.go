package api

import (
	"bytes"
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// exporter writes sheets in Prometheus' text format, version 0.0.4, beside what Go
// tells of the process.
type exporter struct{ log *slog.Logger }

func newExporter(log *slog.Logger) *exporter { return &exporter{log} }

// show answers a scrape.
func (e *exporter) show(w http.ResponseWriter, _ *http.Request, house *sheet) {
	house.add(gauge, "go_goroutines", float64(runtime.NumGoroutine()))
	house.add(gauge, "go_memstats_heap_alloc_bytes", float64(readMemory().Heap))
	body := house.text()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if _, err := w.Write(body); err != nil {
		e.log.Debug("a scrape was cut off", "err", err)
	}
}

// text writes every series, those of one name together.
func (s *sheet) text() []byte {
	all := make([]*series, 0, len(s.series))
	for _, one := range s.series {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *series) int {
		return cmp.Or(cmp.Compare(a.name, b.name), slices.CompareFunc(a.labels, b.labels, func(a, b label) int {
			return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value))
		}))
	})
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var b bytes.Buffer
	for i, one := range all {
		if i == 0 || all[i-1].name != one.name {
			fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", one.name, helpOf(one.name), one.name, s.kinds[one.name])
		}
		b.WriteString(one.name)
		for j, l := range one.labels {
			b.WriteByte("{,"[min(j, 1)])
			b.WriteString(l.name + `="` + escape.Replace(l.value) + `"`)
		}
		if len(one.labels) > 0 {
			b.WriteByte('}')
		}
		b.WriteString(" " + strconv.FormatFloat(one.value, 'g', -1, 64) + "\n")
	}
	return b.Bytes()
}
