//go:build e2e

package g722_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden file from what FFmpeg says")

// FFmpeg's codec was written by others from the same Recommendation. Two codecs that
// agree on every bit are wrong together or not at all.
func TestFFmpegAgreesOnEveryBit(t *testing.T) {
	dir := t.TempDir()
	lines := []string{
		"# SHA-256 of the codes and of the samples they decode to, as FFmpeg has them;",
		"# codes of the two signals that overload the bands are ours, for FFmpeg does not limit those.",
		"# Made by: go test -tags e2e -run FFmpeg ./media/g722 -update",
	}
	judge := func(name string, codes []byte) {
		samples := ffmpeg(t, dir, codes, "-f", "g722", "-i", "in", "-f", "s16le", "out")
		if got := bytesOf(decoded(codes)); !bytes.Equal(got, samples) {
			t.Errorf("%s: decoded otherwise from sample %d on", name, differ(got, samples)/2)
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s", name, hash(codes), hash(samples)))
	}
	for _, s := range signals(t) {
		codes := encoded(s.x)
		if !s.overload {
			theirs := ffmpeg(t, dir, bytesOf(s.x), "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "in", "-c:a", "g722", "-f", "g722", "out")
			if !bytes.Equal(codes, theirs) {
				t.Errorf("%s: encoded otherwise from byte %d on", s.name, differ(codes, theirs))
			}
			codes = theirs
		}
		judge(s.name, codes)
	}
	judge("anything", anything())
	if *update && !t.Failed() {
		if err := os.WriteFile(goldenFile, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// ffmpeg runs it in dir, where "in" holds input, and gives what it wrote to "out".
func ffmpeg(t *testing.T, dir string, input []byte, args ...string) []byte {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "in"), input, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg (a Debian package; make deps installs it): %v\n%s", err, said)
	}
	output, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// differ is the first place where a and b do.
func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
