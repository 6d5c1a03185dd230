package registrar

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// Due gives the bindings that must get an OPTIONS now, at most limit of them, the
// longest overdue first, and plans their next one after every. The first probe of
// a binding comes at a moment of its own within every, so that phones that came
// together (after a restart, a power cut) are not asked together.
func (b *Book) Due(now time.Time, every time.Duration, limit int) []Target {
	if every <= 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	type due struct {
		aor string
		x   *binding
	}
	var list []due
	for aor, e := range b.phones {
		for _, x := range e.bindings {
			switch {
			case !x.expires.After(now):
			case x.nextProbe.IsZero():
				x.nextProbe = now.Add(share(aor+x.id, every))
			case !x.nextProbe.After(now):
				list = append(list, due{aor, x})
			}
		}
	}
	slices.SortFunc(list, func(p, q due) int {
		if c := p.x.nextProbe.Compare(q.x.nextProbe); c != 0 {
			return c
		}
		return strings.Compare(p.x.id, q.x.id)
	})
	if len(list) > limit {
		list = list[:limit]
	}
	targets := make([]Target, len(list))
	for i, d := range list {
		d.x.nextProbe = now.Add(every)
		targets[i] = d.x.target(d.aor)
	}
	return targets
}

// share is a part of every that depends on the name alone.
func share(name string, every time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return time.Duration(float64(every) * float64(h.Sum32()) / (1 << 32))
}

// Probed takes the result of an OPTIONS: any response at all means that the
// contact lives. An unknown binding is none of our business any more.
func (b *Book) Probed(aor, id string, alive bool) []Turn {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.phones[aor]
	if e == nil {
		return nil
	}
	for _, x := range e.bindings {
		if x.id == id {
			x.reachable = alive
		}
	}
	return tell(nil, aor, e)
}

// Closed marks every binding of a closed connection: it can be reached again
// only when the phone connects and registers.
func (b *Book) Closed(conn string) []Turn {
	if conn == "" {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var turns []Turn
	for aor, e := range b.phones {
		for _, x := range e.bindings {
			if x.source.Conn == conn {
				x.reachable = false
			}
		}
		turns = tell(turns, aor, e)
	}
	return sortedTurns(turns)
}
