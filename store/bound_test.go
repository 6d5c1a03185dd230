//go:build !race

package store_test

import "time"

// replayBound is what is promised of a start after so many events.
const (
	floorEvents = 200_000
	replayBound = 2 * time.Second
)
