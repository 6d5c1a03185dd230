package sdp

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A script is a file of blocks, separated by blank lines: one dialog's descriptions,
// word for word, without the five lines that every one of ours begins with.
//
//	>>  what the party says
//	<<  what we say: the answer to it or, where it stands first, our offer
//	==  what is agreed by then: codec, payload type, telephone-event; or the error
//
// Its first line says "narrow" or "wideband".
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for line := range strings.Lines(string(text)) {
				if !strings.HasPrefix(line, "#") {
					lines = append(lines, strings.TrimSpace(line))
				}
			}
			kind, rest, _ := strings.Cut(strings.TrimSpace(strings.Join(lines, "\n")), "\n")
			play(t, NewSession(5, kind == "wideband"), strings.Split(strings.TrimSpace(rest), "\n\n"))
		})
	}
}

func play(t *testing.T, s *Session, blocks []string) {
	var theirs, ours []byte
	var agreed string
	for i, block := range blocks {
		mark, said, _ := strings.Cut(block, " ")
		switch mark {
		case ">>":
			theirs = phone(strings.Split(said, "\n")...)
			ours, agreed = hear(t, s, theirs)
		case "<<":
			if theirs == nil {
				ours = s.Offer(here, SendRecv)
			}
			theirs = nil
			if got := tail(ours); got != said {
				t.Fatalf("block %d: we say\n%s\nwant\n%s", i+1, got, said)
			}
			strict(t, ours)
		case "==":
			theirs = nil
			if agreed != said {
				t.Fatalf("block %d: agreed on %q, want %q", i+1, agreed, said)
			}
		default:
			t.Fatalf("block %d begins with %q", i+1, mark)
		}
	}
}

// hear takes a description: an answer where we have offered, else an offer.
func hear(t *testing.T, s *Session, theirs []byte) (ours []byte, agreed string) {
	t.Helper()
	var r Result
	var err error
	if s.Pending() {
		r, err = s.Accept(theirs)
	} else {
		ours, r, err = s.Answer(theirs, here, SendRecv)
	}
	if err != nil {
		return nil, fmt.Sprintf("%d %v", Status(err), err)
	}
	return ours, fmt.Sprintf("%s %d events %d", r.Desc.Codec, r.Desc.Payload, r.Desc.DTMF)
}

// tail is a description of ours without what every one begins with.
func tail(ours []byte) string {
	lines := strings.Split(strings.TrimSpace(string(ours)), "\r\n")
	if len(lines) < 5 {
		return strings.Join(lines, "\n")
	}
	return strings.Join(lines[5:], "\n")
}
