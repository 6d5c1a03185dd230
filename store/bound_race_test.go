//go:build race

package store_test

import "time"

// replayBound is not the promise: the race detector makes everything many times slower.
const (
	floorEvents = 40_000 // with more a starved machine does not make its ledger small in the 5 s that one attempt has
	replayBound = time.Minute
)
