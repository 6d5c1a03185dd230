package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestARefusalIsTheServersOwnSentence(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("a-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ body, want string }{
		"a sentence":       {`{"error":"agent nobody: no such agent"}`, "agent nobody: no such agent"},
		"a proxy's page":   {"<html>Bad Gateway</html>", "/v1/why: 404 Not Found: <html>Bad Gateway</html>"},
		"something else":   {`{"why":[]}`, `/v1/why: 404 Not Found: {"why":[]}`},
		"nothing whatever": {"", "/v1/why: 404 Not Found:"},
	} {
		t.Run(name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				_, _ = w.Write([]byte(tc.body))
			}))
			defer api.Close()
			_, err := server{API: api.URL, Token: token}.fetch("/v1/why")
			if err == nil || strings.TrimSpace(err.Error()) != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestWhoseFaultItIsThatAnAnswerIsNotHandedOn(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("a-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	for name, c := range map[string]struct {
		promised string // Content-Length of an answer of four bytes
		to       func(io.Reader) error
		want     string
	}{
		"what it goes to is full": {"4", func(io.Reader) error { return full }, full.Error()},
		"it breaks off":           {"5", func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }, "read the answer: unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", c.promised)
				_, _ = w.Write([]byte("four"))
			}))
			defer api.Close()
			err := server{API: api.URL, Token: token}.pour("/v1/x", time.Minute, c.to)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestAnAnswerThatIsTooLongIsNotCutInSilence(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("a-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	for longer, want := range map[int]string{0: "", 1: "/v1/x: the answer is longer than 64 MiB: ask for less"} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 64<<20+longer))
		}))
		body, err := server{API: api.URL, Token: token}.fetch("/v1/x")
		api.Close()
		if want == "" && (err != nil || len(body) != 64<<20) || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%d bytes too many: got %d bytes, %v", longer, len(body), err)
		}
	}
}
