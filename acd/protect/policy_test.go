package protect

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRestFor(t *testing.T) {
	for name, c := range map[string]struct {
		level            int
		granted, longest time.Duration
	}{
		"no event, no rest":      {0, 0, 0},
		"L1 is three minutes":    {1, 3 * time.Minute, 3 * time.Minute},
		"42. L2 extends to 30 m": {2, 600 * time.Second, 1800 * time.Second},
		"L3 is half an hour":     {3, 30 * time.Minute, 30 * time.Minute},
		"there is no L4":         {4, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			granted, longest := Policy{}.RestFor(c.level)
			if granted != c.granted || longest != c.longest {
				t.Errorf("%v up to %v, want %v up to %v", granted, longest, c.granted, c.longest)
			}
		})
	}
}

func TestPolicyDefaultsKeepWhatIsSet(t *testing.T) {
	p := Policy{MinGap: time.Second, LongCall: true}.WithDefaults()
	want := Policy{
		AfterAnswer: 10 * time.Second, MinGap: time.Second, CustomerSpeech: 3 * time.Second,
		Calm: 2 * time.Minute, Elevated: time.Minute, PermitTTL: 3 * time.Minute, Confirm: 5 * time.Second,
		AssistMissed: time.Minute, Rest1: 3 * time.Minute, Rest2: 10 * time.Minute, Rest2Max: 30 * time.Minute,
		Rest3: 30 * time.Minute, LongCall: true, LongCallNotice: 15 * time.Minute, LongCallEnd: 20 * time.Minute,
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func TestPolicyCheck(t *testing.T) {
	for name, c := range map[string]struct {
		policy Policy
		want   map[string]string // key → part of the sentence
	}{
		"the defaults are right":           {Policy{}, nil},
		"the defaults written out as well": {Policy{}.WithDefaults(), nil},
		"a sixtieth of everything is right": {Policy{
			AfterAnswer: time.Second / 6, MinGap: time.Second / 6, CustomerSpeech: 50 * time.Millisecond,
			PermitTTL: 3 * time.Second, Confirm: 83 * time.Millisecond,
		}, nil},
		"negative":                           {Policy{Calm: -1}, map[string]string{"calm": "-1ns is negative; give a length of time such as 2m"}},
		"the extended rest is shorter":       {Policy{Rest2: time.Hour}, map[string]string{"rest_2_max": "30m is shorter than rest_2, which is 1h"}},
		"a permit shorter than a key":        {Policy{PermitTTL: time.Second}, map[string]string{"permit_ttl": "longer than confirm"}},
		"the end before the notice":          {Policy{LongCallEnd: time.Minute}, map[string]string{"long_call_end": "1m is not after long_call_notice"}},
		"long calls are not limited yet":     {Policy{LongCall: true}, map[string]string{"long_call": "not available yet"}},
		"one sentence about one wrong value": {Policy{Rest2Max: -time.Second}, map[string]string{"rest_2_max": "negative"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.policy.Check()
			if len(got) != len(c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
			for key, part := range c.want {
				if !strings.Contains(got[key], part) {
					t.Errorf("%s: %q does not say %q", key, got[key], part)
				}
			}
		})
	}
}

func TestHashNamesTheValues(t *testing.T) {
	base := Policy{}.Hash()
	// The hash stands in records: a change of this text breaks their comparison.
	const known = "03f75a064518eb402701b9af931d962f1aa0dab7967a7557caa5125cae6bea16"
	if base != known {
		t.Errorf("hash of the defaults is %s, want %s", base, known)
	}
	if written := (Policy{}).WithDefaults().Hash(); written != base {
		t.Error("defaults written out have another hash than defaults left out")
	}
	var p Policy
	for _, n := range p.numbers() {
		*n.value = n.usual + 1
		if p.Hash() == base {
			t.Errorf("%s does not change the hash", n.key)
		}
		*n.value = 0
	}
	if (Policy{LongCall: true}).Hash() == base {
		t.Error("long_call does not change the hash")
	}
}

func TestEveryWordIsSpelledOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range words() {
		if strings.Contains(w, "(") || seen[w] {
			t.Errorf("%q is missing or twice", w)
		}
		seen[w] = true
	}
	for _, w := range []string{Stage(99).String(), Seen(0).String(), Do(99).String()} {
		if !strings.Contains(w, "(") {
			t.Errorf("%q stands for a value that does not exist", w)
		}
	}
}

func words() (all []string) {
	for s := Calm; s <= Crisis; s++ {
		all = append(all, s.String())
	}
	for s := KeyWarn; s <= KeyUnknown; s++ {
		all = append(all, s.String())
	}
	for d := PlayPrompt; d <= Enter; d++ {
		all = append(all, d.String())
	}
	return all
}
