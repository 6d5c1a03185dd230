package house_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to spoil what the store has written

	"breakwater/acd"
	"breakwater/call"
	"breakwater/sip/siptest"
	"breakwater/store"
)

// lived gives the house a ledger as it is after two busy days: events, most of them in
// the floor's snapshot.
func (s *stage) lived(events int) {
	s.Helper()
	kept, err := store.Open(s.ctx, "sqlite:"+s.dir+"/house.db", slog.New(slog.DiscardHandler))
	if err != nil {
		s.Fatal(err)
	}
	snapshot, known, err := kept.Load(s.ctx)
	if err != nil || len(known)+len(snapshot) != 0 {
		s.Fatalf("somebody was here before: %d events, %v", len(known), err)
	}
	last := uint64(0)
	began, batch := time.Now().Add(-30*time.Hour), []acd.Event(nil)
	for n := range events {
		last++
		batch = append(batch, acd.Event{
			Seq: last, At: acd.Stamp{Wall: began.Add(time.Duration(n) * (30 * time.Hour / time.Duration(events)))},
			Kind: acd.KindRefused, Queue: "sales", Call: fmt.Sprint("c", n), Reason: "full",
		})
		if len(batch) == 5000 || n == events-1 {
			if err := kept.Append(s.ctx, batch); err != nil {
				s.Fatal(err)
			}
			batch = nil
		}
	}
	if err := kept.Compact(s.ctx, last, fmt.Appendf(nil, `{"ids":{"seq":%d}}`, last)); err != nil {
		s.Fatal(err)
	}
	if err := kept.Close(); err != nil {
		s.Fatal(err)
	}
}

// TestAHouseWithALongPastTakesCallsAtOnce: 200,000 events of two days are read for figures
// when the phones are served already.
func TestAHouseWithALongPastTakesCallsAtOnce(t *testing.T) {
	s := alone(t)
	s.stops()
	s.lived(200_000)
	s.opens()
	s.city = s.phone(siptest.Options{Name: "city", Local: carrier})
	anna := s.desk("anna")
	s.logIn(anna)
	s.connects("8100", anna)
	s.sees("that the past is at hand", func() bool { return strings.Contains(s.log.tail(1<<20), "at hand\" facts=2") })
	if got := s.asks("/v1/figures/queues?queue=sales&from=-20h"); !strings.Contains(got, `"refused":133`) || !strings.Contains(got, `"answered":1`) {
		t.Errorf("of the past and of now the figures say %s", got)
	}
}

// TestAPastThatCannotBeReadStopsNoCall spoils a row of events that only figures read.
func TestAPastThatCannotBeReadStopsNoCall(t *testing.T) {
	s := open(t)
	s.stops()
	s.lived(10)
	file, err := sql.Open("sqlite", "file:"+s.dir+"/house.db")
	if err != nil {
		t.Fatal(err)
	}
	done, err := file.ExecContext(context.Background(), `UPDATE events SET body = 'rubbish' WHERE seq = (SELECT min(seq) FROM events)`)
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := done.RowsAffected(); err != nil || rows != 1 {
		t.Fatalf("%d rows are spoiled, %v", rows, err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	s.opens()
	s.city = s.phone(siptest.Options{Name: "city", Local: carrier})
	anna := s.desk("anna")
	s.logIn(anna)
	s.connects("8100", anna)
	s.sees("a word about the past", func() bool { return strings.Contains(s.log.tail(1<<20), "not at hand for figures") })
	if got := s.asks("/v1/figures/queues?from=-20h"); !strings.Contains(got, "error") {
		t.Errorf("figures with a hole in them: %s", got)
	}
}

// TestAHouseForgetsWhatItIsToKeepNoLonger: what ears got and records of before are gone soon
// after a start, those of last year are not.
func TestAHouseForgetsWhatItIsToKeepNoLonger(t *testing.T) {
	s := open(t)
	s.stops()
	kept, err := store.Open(s.ctx, "sqlite:"+s.dir+"/house.db", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	long, lately := time.Now().AddDate(0, 0, -401), time.Now().AddDate(0, 0, -399)
	for id, began := range map[string]time.Time{"old": long, "new": lately} {
		ears := call.EarShift{Agent: "anna", Began: began, Exposure: 1}
		if err := errors.Join(kept.KeepExposure(s.ctx, ears), kept.Seal(s.ctx, call.Record{ID: id, Start: began, End: began})); err != nil {
			t.Fatal(err)
		}
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	s.opens()
	s.sees("that the old is gone and the new is not", func() bool {
		ears, err1 := s.house.Store.Exposures(s.ctx, "anna", 9)
		records, err2 := s.house.Store.Records(s.ctx, call.Query{})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		return len(ears) == 1 && len(records) == 1 && records[0].ID == "new" && ears[0].Began.Equal(lately)
	})
}
