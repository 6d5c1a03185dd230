package sip

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"breakwater/call"
	"breakwater/loadtest/referee"
	"breakwater/sip/siptest"
)

// A transcript is a file of blocks, separated by blank lines, that one peer on a
// raw UDP socket plays against a whole server. The peer is the trunk "raw".
//
//	>>  what the peer sends; {name} is replaced
//	<<  what must come next: the first line, then headers and, after "|", lines of
//	    the body that must be there. * is any text, {name} remembers it or, where
//	    known, must be the same
//	~~  a repetition that is of no interest from here on
//	..  nothing may come for so long (before what follows)
//	@@  what must come next comes no sooner after what the peer sent last
//	!!  what the call does with its leg, or must hear of it
type transcript struct {
	t     testing.TB
	h     *house
	conn  *net.UDPConn
	known map[string]string
	skip  string
	seen  map[string]bool
	about bool // the transcript is about repetitions
	sent  time.Time
	least time.Duration // after sent
	leg   *ear
	done  chan error
	// decide answers the transfer that was asked for last
	decide func(granted bool)
}

func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			must(t, "read", err)
			referee.Judge(t, bearable, func(t testing.TB) { play(t, string(text)) })
		})
	}
}

func play(t testing.TB, text string) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, "listen", err)
	t.Cleanup(func() { _ = conn.Close() })
	p := Plan{
		Settings: Settings{MinSE: 2 * time.Second, SessionExpires: 4 * time.Second, T1: 50 * time.Millisecond, MaxCalls: 100},
		Trunks: map[string]TrunkSpec{"raw": {
			Addresses: []string{"127.0.0.1"}, Proxy: conn.LocalAddr().String(), User: "acme", Password: "wonder", From: "555",
		}},
	}
	if strings.Contains(text, "#long-timers") {
		p.Settings.T1 = time.Second
	}
	if strings.Contains(text, "#register") {
		tr := p.Trunks["raw"]
		tr.Register, tr.Expires = true, 4*time.Second
		p.Trunks["raw"] = tr
	}
	s := &transcript{t: t, h: open(t, p), conn: conn, done: make(chan error, 1), seen: map[string]bool{}}
	s.about = strings.Contains(text, "#repeats")
	s.known = map[string]string{
		"peer": conn.LocalAddr().String(), "server": s.h.at("udp").String(), "n": fmt.Sprint(time.Now().UnixNano()),
		"crlf": "\r\n",
	}
	for number, block := range blocks(text) {
		s.block(number, block)
	}
	s.settle()
}

// settle ends what the transcript left, so that the house can check for leaks.
func (s *transcript) settle() {
	if s.leg != nil {
		s.leg.HangUp(call.Cause{By: call.ByUs, Metric: call.LegNormal})
	}
}

type block struct {
	line int
	text []string
}

func blocks(text string) []block {
	var out []block
	var now block
	for i, line := range strings.Split(text+"\n\n", "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "" && len(now.text) > 0:
			out = append(out, now)
			now = block{}
		case strings.TrimSpace(line) != "":
			if len(now.text) == 0 {
				now.line = i + 1
			}
			now.text = append(now.text, line)
		}
	}
	return out
}

func (s *transcript) block(_ int, b block) {
	s.t.Helper()
	kind, first, _ := strings.Cut(b.text[0], " ")
	lines := append([]string{first}, b.text[1:]...)
	switch kind {
	case ">>":
		s.send(lines)
	case "<<":
		s.expect(b.line, lines)
	case "~~":
		s.skip = first
	case "..":
		d, err := time.ParseDuration(first)
		must(s.t, "duration", err)
		for end := time.Now().Add(d); ; {
			if got := s.receive(time.Until(end)); got == nil {
				break
			} else if !s.unwanted(got) {
				s.t.Fatalf("line %d: %s came, want silence", b.line, got)
			}
		}
	case "@@":
		d, err := time.ParseDuration(first)
		must(s.t, "duration", err)
		s.least = d
	case "!!":
		s.act(b.line, strings.Fields(s.fill(first)))
	default:
		s.t.Fatalf("line %d: unknown block %q", b.line, kind)
	}
}

func (s *transcript) fill(text string) string {
	for name, value := range s.known {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// send writes a message; lines after "|" are its body.
func (s *transcript) send(lines []string) {
	s.t.Helper()
	head, body := "", ""
	for _, line := range lines {
		if b, ok := strings.CutPrefix(line, "| "); ok {
			body += s.fill(b) + "\r\n"
			continue
		}
		if line == "SDP" {
			body += s.fill("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n")
			head += "Content-Type: application/sdp\r\n"
			continue
		}
		head += s.fill(line) + "\r\n"
	}
	if unknown := regexp.MustCompile(`\{[a-z]+\}`).FindString(head); unknown != "" {
		s.t.Fatalf("%s is not known in %q", unknown, head)
	}
	head += fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body))
	s.sent = time.Now()
	_, err := s.conn.WriteToUDPAddrPort([]byte(head+body), netip.MustParseAddrPort(s.known["server"]))
	must(s.t, "send", err)
}

func (s *transcript) receive(d time.Duration) *siptest.Message {
	s.t.Helper()
	must(s.t, "deadline", s.conn.SetReadDeadline(time.Now().Add(d)))
	buf := make([]byte, 65535)
	n, err := s.conn.Read(buf)
	if err != nil {
		return nil
	}
	m, err := siptest.ParseMessage(buf[:n])
	must(s.t, "parse", err)
	return m
}

func (s *transcript) expect(line int, want []string) {
	s.t.Helper()
	m := s.receive(patience)
	for m != nil && s.unwanted(m) {
		m = s.receive(patience)
	}
	if m == nil {
		s.t.Fatalf("line %d: nothing came, want %s; unheard: %v", line, want[0], s.unheard())
	}
	after := time.Since(s.sent)
	raw := string(m.Bytes())
	start, _, _ := strings.Cut(raw, "\r\n")
	if after < s.least {
		s.t.Fatalf("line %d: %s came after %v, want no sooner than %v", line, start, after, s.least)
	}
	s.least = 0
	if !s.match(want[0], start) {
		s.t.Fatalf("line %d: got\n%s\nwant %s", line, raw, s.fill(want[0]))
	}
	for _, w := range want[1:] {
		if !s.found(w, m) {
			s.t.Fatalf("line %d: no %q in\n%s", line, s.fill(w), raw)
		}
	}
}

// unwanted tells whether a message is a repetition that does not fit: on a busy
// machine any may come again before it is answered.
func (s *transcript) unwanted(m *siptest.Message) bool {
	raw := string(m.Bytes())
	if s.skip != "" && strings.HasPrefix(raw, s.skip) {
		return true
	}
	again := s.seen[raw]
	s.seen[raw] = true
	return again && !s.about
}

// unheard is what the leg said that the transcript did not ask for.
func (s *transcript) unheard() (all []call.Signal) {
	for s.leg != nil && len(s.leg.signals) > 0 {
		all = append(all, <-s.leg.signals)
	}
	return all
}

func (s *transcript) found(want string, m *siptest.Message) bool {
	if body, ok := strings.CutPrefix(want, "| "); ok {
		for l := range strings.SplitSeq(string(m.Body), "\r\n") {
			if s.match(body, l) {
				return true
			}
		}
		return false
	}
	if absent, ok := strings.CutPrefix(want, "no "); ok {
		return m.Get(absent) == ""
	}
	for _, f := range m.Fields {
		if s.match(want, f.Name+": "+f.Value) {
			return true
		}
	}
	return false
}

var holes = regexp.MustCompile(`\*|\{[a-z0-9]+\}`)

// match compares, and remembers what the holes of want are filled with.
func (s *transcript) match(want, got string) bool {
	want = s.fill(want)
	names, expr, at := []string{}, "^", 0
	for _, h := range holes.FindAllStringIndex(want, -1) {
		expr += regexp.QuoteMeta(want[at:h[0]])
		at = h[1]
		if hole := want[h[0]:h[1]]; hole == "*" {
			expr += ".*"
		} else {
			names = append(names, strings.Trim(hole, "{}"))
			expr += "(.+?)"
		}
	}
	m := regexp.MustCompile(expr + regexp.QuoteMeta(want[at:]) + "$").FindStringSubmatch(got)
	if m == nil {
		return false
	}
	for i, name := range names {
		s.known[name] = m[i+1]
	}
	return true
}

var kinds = map[string]call.SignalKind{
	"ringing": call.Ringing, "answered": call.Answered, "pressed": call.Pressed, "held": call.Held,
	"resumed": call.Resumed, "asked": call.Asked, "ended": call.Ended,
}

// act is the call's side.
func (s *transcript) act(line int, words []string) {
	s.t.Helper()
	switch words[0] {
	case "leg":
		s.leg = s.h.came()
	case "ring":
		s.leg.Ring()
	case "answer":
		must(s.t, "answer", s.leg.Answer(s.h.ctx))
	case "answering": // the 200 has our offer: Answer returns with the ACK
		leg := s.leg
		go func() { s.done <- leg.Answer(s.h.ctx) }()
	case "answers":
		must(s.t, "answer", <-s.done)
	case "fails":
		if err := <-s.done; err == nil {
			s.t.Fatalf("line %d: the answer succeeded", line)
		}
	case "hangup":
		metric := call.LegNormal
		if len(words) > 1 {
			metric = words[1]
		}
		s.leg.HangUp(call.Cause{By: call.ByUs, Metric: metric})
	case "dial":
		s.leg = listenTo(s.h.Dial(s.h.ctx, call.Target{Trunk: "raw", Number: words[1], From: "0123", Name: "Ann", Ring: 5 * time.Second}))
	case "phone":
		s.leg = listenTo(s.h.Dial(s.h.ctx, call.Target{Phone: words[1], From: "0123", Ring: 5 * time.Second}))
	case "grant", "deny":
		s.decide(words[0] == "grant")
	case "stop":
		go s.h.stop()
	case "standdown":
		s.h.StandDown()
	case "portless":
		must(s.t, "close the engine", s.h.parts.Engine.Close())
	case "refuse":
		s.h.board.refuse.Store(true)
	default:
		kind, ok := kinds[words[0]]
		if !ok {
			s.t.Fatalf("line %d: unknown act %v", line, words)
		}
		s.heard(line, s.leg.next(s.t, kind), words[1:])
	}
}

// heard compares what a signal says with the words of the transcript.
func (s *transcript) heard(line int, sig call.Signal, words []string) {
	s.t.Helper()
	got := ""
	switch sig.Kind {
	case call.Pressed:
		got = string(sig.Digit)
	case call.Asked:
		got, s.decide = sig.Target, sig.Decide
	case call.Ended:
		got = sig.Cause.By.String() + " " + sig.Cause.Metric
		s.leg = nil
	case call.Ringing, call.Answered, call.Held, call.Resumed:
	}
	if want := strings.Join(words, " "); got != want {
		s.t.Fatalf("line %d: signal %q (%v), want %q", line, got, sig.Cause, want)
	}
}
