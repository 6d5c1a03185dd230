package api

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// scraped parses what a scrape shows, as strictly as the format allows.
func scraped(t *testing.T, o *office) map[string]family {
	t.Helper()
	w := ask(o.open(), request(http.MethodGet, "/metrics"))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	families, explained := map[string]family{}, ""
	for line := range strings.Lines(w.Body.String()) {
		line = strings.TrimSuffix(line, "\n")
		if text, ok := strings.CutPrefix(line, "# HELP "); ok {
			explained, _, _ = strings.Cut(text, " ")
			continue
		}
		if text, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(text, " ")
			if _, again := families[name]; again || name != explained {
				t.Fatalf("%s is not told in one piece", name)
			}
			families[name] = family{kind: kind, values: map[string]float64{}}
			continue
		}
		cut := strings.LastIndexByte(line, ' ')
		name, labels, ok := splitKey(line[:cut])
		value, err := strconv.ParseFloat(line[cut+1:], 64)
		f, known := families[name]
		if !ok || err != nil || !known {
			t.Fatalf("line %q: %v %v %v", line, ok, err, known)
		}
		var at []string
		for _, l := range labels {
			f.labels = append(f.labels, l.name)
			at = append(at, l.value)
		}
		f.values[strings.Join(at, " ")] = value
		families[name] = f
	}
	return families
}
