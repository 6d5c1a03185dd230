package acd

import (
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Clock tells the time on both clocks. Mono never goes back within a process.
type Clock func() Stamp

// suspended is how far boot time must run ahead of the process's clock between two
// readings to be taken for a suspended machine. Below it the difference is only
// the time between two readings.
const suspended = 10 * time.Second

// SystemClock is the machine's clock: wall time, and boot time that goes on while
// the machine sleeps. It follows time.Now between readings, so that it can run in
// a test whose time is not real.
func SystemClock() Clock {
	var (
		mu   sync.Mutex // the readings below; a few lines
		boot = bootID()
		last = time.Now()
		real = bootTime()
		mono = real
	)
	return func() Stamp {
		mu.Lock()
		defer mu.Unlock()
		now, at := time.Now(), bootTime()
		went := max(0, now.Sub(last))
		if slept := at - real - went; slept > suspended {
			went += slept
		}
		last, real, mono = now, at, mono+went
		return Stamp{Wall: now, Boot: boot, Mono: mono}
	}
}

// bootTime is CLOCK_BOOTTIME; zero where there is none.
func bootTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// bootID names this boot of the machine; empty where it is not told, and then only
// the wall clock counts across a restart.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// timeline puts stamps of earlier processes on the boot-time clock of now. Within a
// boot the machine's own clock tells how long something took, whatever happened to the
// wall clock; the wall clock counts only from the last stamp of a boot to the first of
// the next. A span that comes out negative counts as nothing: then a rest is too long,
// never too short.
type timeline struct {
	now   Stamp
	boots map[string]anchor
}

// anchor is one moment on two clocks: that of its boot, and ours.
type anchor struct{ then, now time.Duration }

// newTimeline reads the clocks of the past from its stamps, in order.
func newTimeline(past []Stamp, now Stamp) timeline {
	l := timeline{now: now, boots: map[string]anchor{}}
	if now.Boot != "" {
		l.boots[now.Boot] = anchor{now.Mono, now.Mono}
	}
	next, nextAt := now, now.Mono
	for _, s := range slices.Backward(past) {
		if _, known := l.boots[s.Boot]; !known && s.Boot != "" {
			l.boots[s.Boot] = anchor{s.Mono, nextAt - gone(s, next)}
		}
		next, nextAt = s, l.moment(s)
	}
	return l
}

// moment is when a stamp was made, on the clock of now.
func (l timeline) moment(s Stamp) time.Duration {
	if a, known := l.boots[s.Boot]; known {
		return a.now - max(0, a.then-s.Mono)
	}
	return l.now.Mono - gone(s, l.now)
}

// gone is the wall time between two stamps, never negative.
func gone(from, to Stamp) time.Duration { return max(0, to.Wall.Round(0).Sub(from.Wall.Round(0))) }
