package figures

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
)

// slow is a history whose reader waits before it is told anything.
type slow struct {
	past
	asked chan struct{}
	goOn  chan error
}

func (s *slow) Events(ctx context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	return func(yield func(acd.Event, error) bool) {
		s.asked <- struct{}{}
		if err := <-s.goOn; err != nil {
			yield(acd.Event{}, err)
			return
		}
		s.past.Events(ctx, from, to)(yield)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (b *Book) answered(t *testing.T) string {
	t.Helper()
	now := noon.Add(time.Hour)
	r, err := b.Queues(t.Context(), Ask{From: noon, To: now}, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Periods[0].Figures) == 0 {
		return "nothing"
	}
	return fmt.Sprint(r.Periods[0].Figures[0].Callers.Answered)
}

// TestNobodyWaitsForThePast: the past takes as long as it likes to be read. Meanwhile the
// floor is heard, and questions are answered from the history.
func TestNobodyWaitsForThePast(t *testing.T) {
	s := &story{}
	s.call(time.Minute, "anna", "orders", 1, time.Minute, acd.Talk{}, "caller_ended")
	old := len(s.events)
	s.call(10*time.Minute, "anna", "orders", 2, time.Minute, acd.Talk{}, "caller_ended")
	h := &slow{past: past(s.events), asked: make(chan struct{}), goOn: make(chan error)}
	b := NewBook(h, Settings{})
	done := make(chan error)
	go func() { done <- b.read(t.Context(), noon.Add(time.Hour)) }()
	<-h.asked
	b.Heard(s.events[old:]) // returns, though the past is being read
	answer := make(chan string)
	go func() { answer <- b.answered(t) }()
	<-h.asked // the history, by the question
	h.goOn <- nil
	h.goOn <- nil
	if got := <-answer; got != "2" {
		t.Errorf("from the history %s calls were answered, want 2", got)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := b.answered(t); got != "2" { // asks the history nothing: it would hang
		t.Errorf("at hand %s calls were answered, want 2: what was heard meanwhile counts, once", got)
	}
}

// TestNobodyWhoReadsFiguresHoldsUpTheJournal hears while an answer is being computed.
func TestNobodyWhoReadsFiguresHoldsUpTheJournal(t *testing.T) {
	s := &story{}
	s.call(time.Minute, "anna", "orders", 1, time.Minute, acd.Talk{}, "caller_ended")
	b := opened(t, past(nil), Settings{}, noon)
	b.mu.Lock()       // as an answer does that is being computed
	b.Heard(s.events) // hangs where it waits for answers
	b.mu.Unlock()
	if got := b.answered(t); got != "1" {
		t.Errorf("%s calls were answered, want 1", got)
	}
}

func TestAPastThatCannotBeReadIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &slow{asked: make(chan struct{}), goOn: make(chan error)}
		b := NewBook(h, Settings{})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.Run(ctx, quiet()) }()
		began := time.Now()
		<-h.asked
		h.goOn <- errors.New("the disk is on fire")
		<-h.asked
		if waited := time.Since(began); waited != readAgain {
			t.Errorf("read again after %s", waited)
		}
		h.goOn <- nil
		synctest.Wait()
		if c := b.Counts(); c.Reads != 2 || c.Failed != 1 {
			t.Errorf("counts %+v", c)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestWhatComesFasterThanItIsTakenInIsReadOfTheHistory: nothing is at hand with a hole in it.
func TestWhatComesFasterThanItIsTakenInIsReadOfTheHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &slow{asked: make(chan struct{}), goOn: make(chan error)}
		b := NewBook(h, Settings{})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.Run(ctx, quiet()) }()
		<-h.asked
		b.Heard(make([]acd.Event, mostHeard))
		b.Heard(make([]acd.Event, 1))
		b.Heard(make([]acd.Event, 2))
		if got := len(b.inbox.events); got != 0 {
			t.Errorf("%d events wait, though they are of no use", got)
		}
		h.goOn <- nil
		<-h.asked // again
		if c := b.Counts(); c.Unheard != 3 {
			t.Errorf("%d events unheard, want 3", c.Unheard)
		}
		h.goOn <- nil
		synctest.Wait()
		if c := b.Counts(); c.Reads != 2 || b.live == nil {
			t.Errorf("not at hand after %d reads", c.Reads)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestPromiseWhatIsAtHandIsBounded hears five times as much as is kept: less time is at
// hand, what is asked of it is whole, and older questions go to the history.
func TestPromiseWhatIsAtHandIsBounded(t *testing.T) {
	const most = 30_000
	events := busyDay(100_000)
	to := events[len(events)-1].At.Wall
	b := opened(t, past(events), Settings{}, noon)
	b.live = newLive(b.settings, noon, time.UTC)
	b.live.most = most
	for at := 0; at < len(events); at += 100 {
		b.Heard(events[at:min(len(events), at+100)])
		b.mu.Lock()
		b.takeIn()
		facts := b.live.facts()
		b.mu.Unlock()
		if facts > most+2*looksEach {
			t.Fatalf("%d facts are at hand, %d are allowed", facts, most)
		}
	}
	if b.Counts().Cut == 0 {
		t.Error("nothing was cut: this tests nothing")
	}
	whole := engineOf(events)
	for name, from := range map[string]time.Time{"what is at hand": b.live.begins, "older": noon} {
		cuts := Cuts{from, to.Add(time.Second)}
		got, err := b.Queues(t.Context(), Ask{From: from, To: cuts.To(), Queue: "q3"}, to)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole.Queue("q3", cuts), got.Periods[0].Figures); diff != "" {
			t.Errorf("%s is not whole (-history +book):\n%s", name, diff)
		}
	}
}

// TestFactsAreWhatMemoryGrowsWith: Settings.AtHand bounds the memory as its comment says.
func TestFactsAreWhatMemoryGrowsWith(t *testing.T) {
	events := busyDay(200_000)
	before := heapInUse()
	e := engineOf(events)
	each := float64(heapInUse()-before) / float64(e.facts())
	runtime.KeepAlive(e)
	runtime.KeepAlive(events)
	t.Logf("%d facts of %d events, %.0f bytes each: %d take %.0f MiB", e.facts(), len(events), each, factsAtHand, each*factsAtHand/(1<<20))
	if each > 60 {
		t.Errorf("a fact takes %.0f bytes", each)
	}
}
