package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// wiretap is a tcpdump of loopback.
type wiretap struct {
	file      string
	temporary bool
	cmd       *exec.Cmd
	said      bytes.Buffer  // read after heard
	heard     chan struct{} // closed when tcpdump's stderr has ended
	once      sync.Once
	err       error
}

// openTap returns when tcpdump listens for what a filter names (pcap-filter(7)).
func openTap(ctx context.Context, file, filter string, temporary bool) (*wiretap, error) {
	t := &wiretap{file: file, temporary: temporary, heard: make(chan struct{})}
	// -Z root: the file may lie where another user must not write; -B: KiB that
	// the kernel keeps while tcpdump waits for a processor.
	t.cmd = exec.Command("tcpdump", "-i", "lo", "-n", "-s", "0", "-B", "65536", "-Z", "root", "-w", file, filter) //nolint:noctx // it is interrupted, not killed, so that its file is whole
	stderr, err := t.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := t.cmd.Start(); err != nil {
		return nil, fmt.Errorf("capture (install tcpdump, or use --blind): %w", err)
	}
	ready := make(chan struct{})
	go t.listen(stderr, ready)
	select {
	case <-ready:
		return t, nil
	case <-t.heard:
		t.forget()
		return nil, fmt.Errorf("capture: %w: %s", t.cmd.Wait(), strings.TrimSpace(t.said.String()))
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), t.stop())
	}
}

func (t *wiretap) listen(stderr io.Reader, ready chan<- struct{}) {
	defer close(t.heard)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		fmt.Fprintln(&t.said, lines.Text())
		if ready != nil && strings.Contains(lines.Text(), "listening on") {
			close(ready)
			ready = nil
		}
	}
}

// stop ends the capture and says so when the kernel dropped something: then the
// file is no witness.
func (t *wiretap) stop() error {
	if t == nil {
		return nil
	}
	t.once.Do(func() {
		// what was sent last must reach tcpdump before the signal does
		settle := time.NewTimer(500 * time.Millisecond)
		<-settle.C
		if err := t.cmd.Process.Signal(os.Interrupt); err != nil {
			t.err = err
			return
		}
		<-t.heard
		if t.err = t.cmd.Wait(); t.err != nil {
			return
		}
		for line := range strings.Lines(t.said.String()) {
			if n, ok := strings.CutSuffix(strings.TrimSpace(line), " packets dropped by kernel"); ok && n != "0" {
				t.err = fmt.Errorf("capture: the kernel dropped %s packets", n)
			}
		}
	})
	return t.err
}

// forget removes a capture that nobody wanted to keep.
func (t *wiretap) forget() {
	if t != nil && t.temporary {
		_ = os.RemoveAll(filepath.Dir(t.file))
	}
}
