package media

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryIsGivenBackAtTheEbb(t *testing.T) {
	type level struct{ ports, looks int }
	for name, c := range map[string]struct {
		levels []level
		want   []int // at which looks
	}{
		"a quiet house has nothing to give":                {levels: []level{{0, 100}, {10, 100}, {manyPorts - 1, 100}}},
		"all calls have ended":                             {levels: []level{{3000, 10}, {0, 100}}, want: []int{10 + ebbLooks}},
		"not before SIP has forgotten them":                {levels: []level{{3000, 10}, {0, ebbLooks - 1}, {3000, 10}}},
		"a pause between calls is none":                    {levels: []level{{3000, 1}, {0, ebbLooks / 2}, {1000, 1}, {0, ebbLooks/2 + 5}, {1000, 1}}},
		"a quarter is left, and stays":                     {levels: []level{{3000, 1}, {750, 100}}, want: []int{1 + ebbLooks}},
		"a third is left: it may be noon":                  {levels: []level{{3000, 1}, {1000, 100}}},
		"few are few, whatever the peak was":               {levels: []level{{manyPorts, 1}, {manyPorts - 1, 100}}, want: []int{1 + ebbLooks}},
		"the evening comes by steps":                       {levels: []level{{3000, 1}, {700, 30}, {150, 30}, {10, 100}}, want: []int{1 + ebbLooks, 31 + ebbLooks, 61 + ebbLooks}},
		"calls that come again after an ebb are a new day": {levels: []level{{3000, 1}, {0, 30}, {50, 30}, {200, 1}, {0, 30}}, want: []int{1 + ebbLooks, 62 + ebbLooks}},
	} {
		t.Run(name, func(t *testing.T) {
			var tide tide
			var got []int
			at := 0
			for _, l := range c.levels {
				for range l.looks {
					if at++; tide.look(l.ports) {
						got = append(got, at)
					}
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("given back at looks %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhatAnEbbHasLeftIsNoBusyTime(t *testing.T) {
	for name, c := range map[string]struct {
		left, ports int
		want        bool
	}{
		"few calls":                           {ports: manyPorts - 1},
		"many calls":                          {ports: manyPorts, want: true},
		"those that were left":                {left: 700, ports: 700},
		"some more":                           {left: 700, ports: 1400},
		"twice as many: the tide rises again": {left: 700, ports: 1401, want: true},
	} {
		tide := tide{left: c.left}
		if got := tide.rising(c.ports); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestTheStewardGivesBackOnceAndIsGoneWhenItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ports, given atomic.Int32
		ports.Store(3000)
		s := newSteward(slog.New(slog.DiscardHandler), func() int { return int(ports.Load()) })
		s.free = func() { given.Add(1) }
		go s.run()
		pass := func(d time.Duration) {
			<-time.After(d)
			synctest.Wait()
		}
		pass(time.Minute)
		ports.Store(0)
		pass((ebbLooks - 1) * stewardEvery)
		if given.Load() != 0 {
			t.Errorf("memory was given back %v after the last call", (ebbLooks-1)*stewardEvery)
		}
		pass(stewardEvery)
		if given.Load() != 1 {
			t.Errorf("memory was given back %d times after the last call, want once", given.Load())
		}
		pass(24 * time.Hour)
		if given.Load() != 1 {
			t.Errorf("memory was given back %d times within a quiet day, want once", given.Load())
		}
		s.close()
	})
}
