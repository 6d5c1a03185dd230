package figures

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
)

// noHistory is one that must not be read.
type noHistory struct{ t *testing.T }

func (h noHistory) Events(context.Context, time.Time, time.Time) iter.Seq2[acd.Event, error] {
	h.t.Error("the history is read")
	return func(func(acd.Event, error) bool) {}
}

// TestPromiseTodayIsAtHandHoweverMuchHappened: more happens since midnight than is kept.
// Who looks every minute reads no history, and sees the whole day; and the next day's
// begin with nothing.
func TestPromiseTodayIsAtHandHoweverMuchHappened(t *testing.T) {
	for name, zone := range map[string]string{"UTC": "UTC", "a day that began at four": "America/Santiago"} {
		t.Run(name, func(t *testing.T) {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			events := busyDay(150_000) // 16 h
			b := opened(t, past(nil), Settings{TimeZone: zone}, noon)
			b.history = noHistory{t}
			b.live.most = 10_000
			for at := 0; at < len(events); at += 100 {
				b.Heard(events[at:min(len(events), at+100)])
				b.mu.Lock()
				b.takeIn()
				b.mu.Unlock()
				if at%15_000 != 0 {
					continue
				}
				now := events[at].At.Wall.Add(5 * time.Second)
				got, err := b.Today(t.Context(), now)
				if err != nil {
					t.Fatal(err)
				}
				day := Cuts{midnight(now.In(loc)), now}
				whole := engineOf(events[:min(len(events), at+100)])
				for _, f := range got {
					if diff := cmp.Diff(whole.Queue(f.Queue, day)[0].Brief(), f); diff != "" {
						t.Fatalf("%s at %s (-history +book):\n%s", f.Queue, now, diff)
					}
				}
				if at == 0 {
					continue // the first callers have only just come
				}
				if checkRecent(t, b, whole, now); len(got) != 20 {
					t.Fatalf("%d queues at %s", len(got), now)
				}
			}
			if b.Counts().Cut < 5 || !b.live.begins.After(midnight(b.live.latest.Wall.In(loc))) {
				t.Error("all of the day is kept: this tests nothing")
			}
		})
	}
}

// TestWhoCallsAgainIsKnownOfTheWholeDayOrNot: callers are known a week after noon, and what
// was dropped of today ends later. Of the callers of the morning it was not known.
func TestWhoCallsAgainIsKnownOfTheWholeDayOrNot(t *testing.T) {
	events := busyDay(40_000)
	b := opened(t, past(nil), Settings{TimeZone: "UTC"}, noon)
	b.history = noHistory{t}
	for _, e := range events {
		b.live.take(e)
	}
	now := b.live.latest.Wall.Add(time.Second)
	dropped, day := now.Add(-time.Hour), midnight(now)
	b.live.from(dropped)
	for name, c := range map[string]struct {
		since time.Time
		known bool
	}{
		"a week before midnight":             {day.Add(-repeatWithin), true},
		"a week before what is at hand":      {dropped.Add(-repeatWithin), false},
		"a week before a minute of midnight": {day.Add(time.Minute - repeatWithin), false},
	} {
		b.live.since = c.since
		all, err := b.Today(t.Context(), now)
		if err != nil || len(all) == 0 {
			t.Fatalf("%d queues, %v", len(all), err)
		}
		if _, known := all[0].Callers.Repeats.Value(); known != c.known {
			t.Errorf("%s: who called again is known: %t", name, known)
		}
	}
}

// checkRecent compares the last quarter of an hour with that of all that happened.
func checkRecent(t *testing.T, b *Book, whole *Engine, now time.Time) {
	t.Helper()
	recent := Cuts{now.Add(-15 * time.Minute).Truncate(time.Minute), now}
	got := b.Recent(now)
	if len(got) == 0 {
		t.Fatalf("nothing is told of the last minutes at %s", now)
	}
	for _, f := range got {
		if diff := cmp.Diff(whole.Queue(f.Queue, recent)[0].Brief(), f); diff != "" {
			t.Fatalf("%s in the last minutes at %s (-history +book):\n%s", f.Queue, now, diff)
		}
	}
}

// TestPromiseTheLastMinutesAreAtHandHoweverMuchHappened: not even a quarter of an hour can
// be kept. Who scrapes reads no history, sees all of it, and midnight changes nothing.
func TestPromiseTheLastMinutesAreAtHandHoweverMuchHappened(t *testing.T) {
	events := busyDay(150_000)
	midnight := noon.Add(12 * time.Hour)
	for i := range events { // two hours about midnight, four calls a second
		events[i].At.Mono = events[i].At.Mono * 3 / 25
		events[i].At.Wall = midnight.Add(events[i].At.Mono - time.Hour)
	}
	b := opened(t, past(nil), Settings{TimeZone: "UTC"}, midnight.Add(-time.Hour))
	b.history = noHistory{t}
	b.live.most = 10_000
	for at := 0; at < len(events); at += 100 {
		b.Heard(events[at:min(len(events), at+100)])
		b.mu.Lock()
		b.takeIn()
		b.mu.Unlock()
		if now := events[at].At.Wall.Add(5 * time.Second); at > 0 && at%5_000 == 0 {
			checkRecent(t, b, engineOf(events[:min(len(events), at+100)]), now)
		}
	}
	last := events[len(events)-1].At.Wall
	if !b.live.begins.After(last.Add(-RecentFor)) || !last.After(midnight) {
		t.Errorf("what is at hand begins at %s, and the last event is of %s: this tests nothing", b.live.begins, last)
	}
	if n := len(b.live.recent.minutes); n > 17 {
		t.Errorf("%d minutes are kept", n)
	}
}

// TestOtherRulesCountTheWholeDay: what was dropped counted by the old ones, so the past is
// read again.
func TestOtherRulesCountTheWholeDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		events := busyDay(30_000)
		for i := range events {
			events[i].At.Wall = events[i].At.Wall.Add(now.Sub(noon)) // synctest begins at midnight
		}
		b := NewBook(past(events), Settings{TimeZone: "UTC"})
		b.live = newLive(b.settings, now, time.UTC)
		b.live.most = 5_000
		for _, e := range events {
			b.live.take(e)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { b.follow(ctx); ended <- b.Run(ctx, quiet()) }()
		b.Set(Settings{Rules: Rules{Gap: time.Second}, TimeZone: "UTC"})
		synctest.Wait()
		if got := b.Counts().Reads; got != 0 {
			t.Errorf("%d readings for a rule by which nothing was counted", got)
		}
		b.Set(Settings{Rules: Rules{Within: 100 * time.Millisecond}, TimeZone: "UTC"})
		synctest.Wait()
		if got := b.Counts().Reads; got != 1 {
			t.Fatalf("%d readings, want 1", got)
		}
		got, err := b.Today(t.Context(), events[len(events)-1].At.Wall)
		if err != nil || len(got) != 20 || got[0].Level.C.Text() != "0" { // each waits a second
			t.Errorf("%d queues, %v: %+v", len(got), err, got[0].Level)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestNothingIsMissedWhileTheDayIsCountedAnew: who looks at figures while the past is read
// again takes nothing of what is heard meanwhile away from it.
func TestNothingIsMissedWhileTheDayIsCountedAnew(t *testing.T) {
	events := busyDay(30_000)
	old := len(events) - 2_000
	h := &slow{past: past(events[:old]), asked: make(chan struct{}), goOn: make(chan error)}
	b := NewBook(h, Settings{TimeZone: "UTC"})
	b.live = newLive(b.settings, noon, time.UTC)
	b.live.most = 5_000
	for _, e := range events[:old] {
		b.live.take(e)
	}
	b.Set(Settings{Rules: Rules{Within: 100 * time.Millisecond}, TimeZone: "UTC"})
	to := events[len(events)-1].At.Wall.Add(time.Second)
	done, looked := make(chan error), make(chan error)
	go func() { done <- b.read(t.Context(), to) }()
	<-h.asked
	b.Heard(events[old:])
	go func() { _, err := b.Today(t.Context(), to); looked <- err }()
	<-h.asked
	h.goOn <- nil
	h.goOn <- nil
	for _, c := range []chan error{done, looked} {
		if err := <-c; err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.Today(t.Context(), to) // asks the history nothing: it would hang
	want, failed := NewBook(past(events), b.Settings()).Today(t.Context(), to)
	if err != nil || failed != nil || len(want) == 0 {
		t.Fatalf("%d queues; %v, %v", len(want), err, failed)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the day is not whole (-history +book):\n%s", diff)
	}
}

// TestLessIsAtHandAsSoonAsTheSettingSaysSo: the next events drop what is too much then, and
// the day's count loses nothing.
func TestLessIsAtHandAsSoonAsTheSettingSaysSo(t *testing.T) {
	events := busyDay(60_000)
	day := Settings{TimeZone: "UTC"}
	b, whole := NewBook(past(nil), day), NewBook(past(nil), day)
	for _, book := range []*Book{b, whole} {
		book.live = newLive(book.settings, noon, time.UTC)
	}
	for _, e := range events[:len(events)/2] {
		b.live.take(e)
	}
	if got := b.Counts().Facts; got <= 2*fewestAtHand {
		t.Fatalf("%d facts are at hand: too few to show anything", got)
	}
	b.Set(Settings{TimeZone: "UTC", AtHand: fewestAtHand})
	for _, e := range events[len(events)/2:] {
		b.live.take(e)
	}
	if got := b.Counts().Facts; got > fewestAtHand+2*looksEach {
		t.Errorf("%d facts are at hand, %d are allowed", got, fewestAtHand)
	}
	for _, e := range events {
		whole.live.take(e)
	}
	to := events[len(events)-1].At.Wall
	got, err := b.Today(t.Context(), to)
	want, failed := whole.Today(t.Context(), to)
	if err != nil || failed != nil || len(want) == 0 {
		t.Fatalf("%d queues; %v, %v", len(want), err, failed)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the day counts otherwise with less at hand:\n%s", diff)
	}
}

// TestADayOfAnotherZoneIsAtHand: the zone may be set before anything of the day was dropped.
func TestADayOfAnotherZoneIsAtHand(t *testing.T) {
	events := busyDay(60_000) // 6 h
	b := opened(t, past(nil), Settings{TimeZone: "UTC"}, noon)
	b.history = noHistory{t}
	b.Set(Settings{TimeZone: "America/Santiago", AtHand: fewestAtHand})
	for _, e := range events {
		b.live.take(e)
	}
	now := events[len(events)-1].At.Wall
	if got, err := b.Today(t.Context(), now); err != nil || len(got) != 20 || b.Counts().Cut == 0 {
		t.Errorf("%d queues, %v, cut %d times", len(got), err, b.Counts().Cut)
	}
}

// TestWhatWasCutIsCountedForGood, also when the past is read again.
func TestWhatWasCutIsCountedForGood(t *testing.T) {
	events := busyDay(60_000)
	b := opened(t, past(events), Settings{TimeZone: "UTC", AtHand: fewestAtHand}, noon)
	cut := b.Counts().Cut
	if err := b.read(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if again := b.Counts().Cut; cut == 0 || again != 2*cut {
		t.Errorf("cut %d times, and %d after another reading, want twice as often", cut, again)
	}
}

// TestWhoCallsAgainIsKnownOfTheWholeQuarterOrNot: of the callers of its minutes that were dropped
// it may not have been known.
func TestWhoCallsAgainIsKnownOfTheWholeQuarterOrNot(t *testing.T) {
	b := opened(t, past(nil), Settings{TimeZone: "UTC"}, noon)
	for _, e := range busyDay(40_000) {
		b.live.take(e)
	}
	now := b.live.latest.Wall.Add(time.Second)
	b.live.from(now.Add(-5 * time.Minute))
	for since, want := range map[time.Time]bool{recentFrom(now): true, now.Add(-10 * time.Minute): false} {
		b.live.since = since.Add(-repeatWithin)
		all := b.Recent(now)
		if len(all) == 0 {
			t.Fatal("nothing is told")
		}
		if _, known := all[0].Callers.Repeats.Value(); known != want {
			t.Errorf("callers known from %s on, and who called again: %t", since, known)
		}
	}
}

// TestAClockThatWasDaysAheadIsNotWaitedFor: what happened then dropped all that is at hand, which would
// begin there until that day comes.
func TestAClockThatWasDaysAheadIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		events := busyDay(6_000)
		for i := range events {
			events[i].At.Wall = events[i].At.Wall.Add(now.Sub(noon))
		}
		ahead := len(events) / 2
		events[ahead].At.Wall = events[ahead].At.Wall.Add(liveFor + around + time.Hour)
		b := NewBook(past(events), Settings{TimeZone: "UTC"})
		b.live = newLive(b.settings, now, time.UTC)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { b.follow(ctx); ended <- b.Run(ctx, quiet()) }()
		for _, e := range events {
			b.Heard([]acd.Event{e})
		}
		synctest.Wait()
		if got := b.Recent(events[len(events)-1].At.Wall.Add(time.Second)); len(got) != 20 {
			t.Errorf("of the last quarter of an hour %d queues are told", len(got))
		}
		if got := b.Counts().Reads; got != 1 {
			t.Errorf("the past was read %d times, want once", got)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
