//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type configView struct {
	Version string `json:"version"`
	Refusal *struct {
		Problems []any `json:"problems"`
	} `json:"refusal"`
}

// config asks the status address what runs and what was refused.
func (s *server) config() (c configView, err error) { return c, s.get("/v1/config", &c) }

func TestABrokenEditChangesNothingAndIsVisible(t *testing.T) {
	dir := prepare(t, "../../config/example")
	s := start(t, dir)
	before, err := s.config()
	if err != nil || before.Refusal != nil {
		t.Fatalf("config %+v, %v", before, err)
	}
	file := filepath.Join(dir, "config", "example", "queues.yaml")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	edit(strings.Replace(string(good), "ring:", "rign:", 1) + "\n  nonsense: {agents: [nobody]}\n")
	eventually(t, 10*time.Second, func() error {
		c, err := s.config()
		if err == nil && c.Refusal == nil {
			err = fmt.Errorf("the refusal is not visible: %+v", c)
		}
		return err
	})
	c, err := s.config()
	if err != nil {
		t.Fatal(err)
	}
	if c.Version != before.Version {
		t.Errorf("version %s runs, want the last good one %s", c.Version, before.Version)
	}
	if text := fmt.Sprint(c.Refusal.Problems); !strings.Contains(text, "rign") || !strings.Contains(text, "queues.yaml") {
		t.Errorf("the refusal does not name file and key: %s", text)
	}

	edit(strings.Replace(string(good), "ring: 20s", "ring: 25s", 1) + "\n# an edit that is good\n")
	eventually(t, 15*time.Second, func() error {
		c, err := s.config()
		if err == nil && (c.Refusal != nil || c.Version == before.Version) {
			err = fmt.Errorf("the good edit did not take: %+v", c)
		}
		return err
	})
}
