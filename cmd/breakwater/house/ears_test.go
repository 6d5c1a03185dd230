package house_test

import (
	"slices"
	"testing"

	"breakwater/acd"
	"breakwater/loadtest/referee"
	"breakwater/media/g711"
	"breakwater/media/prompt"
	"breakwater/sip/siptest"
)

// says lets a person say real sentences, which a meter takes for a voice. They are played
// over and over.
func (p *person) says(phrases ...string) {
	p.s.Helper()
	book, err := prompt.Open("")
	if err != nil {
		p.s.Fatal(err)
	}
	clips, err := book.Sound("en", phrases...)
	if err != nil {
		p.s.Fatal(err)
	}
	var pcm []int16
	for _, c := range clips {
		said := make([]int16, len(c.ULaw))
		g711.Mu.Decode(said, c.ULaw)
		pcm = append(pcm, said...)
	}
	p.call.Play(slices.Repeat(pcm, 4))
}

func TestAHintOfTheMeterReachesTheAgentAloneAndChangesNothing(t *testing.T) {
	s := open(t, "meter", "true")
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	anna.isQuiet()
	caller.says("notice", "warning-1")
	anna.hears("hint-step-back")
	caller.reaches("ELEVATED")
	caller.isQuiet()
	caller.reaches("CALM") // a second after the last hint, a sixtieth of its minute
	s.talk(caller, anna)
	caller.neverHeard("hint-step-back", "warning-1", "tone-beep")
	caller.hangsUp()
	caller.wentThrough("caller_ended", 0, "ELEVATED", "CALM", "ENDED")
	s.becomes("anna", acd.Ready)
	if n := s.house.Exchange.Tally().Counts()["det_raised_seconds_total"]; n == 0 {
		t.Error("no second counts as raised")
	}
}

func TestAnAgentWithoutAHearingGuardIsToldSoAtLogIn(t *testing.T) {
	s := open(t, "hearing_off", "true")
	anna := s.desk("anna")
	if err := anna.dialsCode("*11", desks["anna"].number+"#"+pin+"#"); err != nil {
		t.Fatal(err)
	}
	anna.hears("logged-in", "hearing-off")
}

func TestASupervisorWhispersAlsoWhereNoEarIsGuarded(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aSupervisorWhispersAlsoWhereNoEarIsGuarded)
}

func aSupervisorWhispersAlsoWhereNoEarIsGuarded(t testing.TB) {
	s := alone(t, "hearing_off", "true")
	crew := s.seats("anna", "sofia")
	anna, sofia := crew[0], crew[1]
	caller := s.connects("8100", anna)
	anna.presses("*5")
	sofia.rings()
	sofia.answers()
	sofia.hears("supervisor-page")
	sofia.speaks()
	anna.hearsOnly(caller, sofia)
	caller.hearsOnly(anna)
}

func TestAColleagueWhoCallsAQueueDoesNotHearTheWhisper(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aColleagueWhoCallsAQueueDoesNotHearTheWhisper)
}

func aColleagueWhoCallsAQueueDoesNotHearTheWhisper(t testing.TB) {
	s := alone(t)
	crew := s.seats("anna", "sofia")
	anna, sofia := crew[0], crew[1]
	ben := s.desk("ben") // whose ear is guarded like anna's
	ben.dials(siptest.Dial{Number: "8100"})
	anna.rings()
	anna.answers()
	s.talk(ben, anna)
	anna.presses("*5")
	sofia.rings()
	sofia.answers()
	sofia.hears("supervisor-page")
	sofia.speaks()
	anna.hearsOnly(ben, sofia)
	ben.hearsOnly(anna)
}
