package acd

import (
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
)

// ReadEvents gives the events that a ledger kept as JSON, in their order. A restart reads
// many, and what they take is the reading: every processor takes its part.
func ReadEvents(kept [][]byte) ([]Event, error) {
	events := make([]Event, len(kept))
	parts := max(1, min(runtime.GOMAXPROCS(0), len(kept)/fewestToPart))
	wrong := make([]error, parts)
	var reading sync.WaitGroup
	for part := range parts {
		from, to := part*len(kept)/parts, (part+1)*len(kept)/parts
		reading.Go(func() {
			for i := from; i < to; i++ {
				if err := json.Unmarshal(kept[i], &events[i]); err != nil {
					wrong[part] = fmt.Errorf("event %d of %d: %w", i+1, len(kept), err)
					return
				}
			}
		})
	}
	reading.Wait()
	for _, err := range wrong {
		if err != nil {
			return nil, err
		}
	}
	return events, nil
}

// StillWait gives the places of those events that tell of callers who wait after all of
// them, in order. Only their Event.Who is asked for by a replay, so that a ledger need not
// read who the others were.
func StillWait(events []Event) []int {
	at := map[uint64]int{} // by ticket
	for i := range events {
		switch e := &events[i]; e.Kind {
		case KindEntered, KindParked:
			at[e.Ticket] = i
		case KindLeft, KindRemoved, KindOrphaned, KindReached:
			delete(at, e.Ticket)
		case KindAnswered:
			if came, waits := at[e.Ticket]; waits && events[came].Kind == KindEntered { // a callback is over when it is reached
				delete(at, e.Ticket)
			}
		}
	}
	return slices.Sorted(maps.Values(at))
}

// fewestToPart is below how many events a goroutine is not worth its start.
const fewestToPart = 500
