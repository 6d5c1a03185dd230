package trial

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what a process has taken of the machine.
type usage struct {
	At          time.Time
	CPU         time.Duration // user and system time of all threads, ended ones included
	RSS         int64         // bytes
	Threads     int
	Descriptors int
}

var errProc = errors.New("not as /proc is known to be")

// usageOf reads /proc/PID, and the processor time from the clock of the process: /proc tells
// it in hundredths of a second, which is too coarse for some calls in some seconds.
func usageOf(pid int) (usage, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return usage{}, fmt.Errorf("process %d: %w", pid, err)
	}
	u, err := parseStat(stat)
	if err != nil {
		return usage{}, fmt.Errorf("process %d: %w", pid, err)
	}
	open, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		return usage{}, fmt.Errorf("process %d: %w", pid, err)
	}
	if spent, err := processorTime(pid); err == nil {
		u.CPU = spent
	}
	u.At, u.Descriptors = time.Now(), len(open)
	return u, nil
}

// processorTime reads the processor clock of a process: its number is made of the process'
// (clock_getcpuclockid(3)).
func processorTime(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED, in nanoseconds, of all threads
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0, err
	}
	return time.Duration(t.Nano()), nil
}

const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that we run on

// parseStat reads /proc/PID/stat (proc_pid_stat(5)); the name may hold blanks and
// brackets.
func parseStat(line []byte) (usage, error) {
	end := bytes.LastIndexByte(line, ')')
	if end < 0 {
		return usage{}, fmt.Errorf("%w: %q", errProc, line)
	}
	f := strings.Fields(string(line[end+1:])) // f[0] is field 3
	const utime, stime, threads, rss = 14 - 3, 15 - 3, 20 - 3, 24 - 3
	if len(f) <= rss {
		return usage{}, fmt.Errorf("%w: %q", errProc, line)
	}
	var n [4]int64
	for i, at := range []int{utime, stime, threads, rss} {
		v, err := strconv.ParseInt(f[at], 10, 64)
		if err != nil {
			return usage{}, fmt.Errorf("%w: %q", errProc, line)
		}
		n[i] = v
	}
	return usage{CPU: time.Duration(n[0]+n[1]) * tick, Threads: int(n[2]), RSS: n[3] * int64(os.Getpagesize())}, nil
}

// busy is the processor time that the whole machine has spent on anything, stolen
// time included: what is neither ours nor the server's is noise.
func busy() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return parseBusy(string(text))
}

func parseBusy(text string) (time.Duration, error) {
	line, _, _ := strings.Cut(text, "\n")
	f := strings.Fields(line)
	if len(f) < 9 || f[0] != "cpu" {
		return 0, fmt.Errorf("%w: %q", errProc, line)
	}
	var sum int64
	for i, v := range f[1:9] { // user nice system idle iowait irq softirq steal
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: %q", errProc, line)
		}
		if i != 3 && i != 4 {
			sum += n
		}
	}
	return time.Duration(sum) * tick, nil
}
