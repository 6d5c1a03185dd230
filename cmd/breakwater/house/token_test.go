package house

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheTokenIsTheFirstLineAndLongEnough(t *testing.T) {
	long := strings.Repeat("x", tokenLength)
	for name, c := range map[string]struct{ text, want string }{
		"a token":                            {long + "\n", long},
		"a token with blanks":                {"  " + long + " \n# mine\n", long},
		"a short line before a long comment": {"abc\n# " + long + "\n", ""},
		"an empty first line":                {"\n" + long + "\n", ""},
		"one character too few":              {long[1:] + "\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := tokenIn(file)
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestAHouseThatCannotBeBuiltLeavesNothingOpen(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := taken.LocalAddr().String()
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TOKEN_TEST", "password-of-a-phone")
	config := "sip: {listen: [{transport: udp, address: \"" + address + "\"}]}\n" +
		"store: {url: \"sqlite:" + dir + "/x.db\"}\nmedia: {recordings: " + dir + "}\n" +
		"api: {listen: \"127.0.0.1:0\", token_file: " + dir + "/token}\n" +
		"phones: {1001: {password: {env: TOKEN_TEST}}}\nnumbers: {8000: {phone: \"1001\"}}\n"
	if err := os.MkdirAll(filepath.Join(dir, "config"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config", "all.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Config: filepath.Join(dir, "config"), Version: "test", Log: slog.New(slog.DiscardHandler)}
	if _, err := Build(t.Context(), o); err == nil || !strings.Contains(err.Error(), "token file") {
		t.Fatalf("built with a token that is too short: %v", err)
	}
	again, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatalf("the wire is still open: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
