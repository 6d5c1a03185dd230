package acd

import (
	"fmt"
	"strings"
	"time"
)

// VoicemailSpec says how a queue takes messages from callers who do not want to wait, or
// cannot. A message waits for an agent as a caller does.
type VoicemailSpec struct {
	Key      string        `yaml:"key"`      // what a waiting caller presses to leave a message instead, one of 0–9, * and #; default none: it is not offered while they wait
	Greeting []string      `yaml:"greeting"` // phrases said before the tone; default voicemail-leave
	Longest  time.Duration `yaml:"longest"`  // of a message, 5s to 10m; default 2m
	Silence  time.Duration `yaml:"silence"`  // that ends it, 2s to 1m; default 5s
	Most     int           `yaml:"most"`     // messages that may wait at once, -1 = the queue takes none; default 100
	Keep     time.Duration `yaml:"keep"`     // given up when nobody has heard it for so long; the recording stays; default 168h
	OnFull   string        `yaml:"on_full"`  // target when no message can be taken: too many wait (who waits in the queue is told and waits on instead), or the disk is full; default goodbye, after saying so
}

// WithDefaults fills the fields that are zero.
func (v VoicemailSpec) WithDefaults() VoicemailSpec {
	setDefault(&v.Longest, 2*time.Minute)
	setDefault(&v.Silence, 5*time.Second)
	setDefault(&v.Most, 100)
	setDefault(&v.Keep, 7*24*time.Hour)
	return v
}

// Takes tells whether callers may leave messages.
func (v VoicemailSpec) Takes() bool { return v.Most >= 0 }

// Check says what is wrong, by dotted key. Zero fields are their defaults.
func (v VoicemailSpec) Check() map[string]string {
	w := wrongs{}
	if v.Key != "" && (len(v.Key) != 1 || !strings.Contains("0123456789*#", v.Key)) {
		w["key"] = fmt.Sprintf("%q is not one of 0–9, * and #", v.Key)
	} else if v.Key != "" && !v.Takes() {
		w["key"] = "asks for messages, and most: -1 takes none"
	}
	if v.Most < -1 || v.Most > 10_000 {
		w["most"] = fmt.Sprintf("%d is not between -1 (none) and 10000", v.Most)
	}
	for key, d := range map[string][3]time.Duration{
		"longest": {v.Longest, 5 * time.Second, 10 * time.Minute}, "silence": {v.Silence, 2 * time.Second, time.Minute},
		"keep": {v.Keep, time.Minute, 90 * 24 * time.Hour},
	} {
		if d[0] != 0 && (d[0] < d[1] || d[0] > d[2]) {
			w[key] = fmt.Sprintf("%s is not between %s and %s", d[0], d[1], d[2])
		}
	}
	return w
}
