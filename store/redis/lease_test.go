package redis

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/store/redis/redistest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// opened opens the store at a URL, or ends the test.
func opened(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func events(seqs ...uint64) (all []acd.Event) {
	for _, seq := range seqs {
		all = append(all, acd.Event{Seq: seq, At: acd.Stamp{Wall: time.Now()}, Kind: acd.KindReady, Agent: "anna"})
	}
	return all
}

// halt stops renewing the lease, as a process does that hangs: it knows nothing of
// what happens meanwhile.
func (s *Store) halt() {
	s.stop()
	s.ended.Wait()
}

func TestASecondServerIsToldWhoHasTheStore(t *testing.T) {
	r := redistest.Start(t)
	first := opened(t, r.URL("lease=2s"))
	began := time.Now()
	_, err := Open(t.Context(), r.URL("lease=2s", "wait=500ms"), quiet())
	if err == nil || !strings.Contains(err.Error(), first.lease.owner) || !errors.Is(err, errHeld) {
		t.Fatalf("a second server: %v", err)
	}
	if took := time.Since(began); took < 500*time.Millisecond {
		t.Errorf("given up after %s, the URL says 500ms", took)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := opened(t, r.URL("wait=500ms")) // a lease given back need not run out
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

// TestAServerThatLostItsLeaseWritesNothing: the first server hangs until its lease has
// run out and another has taken it. Whatever it writes then is refused, at once and
// later, and nothing of it is in the store.
func TestAServerThatLostItsLeaseWritesNothing(t *testing.T) {
	r := redistest.Start(t)
	old := opened(t, r.URL("lease=300ms"))
	if err := old.Append(t.Context(), events(1)); err != nil {
		t.Fatal(err)
	}
	old.halt()
	owner := opened(t, r.URL("lease=2s"))
	if err := owner.Append(t.Context(), events(2)); err != nil {
		t.Fatal(err)
	}
	record := call.Record{ID: "A", Start: time.Now()}
	for what, err := range map[string]error{
		"append":  old.Append(t.Context(), events(3)),
		"compact": old.Compact(t.Context(), 1, []byte("{}")),
		"begin":   old.Begin(t.Context(), record),
		"seal":    old.Seal(t.Context(), record),
		"bind":    old.Bind(t.Context(), call.Binding{AOR: "1001", ID: "a", Expires: time.Now().Add(time.Hour)}),
		"unbind":  old.Unbind(t.Context(), "1001", "a"),
		"ears":    old.KeepExposure(t.Context(), call.EarShift{Agent: "anna", Began: time.Now()}),
		"forget":  old.write(t.Context(), old.ops.forget, []string{old.keys.of("events")}, "1-0"),
		"hours":   old.write(t.Context(), old.ops.forgetHours, []string{old.keys.of("ledger", "hours")}, "1"),
	} {
		if !errors.Is(err, ErrFenced) {
			t.Errorf("%s with an old token: %v, want ErrFenced", what, err)
		}
	}
	_, got, err := owner.Load(t.Context())
	if err != nil || len(got) != 2 {
		t.Errorf("the ledger has %d events, %v; want those of before and of the owner", len(got), err)
	}
	bindings, err1 := owner.Bindings(t.Context())
	drafts, err2 := owner.Unsealed(t.Context())
	records, err3 := owner.Records(t.Context(), call.Query{})
	ears, err4 := owner.Exposures(t.Context(), "anna", 9)
	if err := errors.Join(err1, err2, err3, err4); err != nil || len(bindings)+len(drafts)+len(records)+len(ears) != 0 {
		t.Errorf("of a fenced server: %v %v %v %v, %v", bindings, drafts, records, ears, err)
	}
	old.renew(t.Context())
	if err := old.Away(); !errors.Is(err, ErrFenced) {
		t.Errorf("it does not know: %v", err)
	}
	if err := old.Close(); err != nil {
		t.Error(err)
	}
	if owner.renew(t.Context()); owner.Away() != nil {
		t.Errorf("closing the old one took the lease from the owner: %v", owner.Away())
	}
	if err := owner.Close(); err != nil {
		t.Error(err)
	}
}

// TestPromiseOneWriterAtATime lets many servers take the store from each other, each
// appending from what it has loaded: the ledger is one line without gap or fork.
func TestPromiseOneWriterAtATime(t *testing.T) {
	r := redistest.Start(t)
	const servers, each = 6, 40
	var turns sync.WaitGroup
	for range servers {
		turns.Go(func() {
			s, err := Open(t.Context(), r.URL("lease=100ms", "wait=60s"), quiet())
			if err != nil {
				t.Error(err)
				return
			}
			s.halt() // the next may take it in 100 ms, while this one goes on
			_, known, err := s.Load(t.Context())
			if err != nil {
				t.Error(err)
			}
			last := uint64(len(known))
			for range each {
				if err := s.Append(t.Context(), events(last+1)); errors.Is(err, ErrFenced) {
					break
				} else if err != nil {
					t.Error(err)
				}
				last++
				<-time.After(5 * time.Millisecond)
			}
			_ = s.db.Close()
		})
	}
	turns.Wait()
	s := opened(t, r.URL("wait=5s"))
	_, got, err := s.Load(t.Context())
	if err != nil || len(got) < servers {
		t.Fatalf("%d events, %v", len(got), err)
	}
	for i, e := range got {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d stands at %d: two wrote at once", e.Seq, i+1)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestALeaseThatRanOutIsOursAsLongAsNobodyTookIt: Redis was away for longer than the
// lease lasts. There is nobody else, so writing goes on.
func TestALeaseThatRanOutIsOursAsLongAsNobodyTookIt(t *testing.T) {
	r := redistest.Start(t)
	s := opened(t, r.URL("lease=300ms"))
	r.Kill(t)
	soon(t, "it knows that redis is away", func() bool { return s.Away() != nil })
	if err := s.Append(t.Context(), events(1)); !errors.Is(err, errAway) {
		t.Errorf("a write while redis is away: %v", err)
	}
	r.Restart(t)
	soon(t, "it knows that redis is back", func() bool { return s.Away() == nil })
	if err := s.Append(t.Context(), events(1)); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestALeaseIsOverdueAfterTwoThirdsOfIt: by our own clock, from when the last renewal that
// was granted was asked for.
func TestALeaseIsOverdueAfterTwoThirdsOfIt(t *testing.T) {
	r := redistest.Start(t)
	line := redistest.NewLine(t, r)
	s := opened(t, redistest.URL(line.Addr(), "lease=9s"))
	s.halt()
	for ago, want := range map[time.Duration]bool{0: false, 5 * time.Second: false, 6 * time.Second: true, time.Hour: true} {
		held := time.Now().Add(-ago)
		if s.held.Store(&held); s.Overdue() != want {
			t.Errorf("renewed %s ago, a lease of 9s is overdue: %t, want %t", ago, !want, want)
		}
	}
	long := time.Now().Add(-time.Hour)
	s.held.Store(&long) // whichever of them came last
	line.Cut()
	if s.renew(t.Context()); s.Away() == nil || !s.Overdue() {
		t.Errorf("cut off, it is away: %v, overdue: %t", s.Away(), s.Overdue())
	}
	line.Mend()
	soon(t, "the lease is renewed", func() bool { s.renew(t.Context()); return !s.Overdue() })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestARedisThatForgotIsToldFromOneThatKept: it comes back empty, as without an
// append-only file. The events it had acknowledged are gone, and an append on top of
// nothing would look like a whole ledger.
func TestARedisThatForgotIsToldFromOneThatKept(t *testing.T) {
	r := redistest.Start(t)
	s := opened(t, r.URL("lease=300ms"))
	if err := s.Append(t.Context(), events(1, 2, 3)); err != nil {
		t.Fatal(err)
	}
	r.Lose(t)
	soon(t, "it knows that redis is away", func() bool { return s.Away() != nil })
	r.Restart(t)
	soon(t, "it knows that redis is back", func() bool { return s.Away() == nil })
	if err := s.Append(t.Context(), events(4)); !errors.Is(err, acd.ErrForgotten) {
		t.Errorf("an append on top of nothing: %v, want ErrForgotten", err)
	}
	if err := s.Compact(t.Context(), 4, []byte("all up to 4")); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), events(5)); err != nil {
		t.Errorf("after the snapshot: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpeningWithoutARedisSaysWhereAndForHowLong(t *testing.T) {
	began := time.Now()
	_, err := Open(t.Context(), "redis://breakwater:hunter2@127.0.0.1:1/0?wait=700ms", quiet())
	if err == nil {
		t.Fatal("opened")
	}
	for _, want := range []string{"redis://breakwater:xxxxx@127.0.0.1:1/0", "tried for", "times", "connection refused"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%q tells the password", err)
	}
	if took := time.Since(began); took < 700*time.Millisecond || took > 10*time.Second {
		t.Errorf("given up after %s, the URL says 700ms", took)
	}
}

func TestAWrongPasswordIsToldAtOnce(t *testing.T) {
	r := redistest.Start(t, "--requirepass", "swordfish")
	began := time.Now()
	_, err := Open(t.Context(), "redis://:hunter2@"+r.Addr()+"/0?wait=20s", quiet())
	if err == nil || !strings.Contains(err.Error(), "WRONGPASS") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a wrong password: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("tried for %s what cannot be mended by waiting", took)
	}
	s := opened(t, "redis://:swordfish@"+r.Addr()+"/0")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestAURLThatCannotBeReadNeverTellsItsPassword(t *testing.T) {
	for _, url := range []string{
		"redis://u:hunter2@host:port/0", "redis://u:hunter2@host/x", "redis://u:hunter2@host/0?name={a}", "redis://u:hunter2@host/0?lease=1ms",
		"redis://u:hunter2@host/0?wait=soon", "redis://u:hunter2@host/0?colour=blue", "redis://u:hunter2@host/0?name=", "redis://u:hun%ter2@host/0",
	} {
		if _, err := Open(t.Context(), url, quiet()); err == nil || strings.Contains(err.Error(), "hun") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// soon waits for something that happens by itself.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}
