// Package limit says how much one source, and all of them together, may ask, and
// what to tell them when it is too much. It counts and decides; it sends nothing
// and keeps no clock. Calls in progress are never its business: whoever asks
// about a message inside a dialog is told to let it through.
package limit

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Settings of the limiter.
type Settings struct {
	PerSource  float64 // requests a second from one address that is not exempt; zero = 20
	Burst      int     // at once from such an address; zero = twice a second's worth
	MaxSources int     // addresses remembered; the one silent for longest is forgotten; zero = 16384
	MaxExempt  int     // authenticated sources remembered; zero = 65536
}

// WithDefaults fills what is zero.
func (s Settings) WithDefaults() Settings {
	if s.PerSource == 0 {
		s.PerSource = 20
	}
	if s.Burst == 0 {
		s.Burst = max(int(2*s.PerSource), 1)
	}
	if s.MaxSources == 0 {
		s.MaxSources = 16384
	}
	if s.MaxExempt == 0 {
		s.MaxExempt = 65536
	}
	return s
}

// Limiter holds a token bucket per source address. It is safe for concurrent use.
type Limiter struct {
	mu       sync.Mutex
	settings Settings
	trunks   []netip.Prefix
	buckets  table[netip.Addr, *rate.Limiter]
	exempt   table[netip.AddrPort, time.Time] // until when
}

// New makes a limiter. trunks are the prefixes that are never limited.
func New(s Settings, trunks []netip.Prefix) *Limiter {
	s = s.WithDefaults()
	return &Limiter{
		settings: s,
		trunks:   trunks,
		buckets:  newTable[netip.Addr, *rate.Limiter](s.MaxSources),
		exempt:   newTable[netip.AddrPort, time.Time](s.MaxExempt),
	}
}

// Set replaces settings and trunks, as a config edit does. Buckets begin anew if
// the rate changed; sources that proved themselves stay exempt.
func (l *Limiter) Set(s Settings, trunks []netip.Prefix) {
	s = s.WithDefaults()
	l.mu.Lock()
	defer l.mu.Unlock()
	if s != l.settings {
		l.buckets = newTable[netip.Addr, *rate.Limiter](s.MaxSources)
		l.exempt.max = s.MaxExempt
	}
	l.settings, l.trunks = s, trunks
}

// Trunk tells whether an address belongs to a trunk.
func (l *Limiter) Trunk(addr netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trunk(addr.Unmap())
}

func (l *Limiter) trunk(addr netip.Addr) bool {
	for _, p := range l.trunks {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// Proven exempts a source that authenticated, until its registration ends. It
// holds for address and port: behind one address translation a stranger does not
// profit from an honest neighbour.
func (l *Limiter) Proven(source netip.AddrPort, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exempt.put(canonical(source), until)
}

// Forget ends an exemption: the registration was removed.
func (l *Limiter) Forget(source netip.AddrPort) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exempt.remove(canonical(source))
}

// Allow takes one token of a source and tells whether there was one. What is
// refused should be dropped in silence: an answer would serve the flood.
func (l *Limiter) Allow(now time.Time, source netip.AddrPort) bool {
	source = canonical(source)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trunk(source.Addr()) {
		return true
	}
	if until, known := l.exempt.get(source); known {
		if until.After(now) {
			return true
		}
		l.exempt.remove(source)
	}
	key := network(source.Addr())
	bucket, known := l.buckets.get(key)
	if !known {
		bucket = rate.NewLimiter(rate.Limit(l.settings.PerSource), l.settings.Burst)
		l.buckets.put(key, bucket)
	}
	return bucket.AllowN(now, 1)
}

// Sources tells how many addresses and exemptions are remembered.
func (l *Limiter) Sources() (limited, exempt int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.buckets.by), len(l.exempt.by)
}

func canonical(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// network is what shares a bucket: an IPv4 address, or an IPv6 /64, which one
// host can fill at will.
func network(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}

// table is a map of bounded size that forgets the entry unused for longest.
type table[K comparable, V any] struct {
	max   int
	by    map[K]*list.Element
	order *list.List // of pair[K, V], the latest used first
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func newTable[K comparable, V any](limit int) table[K, V] {
	return table[K, V]{max: limit, by: map[K]*list.Element{}, order: list.New()}
}

func (t *table[K, V]) get(k K) (v V, ok bool) {
	e, ok := t.by[k]
	if !ok {
		return v, false
	}
	t.order.MoveToFront(e)
	return e.Value.(pair[K, V]).value, true
}

func (t *table[K, V]) put(k K, v V) {
	if e, ok := t.by[k]; ok {
		e.Value = pair[K, V]{k, v}
		t.order.MoveToFront(e)
		return
	}
	for len(t.by) >= t.max {
		last := t.order.Back()
		t.order.Remove(last)
		delete(t.by, last.Value.(pair[K, V]).key)
	}
	t.by[k] = t.order.PushFront(pair[K, V]{k, v})
}

func (t *table[K, V]) remove(k K) {
	if e, ok := t.by[k]; ok {
		t.order.Remove(e)
		delete(t.by, k)
	}
}
