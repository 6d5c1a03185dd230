package figures

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Who the agents are in the queue log.
const (
	LogOff       = "off"
	LogAnonymous = "anonymous" // every agent is AGENT, and nobody's working day is told
	LogNames     = "names"
)

// Settings of figures.
type Settings struct {
	Rules    `yaml:",inline"`
	TimeZone string              `yaml:"time_zone"` // of days and of times without a zone, e.g. Europe/Berlin; default that of the machine
	Teams    map[string][]string `yaml:"teams"`     // agents by name of the team, for figures of groups; a person may be in several, but a team that would part off too few is not given
	QueueLog string              `yaml:"queue_log"` // who agents are in the queue log for other reporting tools: off, anonymous, or names, with which anybody can compare people; default anonymous
	AtHand   int                 `yaml:"at_hand"`   // facts of the last two days that are kept in memory, some ten a call, and half as many callers, to know who calls again, 60 bytes each; what was before is read from the store; at least 10000; default 500000, a working day of 2,000 agents with room
}

const (
	factsAtHand  = 500_000
	fewestAtHand = 10_000
)

// WithDefaults fills what is empty.
func (s Settings) WithDefaults() Settings {
	s.Rules = s.Rules.WithDefaults()
	if s.QueueLog == "" {
		s.QueueLog = LogAnonymous
	}
	if s.AtHand == 0 {
		s.AtHand = factsAtHand
	}
	return s
}

// Check says what is wrong, by dotted key.
func (s Settings) Check() map[string]string {
	wrong := s.Rules.Check()
	if _, err := s.Location(); err != nil {
		wrong["time_zone"] = fmt.Sprintf("%q is no time zone; write for example Europe/Berlin", s.TimeZone)
	}
	if known := []string{"", LogOff, LogAnonymous, LogNames}; !slices.Contains(known, s.QueueLog) {
		wrong["queue_log"] = fmt.Sprintf("%q is not one of off, anonymous, names", s.QueueLog)
	}
	if s.AtHand != 0 && s.AtHand < fewestAtHand {
		wrong["at_hand"] = fmt.Sprintf("%d facts are too few; at least %d", s.AtHand, fewestAtHand)
	}
	least := max(fewestPeople, s.Rules.WithDefaults().LeastGroup)
	for _, team := range slices.Sorted(maps.Keys(s.Teams)) {
		if n := len(slices.Compact(slices.Sorted(slices.Values(s.Teams[team])))); n < least {
			wrong["teams."+team] = fmt.Sprintf("has %d agents; figures of fewer than %d would tell of a person, and are never given", n, least)
		}
	}
	return wrong
}

// Location is the time zone of days.
func (s Settings) Location() (*time.Location, error) {
	if s.TimeZone == "" {
		return time.Local, nil
	}
	return time.LoadLocation(s.TimeZone)
}
