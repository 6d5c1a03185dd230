package call

import (
	"maps"
	"strings"
	"sync"
)

// Tally counts what happened in calls. Names are metric names, with labels in
// Prometheus' own form: protect_warnings_total{n="1",queue="refunds"}.
type Tally struct {
	mu     sync.Mutex // protects counts
	counts map[string]uint64
}

func newTally() *Tally { return &Tally{counts: map[string]uint64{}} }

// Add counts one. labels are pairs: name, value.
func (t *Tally) Add(name string, labels ...string) { t.AddMany(1, name, labels...) }

// labelEscapes are those of Prometheus' text format.
var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`) //nolint:gochecknoglobals // a table: building one costs more than its use

// AddMany counts n; 0 makes no counter.
func (t *Tally) AddMany(n uint64, name string, labels ...string) {
	if n == 0 {
		return
	}
	key := name
	if len(labels) > 0 {
		var b strings.Builder
		b.WriteString(name)
		for i := 0; i+1 < len(labels); i += 2 {
			b.WriteByte("{,"[min(i, 1)])
			b.WriteString(labels[i] + `="` + labelEscapes.Replace(labels[i+1]) + `"`)
		}
		b.WriteByte('}')
		key = b.String()
	}
	t.mu.Lock()
	t.counts[key] += n
	t.mu.Unlock()
}

// Counts gives a copy of all counters.
func (t *Tally) Counts() map[string]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts)
}
