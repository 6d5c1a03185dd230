//go:build !race

package store_test

import "time"

// replayBound is what is promised of a start after 200,000 events.
const replayBound = 2 * time.Second
