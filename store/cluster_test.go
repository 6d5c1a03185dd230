package store_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/store"
	"breakwater/store/redis/redistest"
)

// TestEveryKeyIsInOneSlotOfACluster does every write once in a Redis Cluster, which
// refuses a script whose keys are in several slots.
func TestEveryKeyIsInOneSlotOfACluster(t *testing.T) {
	r := redistest.Start(t, "--cluster-enabled", "yes")
	if got := r.Say(t, "CLUSTER ADDSLOTSRANGE 0 16383"); got != "+OK" {
		t.Fatal(got)
	}
	within(t, 20*time.Second, "the cluster is up", func() bool { return strings.HasPrefix(r.Say(t, "SET breakwater:probe 1"), "+OK") })
	s, err := store.Open(t.Context(), r.URL("cluster=true"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	now, record := time.Now(), full("A", time.Now())
	for what, err := range map[string]error{
		"bind":     s.Bind(t.Context(), call.Binding{AOR: "1001", ID: "a", Expires: now.Add(time.Hour)}),
		"unbind":   s.Unbind(t.Context(), "1001", "a"),
		"begin":    s.Begin(t.Context(), record),
		"seal":     s.Seal(t.Context(), record),
		"ears":     s.KeepExposure(t.Context(), call.EarShift{Agent: "anna", Began: now}),
		"ears ago": s.ForgetExposures(t.Context(), now.Add(time.Hour)),
		"append":   s.Append(t.Context(), []acd.Event{{Seq: 1, At: acd.Stamp{Wall: now.Add(-time.Hour)}}}),
		"compact":  s.Compact(t.Context(), 1, []byte("{}")),
		"forget":   s.Forget(t.Context(), now),
		"records":  s.ForgetRecords(t.Context(), now.Add(-time.Hour), now.Add(-time.Hour)),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err1 := s.Bindings(t.Context())
	_, err2 := s.Unsealed(t.Context())
	found, err3 := s.Records(t.Context(), call.Query{Agent: "anna"})
	_, err4 := s.Exposures(t.Context(), "anna", 1)
	_, _, err5 := s.Load(t.Context())
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil || len(found) != 1 {
		t.Errorf("%d records, %v", len(found), err)
	}
}

// within waits for something that other processes do.
func within(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !is(); {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
		<-time.After(20 * time.Millisecond)
	}
}
