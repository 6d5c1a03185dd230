package store_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/store"
	"breakwater/store/redis/redistest"
)

const (
	floorAgents = 2000
	floorEvents = 200_000
	replayTries = 6 // others work on this machine, too: the best of some tells what it takes
)

// bigDay is a plan of many agents and the events of a day's work of theirs.
func bigDay() (acd.Plan, []acd.Event) {
	p := acd.Plan{Queues: map[string]acd.QueueSpec{}, Agents: map[string]acd.AgentSpec{}}
	for q := range 50 {
		p.Queues[fmt.Sprintf("queue-%02d", q)] = acd.QueueSpec{}
	}
	for a := range floorAgents {
		p.Agents[fmt.Sprintf("agent-%04d", a)] = acd.AgentSpec{}
	}
	began := time.Now().Add(-8 * time.Hour)
	events := make([]acd.Event, 0, floorEvents+8)
	add := func(e acd.Event) {
		e.Seq = uint64(len(events) + 1)
		after := time.Duration(len(events)) * 8 * time.Hour / floorEvents
		e.At = acd.Stamp{Wall: began.Add(after), Boot: "another boot", Mono: time.Hour + after}
		events = append(events, e)
	}
	for a := range floorAgents {
		add(acd.Event{Kind: acd.KindLogIn, Agent: fmt.Sprintf("agent-%04d", a), Phone: fmt.Sprint(1000 + a), State: acd.Ready})
	}
	for n := uint64(1); len(events) < floorEvents; n++ {
		of := acd.Event{
			Agent: fmt.Sprintf("agent-%04d", int(n)%floorAgents), Queue: fmt.Sprintf("queue-%02d", n%50),
			Call: fmt.Sprintf("01KA8ZQ8M9E7V1T4N6%08d", n), Ticket: n, Assignment: n,
		}
		for _, step := range []acd.Event{
			{Kind: acd.KindEntered},
			{Kind: acd.KindOffered, State: acd.Offered, Length: 20 * time.Second},
			{Kind: acd.KindAnswered, State: acd.OnCall},
			{Kind: acd.KindFinished, State: acd.WrapUp, Reason: "caller_ended", Length: 30 * time.Second},
			{Kind: acd.KindWrapUpOver, State: acd.Ready},
		} {
			e := of
			e.Kind, e.State, e.Length, e.Reason = step.Kind, step.State, step.Length, step.Reason
			if step.Kind == acd.KindEntered {
				e.Agent, e.Assignment = "", 0
			}
			add(e)
		}
	}
	return p, events
}

// engines are the URLs of one store of each kind.
func engines(t testing.TB) map[string]string {
	return map[string]string{
		"memory": "memory:",
		"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "day.db"),
		"redis":  redistest.Start(t).URL(),
	}
}

// filled opens a store that holds the events, as batches brought them.
func filled(t testing.TB, url string, events []acd.Event) store.Store {
	s, err := store.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(events); at += 5000 {
		if err := s.Append(t.Context(), events[at:min(at+5000, len(events))]); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestAFloorOfAWholeDayIsBackSoon starts from 200,000 events without any snapshot,
// which is twenty times what a floor lets come together.
func TestAFloorOfAWholeDayIsBackSoon(t *testing.T) {
	plan, events := bigDay()
	for name, url := range engines(t) {
		t.Run(name, func(t *testing.T) {
			s := filled(t, url, events)
			defer closed(t, s)
			best := time.Hour
			for try := 0; try < replayTries && best > replayBound; try++ {
				began := time.Now()
				if _, err := acd.NewFloor(t.Context(), plan, s, nil); err != nil {
					t.Fatal(err)
				}
				best = min(best, time.Since(began))
			}
			if best > replayBound {
				t.Errorf("replayed in %s at best", best)
			}
			t.Logf("%d agents and %d events replayed in %s", floorAgents, len(events), best.Round(time.Millisecond))
			snapshot, err := json.Marshal(map[string]any{"people": nil})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := s.Compact(t.Context(), events[len(events)-1].Seq, snapshot); err != nil {
				t.Fatal(err)
			}
			if _, left, err := s.Load(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("%d events after a snapshot, %v", len(left), err)
			}
			t.Logf("a snapshot kept and read in %s", time.Since(began).Round(time.Millisecond))
		})
	}
}

// BenchmarkReplay is the start of a floor of 2,000 agents after 200,000 events.
func BenchmarkReplay(b *testing.B) {
	plan, events := bigDay()
	for name, url := range engines(b) {
		b.Run(name, func(b *testing.B) {
			s := filled(b, url, events)
			defer func() { _ = s.Close() }()
			for b.Loop() {
				if _, err := acd.NewFloor(b.Context(), plan, s, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/start")
		})
	}
}
