package call

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"breakwater/jsonline/jsonlinetest"
	"breakwater/media"
)

// TestWhatTheJournalKeepsIsWrittenAsEncodingJSONWritesIt: what reads it is encoding/json,
// and stores of servers before this one were written by it.
func TestWhatTheJournalKeepsIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	t.Run("record", func(t *testing.T) { jsonlinetest.Same(t, (*Record).AppendJSON, jsonlinetest.Whole) })
	t.Run("leg", func(t *testing.T) { jsonlinetest.Same(t, (*LegRecord).appendJSON, jsonlinetest.Whole) })
	t.Run("shift of ears", func(t *testing.T) { jsonlinetest.Same(t, (*EarShift).AppendJSON, jsonlinetest.Whole) })
}

// fullRecord is that of an everyday call.
func fullRecord() *Record {
	at := time.Date(2026, 3, 9, 10, 0, 0, 123_456_789, time.UTC)
	leg := LegRecord{
		Party: Party{ID: "a84b4c76e66710@pc33", Incoming: true, Number: "0301234", Name: "A <b>", Remote: netip.MustParseAddr("192.0.2.7"), Since: at},
		Agent: "anna", Answer: at, End: at, Cause: Cause{By: ByCaller, Metric: CauseCallerEnded}, Codec: "PCMA",
		Quality: media.Quality{Sent: 500, MOS: 4.38, Minutes: []media.Minute{{MOS: 4.38}}},
	}
	r := &Record{
		ID: "01J8Z6W3X5Y7ABCDEFGHJKMNPQ", Version: "1.0", Caller: "0301234", Dialled: "1", Trunk: "sbc", Language: "de",
		Data: map[string]string{"customer": "17", "tier": "T0"}, Start: at, Answered: at, End: at, Queue: "orders", Agent: "anna",
		Cause: Cause{By: ByCaller, Metric: CauseCallerEnded}, Legs: []LegRecord{leg, leg}, Recordings: []string{"2026/03/09/x.wav"},
		Attempts: []Attempt{{Queue: "orders", Agent: "anna", Phone: "1001", At: at, Result: "answered", Reason: "longest idle: 3s"}},
	}
	for range 8 {
		r.Steps = append(r.Steps, Step{At: at, Mono: time.Second, Name: "prompt.end", Note: "greeting"})
		r.Segments = append(r.Segments, Segment{Kind: "talk", Queue: "orders", Agent: "anna", From: at, To: at})
	}
	return r
}

func TestARecordIsWrittenWithoutAllocations(t *testing.T) {
	r, room := fullRecord(), make([]byte, 0, 1<<16)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := r.AppendJSON(room); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	r := fullRecord()
	b.Run("appended", func(b *testing.B) {
		b.ReportAllocs()
		room := make([]byte, 0, 1<<16)
		for b.Loop() {
			_, _ = r.AppendJSON(room)
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = json.Marshal(r)
		}
	})
}
