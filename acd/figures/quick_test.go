//go:build !race

package figures

import (
	"testing"
	"time"
)

func TestADayOf200000EventsIsReportedWithinASecond(t *testing.T) {
	events := busyDay(200_000)
	cuts, err := Cut(noon, events[len(events)-1].At.Wall, Quarter)
	if err != nil {
		t.Fatal(err)
	}
	best := time.Hour
	for range 8 { // others work on this machine, too: the best of some tells what it takes
		begun := time.Now()
		computeAll(events, cuts)
		if best = min(best, time.Since(begun)); best < time.Second {
			return
		}
	}
	t.Errorf("%s for 200,000 events at best", best)
}
