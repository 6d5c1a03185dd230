package meter_test

import (
	"fmt"
	"testing"
)

// page is protection.md §2, the meter: what was promised, and what holds it. One of them
// is run by go test -v -run Page/22 ./media/meter. Number 28 is a promise of the ladder
// and of the call, too: go test -v -run ProtectionPage/28 ./media/meter ./acd/protect ./call.
var page = []struct {
	promise string
	test    func(*testing.T)
}{
	{"neutral speech is never raised", testNeutralSpeechIsNeverRaised},
	{"10 dB and four semitones more are raised within 6 s", testPlainEffortIsRaisedWithinSixSeconds},
	{"6 dB alone are never raised", testMoreLevelAloneIsNotRaised},
	{"an agent who shouts is no event of the caller", testAShoutingAgentIsNoEventOfTheCaller},
	{"yes and hm, twenty times a minute, are no talk-over", testBackchannelsAreNoTalkOver},
	{"three minutes of the caller alone are one monologue", testAMonologueIsOneEvent},
	{"a fax or a tone is never raised", testAFaxOrToneIsNeverRaised},
	{"events alone change no sound", testEventsChangeNoSound},
}

const firstOfPage = 21

func TestTheProtectionPage(t *testing.T) {
	for i, p := range page {
		t.Run(fmt.Sprintf("%d %s", firstOfPage+i, p.promise), p.test)
	}
}
