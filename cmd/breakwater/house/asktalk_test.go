package house_test

import (
	"testing"

	"breakwater/acd"
	"breakwater/loadtest/referee"
)

// After hard calls a supervisor's phone rings and tells with whom a talk is wished for; one
// key takes it on, another connects the two.
func TestASupervisorsPhoneAsksForATalkAfterHardCalls(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aSupervisorsPhoneAsksForATalkAfterHardCalls)
}

func aSupervisorsPhoneAsksForATalkAfterHardCalls(t testing.TB) {
	s := alone(t, "talk_after", "1", "rest_1", "100ms")
	crew := s.seats("anna", "sofia")
	anna, sofia := crew[0], crew[1]
	caller := s.warned("8100", anna, "warning-1")
	caller.hangsUp()
	anna.isCut()
	sofia.rings()
	s.becomes("anna", acd.Ready)
	sofia.answers()
	sofia.hears("talk-wanted")
	sofia.presses("1")
	sofia.hears("talk-connect")
	s.sees("sofia has taken it on", func() bool {
		wishes, err := s.house.Floor.Talks(s.ctx)
		return err == nil && len(wishes) == 1 && wishes[0].By == "sofia"
	})
	sofia.presses("2")
	anna.rings()
	anna.answers()
	s.talk(sofia, anna)
	sofia.hangsUp()
	anna.isCut()
	s.becomes("anna", acd.Ready)
	anna.code("*17", "why-talk-taken") // it was shorter than a talk is
}
