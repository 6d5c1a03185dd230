package api

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// serving runs a server on a free port; stop ends it and waits for its end.
func serving(t *testing.T, s *Server) (url string, stop func() error) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	return "http://" + l.Addr().String(), func() error { cancel(); return <-ended }
}

func get(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

func TestServeEndsWithNothingLeft(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	url, stop := serving(t, newOffice().open())
	for _, path := range []string{"/health", "/metrics", "/v1/status"} {
		if code, body := get(t, client, url+path); code != http.StatusOK {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if code, _ := get(t, client, url+"/health"); code != 0 {
		t.Error("it still answers after the end")
	}
}

func TestARequestInProgressIsFinishedAtTheStop(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	o := newOffice()
	begun, goOn := make(chan struct{}), make(chan struct{})
	o.parts.Reload = func(ctx context.Context) error {
		close(begun)
		select {
		case <-goOn:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	url, stop := serving(t, o.open())
	answered := make(chan int, 1)
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/config/reload", nil)
		if err != nil {
			t.Error(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // the stop has begun once nobody new is let in
		if c, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), time.Second); err != nil {
			break
		} else {
			c.Close()
		}
	}
	close(goOn)
	if got := <-answered; got != http.StatusOK {
		t.Errorf("the request in progress: %d", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestAListenerThatBreaksIsAnError(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := newOffice().open().Serve(t.Context(), l); err == nil {
		t.Error("no error")
	}
}

func TestListeningBeyondThisMachineIsTold(t *testing.T) {
	for at, want := range map[string]bool{"127.0.0.1": false, "::1": false, "0.0.0.0": true, "::": true, "192.0.2.1": true} {
		o := newOffice()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := o.open().Serve(ctx, deaf{&net.TCPAddr{IP: net.ParseIP(at), Port: 8080}, make(chan struct{})}); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		if got := strings.Contains(o.log.String(), "other machines"); got != want {
			t.Errorf("%s: warned %v", at, got)
		}
	}
}

// deaf is a listener nobody calls.
type deaf struct {
	at     net.Addr
	closed chan struct{}
}

func (d deaf) Addr() net.Addr            { return d.at }
func (d deaf) Accept() (net.Conn, error) { <-d.closed; return nil, net.ErrClosed }
func (d deaf) Close() error              { close(d.closed); return nil }

func TestSettingsAreChecked(t *testing.T) {
	for listen, good := range map[string]bool{
		"": true, "127.0.0.1:8080": true, "[::1]:8080": true, ":8080": true, "localhost:8080": true, "0.0.0.0:0": true,
		"127.0.0.1": false, "example.com:80": false, "127.0.0.1:http": false, "127.0.0.1:70000": false,
	} {
		if got := (Settings{Listen: listen}).Check(); (len(got) == 0) != good || !good && got["listen"] == "" {
			t.Errorf("%q: %v", listen, got)
		}
	}
}
