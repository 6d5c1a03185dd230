package call

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAJournalThatComesBackGetsEveryRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newFakeJournal()
		j.setFail(errDisk)
		d, _ := theDesk(t, j, 10)
		d.sealAll(0, 5)
		wait(10 * time.Minute)
		j.setFail(nil)
		wait(2 * time.Minute)
		if got := len(j.all()); got != 5 {
			t.Errorf("%d records after the disk came back, want 5", got)
		}
		stops(t, d)
	})
}

// TestRecordsOfAnOutageAreOnTheDiskAtOnce: kill -9 during the outage loses none of
// them, and the outage costs the journal one attempt now and then, not one for each.
func TestRecordsOfAnOutageAreOnTheDiskAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newFakeJournal()
		j.setFail(errDisk)
		d, s := theDesk(t, j, 100)
		d.sealAll(0, 50)
		synctest.Wait()
		text, err := os.ReadFile(s.path)
		if got := strings.Count(string(text), "\n"); err != nil || got != 50 {
			t.Errorf("%d of 50 records are on the disk, %v", got, err)
		}
		if n := d.tally.Counts()["journal_failures_total"]; n != 1 {
			t.Errorf("%d attempts for 50 records", n)
		}
		wait(time.Minute)
		d.seal(someRecord(50))
		j.setFail(nil)
		wait(2 * sealMost)
		if got := len(j.all()); got != 51 {
			t.Errorf("%d of 51 records are in the journal when it works again", got)
		}
		if n := d.tally.Counts()["records_sealed_twice_total"] + d.tally.Counts()["records_lost_total"]; n != 0 {
			t.Errorf("counters %v", d.tally.Counts())
		}
		stops(t, d)
	})
}

// TestWithoutRoomOnTheDiskRecordsWaitInMemory: neither the journal nor the spill file
// takes anything, as on one full disk.
func TestWithoutRoomOnTheDiskRecordsWaitInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &moodyJournal{fakeJournal: newFakeJournal(), moods: []int{2}}      // the first arrives in spite of its error
		d := newRecordDesk(j, &spill{path: t.TempDir()}, newTally(), discard()) // a folder is no file
		d.seal(someRecord(9))
		wait(time.Minute)
		j.setFail(errDisk)
		d.sealAll(0, 5)
		wait(time.Hour)
		j.setFail(nil)
		wait(2 * sealMost)
		counts := d.tally.Counts()
		if got := len(j.all()); got != 6 || counts["records_lost_total"]+counts["records_sealed_twice_total"] != 0 {
			t.Errorf("%d of 6 records, counters %v", got, counts)
		}
		stops(t, d)
	})
}

// TestDraftsAreTriedWhileRecordsAreSpilled: a call that is alive when the journal works
// again is known to it, although the records of others still wait in the file.
func TestDraftsAreTriedWhileRecordsAreSpilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newFakeJournal()
		j.setFail(errDisk)
		d, s := theDesk(t, j, 10)
		d.seal(someRecord(1))
		synctest.Wait()
		j.setFail(nil)
		d.draft(someRecord(2))
		d.seal(someRecord(3))
		synctest.Wait()
		if open, _ := j.Unsealed(context.Background()); len(open) != 1 || s.holds() != 2 || d.waiting() != 2 {
			t.Errorf("%d drafts, %d spilled, %d wait; want 1, 2, 2", len(open), s.holds(), d.waiting())
		}
		wait(2 * sealMost)
		if got := ids(j.all()); !slices.Equal(got, []string{"R1", "R3"}) {
			t.Errorf("sealed %v", got)
		}
		stops(t, d)
	})
}

func TestAStopWithAJournalThatFailsKeepsEveryRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newFakeJournal()
		j.setFail(errDisk)
		d, s := theDesk(t, j, 10)
		d.sealAll(0, 5)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		err := d.close(ctx)
		if err == nil || !strings.Contains(err.Error(), "5 records") {
			t.Errorf("close says %v", err)
		}
		d.seal(someRecord(5)) // a call that did not end in time
		if err := d.close(ctx); err != nil {
			t.Errorf("closing again: %v", err)
		}
		j.setFail(nil)
		if err := s.readIn(context.Background(), j, discard()); err != nil {
			t.Fatal(err)
		}
		if got := ids(j.all()); len(got) != 6 {
			t.Errorf("after the next start: %v", got)
		}
		if _, err := os.Stat(s.path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the spill file is still there: %v", err)
		}
	})
}

func TestARecordThatCanBeKeptNowhereIsCountedAsLost(t *testing.T) {
	for name, path := range map[string]string{"no file named": "", "a folder in its place": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			tally := newTally()
			d := &recordDesk{spill: &spill{path: path}, tally: tally, log: discard()}
			d.toSpill(someRecord(1))
			if tally.Counts()["records_lost_total"] != 1 {
				t.Errorf("counters %v", tally.Counts())
			}
		})
	}
}

// holdOne is a journal that hangs at each hand-over until it is let go, once for each.
type holdOne struct {
	*fakeJournal
	goOn chan struct{}
}

func (h *holdOne) Keep(ctx context.Context, sheets []Sheet) []error {
	<-h.goOn
	return h.fakeJournal.Keep(ctx, sheets)
}

// TestARecordOfAnOutageDoesNotWaitForADraft: a journal that is away may take its time to say so of the
// drafts that come with records, and a kill -9 meanwhile must lose none of these.
func TestARecordOfAnOutageDoesNotWaitForADraft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &holdOne{fakeJournal: newFakeJournal(), goOn: make(chan struct{})}
		j.setFail(errDisk)
		d, s := theDesk(t, j, 10)
		d.seal(someRecord(1))
		synctest.Wait() // is in the hand of the desk
		d.draft(someRecord(2))
		d.seal(someRecord(3))
		j.goOn <- struct{}{}
		synctest.Wait()
		if n, waiting := s.holds(), d.waiting(); n != 2 || waiting != 2 {
			t.Errorf("%d records on the disk while the journal thinks about a draft, %d wait; want 2", n, waiting)
		}
		close(j.goOn)
		_ = d.close(context.Background()) // says that two wait
	})
}

// TestRecordsThatNoDiskTookGoToTheJournalTogetherWhenItIsBack: where the spill file fails, too, a stop
// right after the journal is back loses none for want of time.
func TestRecordsThatNoDiskTookGoToTheJournalTogetherWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newFakeJournal()
		j.setFail(errDisk)
		d := newRecordDesk(j, &spill{}, newTally(), discard()) // of no path: it takes nothing
		d.mu.Lock()
		for i := range deskHands {
			d.queue = append(d.queue, Sheet{Record: someRecord(i), Final: true})
		}
		d.mu.Unlock()
		d.news <- struct{}{}
		wait(time.Minute)
		j.setFail(nil)
		ctx, cancel := context.WithTimeout(context.Background(), 2*sealMost)
		defer cancel()
		if err := d.close(ctx); err != nil {
			t.Error(err)
		}
		if n, lost := len(j.all()), d.tally.Counts()["records_lost_total"]; n != deskHands || lost != 0 {
			t.Errorf("%d of %d records in the journal, %v lost", n, deskHands, lost)
		}
		if n := d.tally.Counts()["records_sealed_twice_total"]; n != 0 {
			t.Errorf("%v records are said to have been sealed twice", n)
		}
	})
}

// TestAJournalThatIsBackBeforeTheDiskIsFreeTakesAllRecords: what was spilled before the disk was full, what
// waits in memory since, and what ends now; none waits for a pause of each before it.
func TestAJournalThatIsBackBeforeTheDiskIsFreeTakesAllRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 2 * deskHands
		j := newFakeJournal()
		j.setFail(errDisk)
		d, s := theDesk(t, j, deskRoom)
		d.seal(someRecord(0))
		wait(2 * sealMost) // it was put aside to be read in
		blocked(t, s.path)
		for i := 1; i <= many; i++ {
			d.seal(someRecord(i))
		}
		wait(time.Minute)
		j.setFail(nil)
		ctx, cancel := context.WithTimeout(context.Background(), 2*sealMost)
		defer cancel()
		if err := d.close(ctx); err != nil {
			t.Error(err)
		}
		if n, lost := len(j.all()), d.tally.Counts()["records_lost_total"]; n != many+1 || lost != 0 {
			t.Errorf("%d of %d records in the journal, %v lost", n, many+1, lost)
		}
	})
}

// blocked puts something in the place of a file that nothing can be written to.
func blocked(t *testing.T, path string) {
	t.Helper()
	if err := os.Symlink(filepath.Join(t.TempDir(), "none", "file"), path); err != nil {
		t.Fatal(err)
	}
}

// steady takes 50 ms for an answer, be it to one record or to many.
type steady struct{ *fakeJournal }

func (s *steady) Seal(ctx context.Context, r Record) error {
	select {
	case <-time.After(50 * time.Millisecond):
		return s.fakeJournal.Seal(ctx, r)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *steady) Keep(ctx context.Context, sheets []Sheet) []error {
	<-time.After(50 * time.Millisecond)
	if ctx.Err() != nil {
		return slices.Repeat([]error{ctx.Err()}, len(sheets))
	}
	return s.fakeJournal.Keep(ctx, sheets)
}

// TestWhatIsInMemoryGoesToTheJournalBeforeWhatIsOnTheDisk, which is safe there while a stop has little time.
func TestWhatIsInMemoryGoesToTheJournalBeforeWhatIsOnTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const spilled, many = 300, 2 * deskHands
		j := &steady{newFakeJournal()}
		j.setFail(errDisk)
		d, s := theDesk(t, j, deskRoom)
		d.sealAll(many, spilled)
		wait(time.Minute)
		blocked(t, s.path)
		d.sealAll(0, many)
		wait(time.Minute)
		j.setFail(nil)
		ctx, cancel := context.WithTimeout(context.Background(), 2*sealMost) // not enough for all
		defer cancel()
		if err := d.close(ctx); err == nil || s.holds() != spilled {
			t.Errorf("close says %v, %d are left on the disk", err, s.holds())
		}
		if lost := d.tally.Counts()["records_lost_total"]; lost != 0 {
			t.Errorf("%v of %d lost", lost, many)
		}
	})
}

// TestASpillFileThatCannotBeEmptiedKeepsNothingElseFromTheJournal: a line torn by a crash, and no disk that would
// take it aside.
func TestASpillFileThatCannotBeEmptiedKeepsNothingElseFromTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const spilled, more = 50, 20 * deskHands
		j := newFakeJournal()
		j.setFail(errDisk)
		d, s := theDesk(t, j, deskRoom)
		d.sealAll(0, spilled)
		wait(2 * sealMost) // it was put aside to be read in
		text, err := os.ReadFile(s.path + ".reading")
		if err == nil {
			err = os.WriteFile(s.path+".reading", append(text, "{torn"...), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		blocked(t, s.path)
		blocked(t, s.path+".unreadable")
		j.setFail(nil)
		wait(2 * sealMost)
		d.sealAll(spilled, more)
		ctx, cancel := context.WithTimeout(context.Background(), sealRetry)
		defer cancel()
		if err := d.close(ctx); err == nil || !strings.Contains(err.Error(), "records.spill") {
			t.Errorf("close says %v, and the file is not empty", err)
		}
		if n, lost := len(j.all()), d.tally.Counts()["records_lost_total"]; n != spilled+more || lost != 0 {
			t.Errorf("%d of %d records in the journal, %v lost", n, spilled+more, lost)
		}
	})
}

// TestWhatNeitherTheJournalNorTheDiskTakesUntilTheStopIsToldAsLost, each of them.
func TestWhatNeitherTheJournalNorTheDiskTakesUntilTheStopIsToldAsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 3 * deskHands
		j := newFakeJournal()
		j.setFail(errDisk)
		d := newRecordDesk(j, &spill{}, newTally(), discard()) // of no path: it takes nothing
		d.sealAll(0, many)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		_ = d.close(ctx) // nothing is on the disk to speak of
		if lost := d.tally.Counts()["records_lost_total"]; lost != many {
			t.Errorf("%v of %d are told as lost", lost, many)
		}
	})
}

// TestARecordThatTheDiskDoesNotTakeKeepsNoOtherFromIt: it has no JSON here, and may be too
// large for the room that is left.
func TestARecordThatTheDiskDoesNotTakeKeepsNoOtherFromIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &holdOne{fakeJournal: newFakeJournal(), goOn: make(chan struct{})}
		j.setFail(errDisk)
		d, s := theDesk(t, j, 10)
		d.seal(someRecord(0))
		synctest.Wait() // is in the hand of the desk
		odd := someRecord(1)
		odd.Start = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) // has no JSON
		d.seal(odd)
		d.sealAll(2, 5)
		close(j.goOn)
		wait(time.Minute)
		if n := s.holds(); n != 6 || d.waiting() != 7 {
			t.Errorf("%d records are on the disk, %d wait; want 6 of 7", n, d.waiting())
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = d.close(ctx) // says that six wait
		if lost := d.tally.Counts()["records_lost_total"]; lost != 1 {
			t.Errorf("%v are told as lost", lost)
		}
	})
}
