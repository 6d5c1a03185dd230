// Package registrar knows at which addresses a phone can be reached, and since
// when one of them no longer answers (RFC 3261 §10, with Path and the flows of
// RFC 5626). It is told the time, sends nothing and stores nothing: its owner
// carries out what it decides.
package registrar

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
)

// Rules are the bounds of a registration.
type Rules struct {
	Min         time.Duration // shorter ones are refused with 423; zero = 60s
	Max         time.Duration // longer ones are shortened; zero = 3600s
	MaxContacts int           // addresses of one phone; the longest unrefreshed is replaced; zero = 5
}

// withDefaults fills what is zero.
func (r Rules) withDefaults() Rules {
	if r.Min == 0 {
		r.Min = time.Minute
	}
	if r.Max == 0 {
		r.Max = time.Hour
	}
	if r.MaxContacts == 0 {
		r.MaxContacts = 5
	}
	return r
}

// Source is where a request came from, which is where its answer and every later
// request to this contact go, whatever the contact says of itself.
type Source struct {
	Addr      netip.AddrPort // of the packet or connection
	Local     netip.AddrPort // ours, on which it arrived: the socket to send from
	Transport string         // udp, tcp
	Conn      string         // names the connection of a stream, else empty
}

// Request is one REGISTER of an authenticated phone.
type Request struct {
	Msg    *sip.Request
	Phone  string // whose password it proved
	Source Source
	Rules  Rules
}

// Change is what must be stored before the answer is sent.
type Change struct {
	Remove  bool
	Binding call.Binding // of a removal: AOR and ID only
}

// Turn is a phone that became reachable, or ceased to be.
type Turn struct {
	Phone     string
	Reachable bool
}

// Target is one way to reach a phone.
type Target struct {
	AOR, ID   string
	URI       sip.Uri   // the Request-URI to send to
	Contact   string    // as the phone sent it, without expires
	Routes    []sip.Uri // from Path, in order; empty = straight to Source
	Source    Source
	UserAgent string
	Q         int // preference, 0 to 1000
	Expires   time.Time
	Reachable bool // false: it did not answer our last OPTIONS, or its connection closed
}

// Book holds every binding. It is safe for concurrent use: a lock of a few
// microseconds, never held while anything is sent or stored.
type Book struct {
	mu     sync.Mutex
	phones map[string]*entry
}

// entry is one phone's bindings.
type entry struct {
	bindings []*binding // in the order in which they came
	revision uint64     // grows with every commit
	told     bool       // what was last said about it in a Turn
}

// New makes an empty book.
func New() *Book { return &Book{phones: map[string]*entry{}} }

// Lookup gives the targets of a phone: those that answer first, then by q, then
// the newest. Targets that do not answer are at the end; to try them is better
// than to say that nobody is there.
func (b *Book) Lookup(now time.Time, aor string) []Target {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.phones[aor]
	if e == nil {
		return nil
	}
	live := slices.DeleteFunc(slices.Clone(e.bindings), func(x *binding) bool { return !x.expires.After(now) })
	slices.SortStableFunc(live, func(x, y *binding) int {
		switch {
		case x.reachable != y.reachable && x.reachable, x.reachable == y.reachable && x.q > y.q:
			return -1
		case x.reachable != y.reachable, x.q < y.q:
			return 1
		}
		return y.refreshed.Compare(x.refreshed)
	})
	targets := make([]Target, len(live))
	for i, x := range live {
		targets[i] = x.target(aor)
	}
	return targets
}

// Phones names every phone that has a binding, sorted.
func (b *Book) Phones() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := make([]string, 0, len(b.phones))
	for aor, e := range b.phones {
		if len(e.bindings) > 0 {
			names = append(names, aor)
		}
	}
	slices.Sort(names)
	return names
}

// Sweep takes away what has expired.
func (b *Book) Sweep(now time.Time) ([]Change, []Turn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var changes []Change
	var turns []Turn
	for aor, e := range b.phones {
		gone := e.remove(func(x *binding) bool { return !x.expires.After(now) })
		if len(gone) == 0 {
			continue
		}
		changes = append(changes, removals(aor, gone)...)
		turns = tell(turns, aor, e)
	}
	return sorted(changes), sortedTurns(turns)
}

// Forget takes away a phone that the configuration no longer has.
func (b *Book) Forget(aor string) ([]Change, []Turn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.phones[aor]
	if e == nil {
		return nil, nil
	}
	gone := e.remove(func(*binding) bool { return true })
	return removals(aor, gone), tell(nil, aor, e)
}

// remove takes out the bindings that match and gives them.
func (e *entry) remove(match func(*binding) bool) []*binding {
	var gone, kept []*binding
	for _, x := range e.bindings {
		if match(x) {
			gone = append(gone, x)
		} else {
			kept = append(kept, x)
		}
	}
	if len(gone) > 0 {
		e.bindings = kept
		e.revision++
	}
	return gone
}

// tell appends a Turn if the phone's state differs from what was last said. A
// phone without bindings stays in the book only for its revision: a REGISTER
// decided before must not be committed after.
func tell(turns []Turn, aor string, e *entry) []Turn {
	reachable := slices.ContainsFunc(e.bindings, func(x *binding) bool { return x.reachable })
	if reachable != e.told {
		e.told = reachable
		turns = append(turns, Turn{Phone: aor, Reachable: reachable})
	}
	return turns
}

func removals(aor string, gone []*binding) []Change {
	changes := make([]Change, len(gone))
	for i, x := range gone {
		changes[i] = Change{Remove: true, Binding: call.Binding{AOR: aor, ID: x.id}}
	}
	return changes
}

func sorted(changes []Change) []Change {
	slices.SortFunc(changes, func(x, y Change) int {
		return strings.Compare(x.Binding.AOR+"\x00"+x.Binding.ID, y.Binding.AOR+"\x00"+y.Binding.ID)
	})
	return changes
}

func sortedTurns(turns []Turn) []Turn {
	slices.SortFunc(turns, func(x, y Turn) int { return strings.Compare(x.Phone, y.Phone) })
	return turns
}
