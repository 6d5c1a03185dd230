package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const withSecrets = `
phones:
  1001: {password: {file: secrets/phone-1001}}
  1002: {password: {file: secrets/shared}}
  1003: {password: {file: secrets/shared}}
agents:
  anna: {number: 7001, pin: {file: secrets/agent-anna}}
`

func TestEnsureSecretsMakesWhatIsMissingOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "all.yaml", withSecrets)
	made, err := EnsureSecrets(dir)
	if err != nil || len(made) != 3 {
		t.Fatalf("made %v, %v", made, err)
	}
	_, c, err := load(dir, quick{fromSystem{dir}})
	if err != nil {
		t.Fatal(err)
	}
	if pin := c.Agents["anna"].PIN; !regexp.MustCompile(`^[0-9]{6}$`).MatchString(pin) {
		t.Errorf("the pin has %d characters, want 6 digits", len(pin))
	}
	if p := c.Phones["1001"].Password; len(p) != 16 || p == c.Phones["1002"].Password {
		t.Error("passwords are short or alike")
	}
	for _, file := range made {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", file, info.Mode())
		}
	}
	if again, err := EnsureSecrets(dir); err != nil || len(again) != 0 {
		t.Errorf("made again: %v, %v", again, err)
	}
}

func TestEnsureSecretsLeavesOtherMistakesToLoad(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "all.yaml", withSecrets+"colour: blue\n")
	if made, err := EnsureSecrets(dir); err != nil || len(made) != 3 {
		t.Errorf("made %v, %v", made, err)
	}
	if _, err := EnsureSecrets(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a missing directory is no error")
	}
	write(t, dir, "secrets/file", "")
	write(t, dir, "all.yaml", "phones: {1001: {password: {file: secrets/file/x/y}}}\n")
	if made, err := EnsureSecrets(dir); len(made) != 0 {
		t.Errorf("made %v, %v below a file", made, err)
	}
}

func TestALineIsShownWithoutItsSecrets(t *testing.T) {
	for line, want := range map[string]string{
		"    password: hunter2":                        "    password: *******",
		`    "password": "hunter2"`:                    `    "password": *********`,
		"  anna: {pin: 123456, number: 7001}":          "  anna: {pin: ******, number: 7001}",
		"    pasword: hunter2":                         "    pasword: *******",
		"    Passwort: hunter2":                        "    Passwort: *******",
		"    password: {file: ../secrets/1001}":        "    password: {file: ../secrets/1001}",
		"    ring: 20s # pin down":                     "    ring: 20s # pin down",
		"  url: redis://u:hunter2@host:6379/0":         "  url: redis://u:*******@host:6379/0",
		"  password: 'a":                               "  password: **",
		"    title: the password is on the blackboard": "    title: the password is on the blackboard",
	} {
		if got := hide(line); got != want {
			t.Errorf("%q is shown as %q, want %q", line, got, want)
		}
	}
}

func TestACompareNeverShowsASecret(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "all.yaml", "phones: {1001: {password: {file: p}}}\nagents: {anna: {number: 7001, pin: {file: n}}}\n")
	write(t, dir, "p", "hunter2")
	write(t, dir, "n", "123456")
	_, old, err := load(dir, quick{fromSystem{dir}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "p", "hunter3")
	write(t, dir, "n", "654321")
	_, next, err := load(dir, quick{fromSystem{dir}})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(texts(Compare(old, next)), "\n")
	want := "now: phone 1001: password changed: at its next registration\nnow: agent anna: pin changed: at the next log-in"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
