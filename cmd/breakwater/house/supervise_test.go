package house_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/loadtest/referee"
	"breakwater/sip/siptest"
)

// A supervisor in a conversation, measured: everybody's voice is a tone of their own.

// hearsOnly looks who is heard in half a second. Where a busy machine made a voice jump, a
// little of it is at every frequency: between heard and not is a wide room, and a half second
// with a jump is not the last. Who is heard and should not be is heard in all of them.
func (p *person) hearsOnly(others ...*person) {
	p.s.Helper()
	for _, o := range others {
		p.hearsVoice(o)
	}
	var wrong string
	for range 6 {
		if wrong = p.mishears(others); wrong == "" {
			return
		}
	}
	p.s.Error(wrong)
}

// mishears says who is heard in half a second and should not be, or the other way round.
func (p *person) mishears(others []*person) (wrong string) {
	p.s.Helper()
	from := time.Now()
	p.s.sees("half a second", func() bool { return time.Since(from) > 500*time.Millisecond })
	heard := p.call.Heard().Since(from)
	for _, o := range p.s.people {
		level, expected := heard.Tone(o.voice), slices.Contains(others, o)
		if (level > (loud+nothing)/2) != expected {
			wrong = fmt.Sprintf("%s hears %s at %.1f dBm0, expected: %v", p.name, o.name, level, expected)
		}
	}
	return wrong
}

func TestASupervisorListensWhispersJoinsAndTakesTheCall(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aSupervisorListensWhispersJoinsAndTakesTheCall)
}

func aSupervisorListensWhispersJoinsAndTakesTheCall(t testing.TB) {
	s := alone(t)
	crew := s.seats("anna", "sofia")
	anna, sofia := crew[0], crew[1]
	caller := s.connects("8100", anna)
	sofia.dials(siptest.Dial{Number: "*601"})
	sofia.isAnswered()
	anna.hears("tone-supervisor")
	sofia.speaks()
	caller.hearsOnly(anna)
	anna.hearsOnly(caller)
	sofia.hearsOnly(anna, caller)
	s.becomes("sofia", acd.OnCall)

	sofia.presses("*2")
	sofia.hears("supervisor-whispers")
	caller.hearsOnly(anna)
	anna.hearsOnly(caller, sofia)
	sofia.hearsOnly(anna, caller)

	sofia.presses("*3")
	sofia.hears("supervisor-joins")
	caller.hearsOnly(anna, sofia)
	anna.hearsOnly(caller, sofia)
	sofia.hearsOnly(anna, caller)

	sofia.presses("*1")
	sofia.hears("supervisor-listens")
	caller.hearsOnly(anna)
	sofia.presses("*97")
	sofia.hears("tone-beep", "refused-unknown-key")
	caller.isIn("CALM")

	sofia.presses("*4")
	anna.isCut()
	s.talk(caller, sofia)
	caller.hearsOnly(sofia)
	caller.hangsUp()
	sofia.isCut()
	r := s.record(caller)
	if r.Agent != "sofia" || r.Protected {
		t.Errorf("the last agent is %s, protected %v", r.Agent, r.Protected)
	}
	last := r.Segments[len(r.Segments)-1]
	if last.Kind != "supervise" || last.Agent != "sofia" {
		t.Errorf("segments %+v", r.Segments)
	}
	s.becomes("sofia", acd.Ready)
}

func TestAListenerWhoPutsDownIsHeardToLeave(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aListenerWhoPutsDownIsHeardToLeave)
}

func aListenerWhoPutsDownIsHeardToLeave(t testing.TB) {
	s := alone(t)
	crew := s.seats("anna", "sofia")
	anna, sofia := crew[0], crew[1]
	caller := s.connects("8100", anna)
	sofia.dials(siptest.Dial{Number: "*601"})
	sofia.isAnswered()
	anna.hears("tone-supervisor")
	sofia.hangsUp()
	anna.hears("tone-supervisor-gone")
	s.talk(caller, anna)
	caller.hangsUp()
	anna.isCut()
	if keys := caller.call.HeardDigits(); keys != "" {
		t.Errorf("the caller heard the keys %s", keys)
	}
}

func TestListeningInIsRefusedInWords(t *testing.T) {
	s := open(t)
	crew := s.seats("anna", "ben", "sofia")
	anna, ben, sofia := crew[0], crew[1], crew[2]
	sofia.code("*601", "nobody-talks-there")
	caller := s.connects("8100", anna)
	ben.code("*601", "supervisors-only")
	caller.hearsVoice(anna)
}

func TestAnAgentWhoLeavesACrisisLeavesTheCallerWithTheSupervisor(t *testing.T) {
	referee.Judge(t, bearable, anAgentWhoLeavesACrisisLeavesTheCallerWithTheSupervisor)
}

func anAgentWhoLeavesACrisisLeavesTheCallerWithTheSupervisor(t testing.TB) {
	s := alone(t)
	crew := s.seats("anna", "sofia")
	anna, sofia := crew[0], crew[1]
	caller := s.connects("8100", anna)
	anna.presses("*97")
	sofia.rings()
	sofia.answers()
	sofia.hears("supervisor-page-crisis")
	s.talk(caller, sofia)
	anna.hangsUp()
	sofia.becomesAgent(caller)
	caller.hearsOnly(sofia)
	sofia.hearsOnly(caller)
	caller.neverHeard("crisis-hold", "closing", "goodbye")
	caller.hangsUp()
	for _, p := range []*person{caller, sofia} {
		if gap := p.call.Stats().MaxGap; gap > 200*time.Millisecond { // 40 ms, and what a busy machine adds
			t.Errorf("%s heard a gap of %s", p.name, gap)
		}
	}
	anna.rests(3, rest3)
}

// becomesAgent waits until a supervisor has the call of a caller.
func (p *person) becomesAgent(caller *person) {
	p.s.Helper()
	p.s.sees(p.name+" has the call", func() bool {
		for _, v := range p.s.house.Exchange.Calls() {
			if v.Caller == caller.number {
				return v.Agent == p.name && v.Supervisor == ""
			}
		}
		return false
	})
}
