package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
