//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the server under test, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "breakwater-e2e")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "breakwater")
	out, err := exec.Command("go", "build", "-o", file, "breakwater/cmd/breakwater").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return file, nil
})

// server is a running server, started as a user starts it: in a folder of its own,
// with a copy of an example config.
type server struct {
	t     *testing.T
	dir   string
	cmd   *exec.Cmd
	ended chan error
	udp   string // 127.0.0.1:port
	tcp   string
	api   string
	users map[string]string // phone account → password
	pins  map[string]string // agent → "number PIN"
	log   *os.File
}

// prepare lays out a folder with a config directory copied from the repository and
// edited: every listener gets a free loopback port.
func prepare(t *testing.T, config string, edits ...func(dir string)) string {
	t.Helper()
	dir := t.TempDir()
	to := filepath.Join(dir, "config", "example")
	if err := os.CopyFS(to, os.DirFS(config)); err != nil {
		t.Fatal(err)
	}
	replaceIn(t, to, regexp.MustCompile(`"?0\.0\.0\.0:5060"?`), `"127.0.0.1:0"`)
	replaceIn(t, to, regexp.MustCompile(`listen: 127\.0\.0\.1:8080`), "listen: 127.0.0.1:0")
	for _, edit := range edits {
		edit(to)
	}
	return dir
}

// replaceIn edits every file of a config directory.
func replaceIn(t *testing.T, dir string, old *regexp.Regexp, by string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, old.ReplaceAll(text, []byte(by)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// start runs the server in dir and reads from its greeting where it is.
func start(t *testing.T, dir string) *server {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, ended: make(chan error, 1), users: map[string]string{}, pins: map[string]string{}}
	if s.log, err = os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.Command(bin, "run", "--config", "config/example", "--make-secrets")
	s.cmd.Dir, s.cmd.Stderr = dir, s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	greeted := make(chan struct{})
	go func() {
		s.readGreeting(out, greeted)
		s.ended <- s.cmd.Wait()
	}()
	select {
	case <-greeted:
	case err := <-s.ended:
		s.ended <- err
		t.Fatalf("the server ended at its start: %v\n%s", err, s.logText())
	case <-time.After(20 * time.Second):
		t.Fatalf("the server did not greet\n%s", s.logText())
	}
	return s
}

var (
	greetAddress = regexp.MustCompile(`(udp|tcp)\D*(127\.0\.0\.1:\d+)|(127\.0\.0\.1:\d+)\D*(udp|tcp)`)
	greetAccount = regexp.MustCompile(`^    (\d{4})\s+(\S{12,})$`)
	greetAgent   = regexp.MustCompile(`^    (\S+)\s+number (\d+)\s+PIN (\d+)$`)
	greetStatus  = regexp.MustCompile(`^Status: http://(\S+)/v1/status`)
)

func (s *server) readGreeting(out io.Reader, greeted chan<- struct{}) {
	var once sync.Once
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		if m := greetAddress.FindStringSubmatch(line); m != nil {
			kind, addr := m[1]+m[4], m[2]+m[3]
			if kind == "udp" {
				s.udp = addr
			} else {
				s.tcp = addr
			}
		}
		if m := greetAccount.FindStringSubmatch(line); m != nil {
			s.users[m[1]] = m[2]
		}
		if m := greetAgent.FindStringSubmatch(line); m != nil {
			s.pins[m[1]] = m[2] + " " + m[3]
		}
		if m := greetStatus.FindStringSubmatch(line); m != nil {
			s.api = m[1]
		}
		if strings.HasPrefix(line, "Stop with") {
			once.Do(func() { close(greeted) })
		}
	}
}

// stop ends the server as Ctrl-C does and insists on a clean end.
func (s *server) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
		s.t.Error("the server did not end within 20 s")
	}
	if s.t.Failed() {
		s.t.Logf("server log:\n%s", s.logText())
	}
	s.log.Close()
}

// kill is kill -9.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

func (s *server) logText() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// get asks the api.
func (s *server) get(path string, v any) error {
	text, err := s.text(path)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), v)
}

// text is what the api answers.
func (s *server) text(path string) (string, error) {
	token, err := os.ReadFile(filepath.Join(s.dir, "var", "api-token"))
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.api+path, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return string(body), nil
}

// eventually asks until f says nil or d is over.
func eventually(t *testing.T, d time.Duration, f func() error) {
	t.Helper()
	deadline := time.After(d)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	err := errors.New("never asked")
	for err != nil {
		if err = f(); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}
