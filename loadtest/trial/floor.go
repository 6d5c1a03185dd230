package trial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// buildFloor compiles the bare relay in C that a server's cost is compared with,
// and gives its path.
func buildFloor(ctx context.Context, source []byte, dir string) (string, error) {
	file, program := filepath.Join(dir, "relay.c"), filepath.Join(dir, "relay")
	if err := os.WriteFile(file, source, 0o600); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "cc", "-O2", "-o", program, file).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the floor (cc is needed): %w: %s", err, out)
	}
	return program, nil
}

// pair is two phones that hear each other through two ports of the relay.
type pair struct {
	portA, portB   uint16
	phoneA, phoneB netip.AddrPort
}

// relay is a running floor.
type relay struct {
	cmd   *exec.Cmd
	input io.WriteCloser
}

var errNotReady = errors.New("the floor did not get ready")

// startFloor runs the relay, by a command that ends with it, such as
// "taskset -c 0 /tmp/relay", and returns when it relays. tick 0 is the floor.
func startFloor(ctx context.Context, command []string, tick time.Duration, pairs []pair) (*relay, error) {
	if tick > 0 {
		command = append(command, strconv.FormatInt(tick.Microseconds(), 10))
	}
	r := &relay{cmd: exec.CommandContext(ctx, command[0], command[1:]...)}
	r.cmd.Stderr = os.Stderr
	var err error
	if r.input, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the floor: %w", err)
	}
	lines := bufio.NewWriter(r.input)
	for _, p := range pairs {
		fmt.Fprintf(lines, "%d %s %d %s\n", p.portA, p.phoneA, p.portB, p.phoneB)
	}
	fmt.Fprintln(lines, "run")
	if err := lines.Flush(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errNotReady, err), r.stop())
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "ready\n" {
		return nil, errors.Join(fmt.Errorf("%w: %q, %w", errNotReady, line, err), r.stop())
	}
	return r, nil
}

// pid is the relay's process.
func (r *relay) pid() int { return r.cmd.Process.Pid }

// stop ends the relay by the end of its input.
func (r *relay) stop() error {
	_ = r.input.Close() // it has ended by itself, or it will
	return r.cmd.Wait()
}

func addr(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}
