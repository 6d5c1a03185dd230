package jitter

import (
	"fmt"
	"time"
)

// Settings of a jitter buffer. The depth is how long the fastest packets wait.
type Settings struct {
	Min   time.Duration `yaml:"min"`   // least depth; default 5ms
	Start time.Duration `yaml:"start"` // depth at the beginning, until the packets have been measured for ten seconds; default 40ms
	Max   time.Duration `yaml:"max"`   // greatest depth; default 200ms
}

const (
	mostDepth  = 300 * time.Millisecond
	leastReach = 20 * time.Millisecond
)

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	if s.Min == 0 {
		s.Min = 5 * time.Millisecond
	}
	if s.Start == 0 {
		s.Start = 40 * time.Millisecond
	}
	if s.Max == 0 {
		s.Max = 200 * time.Millisecond
	}
	return s
}

// Check tells what is wrong, by key; empty when nothing is. It judges the settings
// as they are, so call WithDefaults first.
func (s Settings) Check() map[string]string {
	wrong := map[string]string{}
	if s.Max < leastReach || s.Max > mostDepth {
		wrong["max"] = fmt.Sprintf("is %v; must be %v to %v", s.Max, leastReach, mostDepth)
	}
	if s.Min < 0 || s.Min > s.Max {
		wrong["min"] = fmt.Sprintf("is %v; must be 0 to max (%v)", s.Min, s.Max)
	}
	if s.Start < s.Min || s.Start > s.Max {
		wrong["start"] = fmt.Sprintf("is %v; must be min (%v) to max (%v)", s.Start, s.Min, s.Max)
	}
	return wrong
}

// places is a length of time in timestamp units.
func places(d time.Duration) int64 { return int64(d * Rate / time.Second) }
