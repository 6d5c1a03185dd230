// Package lookup finds what is known of a caller before they wait: in a table, or by
// asking another system over HTTP. Whatever goes wrong costs a bounded moment and gives
// the fallback: nobody is kept from an agent by a database.
package lookup

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// cacheMost bounds the answers kept for each source; beyond it they are forgotten.
	cacheMost = 10_000
	// restAfterFault is how long a source that failed is not asked, so that not every
	// caller waits for the same broken system.
	restAfterFault = 5 * time.Second
	// mostFields and longestValue bound what one answer adds to a call's data.
	mostFields   = 32
	longestValue = 256 // bytes
)

// Caller is whom a lookup is about.
type Caller struct{ Number, Dialled, Trunk string }

// Book asks all sources of a config. It is safe for concurrent use.
type Book struct {
	specs   map[string]Spec
	sources []*source // by name
	log     *slog.Logger
}

// source is one lookup with what it knows already.
type source struct {
	name  string
	spec  Spec
	ask   func(ctx context.Context, who Caller) (map[string]string, error)
	table *table // nil = of the web
	end   func() // lets go of connections; nil = there are none

	tally  tally
	faults faults

	mu    sync.Mutex // guards what follows; a few lines, never while asking
	cache map[Caller]answer
	rests time.Time // not asked until then
}

type answer struct {
	fields map[string]string
	until  time.Time
}

// Open makes a book of the specs, which were checked. Tables are read.
func Open(specs map[string]Spec, log *slog.Logger) (*Book, error) {
	b := &Book{specs: specs, log: log}
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		s := &source{name: name, spec: specs[name].WithDefaults(), cache: map[Caller]answer{}}
		if s.spec.CSV != "" {
			t, err := openTable(s.spec)
			if err != nil {
				return nil, fmt.Errorf("lookup %s: %w", name, err)
			}
			t.warn = func(err error) { log.Warn("a table that was changed is not read", "lookup", name, "err", err) }
			s.table, s.ask = t, t.ask
		} else {
			w := &web{spec: s.spec, client: client(s.spec)}
			s.ask, s.end = w.ask, w.client.CloseIdleConnections
		}
		b.sources = append(b.sources, s)
	}
	return b, nil
}

// Same tells whether the book was made of these specs. A nil book has none.
func (b *Book) Same(specs map[string]Spec) bool {
	return b != nil && maps.EqualFunc(b.specs, specs, func(x, y Spec) bool { return x.equal(y) })
}

// Ask asks every source at the same time and lays the answers together; where two give
// the same field the first by name counts. It takes as long as the slowest source may.
// troubles say what went wrong, one sentence each.
func (b *Book) Ask(ctx context.Context, who Caller) (fields map[string]string, troubles []string) {
	if b == nil || len(b.sources) == 0 {
		return nil, nil
	}
	answers, errs := make([]map[string]string, len(b.sources)), make([]error, len(b.sources))
	var all sync.WaitGroup
	for i, s := range b.sources {
		all.Go(func() { answers[i], errs[i] = s.find(ctx, who) })
	}
	all.Wait()
	fields = map[string]string{}
	for i, s := range b.sources {
		if errs[i] != nil {
			troubles = append(troubles, fmt.Sprintf("lookup %s: %v", s.name, errs[i]))
			if ctx.Err() == nil { // who hangs up meanwhile is no fault
				s.tell(b.log, errs[i])
			}
		}
		for name, value := range answers[i] {
			if _, known := fields[name]; !known {
				fields[name] = value
			}
		}
	}
	return fields, troubles
}

// tell logs a fault, each reason once a minute.
func (s *source) tell(log *slog.Logger, err error) {
	if reason, n, tell := s.faults.count(err, time.Now()); tell {
		log.Warn("lookup", "name", s.name, "err", reason, "callers", n)
	}
}

// Close lets go of connections that are idle.
func (b *Book) Close() {
	if b == nil {
		return
	}
	for _, s := range b.sources {
		if s.end != nil {
			s.end()
		}
	}
}

// find gives the fields of a caller: known already, asked, or the fallback.
func (s *source) find(ctx context.Context, who Caller) (map[string]string, error) {
	if who.Number == "" {
		return s.fallBack(), nil
	}
	now := time.Now()
	s.mu.Lock()
	known, ok := s.cache[who]
	resting := now.Before(s.rests)
	s.mu.Unlock()
	switch {
	case ok && now.Before(known.until):
		s.tally.cached.Add(1)
		return known.fields, nil
	case resting:
		return s.fallBack(), nil
	}
	asking, cancel := context.WithTimeout(ctx, s.spec.Timeout)
	defer cancel()
	s.tally.asked.Add(1)
	got, err := s.ask(asking, who)
	if err != nil {
		if ctx.Err() != nil { // the caller has hung up: that says nothing of the source
			return s.fallBack(), err
		}
		s.tally.fault(err)
		s.mu.Lock()
		s.rests = now.Add(restAfterFault)
		s.mu.Unlock()
		return s.fallBack(), err
	}
	s.tally.answered.Add(1)
	fields := s.spec.keep(got)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.cache) >= cacheMost {
		clear(s.cache)
	}
	if s.spec.Cache > 0 {
		s.cache[who] = answer{fields, now.Add(s.spec.Cache)}
	}
	return fields, nil
}

// keep gives the fields of an answer that may become call data, with the fallback for
// those it does not have.
func (s Spec) keep(got map[string]string) map[string]string {
	out := maps.Clone(s.Otherwise)
	if out == nil {
		out = map[string]string{}
	}
	kept := 0
	for _, name := range slices.Sorted(maps.Keys(got)) {
		value := got[name]
		wanted := len(s.Fields) == 0 || slices.Contains(s.Fields, name)
		if !wanted || !fieldName.MatchString(name) || reserved[name] || len(value) > longestValue || kept == mostFields {
			continue
		}
		out[name] = value
		kept++
	}
	return out
}

// client is one that follows nobody elsewhere and keeps few connections.
func client(s Spec) *http.Client {
	return &http.Client{
		Timeout:       s.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second, MaxConnsPerHost: cmp.Or(s.AtOnce, 16)},
	}
}
