package acd

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/jsonline/jsonlinetest"
)

// TestWhatIsKeptOfACallIsWrittenAsEncodingJSONWritesIt: what reads it is encoding/json, and
// files of servers before this one were written by it.
func TestWhatIsKeptOfACallIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	t.Run("event", func(t *testing.T) { jsonlinetest.Same(t, (*Event).AppendJSON, jsonlinetest.Whole) })
	t.Run("event as history", func(t *testing.T) {
		jsonlinetest.Same(t, (*Event).AppendHistory, func(e *Event) any {
			bare := *e
			bare.Who = nil
			return &bare
		})
	})
	t.Run("caller", func(t *testing.T) { jsonlinetest.Same(t, (*Caller).AppendJSON, jsonlinetest.Whole) })
	t.Run("input", func(t *testing.T) { jsonlinetest.Same(t, (*Input).AppendJSON, jsonlinetest.Whole) })
	t.Run("moment", func(t *testing.T) { jsonlinetest.Same(t, (*Stamp).AppendJSON, jsonlinetest.Whole) })
	t.Run("words of phones", func(t *testing.T) { jsonlinetest.Same(t, (*PhoneWords).AppendJSON, jsonlinetest.Whole) })
}

// fullEvent has much to say.
func fullEvent() *Event {
	now := Stamp{Wall: time.Date(2026, 3, 9, 10, 0, 0, 123_456_789, time.UTC), Boot: "6f1e2b0c-9a51-4d5e-8d5e-000000000000", Mono: time.Hour}
	return &Event{
		Seq: 1 << 40, At: now, Kind: KindFinished, Agent: "anna", Phone: "1001", Queue: "orders", Call: "01J8Z6W3X5Y7", Ticket: 7,
		Assignment: 8, State: WrapUp, Reason: "caller_ended", Until: now, Length: time.Minute, Level: 2, Max: time.Hour,
		Talk: Talk{Length: time.Minute, Warnings: 1}, Caller: "p-1", Care: CareFact{Tier: 2, Event: true},
		Who: &Caller{Number: "+4930123", Data: map[string]any{"tier": "T2", "n": 3}},
	}
}

func TestAnEventIsWrittenWithoutAllocations(t *testing.T) {
	e, room := fullEvent(), make([]byte, 0, 4096)
	for name, write := range map[string]func() ([]byte, error){
		"ledger": func() ([]byte, error) { return e.AppendHistory(room) },
		"caller": func() ([]byte, error) { return e.Who.AppendJSON(room) },
		"log":    func() ([]byte, error) { return e.AppendOf(&Stamp{}, room) },
	} {
		if n := testing.AllocsPerRun(1000, func() {
			if _, err := write(); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

func TestATurnIsWrittenWithoutAllocations(t *testing.T) {
	e, room := fullEvent(), make([]byte, 0, 1<<16)
	turn := &Turn{
		At: e.At, Phones: &PhoneWords{Busy: map[string]bool{"1001": true}},
		In:     Input{Kind: InEnter, Entry: &Entry{Call: "c", Data: map[string]any{"a": 1.5}}, Outcome: &Outcome{}, Command: &Command{}},
		Events: []Event{*e, *e}, Offers: []MadeOffer{{1, []MadeSeat{{Agent: "anna"}}}}, Revoked: []uint64{1}, Removed: []OutOfQueue{{}},
	}
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := turn.AppendLog(room); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzEvent: what is read of any text is written so that it reads back the same.
func FuzzEvent(f *testing.F) {
	seed, err := json.Marshal(fullEvent())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"seq":3,"at":{"wall":"2026-01-01T00:00:00+01:00"},"kind":"<\u2028","who":{"data":{"a":[1,{"b":null}]}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e, back Event
		if json.Unmarshal(text, &e) != nil {
			return
		}
		out, err := e.AppendJSON(nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		again, err := back.AppendJSON(nil)
		if err != nil || string(again) != string(out) {
			t.Fatal(cmp.Diff(string(out), string(again)), err)
		}
	})
}

func BenchmarkEvent(b *testing.B) {
	e := fullEvent()
	b.Run("appended", func(b *testing.B) {
		b.ReportAllocs()
		room := make([]byte, 0, 4096)
		for b.Loop() {
			_, _ = e.AppendJSON(room)
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = json.Marshal(e)
		}
	})
}
