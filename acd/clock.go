package acd

import (
	"os"
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

// moment puts a stamp of any process on the boot-time clock of now. Within one boot
// it is exact. Otherwise the wall clock tells how long ago it was, and a span that
// comes out negative counts as nothing: then a rest is too long, never too short.
func moment(s, now Stamp) time.Duration {
	if s.Boot != "" && s.Boot == now.Boot {
		return min(s.Mono, now.Mono)
	}
	return now.Mono - max(0, now.Wall.Round(0).Sub(s.Wall.Round(0)))
}
