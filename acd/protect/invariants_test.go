package protect

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// event is an observation and how long after the one before it came.
type event struct {
	After time.Duration
	Seen  Observation
}

// conversation draws what may happen in a call. Keys that lead up the ladder and
// the ends of prompts are drawn more often, or few conversations would get far.
func conversation(t *rapid.T) []event {
	likely := []Seen{KeyWarn, PromptEnded, Spoke, KeyWarn, PromptEnded, Spoke, KeyEnd, PromptEnded}
	pauses := []time.Duration{0, time.Millisecond, 3 * time.Second, 10 * time.Second, 61 * time.Second, 181 * time.Second}
	climb := rapid.SampledFrom([][]event{nil, ladderTo[:3], ladderTo[:5], ladderTo[:6], ladderTo}).Draw(t, "climb")
	return append(climb[:len(climb):len(climb)], rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
		kind := Seen(rapid.IntRange(int(KeyWarn), int(KeyUnknown)).Draw(t, "seen"))
		if rapid.IntRange(0, 2).Draw(t, "likely") > 0 {
			kind = rapid.SampledFrom(likely).Draw(t, "kind")
		}
		return event{rapid.SampledFrom(pauses).Draw(t, "after"), Observation{
			Kind:     kind,
			Complete: rapid.IntRange(0, 4).Draw(t, "cut") > 0,
			Spoken:   time.Duration(rapid.IntRange(-1, 6).Draw(t, "spoken")) * time.Second,
		}}
	}), 1, 60).Draw(t, "conversation")...)
}

// ladderTo is the straight way up: OBS1 after 3 events, then OBS2, PERMIT, FAREWELL.
var ladderTo = []event{
	{10 * time.Second, Observation{Kind: KeyWarn}},
	{8 * time.Second, Observation{Kind: PromptEnded, Complete: true}},
	{10 * time.Second, Observation{Kind: Spoke, Spoken: 3 * time.Second}},
	{0, Observation{Kind: KeyWarn}},
	{8 * time.Second, Observation{Kind: PromptEnded, Complete: true}},
	{10 * time.Second, Observation{Kind: Spoke, Spoken: 3 * time.Second}},
	{0, Observation{Kind: KeyEnd}},
}

func limits(t *rapid.T) Limits {
	return Limits{
		Emergency: rapid.Bool().Draw(t, "emergency"),
		Notice:    rapid.Bool().Draw(t, "notice"),
		Warnings:  rapid.IntRange(-1, 3).Draw(t, "warnings"),
		Hint:      rapid.Bool().Draw(t, "meter"),
		Crisis:    rapid.IntRange(0, 4).Draw(t, "crisis") == 0,
	}
}

// each runs a conversation and shows every step to look.
func each(l *Ladder, events []event, look func(before Stage, e event, did []Action)) {
	now := dawn
	for _, e := range events {
		now = now.Add(e.After)
		before := l.Stage()
		look(before, e, l.Step(now, e.Seen))
	}
}

func has(did []Action, kinds ...Do) bool {
	for _, a := range did {
		for _, k := range kinds {
			if a.Do == k {
				return true
			}
		}
	}
	return false
}

// Test 28 of the specification: the events of the meter alone change no sound and no tier.
func TestI1TheMeterAloneNeverPlaysEndsOrTiers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lim := limits(t)
		lim.Crisis = false
		l := New(Policy{}, lim, dawn)
		rest, shielded := l.Rest(), l.Protected()
		now := dawn
		for range rapid.IntRange(1, 50).Draw(t, "hints") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "s")) * time.Second)
			kind := rapid.SampledFrom([]Seen{Hint, Spoke, Tick}).Draw(t, "kind")
			for _, a := range l.Step(now, Observation{Kind: kind, Spoken: time.Second}) {
				if a.Do != AgentHint && a.Do != Enter {
					t.Fatalf("a hint made it %v", a.Do)
				}
			}
		}
		if s := l.Stage(); s != Calm && s != Elevated || l.Rest() != rest || l.Protected() != shielded {
			t.Fatalf("hints led to %v, rest %d, protected %t", s, l.Rest(), l.Protected())
		}
	})
}

// The same beside everything else: at any point of any conversation, a hint acts
// on nobody but the agent.
func TestI1AHintIsNeverMoreThanAHint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(Policy{}, limits(t), dawn)
		events := conversation(t)
		now := dawn
		for _, e := range events {
			now = now.Add(e.After)
			l.Step(now, e.Seen)
			before := l.Stage()
			did := l.Step(now, Observation{Kind: Hint})
			if len(did) == 0 && l.Stage() == before {
				continue
			}
			if want := "enter ELEVATED; agent_hint"; before != Calm || write(did) != want {
				t.Fatalf("in %v a hint made it %q", before, write(did))
			}
		}
	})
}

func TestI2NoFarewellWithoutTwoCompleteWarnings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lim := limits(t)
		l := New(Policy{}, lim, dawn)
		heard := max(lim.Warnings, 0)
		each(l, conversation(t), func(before Stage, e event, did []Action) {
			if e.Seen.Kind == PromptEnded && e.Seen.Complete && (before == W1 || before == W2) {
				heard++
			}
			if l.Warnings() != heard {
				t.Fatalf("%d warnings counted, %d heard", l.Warnings(), heard)
			}
			for _, a := range did {
				switch {
				case a.Prompt == PromptFarewell && (heard < 2 || before != Permit):
					t.Fatalf("farewell from %v after %d warnings", before, heard)
				case a.Prompt == PromptOneStrike && e.Seen.Kind != KeyConfirm:
					t.Fatalf("one strike by %v", e.Seen.Kind)
				case a.Cause == CauseProtectedDisconnect && before != Farewell:
					t.Fatalf("disconnected from %v", before)
				case a.Do == PermitOpened && heard < 2:
					t.Fatalf("permit after %d warnings", heard)
				}
			}
		})
	})
}

func TestI3CrisisDominates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(Policy{}, limits(t), dawn)
		worst := l.Stage() == Crisis
		each(l, conversation(t), func(before Stage, e event, did []Action) {
			if e.Seen.Kind == KeyCrisis && before != Over && !l.agentOff && l.Stage() != Crisis {
				t.Fatalf("crisis key in %v led to %v", before, l.Stage())
			}
			if before == Crisis {
				if has(did, PlayPrompt, CloseCall, ToSupervisor, CancelPage, PermitOpened) {
					t.Fatalf("in CRISIS: %s", write(did))
				}
				if has(did, EndCall) && e.Seen.Kind != CallerGone {
					t.Fatalf("%v ended a crisis call: %s", e.Seen.Kind, write(did))
				}
				if l.Stage() != Crisis && e.Seen.Kind != SupervisorOut && !has(did, EndCall, Rescue) {
					t.Fatalf("%v left CRISIS for %v", e.Seen.Kind, l.Stage())
				}
			}
			worst = worst || l.Stage() == Crisis
			for _, a := range did {
				if ends := a.Do == EndCall || a.Do == CloseCall || a.Do == Rescue || a.Do == ToSupervisor; ends && worst && a.Rest != 3 {
					t.Fatalf("rest L%d after a crisis: %s", a.Rest, write(did))
				}
			}
		})
		if l.Stage() == Crisis && !l.Next().IsZero() {
			t.Fatal("a timer runs in CRISIS")
		}
	})
}

func TestEmergencyQueuesNeverDisconnect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lim := limits(t)
		lim.Emergency = true
		each(New(Policy{}, lim, dawn), conversation(t), func(_ Stage, e event, did []Action) {
			if has(did, CloseCall) || has(did, EndCall) && e.Seen.Kind != CallerGone {
				t.Fatalf("%v: %s", e.Seen.Kind, write(did))
			}
			for _, a := range did {
				if a.Stage == Farewell || a.Prompt == PromptWarning2 {
					t.Fatalf("%v: %s", e.Seen.Kind, write(did))
				}
			}
		})
	})
}

// I4: a key pressed twice is pressed once, and the Enter actions alone tell
// the stage at any time.
func TestI4KeysAreIdempotentAndEveryTransitionIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lim, events := limits(t), conversation(t)
		l, ended := New(Policy{}, lim, dawn), 0
		told := l.Stage()
		now := dawn
		for _, e := range events {
			now = now.Add(e.After)
			before := l.Stage()
			did := l.Step(now, e.Seen)
			for _, a := range did {
				if a.Do == Enter {
					told = a.Stage
				}
				if a.Do == EndCall || a.Do == CloseCall || a.Do == Rescue || a.Do == ToSupervisor {
					ended++
				}
			}
			if told != l.Stage() {
				t.Fatalf("told %v, is %v", told, l.Stage())
			}
			forgave := before == Farewell && e.Seen.Kind == KeySettled // OBS2, where a second press means CALM
			if k := e.Seen.Kind; k.IsKey() && k != KeyStepBack && k != KeyAssist && !forgave {
				again(t, l, now, e.Seen)
			}
		}
		if ended > 1 || (ended == 1) != (l.Stage() == Over) {
			t.Fatalf("ended %d times, stands in %v", ended, l.Stage())
		}
	})
}

// again presses the same key at once; nothing the caller or the record could
// notice may come of it.
func again(t *rapid.T, l *Ladder, now time.Time, o Observation) {
	stage, n, rest, next := l.Stage(), l.Warnings(), l.Rest(), l.Next()
	did := l.Step(now, o)
	for _, a := range did {
		switch a.Do {
		case Refuse, Confirmed, PageSupervisor, BookmarkAudio, BookmarkThanks:
		default:
			t.Fatalf("%v twice: %s", o.Kind, write(did))
		}
	}
	if l.Stage() != stage || l.Warnings() != n || l.Rest() != rest || !l.Next().Equal(next) {
		t.Fatalf("%v twice: %v → %v", o.Kind, stage, l.Stage())
	}
}

// The assist key goes back and forth: twice is not at all.
func TestI4AssistTwiceIsNotAtAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(Policy{}, limits(t), dawn)
		each(l, conversation(t), func(Stage, event, []Action) {})
		stage, supervised, now := l.Stage(), l.Supervised(), l.now
		l.Step(now, Observation{Kind: KeyAssist})
		l.Step(now, Observation{Kind: KeyAssist})
		if l.Stage() != stage || l.Supervised() != supervised {
			t.Fatalf("%v %t → %v %t", stage, supervised, l.Stage(), l.Supervised())
		}
	})
}

// I5: once shielded, a call stays so, whatever happens; and nothing that earns
// a rest happens in a call that is not.
func TestI5AShieldIsNeverTakenAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(Policy{}, limits(t), dawn)
		shielded := l.Protected()
		each(l, conversation(t), func(before Stage, e event, did []Action) {
			if shielded && !l.Protected() {
				t.Fatalf("%v in %v took the shield away", e.Seen.Kind, before)
			}
			shielded = l.Protected()
			if l.Rest() > 0 && !shielded {
				t.Fatalf("rest L%d without a shield", l.Rest())
			}
			for _, a := range did {
				if (a.Rest > 0 || a.Do == PlayPrompt || a.Cause == CauseAgentLost) && !shielded {
					t.Fatalf("%s without a shield", write(did))
				}
			}
		})
	})
}

// I6: whoever takes the call over, second line or the same agent again, has the
// rights of the first: a fresh ladder that starts with one warning does all that
// one with a warning of its own does in CALM.
func TestI6TheSecondLineHasTheSameRights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lim := limits(t)
		lim.Warnings, lim.Crisis = 0, false
		first := New(Policy{}, lim, dawn)
		at := dawn.Add(10 * time.Second)
		first.Step(at, Observation{Kind: KeyWarn})
		first.Step(at, Observation{Kind: PromptEnded, Complete: true})
		first.Step(at, Observation{Kind: KeySettled})
		lim.Warnings = 1
		second := New(Policy{}, lim, at)
		now := at
		for _, e := range conversation(t) {
			now = now.Add(e.After)
			if diff := cmp.Diff(first.Step(now, e.Seen), second.Step(now, e.Seen)); diff != "" {
				t.Fatalf("%v (-first +second)\n%s", e.Seen.Kind, diff)
			}
		}
	})
}

// A late Tick makes no difference: asking at every Next, or only when something
// happens, leads to the same stage and the same actions.
func TestTicksMayBeLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lim := limits(t)
		eager, lazy := New(Policy{}, lim, dawn), New(Policy{}, lim, dawn)
		now := dawn
		for _, e := range conversation(t) {
			now = now.Add(e.After)
			var did []Action
			for at := eager.Next(); !at.IsZero() && !at.After(now); at = eager.Next() {
				did = append(did, eager.Step(at, Observation{Kind: Tick})...)
			}
			did = append(did, eager.Step(now, e.Seen)...)
			if diff := cmp.Diff(write(did), write(lazy.Step(now, e.Seen))); diff != "" {
				t.Fatalf("%v (-eager +lazy)\n%s", e.Seen.Kind, diff)
			}
		}
	})
}

// A clock that jumps back changes nothing that has happened.
func TestTimeNeverRunsBack(t *testing.T) {
	l := New(Policy{}, open, dawn)
	play(t, l, toPermit+`
		20s key_end > permit_closed; enter FAREWELL; play_prompt farewell`)
}
