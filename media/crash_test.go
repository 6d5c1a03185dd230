package media

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/wav"
)

// recordHere tells a child of a test where to record until it is killed.
const recordHere = "BREAKWATER_TEST_RECORD_IN"

// TestTheChildRecordsUntilItIsKilled is what the child does; without a parent it does
// nothing.
func TestTheChildRecordsUntilItIsKilled(t *testing.T) {
	folder := os.Getenv(recordHere)
	if folder == "" {
		return
	}
	a := newPhone(t, openEngine(t, 2), PCMA)
	if _, err := a.port.Record(filepath.Join(folder, "call.wav")); err != nil {
		t.Fatal(err)
	}
	a.port.Play(Sound{Clips: []*wav.Clip{wav.FromCodes("x", g711.A, bytes.Repeat([]byte{0x22}, 800))}, Loop: true})
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	if _, err := os.Stdout.WriteString("recording\n"); err != nil {
		t.Fatal(err)
	}
	for range beat.C {
		a.say(flat(0x11))
	}
}

// A server that is killed leaves a file that plays, with its plain header.
func TestKillingTheServerLeavesAFileThatPlays(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "call.wav")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheChildRecordsUntilItIsKilled$")
	child.Env = append(os.Environ(), recordHere+"="+folder)
	told, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(told).ReadString('\n'); err != nil || !strings.Contains(line, "recording") {
		t.Errorf("the child says %q, %v", line, err)
	}
	eventually(t, "two seconds are on the disk", func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() >= wav.HeaderSize+2*pieceSize
	})
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := wav.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	l, right := f.Codes(0), f.Codes(1)
	if len(l) < 2*second || bytes.Count(l, []byte{0x11}) < second || bytes.Count(right, []byte{0x22}) < second || bytes.Contains(l, []byte{0x22}) {
		t.Errorf("%d samples can be heard, %d and %d of them sound", len(l), bytes.Count(l, []byte{0x11}), bytes.Count(right, []byte{0x22}))
	}
	sox, err := exec.LookPath("sox")
	if err != nil {
		return // a player more
	}
	for _, cut := range []int{len(b), len(b) - 1, len(b) - 4711, wav.HeaderSize + 2} {
		part := filepath.Join(folder, "cut.wav")
		if err := os.WriteFile(part, b[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		play := exec.CommandContext(t.Context(), sox, part, "-t", "raw", "-e", "signed", "-b", "16", "-")
		var complaints strings.Builder
		play.Stderr = &complaints
		out, err := play.Output()
		if n := len(out) / 4; err != nil || n != (cut-wav.HeaderSize)/2 {
			t.Errorf("sox plays %d samples of %d bytes: %v %s", n, cut, err, &complaints)
		}
	}
	_, _ = io.Copy(io.Discard, told)
}
