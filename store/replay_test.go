package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
	"breakwater/store"
	"breakwater/store/redis/redistest"
)

const (
	floorAgents  = 2000
	floorResting = 100
	floorWaiting = 8500 // with who talks, more than a floor lets come together before it makes its ledger small
	floorBacks   = 500
	replayTries  = 6 // others work on this machine, too: the best of some tells what it takes
)

// bigDay is a plan of many agents and the events of a day's work of theirs. At its end
// the server dies: some rest, everybody else talks, and a crowd waits, on the line or to be
// called back.
func bigDay() (acd.Plan, []acd.Event) {
	d := &longDay{began: time.Now().Add(-8 * time.Hour), events: make([]acd.Event, 0, floorEvents+16)}
	p := acd.Plan{Queues: map[string]acd.QueueSpec{}, Agents: map[string]acd.AgentSpec{}, Dial: []string{"030"}}
	for q := range 50 {
		p.Queues[fmt.Sprintf("queue-%02d", q)] = acd.QueueSpec{Callback: acd.CallbackSpec{Prefixes: []string{"030"}, Hours: "00:00-24:00"}}
	}
	for a := range floorAgents {
		p.Agents[agentName(a)] = acd.AgentSpec{}
		d.add(acd.Event{Kind: acd.KindLogIn, Agent: agentName(a), Phone: fmt.Sprint(1000 + a), State: acd.Ready})
	}
	for len(d.events) < floorEvents-floorWaiting-floorBacks-floorAgents*5 || d.agent != 0 {
		d.call(len(d.events)%20 == 0, true)
	}
	for a := range floorAgents {
		d.call(a < floorResting, false)
	}
	for range floorWaiting {
		d.enter()
	}
	for range floorBacks {
		e := d.next()
		e.Kind, e.Reason, e.Until = acd.KindParked, acd.BackAsked, d.stamp(len(d.events))
		e.Who.Back = &acd.Callback{Number: e.Who.Number, Kind: acd.BackAsked}
		d.add(e)
	}
	for len(d.events) < floorEvents {
		d.enter()
		d.add(acd.Event{Kind: acd.KindLeft, Ticket: d.calls, Queue: d.events[len(d.events)-1].Queue, Reason: "abandoned"})
	}
	return p, d.events
}

func agentName(a int) string { return fmt.Sprintf("agent-%04d", a) }

// longDay makes the events of a day.
type longDay struct {
	began  time.Time
	events []acd.Event
	calls  uint64
	agent  int // the next to be offered a call
}

func (d *longDay) stamp(n int) acd.Stamp {
	after := time.Duration(n) * 8 * time.Hour / floorEvents
	return acd.Stamp{Wall: d.began.Add(after), Boot: "another boot", Mono: time.Hour + after}
}

func (d *longDay) add(e acd.Event) {
	e.Seq, e.At = uint64(len(d.events)+1), d.stamp(len(d.events))
	d.events = append(d.events, e)
}

// next is a caller who comes, with a number and what was asked of them.
func (d *longDay) next() acd.Event {
	d.calls++
	return acd.Event{
		Queue: fmt.Sprintf("queue-%02d", d.calls%50), Call: fmt.Sprintf("01KA8ZQ8M9E7V1T4N6%08d", d.calls), Ticket: d.calls,
		Who: &acd.Caller{Number: fmt.Sprintf("030%07d", d.calls), Data: map[string]any{"language": "zh", "tier": 2}, Tier: 1},
	}
}

// enter lets a caller come. Who they are is in the ledger until the next snapshot, whether
// they still wait or not.
func (d *longDay) enter() acd.Event {
	e := d.next()
	e.Kind = acd.KindEntered
	d.add(e)
	e.Who = nil
	return e
}

// call lets a caller come and an agent take the call; a protected one ends in a rest of
// hours, or of a moment where the agent works on.
func (d *longDay) call(protected, over bool) {
	e := d.enter()
	e.Agent, e.Assignment = agentName(d.agent), d.calls
	d.agent = (d.agent + 1) % floorAgents
	tell := func(kind string, state acd.AgentState, length time.Duration) {
		e := e
		e.Kind, e.State, e.Length = kind, state, length
		if kind == acd.KindFinished {
			e.Reason, e.Talk = "caller_ended", acd.Talk{Length: 3 * time.Minute, Protected: protected}
		}
		if kind == acd.KindRestGranted {
			e.Level, e.Max = 3, 4*time.Hour
		}
		d.add(e)
	}
	tell(acd.KindOffered, acd.Offered, 20*time.Second)
	tell(acd.KindAnswered, acd.OnCall, 0)
	switch {
	case protected:
		tell(acd.KindRestGranted, acd.OnCall, 4*time.Hour)
		tell(acd.KindFinished, acd.WrapUp, 30*time.Second)
		tell(acd.KindWrapUpOver, acd.Resting, 0)
		if over {
			tell(acd.KindRestDeclined, acd.Ready, 0)
		}
	case over:
		tell(acd.KindFinished, acd.WrapUp, 30*time.Second)
		tell(acd.KindWrapUpOver, acd.Ready, 0)
	}
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

// TestAFloorOfAWholeDayIsBackSoon starts from floorEvents without any snapshot, which
// is many times what a floor lets come together, and then from the snapshot that this
// floor has made of them. Both know who rests, who talked and who waits.
func TestAFloorOfAWholeDayIsBackSoon(t *testing.T) {
	plan, events := bigDay()
	for name, url := range engines(t) {
		t.Run(name, func(t *testing.T) {
			s := filled(t, url, events)
			defer closed(t, s)
			was := comesBack(t, plan, s, fmt.Sprintf("%d agents and %d events", floorAgents, len(events)))
			if was.states[acd.Resting] != floorResting || was.states[acd.WrapUp] != floorAgents-floorResting || len(was.backs) != floorWaiting+floorBacks {
				t.Fatalf("agents %v, %d callbacks", was.states, len(was.backs))
			}
			snapshot, left, err := s.Load(t.Context())
			if err != nil || len(left) != 0 || len(snapshot) < floorAgents*100 {
				t.Fatalf("the ledger is a snapshot of %d bytes and %d events, %v", len(snapshot), len(left), err)
			}
			is := comesBack(t, plan, s, fmt.Sprintf("a snapshot of %d kB", len(snapshot)>>10))
			if diff := cmp.Diff(was.states, is.states); diff != "" {
				t.Errorf("agents after the snapshot (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(was.backs, is.backs); diff != "" {
				t.Errorf("callbacks after the snapshot (-before +after):\n%s", diff)
			}
		})
	}
}

// floorLook is what of a floor must come back.
type floorLook struct {
	states map[acd.AgentState]int
	backs  []string // number, kind and age in minutes of each callback
}

// comesBack starts a floor in time, serves it for a moment, and looks at it. What it
// decided at its start, it writes.
func comesBack(t *testing.T, plan acd.Plan, s store.Store, of string) floorLook {
	t.Helper()
	var f *acd.Floor
	best := time.Hour
	for try := 0; try < replayTries && best > replayBound; try++ {
		began := time.Now()
		var err error
		if f, err = acd.NewFloor(t.Context(), plan, s, nil); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(began))
	}
	if best > replayBound {
		t.Errorf("back from %s in %s at best", of, best)
	}
	t.Logf("back from %s in %s", of, best.Round(time.Millisecond))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	look := floorLook{states: map[acd.AgentState]int{}}
	agents, err1 := f.Agents(ctx)
	backs, err2 := f.Callbacks(ctx)
	stop()
	if err := errors.Join(err1, err2, <-ended); err != nil {
		t.Fatal(err)
	}
	for _, a := range agents {
		look.states[a.State]++
	}
	for _, b := range backs {
		look.backs = append(look.backs, fmt.Sprint(b.Number, " ", b.Kind, " ", b.Since.Round(time.Minute).UTC()))
	}
	return look
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
