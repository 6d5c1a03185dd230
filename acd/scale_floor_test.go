package acd

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"
)

// scale leads calls over the real floor, one wish at a time.
type scale struct {
	*testing.T
	ctx     context.Context
	floor   *Floor
	tickets map[string][]*Ticket // waiting, by queue, the oldest first
	talking []seatOf
	calls   int
	waiting int
	waits   []time.Duration // from a wish to its answer
	busy    time.Duration   // the sum of it: no less than the floor worked
}

type seatOf struct {
	assignment uint64
}

func openScale(t *testing.T, p Plan) *scale {
	t.Helper()
	f, err := NewFloor(t.Context(), p, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended, stop := runFloor(t, f)
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &scale{T: t, ctx: t.Context(), floor: f, tickets: map[string][]*Ticket{}}
}

func (s *scale) must(_ AgentView, err error) {
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scale) timed(wish func() error) {
	from := time.Now()
	if err := wish(); err != nil {
		s.Fatal(err)
	}
	took := time.Since(from)
	s.waits = append(s.waits, took)
	s.busy += took
}

// arrive is a new call; where somebody is free, it is answered at once.
func (s *scale) arrive() {
	s.calls++
	queue := fmt.Sprintf("q%d", s.calls%50)
	s.timed(func() error {
		t, err := s.floor.Enter(s.ctx, Entry{Call: fmt.Sprint(s.calls), Queue: queue})
		if err == nil {
			s.tickets[queue] = append(s.tickets[queue], t)
			s.waiting++
		}
		return err
	})
	s.answer()
}

// finishOne ends the oldest conversation: its agent gets the next caller.
func (s *scale) finishOne() {
	if len(s.talking) == 0 {
		return
	}
	id := s.talking[0].assignment
	s.talking = s.talking[1:]
	s.timed(func() error { return s.floor.Finish(s.ctx, id, Outcome{}) })
	s.answer()
}

// answer takes every offer that is out.
func (s *scale) answer() {
	for queue, list := range s.tickets {
		kept := list[:0]
		for _, t := range list {
			select {
			case o := <-t.Offers:
				s.waiting--
				if err := s.floor.Taken(s.ctx, t.ID); err != nil {
					s.Fatal(err)
				}
				if err := s.floor.Answered(s.ctx, o.Seats[0].Assignment); err != nil {
					s.Fatal(err)
				}
				s.talking = append(s.talking, seatOf{o.Seats[0].Assignment})
			default:
				kept = append(kept, t)
			}
		}
		s.tickets[queue] = kept
	}
}
