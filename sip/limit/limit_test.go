package limit

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func at(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// taken counts how many of n requests at one moment are allowed.
func taken(l *Limiter, now time.Time, source netip.AddrPort, n int) int {
	count := 0
	for range n {
		if l.Allow(now, source) {
			count++
		}
	}
	return count
}

func TestASourceGetsItsRateAndNoMore(t *testing.T) {
	l := New(Settings{PerSource: 10, Burst: 5}, nil)
	steps := []struct {
		why    string
		after  time.Duration
		source string
		want   int // of 100
	}{
		{"a burst at first", 0, "192.0.2.1:5060", 5},
		{"nothing more at the same moment, from any port", 0, "192.0.2.1:6000", 0},
		{"another address has its own", 0, "192.0.2.2:5060", 5},
		{"its IPv6 spelling is the same address", 0, "[::ffff:192.0.2.2]:5060", 0},
		{"ten a second", 300 * time.Millisecond, "192.0.2.1:5060", 3},
		{"never more than a burst", time.Hour, "192.0.2.1:5060", 5},
		{"an IPv6 host", 0, "[2001:db8::1]:5060", 5},
		{"its /64 shares the bucket", 0, "[2001:db8::2]:5060", 0},
		{"the next /64 does not", 0, "[2001:db8:0:1::1]:5060", 5},
	}
	now := start
	for _, s := range steps {
		now = now.Add(s.after)
		if got := taken(l, now, at(s.source), 100); got != s.want {
			t.Errorf("%s: %d, want %d", s.why, got, s.want)
		}
	}
}

func TestWhoIsExempt(t *testing.T) {
	l := New(Settings{PerSource: 1, Burst: 1}, []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")})
	if got := taken(l, start, at("198.51.100.7:5060"), 1000); got != 1000 {
		t.Errorf("a trunk got %d of 1000", got)
	}
	phone, neighbour := at("192.0.2.1:5060"), at("192.0.2.1:5061")
	l.Proven(phone, start.Add(time.Minute))
	if got := taken(l, start, phone, 1000); got != 1000 {
		t.Errorf("a registered phone got %d of 1000", got)
	}
	if got := taken(l, start, neighbour, 1000); got != 1 {
		t.Errorf("a stranger behind the same address got %d, want 1", got)
	}
	if got := taken(l, start.Add(time.Minute), phone, 1000); got != 1 {
		t.Errorf("after its registration ended the phone got %d, want 1", got)
	}
	l.Proven(phone, start.Add(time.Hour))
	l.Forget(phone)
	if got := taken(l, start.Add(time.Minute), phone, 1000); got != 0 {
		t.Errorf("a forgotten phone got %d, want 0", got)
	}
	l.Set(Settings{PerSource: 1, Burst: 1}, nil)
	if l.Trunk(netip.MustParseAddr("198.51.100.7")) {
		t.Error("a trunk that the config no longer has is still one")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(Settings{PerSource: 1, Burst: 1, MaxSources: 8, MaxExempt: 4}, nil)
		now := start
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			host := rapid.Byte().Draw(t, "host")
			source := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, host}), 5060)
			if rapid.Bool().Draw(t, "proves itself") {
				l.Proven(source, now.Add(time.Minute))
			}
			l.Allow(now, source)
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			limited, exempt := l.Sources()
			if limited > 8 || exempt > 4 || l.buckets.order.Len() != limited || l.exempt.order.Len() != exempt {
				t.Fatalf("%d sources and %d exemptions, want at most 8 and 4", limited, exempt)
			}
		}
	})
}

func TestTheSilentAreForgottenFirst(t *testing.T) {
	l := New(Settings{PerSource: 1, Burst: 1, MaxSources: 2}, nil)
	a, b, c := at("192.0.2.1:1"), at("192.0.2.2:1"), at("192.0.2.3:1")
	for _, s := range []netip.AddrPort{a, b, a, c} { // c takes the place of b
		l.Allow(start, s)
	}
	if l.Allow(start, a) {
		t.Error("a was heard last before c and must be remembered")
	}
}

func TestOverload(t *testing.T) {
	calm := Load{Calls: 1, MaxCalls: 10, Mailboxes: 1, MaxMailboxes: 100}
	fullOfCalls := Load{Calls: 10, MaxCalls: 10, MaxMailboxes: 100}
	busy := Load{MaxCalls: 10, Mailboxes: 75, MaxMailboxes: 100}
	swamped := Load{MaxCalls: 10, Mailboxes: 100, MaxMailboxes: 100}
	tests := map[string]struct {
		load  Load
		asked Asked
		want  int
	}{
		"a calm server takes a call":               {calm, Asked{Method: "INVITE"}, 0},
		"and a registration":                       {calm, Asked{Method: "REGISTER"}, 0},
		"full of calls: a phone":                   {fullOfCalls, Asked{Method: "INVITE"}, 480},
		"full of calls: a trunk":                   {fullOfCalls, Asked{Method: "INVITE", Trunk: true}, 503},
		"full of calls: a registration is welcome": {fullOfCalls, Asked{Method: "REGISTER"}, 0},
		"full of calls: a re-INVITE":               {fullOfCalls, Asked{Method: "INVITE", InDialog: true}, 0},
		"busy: registrations wait":                 {busy, Asked{Method: "REGISTER"}, 503},
		"busy: calls do not":                       {busy, Asked{Method: "INVITE"}, 0},
		"swamped: a phone":                         {swamped, Asked{Method: "INVITE"}, 480},
		"swamped: OPTIONS":                         {swamped, Asked{Method: "OPTIONS"}, 503},
		"swamped: BYE":                             {swamped, Asked{Method: "BYE", InDialog: true}, 0},
		"swamped: a lost BYE":                      {swamped, Asked{Method: "BYE"}, 0},
		"swamped: ACK":                             {swamped, Asked{Method: "ACK"}, 0},
		"swamped: CANCEL":                          {swamped, Asked{Method: "CANCEL"}, 0},
		"swamped: UPDATE of a call":                {swamped, Asked{Method: "UPDATE", InDialog: true}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Overload(tt.load, tt.asked)
			if got.Status != tt.want {
				t.Fatalf("%+v, want %d", got, tt.want)
			}
			if (got.RetryAfter != 0) != (got.Status == 503) {
				t.Errorf("Retry-After %v with %d", got.RetryAfter, got.Status)
			}
		})
	}
}

func TestPhonesComeBackOneByOne(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 2000 {
		a := Overload(Load{Mailboxes: 1, MaxMailboxes: 1}, Asked{Method: "REGISTER"})
		if a.RetryAfter < 5*time.Second || a.RetryAfter > 30*time.Second || a.RetryAfter%time.Second != 0 {
			t.Fatalf("Retry-After %v, want 5 to 30 whole seconds", a.RetryAfter)
		}
		seen[a.RetryAfter] = true
	}
	if len(seen) != 26 {
		t.Errorf("%d different moments, want 26", len(seen))
	}
}

func TestAConfigEdit(t *testing.T) {
	l := New(Settings{PerSource: 1, Burst: 1}, nil)
	stranger, phone := at("192.0.2.1:5060"), at("192.0.2.2:5060")
	l.Proven(phone, start.Add(time.Hour))
	l.Allow(start, stranger)
	l.Set(Settings{PerSource: 1, Burst: 1}, []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")})
	if l.Allow(start, stranger) {
		t.Error("an edit that leaves the rate alone gave the stranger a new burst")
	}
	l.Set(Settings{PerSource: 1, Burst: 3}, nil)
	if got := taken(l, start, stranger, 10); got != 3 {
		t.Errorf("a new burst of 3 gives %d", got)
	}
	if got := taken(l, start, phone, 10); got != 10 {
		t.Errorf("an edit took the exemption of a phone: %d of 10", got)
	}
	l.Set(Settings{PerSource: 0.25}, nil)
	if got := taken(l, start, stranger, 10); got != 1 {
		t.Errorf("a rate below one a second lets %d through at once, want 1", got)
	}
}

func TestManyAtOnce(t *testing.T) {
	l := New(Settings{PerSource: 1, Burst: 100, MaxSources: 4}, nil)
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if l.Allow(start, at("192.0.2.1:5060")) {
					allowed.Add(1)
				}
				l.Proven(at("192.0.2.3:5060"), start)
				l.Forget(at("192.0.2.3:5060"))
			}
		})
	}
	wg.Wait()
	if allowed.Load() != 100 {
		t.Errorf("%d of 400 allowed, the burst is 100", allowed.Load())
	}
}

func TestDefaults(t *testing.T) {
	want := Settings{PerSource: 20, Burst: 40, MaxSources: 16384, MaxExempt: 65536}
	if got := (Settings{}).WithDefaults(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
