package main

import (
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"text/tabwriter"
	"time"
)

// narrator tells what happens, each line with the time since the start. Its methods
// may be called from any goroutine.
type narrator struct {
	start time.Time

	mu  sync.Mutex // protects all following fields
	out io.Writer
}

func newNarrator(out io.Writer, start time.Time) *narrator { return &narrator{out: out, start: start} }

// line tells one thing of a story; whose is empty before and after all stories.
func (n *narrator) line(whose, format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintf(n.out, "%5.1f s  %-9s  %s\n", time.Since(n.start).Seconds(), whose, fmt.Sprintf(format, args...))
}

// table tells how every story ended and what can be listened to.
func (n *narrator) table(scenes []*scene, folder string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintln(n.out)
	columns := tabwriter.NewWriter(n.out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(columns, "call\toutcome\tchecked")
	for _, s := range scenes {
		good := fmt.Sprintf("%d of %d", s.good, s.good+len(s.wrong))
		if s.failed() {
			good += "  FAILED"
		}
		fmt.Fprintf(columns, "%s\t%s\t%s\n", s.title(), s.outcome, good)
	}
	_ = columns.Flush() // of a Writer that swallows errors, as Fprintf does
	fmt.Fprintln(n.out, "\nTo listen to (left: the caller, right: what the caller heard):")
	for _, s := range scenes {
		for _, file := range s.recordings {
			fmt.Fprintf(n.out, "  %-10s %s\n", s.title(), filepath.Join(folder, file))
		}
	}
	fmt.Fprintf(n.out, "  %-10s %s\n", "server log", filepath.Join(folder, logName))
	for _, s := range scenes {
		for _, w := range s.wrong {
			fmt.Fprintf(n.out, "\nFAILED  %s: %s\n", s.title(), w)
		}
	}
}
