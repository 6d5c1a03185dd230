package acd

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestEventsAreReadInTheirOrder(t *testing.T) {
	var kept [][]byte
	for i := range 2345 {
		kept = append(kept, fmt.Appendf(nil, `{"seq":%d,"kind":"ready"}`, i+1))
	}
	for _, n := range []int{0, 1, fewestToPart - 1, 2 * fewestToPart, len(kept)} {
		events, err := ReadEvents(kept[:n])
		if err != nil || len(events) != n {
			t.Fatalf("%d events of %d, %v", len(events), n, err)
		}
		for i, e := range events {
			if e.Seq != uint64(i+1) || e.Kind != KindReady {
				t.Fatalf("event %d of %d stands at %d", e.Seq, n, i+1)
			}
		}
	}
}

func TestTheFirstEventThatCannotBeReadIsNamed(t *testing.T) {
	kept := make([][]byte, 4*fewestToPart)
	for i := range kept {
		kept[i] = []byte(`{}`)
	}
	kept[1700], kept[1200] = []byte(`{"seq":-1}`), []byte(`{`)
	if _, err := ReadEvents(kept); err == nil || !strings.Contains(err.Error(), "event 1201 of 2000") {
		t.Errorf("%v, want it to name event 1201", err)
	}
}

// TestOnlyWhoStillWaitsNeedBeRead: every way in which a place in a queue ends, and those in
// which it does not.
func TestOnlyWhoStillWaitsNeedBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		kinds []string
		waits bool
	}{
		"waits":                                 {[]string{KindEntered}, true},
		"was offered and missed":                {[]string{KindEntered, KindOffered, KindMissed}, true},
		"talks":                                 {[]string{KindEntered, KindOffered, KindAnswered}, false},
		"has left":                              {[]string{KindEntered, KindLeft}, false},
		"was taken out by a limit":              {[]string{KindEntered, KindRemoved}, false},
		"could not be called back":              {[]string{KindEntered, KindOrphaned}, false},
		"waits to be called back":               {[]string{KindEntered, KindParked}, true},
		"is being dialled":                      {[]string{KindParked, KindOffered, KindAnswered}, true},
		"was dialled in vain":                   {[]string{KindParked, KindAnswered, KindUnreached}, true},
		"was reached":                           {[]string{KindParked, KindAnswered, KindReached}, false},
		"is called back after a crash":          {[]string{KindEntered, KindParked, KindOffered}, true},
		"has left a message":                    {[]string{KindParked, KindSaid}, true},
		"has said nothing, or took it back":     {[]string{KindParked, KindLeft}, false},
		"was reached after two tries in vain":   {[]string{KindParked, KindAnswered, KindUnreached, KindAnswered, KindUnreached, KindAnswered, KindReached}, false},
		"was dialled in vain after an old talk": {[]string{KindEntered, KindParked, KindAnswered, KindUnreached}, true},
	} {
		t.Run(name, func(t *testing.T) {
			events := []Event{{Kind: KindLogIn, Agent: "anna"}}
			last := 0
			for _, kind := range c.kinds {
				if kind == KindEntered || kind == KindParked {
					last = len(events)
				}
				events = append(events, Event{Kind: kind, Ticket: 7}, Event{Kind: KindEntered, Ticket: 8}, Event{Kind: KindLeft, Ticket: 8})
			}
			want := []int(nil)
			if c.waits {
				want = []int{last}
			}
			if got := StillWait(events); !slices.Equal(got, want) {
				t.Errorf("event %v, want %v", got, want)
			}
		})
	}
}
