package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"breakwater/sip/siptest"
)

// Server is a process under test that this package has started.
type Server struct {
	cmd   *exec.Cmd
	ended chan error
}

// StartServer runs a command in a directory and returns when something answers SIP
// at the house's address.
func StartServer(ctx context.Context, command, env []string, h House) (*Server, error) {
	s := &Server{cmd: exec.Command(command[0], command[1:]...), ended: make(chan error, 1)} //nolint:noctx // it is asked to stop, not killed
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = os.Stderr, os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	p, err := siptest.New(siptest.Options{Name: "awaken", Server: h.Server})
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := p.Register(ctx); err != nil && siptest.StatusOf(err) == 0 {
		return nil, errors.Join(fmt.Errorf("the server does not answer: %w", err), s.Stop())
	}
	return s, nil
}

// PID is the server's process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Stop asks the server to end, and waits; after half a minute it is killed.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, <-s.ended)
	}
	late := time.AfterFunc(30*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	return <-s.ended
}

// Pin keeps a process and all of its threads on one core; what it starts inherits
// that.
func Pin(ctx context.Context, pid, core int) error {
	out, err := exec.CommandContext(ctx, "taskset", "-a", "-c", "-p", strconv.Itoa(core), strconv.Itoa(pid)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pin process %d: %w: %s", pid, err, out)
	}
	return nil
}
