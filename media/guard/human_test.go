package guard_test

import (
	"strings"
	"testing"
	"time"

	"breakwater/media/guard"
	"breakwater/media/voices"
)

// Nothing is asked of music: it may be taken for a bell.
func TestWhatBecomesOfHoldMusic(t *testing.T) {
	clips := voices.Music(t, 10*time.Minute)
	for _, steady := range []bool{true, false} {
		s := noComfort()
		s.Steady.Enabled = &steady
		l := newLine(s)
		for _, x := range clips {
			l.send(normalised(x, -20))
		}
		t.Logf("music at −20 dBm0, steady rule %v: %.1f %% of frames touched, %.1f dB down on average; by rule %v",
			steady, 100*float64(l.changed)/float64(max(l.frames, 1)), l.meanReduction(), l.guard.Account().Limited)
	}
}

// testPeoplePassUntouched is test 14.
func testPeoplePassUntouched(t *testing.T) {
	for _, v := range voices.People(t, 10*time.Minute) {
		for _, c := range transparency {
			if !v.Human && c.level == -14 {
				continue // see testLoudSpeechIsTouchedOnlyWhereItBreaksACeiling
			}
			said(v, c.level, c.settings).judgeTransparency(t, v.Name, c.level, c.identical)
		}
	}
}

// testPeopleAreNoTones is test 15.
func testPeopleAreNoTones(t *testing.T) {
	for _, v := range voices.People(t, 10*time.Minute) {
		most := 0.3 * v.Duration().Minutes()
		if strings.HasPrefix(v.Name, "en") || strings.HasPrefix(v.Name, "fr") || !v.Human {
			most = 0
		}
		for _, level := range []float64{-26, -20, -14} {
			if tones := said(v, level, guard.Settings{}).guard.Account().Events[guard.ByTone]; float64(tones) > most {
				t.Errorf("%s at %v dBm0: taken for a tone %d times in %v, want at most %.0f", v.Name, level, tones, v.Duration(), most)
			}
		}
	}
}

// said is a line that all of a voice came through, at a level.
func said(v voices.Voice, level float64, s guard.Settings) *line {
	l := newLine(s)
	for _, x := range v.Clips {
		l.send(normalised(x, level))
	}
	return l
}

// What the leveller does to speech at −14 dBm0, which test 14 leaves out: it brings it
// down to its threshold, no further and without haste.
func TestTheLevellerTakesLittleFromSpeechAtMinus14(t *testing.T) {
	for _, v := range voices.People(t, 5*time.Minute) {
		l := said(v, -14, guard.Settings{})
		a := l.guard.Account()
		t.Logf("%s at −14 dBm0: %.0f %% of frames touched, %.1f dB down on average, %.1f dB levelled at the end",
			v.Name, 100*float64(l.changed)/float64(l.frames), l.meanReduction(), -a.Comfort)
		if l.meanReduction() > 3 || a.Comfort < -4 {
			t.Errorf("%s at −14 dBm0: touched frames are %.1f dB down on average and levelled by %.1f dB, want at most 3 and 4", v.Name, l.meanReduction(), -a.Comfort)
		}
	}
}
