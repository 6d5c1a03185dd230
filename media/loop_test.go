package media

import (
	"testing"
	"time"
)

func TestTheEngineKnowsHowLateItsLoopsAre(t *testing.T) {
	e := openEngine(t, 1)
	newPhone(t, e, PCMU)
	was := func() (n uint64) { n, _ = e.Lateness(); return n }
	eventually(t, "a port's chores are done", func() bool { return was() > 0 })
	_, before := e.Lateness()
	const held = 400 * time.Millisecond // four chores long
	home := e.loops[0]
	if !home.order(func(*loop) { <-time.After(held) }) {
		t.Fatal("the loop has ended")
	}
	n := was()
	eventually(t, "the chores go on", func() bool { return was() > n })
	if _, late := e.Lateness(); late-before < held/2 || late-before > ampleTime {
		t.Errorf("a loop that stood still for %v was late by %v", held, late-before)
	}
}
