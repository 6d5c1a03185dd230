package acd

import (
	"encoding/json"
	"fmt"
	"runtime"
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

// fewestToPart is below how many events a goroutine is not worth its start.
const fewestToPart = 500
