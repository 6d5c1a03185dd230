//go:build race

package store_test

import "time"

// replayBound is not the promise: the race detector makes everything many times slower.
const replayBound = time.Minute
