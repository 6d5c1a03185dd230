package acd

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestHandleTimes(t *testing.T) {
	for name, tc := range map[string]struct {
		calls []time.Duration
		p     float64
		want  time.Duration
	}{
		"nothing known: what the config expects": {nil, 0.5, 5 * time.Minute},
		"nine are not enough":                    {repeat(9, time.Minute), 0.5, 5 * time.Minute},
		"ten are believed":                       {repeat(10, time.Minute), 0.5, time.Minute},
		"half":                                   {append(repeat(50, time.Minute), repeat(50, 10*time.Minute)...), 0.45, time.Minute},
		"the long ones count for P80":            {append(repeat(50, time.Minute), repeat(50, 10*time.Minute)...), 0.8, 10 * time.Minute},
		"a day long call has a class too":        {repeat(10, 30*time.Hour), 0.5, 17 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			q := &queue{spec: QueueSpec{}.WithDefaults(), pace: &pace{}}
			for _, d := range tc.calls {
				q.pace.Handles.add(d)
			}
			got := q.handle(tc.p)
			if ratio := got.Seconds() / tc.want.Seconds(); ratio < 0.9 || ratio > 1.1 {
				t.Errorf("P%.0f is %s, want about %s", 100*tc.p, got, tc.want)
			}
		})
	}
}

func repeat(n int, d time.Duration) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = d
	}
	return out
}

// TestHandleTimesAreInOrder: a greater share is never a shorter time, and a conversation
// that lasts already is never over before now.
func TestHandleTimesAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h histogram
		for _, s := range rapid.SliceOfN(rapid.IntRange(0, 20000), 1, 60).Draw(t, "seconds") {
			h.add(time.Duration(s) * time.Second)
		}
		p := rapid.Float64Range(0, 1).Draw(t, "p")
		more := rapid.Float64Range(p, 1).Draw(t, "more")
		lasted := time.Duration(rapid.IntRange(0, 30000).Draw(t, "lasted")) * time.Second
		if h.at(p) > h.at(more) {
			t.Fatalf("P%f is %s, P%f is %s", p, h.at(p), more, h.at(more))
		}
		if got := h.beyond(lasted, p); got < lasted || got > h.beyond(lasted, more) {
			t.Fatalf("after %s P%f is %s, P%f is %s", lasted, p, got, more, h.beyond(lasted, more))
		}
	})
}

func TestOldConversationsWeighLess(t *testing.T) {
	var h histogram
	for range 10 * histogramMost {
		h.add(time.Hour)
	}
	for range 2 * histogramMost {
		h.add(time.Minute)
	}
	if got := h.at(0.5); got > 2*time.Minute || h.Total > histogramMost {
		t.Errorf("P50 is %s of %d", got, h.Total)
	}
}

// TestWhatTheFloorLearnsOfAQueue: talk and wrap-up make the handle time, those who hang
// up make the patience, and a restart forgets neither.
func TestWhatTheFloorLearnsOfAQueue(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.logIn("anna")
	for range knownFrom {
		y.enter(Entry{Call: "c1", Queue: "q"})
		y.enter(Entry{Call: "c2", Queue: "q"})
		y.pass(5 * time.Second)
		y.talk("c1")
		y.pass(4 * time.Minute)
		y.must(func(b *board) error { b.leave(y.ids["c2"], "abandoned"); return nil })
		y.end("c1")
		y.pass(time.Minute)
	}
	q := y.b.routes.queues["q"]
	if got := q.handle(0.5); got < 4*time.Minute || got > 5*time.Minute {
		t.Errorf("handle time %s, want about 4m30s", got)
	}
	if p := q.pace.Patience; p.Abandoned != knownFrom || p.Waited != knownFrom*(4*time.Minute+10*time.Second) {
		t.Errorf("patience %+v", p)
	}
	blob, err := json.Marshal(y.b.snapshot())
	if err != nil {
		t.Fatal(err)
	}
	past, err := recall(blob, nil, y.now)
	if err != nil {
		t.Fatal(err)
	}
	again := newBoard()
	if _, err := again.apply(y.now, func(b *board) error { b.adopt(y.b.routes); b.resume(past); return nil }); err != nil {
		t.Fatal(err)
	}
	if *again.routes.queues["q"].pace != *q.pace {
		t.Error("a restart forgets the pace of a queue")
	}
}
