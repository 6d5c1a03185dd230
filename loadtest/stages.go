package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// stagesCommand turns the output of Go benchmarks into a table of what each stage of
// a frame's way costs.
type stagesCommand struct{}

// stage is one benchmark.
type stage struct {
	room, name string
	ns         float64
	allocs     int64
	known      bool // allocs were measured
}

var benchLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op(.*)$`)

// Run reads standard input and passes on what is no benchmark but a failure.
func (stagesCommand) Run() error {
	all, failures, err := readStages(os.Stdin)
	if err != nil {
		return err
	}
	printStages(os.Stdout, all)
	failures = append(failures, overBudget(all)...)
	if len(failures) > 0 {
		return fmt.Errorf("benchmarks failed:\n%s", strings.Join(failures, "\n"))
	}
	return nil
}

// mostProtect is what a protected pair of frames may cost, ns: guard, meter, A-weighting
// and dose.
const mostProtect = 2000

// overBudget names the benchmarks of protection that break their promise.
func overBudget(all []stage) (over []string) {
	for _, s := range all {
		if strings.HasPrefix(s.name, "ProtectFrame") && (s.ns > mostProtect || !s.known || s.allocs > 0) {
			over = append(over, fmt.Sprintf("%s: %.0f ns and %d allocations; %d ns and none are allowed", s.name, s.ns, s.allocs, mostProtect))
		}
	}
	return over
}

func readStages(in io.Reader) (all []stage, failures []string, err error) {
	room := ""
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		if pkg, ok := strings.CutPrefix(line, "pkg: "); ok {
			_, room, _ = strings.Cut(pkg, "/")
			continue
		}
		if strings.Contains(line, "FAIL") || strings.HasPrefix(line, "panic:") {
			failures = append(failures, line)
			continue
		}
		m := benchLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		s := stage{room: room, name: m[1]}
		if s.ns, err = strconv.ParseFloat(m[2], 64); err != nil {
			return nil, nil, err
		}
		if _, before, ok := cutLast(m[3], " allocs/op"); ok {
			s.allocs, err = strconv.ParseInt(before, 10, 64)
			s.known = err == nil
		}
		all = append(all, s)
	}
	return all, failures, lines.Err()
}

// cutLast gives the last word in front of a unit.
func cutLast(text, unit string) (rest, word string, ok bool) {
	text, _, ok = strings.Cut(text, unit)
	f := strings.Fields(text)
	if !ok || len(f) == 0 {
		return "", "", false
	}
	return strings.Join(f[:len(f)-1], " "), f[len(f)-1], true
}

func printStages(w io.Writer, all []stage) {
	fmt.Fprintf(w, "%-14s %-44s %12s %10s   %s\n", "room", "stage", "ns", "allocs", "ms of a call-second, were it done for each of its 100 packets")
	for _, s := range all {
		allocs := "?"
		if s.known {
			allocs = strconv.FormatInt(s.allocs, 10)
		}
		share := ""
		if strings.HasPrefix(s.room, "media") {
			share = fmt.Sprintf("%.4f", s.ns*100/1e6)
		}
		fmt.Fprintf(w, "%-14s %-44s %12.1f %10s   %s\n", s.room, s.name, s.ns, allocs, share)
	}
}
