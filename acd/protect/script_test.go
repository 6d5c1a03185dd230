package protect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var dawn = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// play runs a conversation written as a transcript against a ladder. Each line is
//
//	<time since the answer> <what is seen> [argument] > <action>; <action> …
//
// and must give exactly those actions; no actions: nothing after '>'.
func play(t *testing.T, l *Ladder, transcript string) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(transcript), "\n") {
		line = strings.TrimSpace(line)
		told, want, _ := strings.Cut(line, ">")
		words := strings.Fields(told)
		at, err := time.ParseDuration(words[0])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got := write(l.Step(dawn.Add(at), seen(t, words[1:])))
		if diff := cmp.Diff(strings.TrimSpace(want), got); diff != "" {
			t.Fatalf("%s\n(-want +got)\n%s", line, diff)
		}
	}
}

// seen reads "spoke 3s", "prompt_ended", "prompt_ended cut", "key_warn".
func seen(t *testing.T, words []string) Observation {
	t.Helper()
	for kind := KeyWarn; kind <= KeyUnknown; kind++ {
		if kind.String() != words[0] {
			continue
		}
		o := Observation{Kind: kind, Complete: len(words) == 1}
		if kind == Spoke {
			d, err := time.ParseDuration(words[1])
			if err != nil {
				t.Fatal(err)
			}
			o.Spoken = d
		}
		return o
	}
	t.Fatalf("nothing is called %q", words[0])
	return Observation{}
}

// write gives actions as the transcripts do: "enter W1; play_prompt warning-1".
func write(actions []Action) string {
	var lines []string
	for _, a := range actions {
		words := []string{a.Do.String()}
		if a.Do == Enter {
			words = append(words, a.Stage.String())
		}
		for _, w := range []string{a.Prompt, a.Why, a.Cause} {
			if w != "" {
				words = append(words, w)
			}
		}
		if a.Rest > 0 {
			words = append(words, fmt.Sprintf("L%d", a.Rest))
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return strings.Join(lines, "; ")
}

// Transcripts that lead to a stage; others continue them.
const (
	toW1 = `
		10s key_warn > enter W1; play_prompt warning-1`
	toObs1 = toW1 + `
		18s prompt_ended > enter OBS1`
	toW2 = toObs1 + `
		25s spoke 3s >
		28s key_warn > enter W2; play_prompt warning-2`
	toObs2 = toW2 + `
		36s prompt_ended > enter OBS2`
	toPermit = toObs2 + `
		40s spoke 3s >
		46s tick > enter PERMIT; permit_opened`
	toFarewell = toPermit + `
		50s key_end > permit_closed; enter FAREWELL; play_prompt farewell`
	toCrisis = `
		5s key_crisis > enter CRISIS; page_supervisor crisis`
)

// open is a queue without restrictions, with the meter on.
var open = Limits{Notice: true, Hint: true}
