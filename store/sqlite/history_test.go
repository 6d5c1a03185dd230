package sqlite

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"breakwater/acd"
)

// BenchmarkAnHourOfADay reads 7,200 of the 172,800 events of a day at two a second, that
// came together by twenty.
func BenchmarkAnHourOfADay(b *testing.B) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "a.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	events := make([]acd.Event, 172_800)
	for i := range events {
		at := day.Add(time.Duration(i-i%20) * time.Second / 2)
		events[i] = acd.Event{Seq: uint64(i + 1), At: acd.Stamp{Wall: at, Boot: "boot"}, Kind: acd.KindAnswered, Queue: "orders", Agent: "anna", Ticket: uint64(i)}
	}
	if err := s.Append(b.Context(), events); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range s.Events(b.Context(), day.Add(9*time.Hour), day.Add(10*time.Hour)) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 7200 {
			b.Fatalf("%d events", n)
		}
	}
}
