package media

import (
	"fmt"
	"runtime"
	"time"

	"breakwater/media/jitter"
)

// Settings of the sound.
type Settings struct {
	PortLow     uint16        `yaml:"port_low"`     // first RTP port (even); default 10000
	PortHigh    uint16        `yaml:"port_high"`    // last port; default 32766
	Loops       int           `yaml:"loops"`        // packet loops; default one per core
	SharedPorts *bool         `yaml:"shared_ports"` // legs of trunks and phones seen without NAT share a few ports, which costs less; default true
	Drain       time.Duration `yaml:"drain"`        // a closed port is drained until 200 ms quiet and at most this long; default 2s
	Recordings  string        `yaml:"recordings"`   // folder; default var/recordings

	Recording RecordingSettings `yaml:"recording"` // how recordings come to the disk
	Jitter    jitter.Settings   `yaml:"jitter"`    // how long packets wait where sound is mixed; two who are relayed wait for nothing
}

const (
	lowestPort  = 1024 // below, ports belong to the system
	mostLoops   = 256
	longestWait = time.Minute // for a closed port to become quiet
)

// WithDefaults fills what is not set.
func (s Settings) WithDefaults() Settings {
	if s.PortLow == 0 {
		s.PortLow = 10000
	}
	if s.PortHigh == 0 {
		s.PortHigh = 32766
	}
	if s.Loops == 0 {
		s.Loops = runtime.NumCPU()
	}
	if s.SharedPorts == nil {
		share := true
		s.SharedPorts = &share
	}
	if s.Drain == 0 {
		s.Drain = 2 * time.Second
	}
	if s.Recordings == "" {
		s.Recordings = "var/recordings"
	}
	s.Recording = s.Recording.WithDefaults()
	s.Jitter = s.Jitter.WithDefaults()
	return s
}

// Check tells what is wrong, by key; empty when nothing is. It judges the settings
// as they are, so call WithDefaults first.
func (s Settings) Check() map[string]string {
	wrong := map[string]string{}
	if s.PortLow < lowestPort || s.PortLow%2 != 0 {
		wrong["port_low"] = fmt.Sprintf("is %d; must be an even port of at least %d", s.PortLow, lowestPort)
	}
	if s.PortHigh <= s.PortLow {
		wrong["port_high"] = fmt.Sprintf("is %d; must be above port_low (%d), so that RTP and RTCP both fit", s.PortHigh, s.PortLow)
	}
	if s.Loops < 1 || s.Loops > mostLoops {
		wrong["loops"] = fmt.Sprintf("is %d; must be 1 to %d", s.Loops, mostLoops)
	}
	if s.Drain < drainQuiet || s.Drain > longestWait {
		wrong["drain"] = fmt.Sprintf("is %v; must be %v to %v", s.Drain, drainQuiet, longestWait)
	}
	if s.Recordings == "" {
		wrong["recordings"] = "is empty; must name a folder"
	}
	for key, what := range s.Recording.Check() {
		wrong["recording."+key] = what
	}
	for key, what := range s.Jitter.Check() {
		wrong["jitter."+key] = what
	}
	return wrong
}
