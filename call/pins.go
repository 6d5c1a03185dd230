package call

import (
	"sync"
	"time"
)

const (
	pinTries = 5               // wrong PINs in a row
	pinLock  = 5 * time.Minute // during which no PIN is right
)

// pinGuard keeps a PIN of a few digits from being found by trying. It counts by agent
// number and phone, so that nobody can lock another out.
type pinGuard struct {
	mu    sync.Mutex // protects wrong
	wrong map[string]pinTry
}

type pinTry struct {
	count int
	until time.Time // locked until
}

func newPinGuard() *pinGuard { return &pinGuard{wrong: map[string]pinTry{}} }

// allowed tells whether a PIN for this number may be right at all now.
func (g *pinGuard) allowed(number string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !now.Before(g.wrong[number].until)
}

// failed counts a wrong PIN. The table is bounded: numbers that are not locked are
// forgotten when it grows beyond what mistakes make.
func (g *pinGuard) failed(number string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.wrong) > 10000 {
		for n, t := range g.wrong {
			if now.After(t.until) {
				delete(g.wrong, n)
			}
		}
	}
	t := g.wrong[number]
	t.count++
	if t.count >= pinTries {
		t = pinTry{until: now.Add(pinLock)}
	}
	g.wrong[number] = t
}

func (g *pinGuard) succeeded(number string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.wrong, number)
}
