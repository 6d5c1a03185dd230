package house_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"breakwater/sip/siptest"
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
