package sip

import (
	"net/netip"
	"testing"
	"time"
)

func TestTheWayToAPeerIsAskedOnceInAWhile(t *testing.T) {
	ours, peer := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.7")
	asked, there := 0, true
	r := newRoutes(func(netip.Addr) (netip.Addr, bool) { asked++; return ours, there })
	now := time.Now()
	for _, step := range []struct {
		name  string
		after time.Duration
		there bool
		asked int
	}{
		{"the first call asks", 0, true, 1},
		{"the next does not", knownFor - time.Millisecond, true, 1},
		{"what is known grows old", time.Millisecond, false, 2},
		{"no way is not remembered", 0, true, 3},
		{"but the new one is", 0, true, 3},
	} {
		now, there = now.Add(step.after), step.there
		if got := r.from(peer, now); got != ours || asked != step.asked {
			t.Errorf("%s: from %v, asked %d times, want %v and %d", step.name, got, asked, ours, step.asked)
		}
	}
}

func TestTheWaysThatAreKnownAreBounded(t *testing.T) {
	r := newRoutes(func(peer netip.Addr) (netip.Addr, bool) { return peer, true })
	peer, now := netip.MustParseAddr("10.0.0.0"), time.Now()
	for range 3*maxKnown + 1 {
		if got := r.from(peer, now); got != peer {
			t.Fatalf("%v for %v", got, peer)
		}
		peer = peer.Next()
	}
	if n := len(r.known); n == 0 || n > maxKnown {
		t.Errorf("%d are known, at most %d may be", n, maxKnown)
	}
}
