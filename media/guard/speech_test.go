package guard_test

import (
	"slices"
	"testing"
	"time"

	"breakwater/media/guard"
)

// How little a voice is touched. Our own prompts are synthetic voices;
// human_test.go asks the same of people.

// transparency are the targets of protection.md §2, test 14. At −14 dBm0 the leveller is
// off: turning down a line that stays loud is its purpose, and the target is about
// the rules that limit. Otherwise all is as by default.
var transparency = []struct {
	level     float64 // dBm0, active
	identical float64 // share of frames, at least
	settings  guard.Settings
}{{-26, 0.998, guard.Settings{}}, {-20, 0.995, guard.Settings{}}, {-14, 0.95, noComfort()}}

// Test 14, as far as the voices of the repository can tell.
func testOurVoicesPassUntouched(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		x := spoken(t, language, 4*time.Minute)
		for _, c := range transparency[:2] {
			l := newLine(c.settings)
			l.send(louder(x, c.level+20))
			l.judgeTransparency(t, language, c.level, c.identical)
		}
	}
}

// At −14 dBm0 only people can show test 14. A synthetic voice's syllables differ more in
// level than a person's, and its peaks are higher: one frame in six breaks a ceiling by
// itself. Of that voice no more is touched than must be, and what is needed to come back.
func testLoudSpeechIsTouchedOnlyWhereItBreaksACeiling(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		l := newLine(noComfort())
		l.send(louder(spoken(t, language, 4*time.Minute), 6))
		asked := l.guard.Account().Limited
		must := asked[guard.ByPeak] + asked[guard.ByLevel]
		t.Logf("%s: %d frames touched, ceilings broken %d times, %.2f dB down on average", language, l.changed, must, l.meanReduction())
		if uint64(l.changed) > 2*must {
			t.Errorf("%s: %d frames touched, want at most twice the %d that broke a ceiling", language, l.changed, must)
		}
		if l.meanReduction() > 1.5 {
			t.Errorf("%s: touched frames are %.2f dB down on average, want at most 1.5", language, l.meanReduction())
		}
	}
}

func (l *line) judgeTransparency(t *testing.T, voice string, level, want float64) {
	t.Helper()
	identical := 1 - float64(l.changed)/float64(l.frames)
	t.Logf("%s at %v dBm0: %.2f %% of frames identical, touched ones %.2f dB down on average; by rule %v",
		voice, level, 100*identical, l.meanReduction(), l.guard.Account().Limited)
	if identical < want {
		t.Errorf("%s at %v dBm0: %.2f %% of frames identical, want at least %.1f", voice, level, 100*identical, 100*want)
	}
	if level == -14 && l.meanReduction() > 1 {
		t.Errorf("%s at %v dBm0: touched frames are %.2f dB down on average, want at most 1", voice, level, l.meanReduction())
	}
}

// meanReduction is how far touched frames were turned down, in dB, on average.
func (l *line) meanReduction() float64 { return l.reduction / float64(max(l.changed, 1)) }

// Test 15, for the voices that are in the repository.
func testOurVoicesAreNoTones(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		for _, level := range []float64{-20, -8} {
			l := newLine(noComfort())
			l.send(louder(spoken(t, language, 4*time.Minute), level+20))
			if got := l.guard.Account().Events[guard.ByTone]; got != 0 {
				t.Errorf("%s at %v dBm0: %d tones in four minutes of speech, want none", language, level, got)
			}
		}
	}
}

// Test 20, second half.
func testTheUsualLevelDoesNotDriftInAnHour(t *testing.T) {
	minute := normalised(spoken(t, "en", 50*time.Second), -20)
	minute = after(minute, make([]int16, 10*rate))
	l := newLine(guard.Settings{})
	var levels []float64
	for range 60 {
		l.send(minute)
		levels = append(levels, l.guard.Account().Usual)
	}
	low, high := slices.Min(levels[2:]), slices.Max(levels[2:])
	if high-low > 0.1 {
		t.Errorf("from minute to minute the same speech is taken for %.2f to %.2f dBm0, want one level", low, high)
	}
	if got := l.guard.Account(); got.Frames != 60*60*50 {
		t.Errorf("%d frames counted, want %d", got.Frames, 60*60*50)
	}
}

func TestTheUsualLevelFollowsTheLine(t *testing.T) {
	for _, level := range []float64{-40, -32, -26, -20, -14} {
		l := newLine(noComfort())
		l.send(normalised(spoken(t, "en", 4*time.Minute), level))
		got := l.guard.Account().Usual
		t.Logf("speech at %v dBm0: usual level %.1f dBm0 A", level, got)
		if want := max(level, -36); got > want || got < want-7 {
			t.Errorf("speech at %v dBm0 is taken for %.1f dBm0 A, want it just below %v", level, got, want)
		}
	}
}
