package guard_test

import (
	"fmt"
	"testing"
)

// page is protection.md §2, hearing guard: what was promised, and what holds it. One of
// them is run by go test -v -run Page/12 ./media/guard.
var page = []struct {
	promise string
	tests   []func(*testing.T)
}{
	{"1 kHz at 0 dBm0 is under −28 from 40 ms, and speech is back a second later", []func(*testing.T){shocksOf(1), testSpeechIsBackASecondAfterATone}},
	{"1 kHz at +3.1 as well", []func(*testing.T){shocksOf(2), testSpeechIsBackASecondAfterATone}},
	{"3 kHz at −6", []func(*testing.T){shocksOf(3)}},
	{"a fax that calls, and one that answers", []func(*testing.T){shocksOf(4), testAnAnsweringFaxIsHeldDownThroughItsPhaseReversals}},
	{"a pea whistle", []func(*testing.T){shocksOf(5)}},
	{"a siren", []func(*testing.T){shocksOf(6)}},
	{"a square wave of full scale", []func(*testing.T){shocksOf(7), testNoSampleIsAboveThePeakCeiling}},
	{"white noise", []func(*testing.T){shocksOf(8)}},
	{"a click", []func(*testing.T){testNoSampleIsAboveThePeakCeiling}},
	{"a howl that rises", []func(*testing.T){shocksOf(10)}},
	{"a tone as the first sound of a call", []func(*testing.T){testAToneAsTheFirstSoundOfACallIsTakenOff}},
	{"a digit in the sound is muted", []func(*testing.T){testADigitInTheSoundIsMuted, testADigitInWidebandSoundIsMuted}},
	{"speech that jumps by 20 dB", []func(*testing.T){testSpeechThatJumpsBy20DBStaysUnderTheCeiling}},
	{"speech passes untouched", []func(*testing.T){testPeoplePassUntouched, testOurVoicesPassUntouched, testLoudSpeechIsTouchedOnlyWhereItBreaksACeiling}},
	{"a voice is no tone", []func(*testing.T){testPeopleAreNoTones, testOurVoicesAreNoTones}},
	{"A-weighting, and the dose of pink noise", []func(*testing.T){testTheEarWeighsFrequenciesAsIEC61672, testPinkNoiseOfAMinuteGivesTheRightDose}},
	{"the dose of a shift", []func(*testing.T){testADoseIsTheEnergyOfAShift, testTheGuardCountsAShiftFrameByFrame}},
	{"lost packets, concealed or not", []func(*testing.T){testLostPacketsDoNotStartleTheGuard, testConcealedPacketsDoNotStartleTheGuard}},
	{"a change of source within a tone", []func(*testing.T){testAToneStaysDownWhenItsSourceChanges}},
	// TestNoFilterEndsInDenormalNumbers and BenchmarkProtectFrame belong to this one, too.
	{"no allocation, and an hour without drift", []func(*testing.T){testAFrameCostsNoAllocation, testTheUsualLevelDoesNotDriftInAnHour}},
}

func TestTheProtectionPage(t *testing.T) {
	for i, p := range page {
		t.Run(fmt.Sprintf("%d %s", i+1, p.promise), func(t *testing.T) {
			for _, test := range p.tests {
				test(t)
			}
		})
	}
}

func shocksOf(number int) func(*testing.T) {
	return func(t *testing.T) { testShocks(t, number) }
}
