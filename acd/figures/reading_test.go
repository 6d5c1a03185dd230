package figures

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"breakwater/acd"
)

// slowly makes many days of one: all that happens takes so many times as long.
func slowly(events []acd.Event, times int) []acd.Event {
	out := make([]acd.Event, len(events))
	for i, e := range events {
		after := e.At.Wall.Sub(noon)
		e.At.Wall, e.At.Mono = noon.Add(after*time.Duration(times)), e.At.Mono*time.Duration(times)
		if e.Length > 0 {
			e.Length *= time.Duration(times)
		}
		if i%3 == 0 && e.Kind == acd.KindEntered {
			e.Caller = fmt.Sprint("caller", i%5)
		}
		out[i] = e
	}
	return out
}

// TestPromiseAReportReadInPassingIsThatOfAllFacts: whoever reads weeks and lets go of what
// is settled says the same as who holds everything.
func TestPromiseAReportReadInPassingIsThatOfAllFacts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomDay(t, 300)
		times := rapid.IntRange(1, 400).Draw(t, "slower")
		events := slowly(d.events, times)
		now := noon.Add(d.now * time.Duration(times))
		cuts, err := Cut(noon.Add(-time.Hour), now.Add(time.Hour), rapid.SampledFrom([]string{Whole, Day, "7h"}).Draw(t, "step"))
		if err != nil {
			t.Fatal(err)
		}
		all := scope{queues: true, house: true}
		for _, a := range d.agents {
			all.people = append(all.people, a.name)
		}
		r, dropped := newReading(Rules{}.WithDefaults(), cuts, all, true), 0
		for _, e := range events {
			before := r.facts()
			if err := r.take(e); err != nil {
				t.Fatal(err)
			}
			dropped += max(0, before-r.facts())
		}
		got, err := r.end(now)
		if err != nil {
			t.Fatal(err)
		}
		want := engineOf(events).tally(cuts, all, now)
		if diff := cmp.Diff(saidBy(want, d), saidBy(got, d)); diff != "" {
			t.Fatalf("read in passing, with %d facts let go (-all facts +reading):\n%s", dropped, diff)
		}
	})
}

// saidBy is everything that sums say.
func saidBy(t *tally, d *theDay) map[string]any {
	out := map[string]any{"care": t.care(), "names": t.names()}
	for _, queue := range queuesOfDay {
		out[queue] = t.queue(queue)
	}
	for _, a := range d.agents {
		out[a.name] = t.own(a.name)
	}
	return out
}

// TestWhoCallsAgainIsTakenBackFromWhatWasCounted: two callers are helped; the next day, when
// that is counted and let go, one of them calls again.
func TestWhoCallsAgainIsTakenBackFromWhatWasCounted(t *testing.T) {
	s := &story{}
	talk := func(at time.Duration, n uint64, caller string) {
		one := (&story{}).call(at, "anna", "orders", n, time.Minute, acd.Talk{}, "caller_ended")
		for _, e := range one.events {
			if e.Kind == acd.KindEntered {
				e.Caller = caller
			}
			s.at(e.At.Wall.Sub(noon), e)
		}
	}
	const day = 24 * time.Hour
	talk(0, 1, "xeno")
	talk(time.Hour, 2, "yves")
	talk(2*day, 3, "zoe")
	talk(3*day, 4, "yves")
	now := noon.Add(9 * day)
	talk(9*day, 5, "zoe")
	r, err := NewBook(past(s.events), Settings{}).Queues(t.Context(), Ask{From: noon, To: noon.Add(day), Repeats: true}, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Periods[0].Figures[0].Callers.FCR; got != (Ratio{1, 2}) {
		t.Errorf("fcr %+v, want one of two", got)
	}
}

// weeks is a history of so many days, made while it is read: one busyDay after another.
type weeks struct {
	day  []acd.Event
	days int
}

func (w weeks) Events(_ context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	return func(yield func(acd.Event, error) bool) {
		seq := uint64(0)
		for n := range w.days {
			for _, e := range w.day {
				seq++
				after := time.Duration(n) * 24 * time.Hour
				e.Seq, e.At.Wall, e.At.Mono = seq, e.At.Wall.Add(after), e.At.Mono+after
				if e.Ticket != 0 {
					e.Ticket += uint64(n) * 1_000_000
				}
				if e.Call != "" {
					e.Call = fmt.Sprint(n, e.Call)
				}
				if !e.At.Wall.Before(from) && e.At.Wall.Before(to) && !yield(e, nil) {
					return
				}
			}
		}
	}
}

// TestPromiseTheMemoryOfAReportDoesNotGrowWithItsPeriod: three weeks need what four days do.
func TestPromiseTheMemoryOfAReportDoesNotGrowWithItsPeriod(t *testing.T) {
	day := busyDay(5_000)
	most := func(days int, of scope) (facts int) {
		cuts, err := Cut(noon, noon.AddDate(0, 0, days), Day)
		if err != nil {
			t.Fatal(err)
		}
		r := newReading(Rules{}.WithDefaults(), cuts, of, false)
		for e, err := range (weeks{day, days}).Events(t.Context(), noon, cuts.To()) {
			if err := errors.Join(err, r.take(e)); err != nil {
				t.Fatal(err)
			}
			facts = max(facts, r.facts()+len(r.inside)+len(r.called))
		}
		return facts
	}
	for name, of := range map[string]scope{
		"queues": {queues: true}, "people": {people: []string{"a1", "a2"}}, "the house": {house: true},
	} {
		if short, long := most(4, of), most(21, of); long > short*11/10 {
			t.Errorf("%s: 21 days hold %d facts, 4 days %d", name, long, short)
		}
	}
}

// watched is a history that looks at the memory while it is read.
type watched struct {
	History
	n    int
	most uint64
}

func (w *watched) Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	return func(yield func(acd.Event, error) bool) {
		for e, err := range w.History.Events(ctx, from, to) {
			if w.n++; w.n%2_000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				w.most = max(w.most, m.HeapAlloc)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// counter counts what is written, and keeps none of it.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// TestPromiseAQueueLogIsNeverGathered: that of twelve days takes no more memory than two days'.
func TestPromiseAQueueLogIsNeverGathered(t *testing.T) {
	day := busyDay(4_000)
	for _, mode := range []string{LogAnonymous, LogNames} {
		most := func(days int) (heap uint64, written counter) {
			h := &watched{History: weeks{day, days}}
			b := NewBook(h, Settings{QueueLog: mode})
			if err := b.QueueLog(t.Context(), &written, noon, noon.AddDate(0, 0, days), nil); err != nil {
				t.Fatal(err)
			}
			return h.most, written
		}
		short, some := most(2)
		long, all := most(12)
		if all < 5*some {
			t.Fatalf("%d bytes of two days, %d of twelve: this tests nothing", some, all)
		}
		if grown := int64(long) - int64(short); grown > 2<<20 {
			t.Errorf("%s: twelve days take %d KiB more than two", mode, grown>>10)
		}
	}
}

// TestAQueueLogEndsWhereItCannotBeReadOrWritten, and says so.
func TestAQueueLogEndsWhereItCannotBeReadOrWritten(t *testing.T) {
	for _, mode := range []string{LogAnonymous, LogNames} {
		broken := errors.New("the disk is on fire")
		b := NewBook(fails{past(busyDay(500)), broken}, Settings{QueueLog: mode})
		var out bytes.Buffer
		if err := b.QueueLog(t.Context(), &out, noon, noon.Add(time.Hour), nil); !errors.Is(err, broken) {
			t.Errorf("%s: %v, want %v", mode, err, broken)
		}
		b = NewBook(past(busyDay(5000)), Settings{QueueLog: mode})
		if err := b.QueueLog(t.Context(), deaf{broken}, noon, noon.Add(time.Hour), nil); !errors.Is(err, broken) {
			t.Errorf("%s: %v, want %v", mode, err, broken)
		}
	}
}

// fails is a history that breaks at its end.
type fails struct {
	past
	err error
}

func (f fails) Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	return func(yield func(acd.Event, error) bool) {
		for e, err := range f.past.Events(ctx, from, to) {
			if !yield(e, err) {
				return
			}
		}
		yield(acd.Event{}, f.err)
	}
}

// deaf takes nothing.
type deaf struct{ err error }

func (d deaf) Write([]byte) (int, error) { return 0, d.err }

// TestNobodyIsNamedByWhatComesWhileTheLogIsRead: with names the history is read twice, and
// what is new in the second reading has a fate that nobody knows.
func TestNobodyIsNamedByWhatComesWhileTheLogIsRead(t *testing.T) {
	events := logDay()
	first := len(events) - 10
	h := &grows{[]past{past(events[:first]), past(events)}}
	b := NewBook(h, Settings{QueueLog: LogNames})
	var got, want strings.Builder
	if err := b.QueueLog(t.Context(), &got, noon, noon.Add(2*time.Hour), nil); err != nil {
		t.Fatal(err)
	}
	for _, l := range logOf(events[:first], true, nil) {
		want.WriteString(l.String() + "\n")
	}
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Errorf("the log (-of what was known +given):\n%s", diff)
	}
}

// grows is a history that has more events each time.
type grows struct{ readings []past }

func (g *grows) Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	now := g.readings[0]
	g.readings = g.readings[1:]
	return now.Events(ctx, from, to)
}

// TestAReportOfTooManyRowsIsRefused: sums are held for each queue and period.
func TestAReportOfTooManyRowsIsRefused(t *testing.T) {
	b := NewBook(past(busyDay(500)), Settings{})
	ask := Ask{From: noon, To: noon.Add(5999 * time.Minute), Step: "1m"}
	if _, err := b.Queues(t.Context(), ask, noon); !errors.Is(err, ErrAsk) || !strings.Contains(err.Error(), "one queue") {
		t.Errorf("%v, want a refusal that says what helps", err)
	}
	ask.Queue = "q1"
	if r, err := b.Queues(t.Context(), ask, noon); err != nil || len(r.Periods) != 5999 {
		t.Errorf("of one queue: %d periods, %v", len(r.Periods), err)
	}
}
