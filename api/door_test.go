package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestWhoShowsWhichToken(t *testing.T) {
	for name, c := range map[string]struct {
		header, ours string
		want         int
	}{
		"the right one":                        {"Bearer " + token, token, 200},
		"the scheme in other letters":          {"bEARER " + token, token, 200},
		"a wrong one":                          {"Bearer wrong", token, 401},
		"the beginning of the right one":       {"Bearer " + token[:8], token, 401},
		"the right one and more":               {"Bearer " + token + "x", token, 401},
		"another scheme":                       {"Basic " + token, token, 401},
		"nothing after the scheme":             {"Bearer ", token, 401},
		"nothing":                              {"", token, 401},
		"nothing, where we have no token":      {"Bearer ", "", 401},
		"anything, where we have no token":     {"Bearer x", "", 401},
		"the hash's hex is not the token":      {"Bearer e3b0c44298fc1c149afbf4c8996fb924", "", 401},
		"the right one among several in front": {"Bearer x " + token, token, 401},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice()
			o.parts.Token = c.ours
			r := request(http.MethodGet, "/v1/agents")
			r.Header.Set("Authorization", c.header)
			if w := ask(o.open(), r); w.Code != c.want {
				t.Errorf("%d %s, want %d", w.Code, w.Body, c.want)
			}
		})
	}
}

func TestTheOpenPathsAreExact(t *testing.T) {
	s := newOffice().open()
	for _, path := range []string{"/health/../v1/agents", "/health/", "//health", "/ready/x", "/v1/../health", "/", "/Health"} {
		r := request(http.MethodGet, "/")
		r.URL.Path = path
		r.Header.Del("Authorization")
		if w := ask(s, r); w.Code != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d", path, w.Code)
		}
	}
}

func TestOnlyOurOwnNamesAreServed(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LOCALHOST.": true,
		"127.0.0.1:8080": true, "127.9.9.9": true, "[::1]:8080": true, "[::1]": true,
		"192.0.2.7:8080": true, "192.0.2.7": true, "": true,
		"192.0.2.8": false, "evil.example": false, "localhost.evil.example": false,
		"127.0.0.1.evil.example": false, "evil.example:8080": false, "0.0.0.0": false, "[2001:db8::1]": false,
	} {
		r := request(http.MethodGet, "/health")
		r.Host = host
		at := &net.TCPAddr{IP: net.ParseIP("192.0.2.7"), Port: 8080}
		w := ask(newOffice().open(), r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at)))
		if (w.Code == http.StatusOK) != want || !want && w.Code != http.StatusForbidden {
			t.Errorf("host %q: %d", host, w.Code)
		}
	}
}

func TestEveryAnswerIsHardened(t *testing.T) {
	s := newOffice().open()
	for _, path := range []string{"/health", "/v1/status", "/metrics", "/nowhere"} {
		h := ask(s, request(http.MethodGet, path)).Header()
		for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"} {
			if h.Get(name) == "" {
				t.Errorf("%s has no %s", path, name)
			}
		}
		if h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept in a cache", path)
		}
	}
}

func TestAGuesserMustWaitAndOthersNot(t *testing.T) {
	o := newOffice()
	s := o.open()
	guess := func(from, shown string) int {
		r := request(http.MethodGet, "/v1/agents")
		r.RemoteAddr = from + ":999"
		r.Header.Set("Authorization", "Bearer "+shown)
		return ask(s, r).Code
	}
	for range triesRoom {
		if got := guess("192.0.2.1", "wrong"); got != http.StatusUnauthorized {
			t.Fatalf("a wrong token: %d", got)
		}
	}
	if got := guess("192.0.2.1", token); got != http.StatusTooManyRequests {
		t.Errorf("after %d wrong ones even the right one waits: %d", triesRoom, got)
	}
	if got := guess("192.0.2.2", token); got != http.StatusOK {
		t.Errorf("another source: %d", got)
	}
	if n := strings.Count(o.log.String(), "too many wrong tokens"); n != 1 {
		t.Errorf("%d alarms, want 1", n)
	}
}

func TestTriesComeBackWithTime(t *testing.T) {
	book, now := newTries(), dawn
	from := netip.MustParseAddr("192.0.2.1")
	alarms := 0
	try := func() bool {
		if book.wait(from, now) > 0 {
			return false
		}
		if book.failed(from, now) {
			alarms++
		}
		return true
	}
	for i := range triesRoom {
		if !try() {
			t.Fatalf("try %d was refused", i)
		}
	}
	if got := book.wait(from, now); got != triesEvery {
		t.Errorf("wait %v, want %v", got, triesEvery)
	}
	now = now.Add(triesEvery)
	if !try() || try() {
		t.Error("one try comes back at a time")
	}
	if alarms != 1 {
		t.Errorf("%d alarms for one guesser, want 1", alarms)
	}
	now = now.Add(triesRoom * triesEvery)
	for range triesRoom {
		try()
	}
	if alarms != 2 {
		t.Errorf("%d alarms, want another one after everything was forgiven", alarms)
	}
}

func TestSourcesAreCountedAsSubscribers(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"one IPv4 address":             {"192.0.2.1", "192.0.2.1", true},
		"two IPv4 addresses":           {"192.0.2.1", "192.0.2.2", false},
		"IPv4 in the clothes of IPv6":  {"192.0.2.1", "::ffff:192.0.2.1", true},
		"two addresses of one /64":     {"2001:db8::1", "2001:db8::2", true},
		"two addresses of two /64":     {"2001:db8::1", "2001:db8:0:1::1", false},
		"one link-local, with a zone":  {"fe80::1%eth0", "fe80::1%eth1", true},
		"loopback of the two families": {"127.0.0.1", "::1", false},
	} {
		t.Run(name, func(t *testing.T) {
			book := newTries()
			same := book.whose(netip.MustParseAddr(c.a), dawn) == book.whose(netip.MustParseAddr(c.b), dawn)
			if same != c.same {
				t.Errorf("same account: %v", same)
			}
		})
	}
}

func TestTheBookOfSourcesIsBounded(t *testing.T) {
	book, from := newTries(), netip.MustParseAddr("10.0.0.1")
	for range 3 * triesSources {
		book.failed(from, dawn)
		from = from.Next()
	}
	if n := len(book.spent); n > triesSources+1 {
		t.Errorf("%d sources are remembered", n)
	}
	if book.wait(from, dawn) == 0 {
		t.Error("when the book is full, strangers share one account, which is used up")
	}
	later := dawn.Add(time.Hour)
	if book.wait(from, later) > 0 {
		t.Error("a used-up book must be forgiven with time")
	}
	if book.failed(from, later); len(book.spent) != 1 {
		t.Errorf("%d sources after an hour, want 1", len(book.spent))
	}
}
