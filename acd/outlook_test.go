package acd

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"testing"
	"time"
)

// outlookOf is how a queue looks now.
func (y *play) outlookOf(queue string) Outlook { return y.b.outlook(y.b.routes.queues[queue]) }

func TestTheRulesThatHoldCallersAreCounted(t *testing.T) {
	for name, tc := range map[string]struct {
		care  func(*Care)
		gap   time.Duration
		talk  time.Duration
		queue QueueSpec
		then  func(*play) // after one call of anna's
		want  map[Cap]int
	}{
		"the occupancy cap holds both who wait": {
			care: func(c *Care) { c.Occupancy, c.OccupancyOver = 50, 20*time.Minute }, talk: 11 * time.Minute,
			want: map[Cap]int{CapLoad: 2},
		},
		"the gap does": {care: func(*Care) {}, gap: time.Minute, talk: time.Minute, want: map[Cap]int{ruleGap: 2}},
		"an agent asked to take a break does": {
			care: func(c *Care) { c.Break, c.BreakEvery, c.BreakAsk = 5*time.Minute, 10*time.Minute, time.Minute }, talk: 11 * time.Minute,
			want: map[Cap]int{ruleBreak: 2},
		},
		"whom somebody else takes is held no longer": {
			care: func(c *Care) { c.Occupancy, c.OccupancyOver = 50, 20*time.Minute }, talk: 11 * time.Minute,
			then: func(y *play) { y.logIn("ben") }, want: map[Cap]int{CapLoad: 1},
		},
		"a wrap-up is no cap": {
			care: func(*Care) {}, talk: time.Minute, queue: QueueSpec{WrapUp: time.Minute}, want: map[Cap]int{},
		},
		"an emergency queue knows none": {
			care: func(c *Care) { c.Occupancy, c.OccupancyOver = 50, 20*time.Minute }, talk: 11 * time.Minute,
			queue: QueueSpec{Urgent: true}, want: map[Cap]int{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.queue.WrapUp == 0 {
				tc.queue.WrapUp = -1
			}
			p := team(map[string]QueueSpec{"q": tc.queue}, "anna", "ben")
			p.Settings = only(tc.care)
			p.Settings.Gap = cmp.Or(tc.gap, -1)
			y := start(t, p)
			y.logIn("anna")
			y.serve(Entry{Call: "c1", Queue: "q"}, tc.talk, Outcome{})
			y.enter(Entry{Call: "c2", Queue: "q"})
			y.enter(Entry{Call: "c3", Queue: "q"})
			if tc.then != nil {
				tc.then(y)
			}
			if got := y.outlookOf("q").Held; !maps.Equal(got, tc.want) {
				t.Errorf("held %v, want %v", got, tc.want)
			}
		})
	}
}

func TestTheOutlookOfAQueueIsTheEstimateAtItsEnd(t *testing.T) {
	y := busy(t, 4)
	if o := y.outlookOf("q"); !o.Staffed || o.P50 <= 0 || o.P90 < o.P50 {
		t.Fatalf("%+v", o)
	}
	before := y.outlookOf("q")
	for _, call := range []string{"d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8"} {
		y.enter(Entry{Call: call, Queue: "q"})
	}
	if after := y.outlookOf("q"); after.P50 <= before.P50 {
		t.Errorf("eight more wait, and P50 went from %s to %s", before.P50, after.P50)
	}
	empty := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	if o := empty.outlookOf("q"); o.Staffed || o.P50 != 0 || o.P90 != 0 {
		t.Errorf("nobody is there: %+v", o)
	}
}

// TestALookAheadChangesNothing: what is only looked at must not show in a replay.
func TestALookAheadChangesNothing(t *testing.T) {
	y := busy(t, 3)
	y.enter(Entry{Call: "w", Queue: "q", Data: map[string]any{"tier": "gold"}})
	q := y.b.routes.queues["q"]
	look := func() string {
		return fmt.Sprintf("%+v %+v, %d classes, %d conditions, %d uses, told %+v", y.b.ids, y.b.count, len(q.classes), len(q.all), q.recent, y.b.calls["w"].told)
	}
	before := look()
	y.outlookOf("q")
	if after := look(); before != after {
		t.Errorf("was\n%s\nis\n%s", before, after)
	}
}

func TestEveryHoldingRuleHasItsName(t *testing.T) {
	named := map[Cap]bool{}
	for _, rule := range HoldingRules() {
		named[rule] = true
	}
	for h, rule := range holding {
		if !named[rule] {
			t.Errorf("hindrance %v is %q, which HoldingRules does not tell", h, rule)
		}
	}
	if len(named) != len(holding) {
		t.Errorf("%d rules are named, %d hold", len(named), len(holding))
	}
}

func TestTheFloorTellsTheOutlookOfEveryQueue(t *testing.T) {
	bubble(t, team(map[string]QueueSpec{"b": {}, "a": {}}, "anna"), func(d *desk) {
		out, err := d.Outlook(d.ctx)
		if err != nil || len(out) != 2 || out[0].Queue != "a" || out[1].Queue != "b" {
			t.Errorf("%+v, %v", out, err)
		}
		gone, stop := context.WithCancel(d.ctx)
		stop()
		if _, err := d.Outlook(gone); err == nil {
			t.Error("who has gone is told")
		}
	})
}
