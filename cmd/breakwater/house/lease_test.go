package house_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"breakwater/sip/siptest"
	"breakwater/store"
	"breakwater/store/redis/redistest"
)

// TestAServerThatWasReplacedTakesNoMoreCalls: somebody else takes the store while anna
// talks and a caller waits. The two go on; the one who waits is let go, since nobody is
// offered any more; whoever comes is sent to the other server, and so are the phones.
func TestAServerThatWasReplacedTakesNoMoreCalls(t *testing.T) {
	redis := redistest.Start(t)
	s := alone(t, "store", redis.URL("lease=300ms"), "outage", "expected", "replaced", "later")
	crew := s.seats("anna")
	anna := crew[0]
	first := s.connects("8100", anna)
	second := s.caller("8100")
	second.hearsMusic()

	redis.Say(t, "SET breakwater:{main}:fence 99")
	second.isCut()
	s.talk(first, anna)
	for who, phone := range map[string]*siptest.Phone{"a carrier": s.city, "a desk": anna.phone} {
		s.does("dial from "+who, func(ctx context.Context) error {
			c, err := phone.Dial(ctx, siptest.Dial{Number: "8100", From: "03019999"})
			if err != nil {
				return err
			}
			end, err := c.WaitEnded(ctx)
			if end.Status != http.StatusServiceUnavailable {
				t.Errorf("a call from %s ended with %v, want 503", who, end)
			}
			return err
		})
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if err := anna.phone.Register(ctx); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a phone that registers is told %v, want 503", err)
	}
	if got := s.asks("/ready"); !strings.Contains(got, "taken over") {
		t.Errorf("ready says %s", got)
	}
	if got := s.asks("/metrics"); !strings.Contains(got, "store_lost 1") {
		t.Error("the metrics do not tell")
	}
	s.talk(first, anna)
	first.hangsUp()
	anna.isCut()
	s.becomes("anna", "ready")
	anna.isLeftAlone()
}

// TestAServerThatIsCutOffGoesOnUntilItKnows is docs/decisions/0032: the way to Redis is
// cut for this server alone, and another takes over. This one cannot know, says so, and goes
// on to serve who calls; what it does then is kept nowhere. When the way is mended it stands
// down at once, and both conversations go on.
func TestAServerThatIsCutOffGoesOnUntilItKnows(t *testing.T) {
	redis := redistest.Start(t)
	line := redistest.NewLine(t, redis)
	s := alone(t, "store", redistest.URL(line.Addr(), "lease=600ms"), "outage", "expected", "replaced", "later")
	crew := s.seats("anna", "ben")
	anna, ben := crew[0], crew[1]
	first := s.connects("8100", anna)

	line.Cut()
	s.sees("the alarm", func() bool { return strings.Contains(s.asks("/metrics"), "store_lease_overdue 1") })
	other, err := store.Open(s.ctx, redis.URL("lease=5s", "wait=20s"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, known, err := other.Load(s.ctx)
	if err != nil || len(known) == 0 {
		t.Fatalf("the other server knows %d events, %v", len(known), err)
	}
	second := s.connects("8100", ben)
	s.talk(second, ben)
	s.talk(first, anna)
	if got := s.asks("/ready"); strings.Contains(got, "taken over") {
		t.Errorf("it cannot know yet, and says %s", got)
	}
	if n := strings.Count(s.log.tail(1<<20), "the lease runs out"); n != 1 {
		t.Errorf("the log tells %d times", n)
	}

	line.Mend()
	s.sees("that it stands down", func() bool { return strings.Contains(s.asks("/ready"), "taken over") })
	if got := s.asks("/metrics"); !strings.Contains(got, "store_lost 1") || !strings.Contains(got, "store_lease_overdue 0") {
		t.Error("the metrics do not tell what is known now")
	}
	s.talk(first, anna)
	s.talk(second, ben)
	if _, after, err := other.Load(s.ctx); err != nil || len(after) != len(known) {
		t.Errorf("the ledger has %d events, %v; want the %d of before", len(after), err, len(known))
	}
	for _, who := range []*person{first, second} {
		who.hangsUp()
	}
	anna.isCut()
	ben.isCut()
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}
