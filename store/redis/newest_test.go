package redis

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"breakwater/call"
	"breakwater/store/redis/redistest"
)

// TestARecordSealedMeanwhileMovesNoOther reads records by pages while others are sealed:
// newer ones, one of the very same start, and an old one.
func TestARecordSealedMeanwhileMovesNoOther(t *testing.T) {
	s := opened(t, redistest.Start(t).URL())
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	seal := func(id string, after time.Duration) {
		if err := s.Seal(t.Context(), call.Record{ID: id, Start: at.Add(after)}); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for i := range 9 { // three of each start, newest first
		id := fmt.Sprintf("B%d", i)
		seal(id, time.Duration(i/3)*time.Second)
		want = append([]string{id}, want...)
	}
	walk := s.newest(s.keys.of("records", "start"), time.Time{}, time.Time{})
	var got []string
	for n, more := 0, true; more; n++ {
		ids, others, err := walk.next(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		more, got = others, append(got, ids...)
		switch n {
		case 0:
			for i := range 5 {
				seal(fmt.Sprintf("C%d", i), 2*time.Second) // of the start where the walk stands, and before it
			}
			seal("D", time.Hour)
		case 1:
			seal("A", -time.Hour)
		}
	}
	if want = append(want, "A"); !slices.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestAPeriodIsWalkedFromItsEnd(t *testing.T) {
	s := opened(t, redistest.Start(t).URL())
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for i := range 5 {
		if err := s.Seal(t.Context(), call.Record{ID: fmt.Sprintf("R%d", i), Start: at.Add(time.Duration(i) * time.Millisecond)}); err != nil {
			t.Fatal(err)
		}
	}
	ids, more, err := s.newest(s.keys.of("records", "start"), at.Add(time.Millisecond), at.Add(3*time.Millisecond)).next(t.Context(), 9)
	if err != nil || more || !slices.Equal(ids, []string{"R3", "R2", "R1"}) {
		t.Errorf("%v, more %v, %v", ids, more, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
