//go:build e2e

package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"breakwater/sip/siptest"
)

// TestSoundIsUnbrokenOnTheWire follows one caller from the notice to the closing:
// prompt → music → agent → hold → agent → prompt. Whoever sends, the caller's phone
// and the agent's each hear one stream, whose numbers and times go on as if there
// were no seams, and which never stops for longer than a hand-over may. What was on the
// wire is read by our own reader, which finds each prompt, the music and the agent in
// what the caller was sent, and by tshark.
func TestSoundIsUnbrokenOnTheWire(t *testing.T) {
	for _, tool := range []string{"tcpdump", "tshark"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("make deps first: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	sip, _ := serverWith(t, 6, func(files map[string]string) {
		for old, other := range map[string]string{
			"notice: given": "notice: played", "music: none": "music: default", "whisper: false": "whisper: true",
			"on_agent_hangup: end": "on_agent_hangup: closing",
		} {
			files["queues.yaml"] = strings.ReplaceAll(files["queues.yaml"], old, other)
		}
		files["server.yaml"] = strings.ReplaceAll(files["server.yaml"], "    notice_given: true\n", "")
		files["server.yaml"] = strings.ReplaceAll(files["server.yaml"], "127.0.0.2", callerHost.String())
	})
	file := filepath.Join(t.TempDir(), "rtp.pcap")
	tap, err := openTap(ctx, file, fmt.Sprintf("udp portrange 20000-23998 and (host %s or host %s)", callerHost, agentHost), false)
	if err != nil {
		t.Fatal(err)
	}
	pieces := openPieces(t)
	held := walkThrough(ctx, t, netip.MustParseAddrPort(sip), pieces)
	if err := tap.stop(); err != nil {
		t.Fatal(err)
	}
	judgeStreams(t, file)
	judgeSound(t, file, pieces, held)
	askTshark(ctx, t, file)
}

// Caller and agent have an address each, by which their streams are known, also beside those of
// another server on this machine.
var (
	callerHost = ownHost(2) // the trunk's
	agentHost  = ownHost(3)
)

// ownHost is a loopback address of this process alone.
func ownHost(n byte) netip.Addr {
	pid := os.Getpid()
	return netip.AddrFrom4([4]byte{127, n, byte(pid >> 8), byte(pid)})
}

// walkThrough plays the journey, and tells when the agent held.
func walkThrough(ctx context.Context, t *testing.T, server netip.AddrPort, p pieces) (held span) {
	t.Helper()
	desk, err := siptest.New(siptest.Options{
		Name: phoneName(1), Password: e2ePassword, Server: server, Local: agentHost, Policy: siptest.AnswerAfter(200 * time.Millisecond),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	must("register", desk.Register(ctx))
	crew := &crew{server: server, password: e2ePassword, pin: e2ePIN}
	must("log in", crew.logIn(ctx, desk, 1))
	dialled(ctx, t, desk, "*14") // not ready: the caller hears music
	outside, err := siptest.New(siptest.Options{Name: "outside", Server: server, Local: callerHost})
	must("open the caller's phone", err)
	defer outside.Close()

	in, err := outside.Dial(ctx, siptest.Dial{Number: numberOne, From: "0301"})
	must("dial", err)
	must("answer", in.WaitAnswered(ctx))
	in.PlayTone(callerTone, toneLevel)
	must("hear the notice", in.WaitSound(ctx))
	pass(ctx, t, p.notice.Duration()+3*time.Second) // then music
	dialled(ctx, t, desk, "*13")
	var out *siptest.Call
	select {
	case out = <-desk.Incoming():
	case <-ctx.Done():
		t.Fatal("the agent's phone does not ring")
	}
	must("agent answers", out.WaitAnswered(ctx))
	out.PlayTone(agentTone, toneLevel)
	must("hear the agent", in.WaitTone(ctx, agentTone))
	must("hear the caller", out.WaitTone(ctx, callerTone))
	pass(ctx, t, time.Second)
	held.from = time.Now()
	must("hold", out.Hold(ctx, siptest.SendOnly))
	pass(ctx, t, 2*time.Second)
	must("resume", out.Resume(ctx))
	held.to = time.Now()
	must("hear the caller again", out.WaitTone(ctx, callerTone))
	pass(ctx, t, time.Second)
	must("agent hangs up", out.Hangup(ctx))
	pass(ctx, t, p.closing.Duration()+time.Second)
	must("caller hangs up", in.Hangup(ctx))
	return held
}

// dialled is a code that an agent dials; the server hangs up when it has answered.
func dialled(ctx context.Context, t *testing.T, p *siptest.Phone, code string) {
	t.Helper()
	call, err := p.Call(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call.WaitEnded(ctx); err != nil {
		t.Fatalf("dial %s: %v", code, err)
	}
}

func pass(ctx context.Context, t *testing.T, d time.Duration) {
	t.Helper()
	clock := time.NewTimer(d)
	defer clock.Stop()
	select {
	case <-clock.C:
	case <-ctx.Done():
		t.Fatal(context.Cause(ctx))
	}
}

// mostGap may lie between two packets, whoever sent them: 40 ms are the promise, the rest
// is for a machine that does other things.
const mostGap = 40*time.Millisecond + 20*time.Millisecond

func judgeStreams(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := readStreams(f)
	if err != nil {
		t.Fatal(err)
	}
	const journey = 100 // packets: whatever is longer is not a phone that logs in
	long := map[netip.Addr]int{}
	for _, s := range all {
		if s.From.Port() < 20000 || s.From.Port() > 23998 {
			continue // a phone's own
		}
		t.Log(s)
		if s.Sources != 1 || s.Jumps != 0 || s.Breaks != 0 || s.Unmarked != 0 {
			t.Errorf("broken: %v", s)
		}
		if s.Gap > mostGap {
			t.Errorf("a gap of %v, at most %v is allowed: %v", s.Gap, mostGap, s)
		}
		if s.Packets > journey {
			long[s.To.Addr()]++
		}
	}
	if long[callerHost] != 1 || long[agentHost] != 1 {
		t.Errorf("long streams were sent to %v, want one to the caller and one to the agent", long)
	}
}

// askTshark has the last word on loss: every stream that it finds must have none.
func askTshark(ctx context.Context, t *testing.T, file string) {
	t.Helper()
	out, err := exec.CommandContext(ctx, "tshark", "-r", file, "--enable-heuristic", "rtp_udp", "-q", "-z", "rtp,streams").CombinedOutput()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, out)
	}
	t.Logf("%s", out)
	lost := regexp.MustCompile(`\s(-?\d+) \((-?[\d.]+)%\)`)
	found := 0
	for line := range strings.Lines(string(out)) {
		m := lost.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		found++
		if m[1] != "0" {
			t.Errorf("tshark finds %s packets lost: %s", m[1], line)
		}
	}
	if found < 4 {
		t.Errorf("tshark finds %d streams, want 4 at least: both ways of both phones", found)
	}
}
