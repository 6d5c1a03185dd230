package sqlite

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// BenchmarkACallOfFourHundredASecond is what a call costs the store: its draft twice, its
// record, eight events and what ears got, six calls to a transaction. ns/op is mostly waiting for the
// next transaction; CPU is what counts.
func BenchmarkACallOfFourHundredASecond(b *testing.B) {
	const atOnce, lasts = 6, 20 // calls; turns from a call's beginning to its end
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "a.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	began := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	record := func(n int) call.Record {
		return call.Record{
			ID: fmt.Sprintf("01KA8ZQ8M9E7V1T4N6%08d", n), Start: began.Add(time.Duration(n) * time.Second / 400),
			Caller: fmt.Sprintf("0301%07d", n*7919%10_000_000), Agent: fmt.Sprintf("agent-%04d", n*31%2000), Queue: "bench",
			Steps: make([]call.Step, 6), Legs: make([]call.LegRecord, 2),
		}
	}
	seq := uint64(0)
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	turn := 0
	for b.Loop() {
		var all sync.WaitGroup
		do := func(what func() error) {
			all.Go(func() {
				if err := what(); err != nil {
					b.Error(err)
				}
			})
		}
		for i := range atOnce {
			n := turn*atOnce + i
			do(func() error { return s.Begin(b.Context(), record(n)) })
			if n := n - lasts/2*atOnce; n >= 0 {
				do(func() error { return s.Begin(b.Context(), record(n)) }) // an agent has answered
			}
			if n := n - lasts*atOnce; n >= 0 {
				do(func() error { return s.Seal(b.Context(), record(n)) })
				do(func() error {
					return s.KeepExposure(b.Context(), call.EarShift{Agent: record(n).Agent, Began: began, Exposure: float64(n)})
				})
			}
		}
		events := make([]acd.Event, 8*atOnce)
		for i := range events {
			seq++
			events[i] = acd.Event{
				Seq: seq, At: acd.Stamp{Wall: record(turn * atOnce).Start, Boot: strings.Repeat("b", 36)}, Kind: acd.KindAnswered,
				Queue: "bench", Agent: "agent-0007", Call: "01KA8ZQ8M9E7V1T4N600000000", Ticket: seq,
			}
			if i%8 == 0 {
				events[i].Kind, events[i].Who = acd.KindEntered, &acd.Caller{Number: "03012345678"}
			}
		}
		do(func() error { return s.Append(b.Context(), events) })
		all.Wait()
		turn++
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	spent := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(spent)/1000/float64(turn*atOnce), "µs-CPU/call")
}
