package protect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Policy holds every number of the ladder; protection.md §1.4 gives the defaults.
type Policy struct {
	AfterAnswer    time.Duration `yaml:"after_answer"`     // earliest first warning; default 10s
	MinGap         time.Duration `yaml:"min_gap"`          // between warnings, and from the last one to a permit; default 10s
	CustomerSpeech time.Duration `yaml:"customer_speech"`  // caller speech needed since a warning; default 3s
	Calm           time.Duration `yaml:"calm"`             // OBS without hint or key until CALM; default 120s
	Elevated       time.Duration `yaml:"elevated"`         // ELEVATED without hint until CALM; default 60s
	PermitTTL      time.Duration `yaml:"permit_ttl"`       // an unused permit lapses after; default 180s
	Confirm        time.Duration `yaml:"confirm"`          // '#' after the one-strike key; default 5s
	AssistMissed   time.Duration `yaml:"assist_missed"`    // an unanswered assist is counted after; default 60s
	Rest1          time.Duration `yaml:"rest_1"`           // the caller left after a warning; default 3m
	Rest2          time.Duration `yaml:"rest_2"`           // the call was ended with a permit; default 10m
	Rest2Max       time.Duration `yaml:"rest_2_max"`       // as far as the agent may extend it; default 30m
	Rest3          time.Duration `yaml:"rest_3"`           // one strike or crisis; default 30m
	LongCall       bool          `yaml:"long_call"`        // a time limit without abuse: not available yet, must be false; default false
	LongCallNotice time.Duration `yaml:"long_call_notice"` // with long_call, not obeyed yet; default 15m
	LongCallEnd    time.Duration `yaml:"long_call_end"`    // with long_call, not obeyed yet; default 20m
}

// number is one duration of the policy with its name in the config and its default.
type number struct {
	key   string
	value *time.Duration
	usual time.Duration
}

func (p *Policy) numbers() []number {
	return []number{
		{"after_answer", &p.AfterAnswer, 10 * time.Second},
		{"min_gap", &p.MinGap, 10 * time.Second},
		{"customer_speech", &p.CustomerSpeech, 3 * time.Second},
		{"calm", &p.Calm, 120 * time.Second},
		{"elevated", &p.Elevated, 60 * time.Second},
		{"permit_ttl", &p.PermitTTL, 180 * time.Second},
		{"confirm", &p.Confirm, 5 * time.Second},
		{"assist_missed", &p.AssistMissed, 60 * time.Second},
		{"rest_1", &p.Rest1, 3 * time.Minute},
		{"rest_2", &p.Rest2, 10 * time.Minute},
		{"rest_2_max", &p.Rest2Max, 30 * time.Minute},
		{"rest_3", &p.Rest3, 30 * time.Minute},
		{"long_call_notice", &p.LongCallNotice, 15 * time.Minute},
		{"long_call_end", &p.LongCallEnd, 20 * time.Minute},
	}
}

// WithDefaults fills every number that is zero.
func (p Policy) WithDefaults() Policy {
	for _, n := range p.numbers() {
		if *n.value == 0 {
			*n.value = n.usual
		}
	}
	return p
}

// Check says what is wrong with the policy, by the key in the config. A zero
// number is right: it means the default.
func (p Policy) Check() map[string]string {
	wrong := map[string]string{}
	for _, n := range p.numbers() {
		if *n.value < 0 {
			wrong[n.key] = fmt.Sprintf("%s is negative; give a length of time such as %s", *n.value, short(n.usual))
		}
	}
	full := p.WithDefaults()
	if _, told := wrong["rest_2_max"]; !told && full.Rest2Max < full.Rest2 {
		wrong["rest_2_max"] = fmt.Sprintf("%s is shorter than rest_2, which is %s; an extended rest cannot be shorter than the rest", short(full.Rest2Max), short(full.Rest2))
	}
	if full.PermitTTL <= full.Confirm && wrong["permit_ttl"] == "" && wrong["confirm"] == "" {
		wrong["permit_ttl"] = fmt.Sprintf("%s is too short to be used; it must be longer than confirm, which is %s", short(full.PermitTTL), short(full.Confirm))
	}
	if _, told := wrong["long_call_end"]; !told && full.LongCallEnd <= full.LongCallNotice {
		wrong["long_call_end"] = fmt.Sprintf("%s is not after long_call_notice, which is %s", short(full.LongCallEnd), short(full.LongCallNotice))
	}
	if p.LongCall {
		wrong["long_call"] = "the time limit for long calls is not available yet; leave it false"
	}
	return wrong
}

// Hash names the policy's values in a record: SHA-256, in hex. Two policies that
// act the same have the same hash, however they were written.
func (p Policy) Hash() string {
	full := p.WithDefaults()
	var text strings.Builder
	for _, n := range full.numbers() {
		fmt.Fprintf(&text, "%s=%d\n", n.key, n.value.Nanoseconds())
	}
	fmt.Fprintf(&text, "long_call=%t\n", full.LongCall)
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:])
}

// RestFor is how long the rest of a level lasts, and how long the agent may make
// it. Levels outside 1–3 are no rest.
func (p Policy) RestFor(level int) (granted, longest time.Duration) {
	full := p.WithDefaults()
	switch level {
	case 1:
		return full.Rest1, full.Rest1
	case 2:
		return full.Rest2, full.Rest2Max
	case 3:
		return full.Rest3, full.Rest3
	}
	return 0, 0
}

// short writes a duration as people write it in a config: 3m, not 3m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
