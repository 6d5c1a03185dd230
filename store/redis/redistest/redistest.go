// Package redistest starts a Redis of its own for a test, and does to it what befalls
// servers: it is killed, comes back, hangs, or answers late.
package redistest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a Redis may take to start, or to end.
const patience = 20 * time.Second

// Server is a redis-server of Debian on a free port of loopback, with its files in a
// folder of the test. It writes every change to its append-only file.
type Server struct {
	addr    string
	dir     string
	options []string
	process *exec.Cmd
}

// Start starts a Redis and ends it with the test. options are those of its command
// line, such as "--cluster-enabled", "yes".
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	s := &Server{addr: freeAddr(t), dir: t.TempDir(), options: options}
	s.Restart(t)
	t.Cleanup(func() { s.Kill(t) })
	return s
}

// freeAddr finds a port nobody has. Below the ephemeral range would be safer, but
// every test that asks gets another one.
func freeAddr(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.addr }

// URL names it for store.Open, with options such as "lease=300ms".
func (s *Server) URL(options ...string) string { return URL(s.addr, options...) }

// URL names the Redis at an address for store.Open.
func URL(addr string, options ...string) string {
	return "redis://" + addr + "/0?" + strings.Join(options, "&")
}

// Kill ends it without a word, as kill -9 does. Killing twice is harmless.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.process == nil {
		return
	}
	if err := s.process.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	_ = s.process.Wait() // it was killed
	s.process = nil
}

// Lose kills it and takes away what it had written.
func (s *Server) Lose(t testing.TB) {
	t.Helper()
	s.Kill(t)
	if err := os.RemoveAll(filepath.Join(s.dir, "appendonlydir")); err != nil {
		t.Fatal(err)
	}
}

// Restart starts it again with what it has on its disk.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		"--bind", "127.0.0.1", "--port", port, "--dir", s.dir, "--save", "", "--appendonly", "yes",
		"--logfile", filepath.Join(s.dir, "log"), "--daemonize", "no",
	}, s.options...)
	s.process = exec.Command("redis-server", args...) //nolint:noctx // it ends with the test, by Kill
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		t.Fatalf("start redis-server (Debian package redis-server): %v", err)
	}
	for end := time.Now().Add(patience); ; {
		if s.answers() {
			return
		}
		if time.Now().After(end) {
			text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			t.Fatalf("redis-server does not answer at %s: %s", s.addr, text)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// answers tells whether a PING is answered: loading has ended.
func (s *Server) answers() bool {
	reply, err := s.say("PING")
	return err == nil && (strings.HasPrefix(reply, "+PONG") || strings.HasPrefix(reply, "-NOAUTH"))
}

// Pause stops it as a machine does that hangs: connections stay, nothing answers.
// Killing it ends that, too.
func (s *Server) Pause(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Resume lets it go on.
func (s *Server) Resume(t testing.TB) { s.signal(t, syscall.SIGCONT) }

func (s *Server) signal(t testing.TB, sig os.Signal) {
	t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// Say sends one command of single words and gives the first line of the answer.
func (s *Server) Say(t testing.TB, command string) string {
	t.Helper()
	reply, err := s.say(command)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return reply
}

func (s *Server) say(command string) (string, error) {
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(context.Background(), "tcp", s.addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", err
	}
	reply := make([]byte, 4096)
	n, err := conn.Read(reply)
	line, _, _ := strings.Cut(string(reply[:n]), "\r\n")
	return line, err
}

// Line is a way to a Redis that can be made long, or cut.
type Line struct {
	to   string
	l    net.Listener
	mu   sync.Mutex // protects late and cut
	late time.Duration
	cut  chan struct{} // closed while the line is cut
	all  sync.WaitGroup

	through sync.WaitGroup // who is not parted from Redis
}

// NewLine opens a way to a Redis; it closes with the test.
func NewLine(t testing.TB, s *Server) *Line {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	line := &Line{to: s.addr, l: l, cut: make(chan struct{})}
	line.all.Go(func() { line.serve(ctx) })
	t.Cleanup(func() {
		stop()
		_ = l.Close()
		line.all.Wait()
	})
	return line
}

// Addr is where it begins.
func (l *Line) Addr() string { return l.l.Addr().String() }

// Late makes everything that Redis says from now on arrive that much later.
func (l *Line) Late(by time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late = by
}

// Cut parts everybody from Redis who came this way, until Mend. When it returns, they are.
func (l *Line) Cut() {
	l.mu.Lock()
	close(l.cut)
	l.mu.Unlock()
	l.through.Wait()
}

// Mend lets everybody through again.
func (l *Line) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = make(chan struct{})
}

// enter lets somebody through, who says through.Done when parted; false = the line is cut.
func (l *Line) enter() (cut <-chan struct{}, open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.cut:
		return nil, false
	default:
	}
	l.through.Add(1)
	return l.cut, true
}

func (l *Line) delay() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.late
}

func (l *Line) serve(ctx context.Context) {
	for {
		near, err := l.l.Accept()
		if err != nil {
			return
		}
		l.all.Go(func() { l.join(ctx, near) })
	}
}

// join carries bytes both ways until one end closes.
func (l *Line) join(ctx context.Context, near net.Conn) {
	defer near.Close()
	cut, open := l.enter()
	if !open {
		return
	}
	parted := sync.OnceFunc(l.through.Done)
	defer parted()
	var d net.Dialer
	far, err := d.DialContext(ctx, "tcp", l.to)
	if err != nil {
		return
	}
	defer far.Close()
	over := make(chan struct{})
	var both, watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-ctx.Done():
		case <-cut:
		case <-over:
		}
		_, _ = near.Close(), far.Close()
		parted()
	})
	defer watch.Wait()
	defer close(over)
	both.Go(func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	})
	both.Go(func() {
		l.back(ctx, near, far)
		_ = near.Close()
	})
	both.Wait()
}

// back carries answers, late.
func (l *Line) back(ctx context.Context, near, far net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := far.Read(buffer)
		if by := l.delay(); n > 0 && by > 0 {
			select {
			case <-time.After(by):
			case <-ctx.Done():
				return
			}
		}
		if _, werr := near.Write(buffer[:n]); err != nil || werr != nil {
			return
		}
	}
}
