package sip

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/digest"
	"breakwater/sip/siptest"
)

func TestAGuesserHasOneLineInTenSeconds(t *testing.T) {
	var log bytes.Buffer
	s := &Server{tally: &tally{}, parts: Parts{Log: slog.New(slog.NewTextHandler(&log, nil))}}
	from := hop{&listener{network: "udp"}, netip.MustParseAddrPort("192.0.2.7:5060")}
	req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "192.0.2.1"})
	for range 5 {
		s.authFailed(from, req, digest.Verdict{Reason: digest.ReasonWrong, Tried: "10\r\n01"})
	}
	s.authFailed(from, req, digest.Verdict{Reason: digest.ReasonNone})
	s.authFailed(from, req, digest.Verdict{Reason: digest.ReasonStale})
	line := log.String()
	for _, want := range []string{"authentication failed", "user=1001", "source=192.0.2.7:5060", "method=REGISTER", "suppressed=0"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q lacks %s", line, want)
		}
	}
	if n := strings.Count(line, "\n"); n != 1 {
		t.Errorf("%d lines, want 1", n)
	}
	if n := s.tally.authFailures.Load(); n != 5 {
		t.Errorf("%d failures counted, want 5", n)
	}
}

func TestSuspectsAreBoundedAndNothingIsUncounted(t *testing.T) {
	var s suspects
	at := time.Unix(0, 0)
	source := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	for i := range maxSuspects {
		if _, say := s.failed(at, source(i)); !say {
			t.Fatalf("source %d is not logged", i)
		}
	}
	if _, say := s.failed(at, source(maxSuspects)); say || len(s.by) != maxSuspects {
		t.Errorf("said %v with %d remembered", say, len(s.by))
	}
	s.failed(at, source(1))
	s.failed(at, source(1))
	if unsaid, say := s.failed(at.Add(suspectEvery), source(1)); !say || unsaid != 3 {
		t.Errorf("said %v, unsaid %d, want 3", say, unsaid)
	}
	s.failed(at.Add(suspectEvery), source(1))
	if unsaid, say := s.failed(at.Add(2*suspectEvery), source(maxSuspects)); !say || unsaid != 1 || len(s.by) != 1 {
		t.Errorf("after a sweep: said %v, unsaid %d, remembered %d", say, unsaid, len(s.by))
	}
}

func TestAWrongPasswordIsLogged(t *testing.T) {
	h := open(t, Plan{})
	if err := h.phone("1001", func(o *siptest.Options) { o.Password = "wrong" }).Register(h.ctx); err == nil {
		t.Fatal("let in")
	}
	h.tally.suspects.mu.Lock()
	defer h.tally.suspects.mu.Unlock()
	if len(h.tally.suspects.by) != 1 {
		t.Errorf("%d suspects, want 1", len(h.tally.suspects.by))
	}
}
