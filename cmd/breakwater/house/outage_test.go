package house_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/api"
	"breakwater/call"
	"breakwater/loadtest/referee"
	"breakwater/store/redis/redistest"
)

// absence is how long a Redis is away in a soak.
const absence = time.Minute

// kept is what the house says of its store, by the api as an operator asks it.
func (s *stage) kept() (told api.Store) {
	s.Helper()
	s.does("ask for the status", func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.house.API.Addr().String()+"/v1/status", nil)
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+s.house.Token())
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		var status struct {
			Ready bool      `json:"ready"`
			Store api.Store `json:"store"`
		}
		if err := json.NewDecoder(answer.Body).Decode(&status); err != nil {
			return err
		}
		if !status.Ready {
			return fmt.Errorf("not ready for calls: %+v", status.Store)
		}
		told = status.Store
		return nil
	})
	http.DefaultClient.CloseIdleConnections()
	return told
}

// TestCallsGoOnWhileRedisIsAway: a call talks while the Redis dies, others come, are
// offered and answered while it is away, one of them waits through its whole absence.
// When it is back it has every record once, and the floor's events without a gap.
func TestCallsGoOnWhileRedisIsAway(t *testing.T) {
	for name, fault := range map[string]struct {
		begin, end func(*redistest.Server, *testing.T)
	}{
		"killed": {
			func(r *redistest.Server, t *testing.T) { r.Kill(t) },
			func(r *redistest.Server, t *testing.T) { r.Restart(t) },
		},
		"hanging": {
			func(r *redistest.Server, t *testing.T) { r.Pause(t) },
			func(r *redistest.Server, t *testing.T) { r.Resume(t) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			redis := redistest.Start(t)
			s := alone(t, "store", redis.URL("lease=1s"), "outage", "expected")
			crew := s.seats("anna", "ben")
			anna, ben := crew[0], crew[1]
			first := s.connects("8100", anna)

			fault.begin(redis, t)
			s.sees("the alarm", func() bool { told := s.kept(); return !told.Up && told.Why != "" })
			s.talk(first, anna)
			began := time.Now()
			second := s.connects("8100", ben)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("a caller reached a free agent after %s while redis was away", took)
			}
			third := s.caller("8100")
			third.hearsMusic()
			second.hangsUp()
			ben.isCut()
			s.sees("records and events that wait", func() bool { told := s.kept(); return told.Records == 1 && told.Events > 0 })
			spilled, err := os.ReadFile(filepath.Join(s.dir, "records.spill"))
			if err != nil || strings.Count(string(spilled), "\n") != 1 {
				t.Errorf("the record is not on the disk: %q, %v", spilled, err)
			}
			if events, err := os.ReadFile(filepath.Join(s.dir, "events.spill")); err != nil || strings.Count(string(events), "\n") < 5 {
				t.Errorf("the events are not on the disk: %d bytes, %v", len(events), err)
			}
			ben.rings() // after his wrap-up, with the one who waited
			ben.answers()
			s.talk(third, ben)
			s.talk(first, anna)

			if os.Getenv("BREAKWATER_SOAK") != "" { // no rule depends on the length; here it is the real one
				<-time.After(absence - time.Since(began))
				s.talk(first, anna)
			}
			fault.end(redis, t)
			s.sees("that everything is kept", func() bool { told := s.kept(); return told.Up && told.Records == 0 && told.Events == 0 })
			third.hangsUp()
			ben.isCut()
			first.hangsUp()
			anna.isCut()
			for _, who := range []*person{first, second, third} {
				if r := s.record(who); r.Cause.Metric != "caller_ended" {
					t.Errorf("the record of %s says %s", who.name, r.Cause.Metric)
				}
			}
			s.wholeLedger()
			if log := s.log.tail(1 << 20); strings.Count(log, "store up again") != strings.Count(log, "store down") {
				t.Error("the log does not pair what fell with what rose")
			}
		})
	}
}

// wholeLedger looks whether the floor's events are all in the store, once and in order.
func (s *stage) wholeLedger() {
	s.Helper()
	last := uint64(0)
	for e, err := range s.house.Store.Events(s.ctx, time.Time{}, time.Now().Add(time.Hour)) {
		if err != nil {
			s.Fatal(err)
		}
		if e.Seq != last+1 {
			s.Fatalf("event %d follows %d in the ledger", e.Seq, last)
		}
		last = e.Seq
	}
	if last == 0 {
		s.Error("the ledger is empty")
	}
}

// TestASlowRedisSlowsNoOffer: everything it answers comes a second late.
func TestASlowRedisSlowsNoOffer(t *testing.T) {
	referee.Judge(t, bearable, aSlowRedisSlowsNoOffer)
}

func aSlowRedisSlowsNoOffer(t testing.TB) {
	redis := redistest.Start(t)
	line := redistest.NewLine(t, redis)
	s := alone(t, "store", redistest.URL(line.Addr(), "lease=5s"), "outage", "expected")
	anna := s.seat("anna")
	line.Late(time.Second)
	waiting := s.caller("8100")
	anna.rings()
	anna.answers()
	s.talk(waiting, anna)
	second := s.caller("8100")
	second.hearsMusic()
	waiting.hangsUp()
	anna.isCut()
	freed := s.becomes("anna", acd.Offered)
	anna.rings()
	if late := anna.call.Began().Sub(freed.Since); late > time.Second {
		t.Errorf("the phone of a free agent rang %s after the offer", late)
	}
	anna.answers()
	s.talk(second, anna)
	second.hangsUp()
	anna.isCut()
	line.Late(0)
	s.sees("that everything is kept", func() bool { told := s.kept(); return told.Up && told.Records == 0 && told.Events == 0 })
	for _, who := range []*person{waiting, second} {
		if r := s.record(who); r.Agent != "anna" {
			t.Errorf("the record of %s names agent %q", who.name, r.Agent)
		}
	}
	if left, err := s.house.Store.Unsealed(s.ctx); err != nil || len(left) != 0 {
		t.Errorf("%d drafts are left, %v", len(left), err)
	}
	found, err := s.house.Store.Records(s.ctx, call.Query{Queue: "sales"})
	if err != nil || len(found) != 2 {
		t.Errorf("%d records, %v", len(found), err)
	}
	s.wholeLedger()
}
