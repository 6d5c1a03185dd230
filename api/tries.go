package api

import (
	"net/netip"
	"sync"
	"time"
)

const (
	triesRoom    = 10              // wrong tokens in a row before a source must wait
	triesEvery   = 2 * time.Second // then one try each
	triesSources = 1024            // remembered at once; those beyond share one account
)

// tries limits how often a source may show a wrong token. While it must wait, even
// the right token is not looked at: a guess must not be worth more than a try.
type tries struct {
	mu    sync.Mutex // guards spent
	spent map[netip.Prefix]account
}

// account is how many tries are used up, as of a moment. They come back with time.
type account struct {
	used float64
	at   time.Time
	told bool // that it is used up, since it was last untouched
}

// crowd is the account of all who come when the book is full.
var crowd = netip.Prefix{}

func newTries() *tries { return &tries{spent: map[netip.Prefix]account{}} }

// wait is how long the source must wait before its next try; 0 = it may try.
func (t *tries) wait(from netip.Addr, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	over := t.spent[t.whose(from, now)].usedAt(now) - (triesRoom - 1)
	if over <= 0 {
		return 0
	}
	return time.Duration(over * float64(triesEvery))
}

// failed notes a wrong token. It asks for an alarm once, until the source has been
// quiet for long enough to be forgiven everything.
func (t *tries) failed(from netip.Addr, now time.Time) (alarm bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	who := t.whose(from, now)
	a := t.spent[who]
	used := a.usedAt(now)
	told := a.told && used > 0
	alarm = !told && used+1 > triesRoom-1 // the next one must wait
	t.spent[who] = account{used: min(used+1, triesRoom), at: now, told: told || alarm}
	return alarm
}

// whose finds the account of a source. An IPv6 source is its /64: one subscriber
// has all of them.
func (t *tries) whose(from netip.Addr, now time.Time) netip.Prefix {
	who := network(from)
	if who == crowd { // no address at all
		return crowd
	}
	if _, known := t.spent[who]; known || len(t.spent) < triesSources {
		return who
	}
	for p, a := range t.spent {
		if a.usedAt(now) == 0 {
			delete(t.spent, p)
		}
	}
	if len(t.spent) < triesSources {
		return who
	}
	return crowd
}

func (a account) usedAt(now time.Time) float64 {
	return max(0, a.used-float64(now.Sub(a.at))/float64(triesEvery))
}

// network is what one source can be taken for: an IPv4 address, or the /64 in which one
// machine has as many IPv6 addresses as it likes. crowd of no address.
func network(from netip.Addr) netip.Prefix {
	from = from.Unmap().WithZone("")
	bits := from.BitLen()
	if from.Is6() {
		bits = 64
	}
	who, err := from.Prefix(bits)
	if err != nil {
		return crowd
	}
	return who
}
