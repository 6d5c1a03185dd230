package call

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"breakwater/media"
)

var errDisk = errors.New("disk full")

// theDesk makes a record desk with little room and its spill file in a new folder.
func theDesk(t *testing.T, j Journal, room int) (*recordDesk, *spill) {
	t.Helper()
	s := &spill{path: filepath.Join(t.TempDir(), "records.spill")}
	d := newRecordDesk(j, s, newTally(), discard())
	d.room = room
	return d, s
}

// stops closes the desk, which has all the time it wants.
func stops(t *testing.T, d *recordDesk) {
	t.Helper()
	if err := d.close(context.Background()); err != nil {
		t.Error(err)
	}
}

// sealAll ends so many calls, numbered from the first on.
func (d *recordDesk) sealAll(first, many int) {
	for i := range many {
		d.seal(someRecord(first + i))
	}
}

func someRecord(n int) Record {
	return Record{
		ID: "R" + strconv.Itoa(n), Caller: "0123", Start: time.Now(), End: time.Now(),
		Cause: Cause{By: ByCaller, Metric: CauseCallerEnded}, Data: map[string]string{"customer": "42"},
		Legs:  []LegRecord{{Party: Party{ID: "in-0123"}, Codec: "PCMU", Quality: media.Quality{}}},
		Steps: []Step{{At: time.Now(), Mono: time.Second, Name: "protect.W1", Note: "päge\n"}},
	}
}

func ids(records []Record) (all []string) {
	for _, r := range records {
		all = append(all, r.ID)
	}
	slices.Sort(all)
	return all
}

func TestTheDeskWritesEveryRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newFakeJournal()
		d, s := theDesk(t, j, 10)
		d.sealAll(0, 5)
		stops(t, d)
		if got := ids(j.all()); !slices.Equal(got, []string{"R0", "R1", "R2", "R3", "R4"}) {
			t.Errorf("sealed %v", got)
		}
		if _, err := os.Stat(s.path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a spill file although nothing was wrong: %v", err)
		}
	})
}

// TestAFullDeskSpillsAndNoCallWaits: the journal hangs with a record in its hand.
func TestAFullDeskSpillsAndNoCallWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &hanging{fakeJournal: newFakeJournal(), back: make(chan struct{})}
		d, s := theDesk(t, j, 3)
		began := time.Now()
		d.seal(someRecord(0))
		synctest.Wait() // is in the hand of the desk
		for i := 1; i < 10; i++ {
			d.seal(someRecord(i))
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the calls waited %s for the journal", waited)
		}
		if n := d.tally.Counts()["records_spilled_total"]; n != 6 {
			t.Errorf("%d records spilled, want 6: one in the hand, three on the desk", n)
		}
		if n := d.waiting(); n != 10 {
			t.Errorf("%d records wait, want 10", n)
		}
		close(j.back)
		wait(2 * sealMost)
		if got := len(j.all()); got != 10 {
			t.Errorf("%d of 10 records are in the journal when it works again", got)
		}
		stops(t, d)
		if left, err := filepath.Glob(s.path + "*"); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

// hanging answers a seal when back is closed.
type hanging struct {
	*fakeJournal
	back chan struct{}
}

func (h *hanging) Seal(ctx context.Context, r Record) error {
	<-h.back
	return h.fakeJournal.Seal(ctx, r)
}

func (h *hanging) Keep(ctx context.Context, sheets []Sheet) []error { return KeepEach(ctx, h, sheets) }

// TestTheDeskLetsAJournalWriteManyTogether: one whose every answer takes a while, as
// that of a disk or a network does, keeps up with a busy house all the same.
func TestTheDeskLetsAJournalWriteManyTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &slow{fakeJournal: newFakeJournal(), takes: 100 * time.Millisecond}
		d, _ := theDesk(t, j, deskRoom)
		d.seal(someRecord(0))
		synctest.Wait() // has nobody to go with
		for i := range 5 * deskHands {
			d.seal(someRecord(1 + i))
		}
		began := time.Now()
		stops(t, d)
		if got := len(j.all()); got != 1+5*deskHands {
			t.Errorf("%d records sealed", got)
		}
		if took, want := time.Since(began), 6*j.takes; took > want {
			t.Errorf("it took %v, want the first alone and then %d at once: %v", took, deskHands, want)
		}
	})
}

// slow answers a seal after a while.
type slow struct {
	*fakeJournal
	takes time.Duration
}

func (s *slow) Seal(ctx context.Context, r Record) error {
	<-time.After(s.takes)
	return s.fakeJournal.Seal(ctx, r)
}

func (s *slow) Keep(ctx context.Context, sheets []Sheet) []error { return KeepEach(ctx, s, sheets) }

// TestPromiseEveryRecordIsSealedOnce lets a journal have any moods while calls end: in
// the end it has every record once, and nothing was told twice or lost.
func TestPromiseEveryRecordIsSealedOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		moods := rapid.SliceOfN(rapid.IntRange(0, 2), 0, 40).Draw(rt, "moods")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 8), 1, 20).Draw(rt, "seconds between calls")
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			j := &moodyJournal{fakeJournal: newFakeJournal(), moods: moods}
			d, s := theDesk(t, j, 2)
			for i, pause := range pauses {
				d.seal(someRecord(i))
				wait(time.Duration(pause) * time.Second)
			}
			wait(10 * time.Minute)
			if err := d.close(context.Background()); err != nil {
				wrong = err.Error()
			}
			counts := d.tally.Counts()
			left, _ := filepath.Glob(s.path + "*")
			if len(j.all()) != len(pauses) || counts["records_sealed_twice_total"]+counts["records_lost_total"] != 0 || len(left) != 0 {
				wrong = fmt.Sprintf("%d of %d records, %v, left %v", len(j.all()), len(pauses), counts, left)
			}
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// moodyJournal fails as it is told, and may have kept what it says it did not.
type moodyJournal struct {
	*fakeJournal
	moods []int // 0 works, 1 does not, 2 works and says it does not
}

func (m *moodyJournal) Seal(ctx context.Context, r Record) error {
	mood := 0
	if len(m.moods) > 0 {
		mood, m.moods = m.moods[0], m.moods[1:]
	}
	if mood != 1 {
		if err := m.fakeJournal.Seal(ctx, r); err != nil {
			return err
		}
	}
	return map[bool]error{true: errDisk}[mood > 0]
}

func (m *moodyJournal) Keep(ctx context.Context, sheets []Sheet) []error {
	return KeepEach(ctx, m, sheets)
}

// perCall notes the sheets of each hand-over, and holds the first until back is closed.
type perCall struct {
	*fakeJournal
	back  chan struct{}
	given [][]string
}

func (p *perCall) Keep(ctx context.Context, sheets []Sheet) []error {
	var given []string
	for _, s := range sheets {
		given = append(given, s.Record.ID+map[bool]string{true: " sealed"}[s.Final])
	}
	p.given = append(p.given, given)
	<-p.back
	return p.fakeJournal.Keep(ctx, sheets)
}

func TestWhatComesWhileTheJournalWorksGoesThereTogetherAndACallsSheetsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &perCall{fakeJournal: newFakeJournal(), back: make(chan struct{})}
		d, _ := theDesk(t, j, 10)
		d.draft(someRecord(1))
		synctest.Wait()
		d.draft(someRecord(1))
		d.draft(someRecord(2))
		d.seal(someRecord(1))
		d.seal(someRecord(3))
		close(j.back)
		stops(t, d)
		want := [][]string{{"R1"}, {"R1", "R2"}, {"R1 sealed", "R3 sealed"}}
		if !slices.EqualFunc(j.given, want, slices.Equal) {
			t.Errorf("given %q, want %q", j.given, want)
		}
		if open, _ := j.Unsealed(context.Background()); len(open) != 1 || open[0].ID != "R2" {
			t.Errorf("unsealed %v, want the call that goes on", ids(open))
		}
	})
}

func TestADraftThatIsNotKeptIsToldAndNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &perCall{fakeJournal: newFakeJournal(), back: make(chan struct{})}
		j.setFail(errDisk)
		d, s := theDesk(t, j, 2)
		d.draft(someRecord(1))
		j.back <- struct{}{}
		synctest.Wait()
		j.setFail(nil)
		d.draft(someRecord(2))
		synctest.Wait() // is in the hand of the desk
		for i := range 3 {
			d.draft(someRecord(3 + i)) // one is too many for the desk
		}
		close(j.back)
		wait(time.Minute)
		if n := d.tally.Counts()["journal_failures_total"]; n != 2 || s.holds() != 0 || d.waiting() != 0 {
			t.Errorf("%d failures, %d spilled, %d wait; want two drafts told and none spilled", n, s.holds(), d.waiting())
		}
		if open, _ := j.Unsealed(context.Background()); !slices.Equal(ids(open), []string{"R2", "R3", "R4"}) {
			t.Errorf("drafts %v", ids(open))
		}
		stops(t, d)
	})
}

func TestARecordSealedBeforeIsToldAndDoesNotStopTheDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newFakeJournal()
		d, _ := theDesk(t, j, 10)
		d.seal(someRecord(1))
		d.seal(someRecord(1))
		d.seal(someRecord(2))
		stops(t, d)
		if got := ids(j.all()); !slices.Equal(got, []string{"R1", "R2"}) || d.tally.Counts()["records_sealed_twice_total"] != 1 {
			t.Errorf("sealed %v, counters %v", got, d.tally.Counts())
		}
	})
}
