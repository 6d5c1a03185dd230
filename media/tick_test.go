package media

import (
	"testing"
	"time"
)

func TestALoopRestsForLongerWhileItHasLittleToDo(t *testing.T) {
	for name, c := range map[string]struct {
		came int
		jobs bool
		want time.Duration
	}{
		"few packets":                  {came: fewPackets - 1, want: longTick},
		"a busy port without a packet": {want: longTick},
		"many packets":                 {came: fewPackets, want: tick},
		"few packets and a job":        {came: 1, jobs: true, want: tick},
		"many packets and a job":       {came: fewPackets, jobs: true, want: tick},
	} {
		if got := tickAfter(c.came, c.jobs); got != c.want {
			t.Errorf("%s: rests for %v, want %v", name, got, c.want)
		}
	}
}
