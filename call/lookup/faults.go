package lookup

import (
	"errors"
	"net/url"
	"sync"
	"time"
)

const (
	// faultsEvery is how often a reason is told: a system that is away fails for every
	// caller, and one line says it.
	faultsEvery = time.Minute
	// faultReasons bounds the reasons that are told apart; the others are one.
	faultReasons = 16
)

// faults remember what was told of a source's faults.
type faults struct {
	mu   sync.Mutex // guards what follows, for a few lines
	told map[string]*told
}

// told is one reason.
type told struct {
	at    time.Time
	since int // faults since then
}

// count counts a fault. tell = it is to be told now, with how many there were since the
// reason was told last.
func (f *faults) count(why error, now time.Time) (reason string, n int, tell bool) {
	reason = reasonOf(why)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.told == nil {
		f.told = map[string]*told{}
	}
	t := f.told[reason]
	if t == nil && len(f.told) >= faultReasons {
		reason = "other faults"
		t = f.told[reason]
	}
	if t == nil {
		t = &told{at: now.Add(-faultsEvery)}
		f.told[reason] = t
	}
	t.since++
	if now.Sub(t.at) < faultsEvery {
		return reason, 0, false
	}
	n, t.at, t.since = t.since, now, 0
	return reason, n, true
}

// reasonOf is a fault without what it was asked for: that is another for every caller, and
// names them.
func reasonOf(err error) string {
	var asked *url.Error
	if errors.As(err, &asked) {
		err = asked.Err
	}
	return err.Error()
}
