package figures

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"breakwater/acd"
)

// past is a history in memory.
type past []acd.Event

func (p past) Events(_ context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	return func(yield func(acd.Event, error) bool) {
		for _, e := range p {
			if !e.At.Wall.Before(from) && e.At.Wall.Before(to) && !yield(e, nil) {
				return
			}
		}
	}
}

// opened is a book that has read the last two days.
func opened(t interface {
	Context() context.Context
	Fatal(args ...any)
}, h History, s Settings, now time.Time,
) *Book {
	b := NewBook(h, s)
	if err := b.read(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPromiseFiguresOfTheBookAreThoseOfItsHistory: whatever of a day the book heard live
// and whatever it read at its start, it answers what the history alone does.
func TestPromiseFiguresOfTheBookAreThoseOfItsHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomDay(t, 200)
		now := noon.Add(d.now + time.Second)
		started := rapid.IntRange(0, len(d.events)).Draw(t, "started after")
		begun := noon
		if started > 0 {
			begun = d.events[started-1].At.Wall
		}
		live := opened(t, past(d.events[:started]), Settings{}, begun)
		for _, e := range d.events[started:] {
			live.Heard([]acd.Event{e})
		}
		read := opened(t, past(nil), Settings{}, now.Add(1000*time.Hour)) // all is long ago for it
		read.history = past(d.events)
		a := Ask{From: begun, To: now, Step: Quarter}
		x, err1 := live.Queues(t.Context(), a, now)
		y, err2 := read.Queues(t.Context(), a, now)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(y, x); diff != "" {
			t.Fatalf("live is not what the history says (-history +live):\n%s", diff)
		}
		for _, who := range d.agents {
			x, err1 := live.Own(t.Context(), who.name, a, now)
			y, err2 := read.Own(t.Context(), who.name, a, now)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(y, x); diff != "" {
				t.Fatalf("%s: live is not what the history says (-history +live):\n%s", who.name, diff)
			}
		}
	})
}

func TestAReportAsCSV(t *testing.T) {
	s := &story{}
	s.call(time.Minute, "anna", "orders", 1, time.Minute, acd.Talk{}, "caller_ended")
	b := opened(t, past(s.events), Settings{}, noon.Add(time.Hour))
	r, err := b.Queues(t.Context(), Ask{From: noon, To: noon.Add(30 * time.Minute), Step: Quarter}, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := r.CSV(&text); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want a head and two quarters:\n%s", len(lines), text.String())
	}
	if want := "from,to,queue,callers.entered,callers.offered,"; !strings.HasPrefix(lines[0], want) {
		t.Errorf("head %s", lines[0])
	}
	if want := "2026-03-01T12:00:00Z,2026-03-01T12:15:00Z,orders,1,1,0,1,0,"; !strings.HasPrefix(lines[1], want) {
		t.Errorf("first quarter %s", lines[1])
	}
	if strings.Count(lines[0], ",") != strings.Count(lines[2], ",") {
		t.Errorf("a quarter without calls has other columns:\n%s", text.String())
	}
}

// TestAReportIsTheSameJSONInPieces: it is written period by period.
func TestAReportIsTheSameJSONInPieces(t *testing.T) {
	s := &story{}
	s.call(time.Minute, "anna", "a & b", 1, time.Minute, acd.Talk{}, "caller_ended")
	b := opened(t, past(s.events), Settings{}, noon.Add(time.Hour))
	for name, ask := range map[string]Ask{"four periods": {From: noon, To: noon.Add(time.Hour), Step: Quarter}, "one": {From: noon, To: noon.Add(time.Hour)}} {
		r, err := b.Queues(t.Context(), ask, noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []Report[QueueFigures]{r, {Formula: Formula}} { // and one without any
			var text bytes.Buffer
			if err := r.WriteJSON(&text); err != nil {
				t.Fatal(err)
			}
			if r.Periods == nil {
				r.Periods = []Period[QueueFigures]{}
			}
			whole, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var x, y any
			if err := errors.Join(json.Unmarshal(text.Bytes(), &x), json.Unmarshal(whole, &y)); err != nil {
				t.Fatalf("%s: %v in\n%s", name, err, text.String())
			}
			if diff := cmp.Diff(y, x); diff != "" {
				t.Errorf("%s (-whole +in pieces):\n%s", name, diff)
			}
		}
	}
}

func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	five := map[string][]string{"north": {"a", "b", "c", "d", "e"}}
	b := opened(t, past(nil), Settings{Teams: five, QueueLog: LogOff}, noon)
	day := Ask{From: noon.Add(-12 * time.Hour), To: noon.Add(12 * time.Hour)}
	for name, ask := range map[string]func() error{
		"a period that ends before it begins": func() error { _, err := b.Queues(t.Context(), Ask{From: noon, To: noon}, noon); return err },
		"a year": func() error {
			_, err := b.Care(t.Context(), Ask{From: noon.AddDate(-1, 0, 0), To: noon}, noon)
			return err
		},
		"a team that is not": func() error { _, err := b.Team(t.Context(), "south", day, noon); return err },
		"the quarter hours of a team": func() error {
			_, err := b.Team(t.Context(), "north", Ask{day.From, day.To, Quarter, "", 0, false}, noon)
			return err
		},
		"a queue log that is off": func() error { return b.QueueLog(t.Context(), io.Discard, day.From, day.To, nil) },
	} {
		if err := ask(); !errors.Is(err, ErrAsk) {
			t.Errorf("%s: %v, want ErrAsk", name, err)
		}
	}
	if _, err := b.Team(t.Context(), "north", day, noon); err != nil {
		t.Errorf("a day of a team: %v", err)
	}
}

// TestTheQueueLogWaitsItsTurnToo: so many read the history at once, and no more.
func TestTheQueueLogWaitsItsTurnToo(t *testing.T) {
	b := opened(t, past(nil), Settings{}, noon)
	for range reports {
		b.reading <- struct{}{}
	}
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	if err := b.QueueLog(ctx, io.Discard, noon, noon.Add(time.Hour), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want that it waited for the others", err)
	}
	<-b.reading
	if err := b.QueueLog(t.Context(), io.Discard, noon, noon.Add(time.Hour), nil); err != nil || len(b.reading) != reports-1 {
		t.Errorf("%v, and %d still read", err, len(b.reading))
	}
}

func TestAnotherTargetIsComputedFromTheHistory(t *testing.T) {
	s := &story{}
	s.call(time.Minute, "anna", "orders", 1, time.Minute, acd.Talk{}, "caller_ended") // waits 10 s
	b := opened(t, past(s.events), Settings{}, noon.Add(time.Hour))
	b.Set(Settings{Rules: Rules{Queues: map[string]time.Duration{"orders": 9 * time.Second}}})
	for within, want := range map[time.Duration]string{0: "0", 10 * time.Second: "1", 5 * time.Second: "0"} {
		r, err := b.Queues(t.Context(), Ask{From: noon, To: noon.Add(time.Hour), Queue: "orders", Within: within}, noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Periods[0].Figures[0].Level.A.Text(); got != want {
			t.Errorf("within %s: level %s, want %s", within, got, want)
		}
	}
}
