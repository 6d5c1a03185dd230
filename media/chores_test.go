package media

import "testing"

// choreTimes lets so many milliseconds pass on the loop of some ports, at once where the loop
// sleeps, and tells how often it woke and when each port had its chore.
func choreTimes(l *loop, ports []*Port, length int64, asleep func(at int64) bool) (wakes int, times [][]int64) {
	times = make([][]int64, len(ports))
	begin := ms(l.now)/choreEvery*choreEvery + choreEvery
	l.now = begin * 1e6
	l.serveTurns()
	for at := int64(1); at <= length; at++ {
		if asleep(at) {
			continue
		}
		l.now = (begin + at) * 1e6
		for t := l.wheel.due(ms(l.now)); t != nil; t = l.wheel.due(ms(l.now)) {
			before := make([]bool, len(ports))
			for i, p := range ports {
				before[i] = p.in.quietly
			}
			l.serveTurns()
			wakes++
			for i, p := range ports {
				if p.in.quietly != before[i] {
					times[i] = append(times[i], at)
				}
			}
		}
	}
	return wakes, times
}

func silentPorts(t *testing.T, count int) []*Port {
	t.Helper()
	e := openEngine(t, count)
	e.crowded = int32(count) // all of them on one loop
	ports := make([]*Port, count)
	for i := range ports {
		ports[i] = openPort(t, e)
	}
	return ports
}

// The chores of hundreds of silent ports wake their loop a few times a second, and each port
// has its own every 100 ms.
func TestSilentPortsWakeTheirLoopTogether(t *testing.T) {
	ports := silentPorts(t, 23)
	ports[0].do(func(l *loop) {
		wakes, times := choreTimes(l, ports, 1000, func(int64) bool { return false })
		if wakes > 50 {
			t.Errorf("%d wake-ups a second, want at most 50", wakes)
		}
		for i, at := range times {
			if len(at) != 10 {
				t.Errorf("port %d had %d chores in a second, want 10: %v", i, len(at), at)
				return
			}
			for k, when := range at[1:] {
				if when-at[k] != choreEvery {
					t.Errorf("port %d had a chore %d ms after the one before", i, when-at[k])
				}
			}
		}
	})
}

// A loop that was late does the chores of all ports, once.
func TestALateLoopLeavesNoChoreOut(t *testing.T) {
	ports := silentPorts(t, 11)
	ports[0].do(func(l *loop) {
		_, times := choreTimes(l, ports, 299, func(at int64) bool { return at > 100 && at < 299 })
		for i, at := range times {
			if len(at) != 2 || at[0] > 100 || at[1] != 299 {
				t.Errorf("port %d had its chores at %v, want one before the sleep and one after it", i, at)
			}
		}
	})
}

// A loop without ports has nothing to wake for.
func TestALoopWithoutPortsHasNoChores(t *testing.T) {
	ports := silentPorts(t, 3)
	ports[0].do(func(l *loop) {
		slots := l.slots
		l.slots = nil
		l.serveTurns()
		if l.wheel.armed != 0 {
			t.Errorf("%d timers are armed", l.wheel.armed)
		}
		l.slots = slots
		l.awaitTurn()
		if l.wheel.armed != 1 {
			t.Errorf("%d timers are armed for three ports, want 1", l.wheel.armed)
		}
	})
}
