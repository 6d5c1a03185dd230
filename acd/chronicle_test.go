package acd

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// scribe is a chronicle that keeps everything, and asks for a picture when told to.
type scribe struct {
	mu       sync.Mutex // guards the pages
	pictures []*Picture
	turns    [][]*Turn // after each picture
	ask      bool
}

func (s *scribe) Note(t *Turn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.turns) - 1
	s.turns[last] = append(s.turns[last], t)
	ask := s.ask
	s.ask = false
	return ask
}

func (s *scribe) Begin(p *Picture) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pictures, s.turns = append(s.pictures, p), append(s.turns, nil)
}

// TestAFloorsLogDecidesTheSameAgain: what a running floor notes, from its first picture
// and from one in the middle of a call, comes out the same when it happens again.
func TestAFloorsLogDecidesTheSameAgain(t *testing.T) {
	s := &scribe{}
	synctest.Test(t, func(t *testing.T) {
		f, err := NewFloor(t.Context(), help(), nil, nil, WithChronicle(s))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- f.Run(t.Context()) }()
		aDayAtTheDesk(t, f, s)
	})
	if len(s.pictures) != 2 {
		t.Fatalf("%d pictures, want the first and the one asked for", len(s.pictures))
	}
	for i, p := range s.pictures {
		var picture Picture
		if err := json.Unmarshal(mustJSON(t, p), &picture); err != nil {
			t.Fatal(err)
		}
		again, err := Resume(&picture)
		if err != nil {
			t.Fatal(err)
		}
		turns := slices.Concat(s.turns[i:]...)
		offers := 0
		for _, turn := range turns {
			offers += len(turn.Offers)
			var logged Turn
			if err := json.Unmarshal(mustJSON(t, turn), &logged); err != nil {
				t.Fatal(err)
			}
			if got := again.Again(&logged); string(decided(t, got)) != string(decided(t, turn)) {
				t.Errorf("picture %d: %s: decided %s, now %s", i, mustJSON(t, turn.In), decided(t, turn), decided(t, got))
			}
		}
		if offers == 0 {
			t.Errorf("picture %d: no offer follows", i)
		}
	}
}

func aDayAtTheDesk(t *testing.T, f *Floor, s *scribe) {
	t.Helper()
	ctx := t.Context()
	for _, name := range []string{"anna", "bert"} {
		if _, err := f.Do(ctx, name, Command{Verb: LogIn, Phone: "p-" + name}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		since := time.Now().Add(-time.Duration(i) * time.Second)
		ticket, err := f.Enter(ctx, Entry{Call: string(rune('a' + i)), Queue: "help", Since: since, Data: map[string]any{"n": uint8(i)}})
		if err != nil {
			t.Fatal(err)
		}
		offer := <-ticket.Offers
		f.PhoneBusy("p-nobody", i%2 == 0)
		for _, err := range []error{f.Taken(ctx, ticket.ID), f.Answered(ctx, offer.Seats[0].Assignment)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if i == 2 {
			s.mu.Lock()
			s.ask = true
			s.mu.Unlock()
		}
		time.Sleep(time.Minute) //nolint:forbidigo // the clock of the bubble
		if err := f.Finish(ctx, offer.Seats[0].Assignment, Outcome{Cause: "caller_ended"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // as above
	}
	if err := f.Answered(ctx, 999); err == nil {
		t.Error("a stale answer was taken")
	}
}

// TestATurnThatOnlyLooksIsNotNoted: asking must not fill the log.
func TestATurnThatOnlyLooksIsNotNoted(t *testing.T) {
	s := &scribe{}
	synctest.Test(t, func(t *testing.T) {
		f, err := NewFloor(t.Context(), help(), nil, nil, WithChronicle(s))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = f.Run(t.Context()) }()
		for range 3 {
			if _, err := f.Queues(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
	if n := len(slices.Concat(s.turns...)); n > 0 {
		t.Errorf("%d turns were noted", n)
	}
}

// TestCallDataMeansTheSameTheSecondTime: what goes into a log as a number of any kind
// comes back as the number the expression saw.
func TestCallDataMeansTheSameTheSecondTime(t *testing.T) {
	type word string
	given := map[string]any{
		"int": 3, "uint8": uint8(3), "whole": 3.0, "half": 0.5, "huge": 1e300, "text": "x", "word": word("y"), "yes": true,
		"nothing": nil, "list": []int{1, 2}, "table": map[string]int{"a": 1}, "length": time.Second, "odd": struct{ A int }{1},
	}
	first := plain(given)
	if first["whole"] != 3 || first["uint8"] != 3 || first["half"] != 0.5 || first["word"] != "y" {
		t.Errorf("plain gives %#v", first)
	}
	var back Entry
	if err := json.Unmarshal(mustJSON(t, Entry{Data: first}), &back); err != nil {
		t.Fatal(err)
	}
	second := plain(back.Data)
	if a, b := mustJSON(t, first), mustJSON(t, second); string(a) != string(b) {
		t.Errorf("went in as %s and came back as %s", a, b)
	}
	if a, b := fmt.Sprintf("%#v", first), fmt.Sprintf("%#v", second); a != b {
		t.Errorf("means %s, and then %s", a, b)
	}
}
