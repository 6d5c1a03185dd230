package shield

import (
	"testing"
	"time"

	"breakwater/acd"
)

func TestAMomentIsItsTimeToTheNanosecond(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for name, at := range map[string]time.Time{
		"noon": noon, "a nanosecond later": noon.Add(1), "in another zone": noon.In(berlin), "before 1970": time.Unix(-5, 3), "never": {},
	} {
		m := MomentOf(at)
		if got := m.Time(); !got.Equal(at) {
			t.Errorf("%s: %s became %s", name, at, got)
		}
		if m.Before(at) || !m.Before(at.Add(1)) && !at.IsZero() {
			t.Errorf("%s: before itself %v", name, m.Before(at))
		}
	}
}

func TestASpellIsWhatItsPartsWere(t *testing.T) {
	if Doings > 1<<doingBits {
		t.Fatalf("%d doings do not fit %d bits", Doings, doingBits)
	}
	for doing := range Doings {
		for _, took := range []time.Duration{1, time.Second + 7, 400 * 24 * time.Hour} {
			s := newSpell(doing, MomentOf(noon), took)
			if s.doing() != doing || s.took() != took || !s.end().Time().Equal(noon.Add(took)) {
				t.Errorf("%d for %s became %d for %s", doing, took, s.doing(), s.took())
			}
		}
	}
}

// TestASpellOfAClockThatWasSetIsNotNegative: its time may be longer than there is room for.
func TestASpellOfAClockThatWasSetIsNotNegative(t *testing.T) {
	for _, took := range []time.Duration{40 * 365 * 24 * time.Hour, 1<<63 - 1} {
		if s := newSpell(Talking, 0, took); s.doing() != Talking || s.took() != longestTook {
			t.Errorf("%s became %d for %s", took, s.doing(), s.took())
		}
	}
}

// TestWhatIsForgottenTakesNoRoom, and what is kept stays in order.
func TestWhatIsForgottenTakesNoRoom(t *testing.T) {
	all := make([]int, 1000)
	for i := range all {
		all[i] = i
	}
	stays := without(all, func(i int) bool { return i < 990 })
	if len(stays) != 10 || stays[0] != 990 || stays[9] != 999 || cap(stays) > 20 {
		t.Errorf("%d stay in the room of %d: %v", len(stays), cap(stays), stays)
	}
}

// TestManyWarningsAreNotFew: however many there were, the conversation was warned.
func TestManyWarningsAreNotFew(t *testing.T) {
	end := of(acd.KindFinished, "anna", acd.WrapUp, 1)
	end.Talk.Warnings, end.Talk.Protected = 1<<16, true
	p := told(of(acd.KindOffered, "anna", acd.Offered, 1), of(acd.KindAnswered, "anna", acd.OnCall, 1), end, of(acd.KindWrapUpEnded, "anna", acd.Ready, 1))
	for w := range p.ForQueue("q") {
		if w.Shielded.Warnings != 1<<16-1 {
			t.Errorf("%d warnings", w.Shielded.Warnings)
		}
	}
	for s := range p.Shields("anna") {
		if s.Why != "warned" {
			t.Errorf("left out for %s", s.Why)
		}
	}
}
