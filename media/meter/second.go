package meter

import (
	"math"
	"time"
)

// Second is what the meter found in one second of a conversation. Level, Tilt and Pitch
// are of the caller's voice alone.
type Second struct {
	Voice time.Duration // the caller spoke for so long
	Level float64       // dBm0 A while speaking; −Inf in a second without enough voice to be judged
	Tilt  float64       // correlation of neighbouring samples (at 8000 Hz) in voiced sound: near 1 is dull, lower is sharper
	Pitch float64       // Hz, median

	Score  float64 // 0 to 1: how far above the caller's own baseline; 0 while there is none
	Even   bool    // the network keeps the level even (AGC), so that level does not count
	Raised bool    // the voice is raised

	Monologue time.Duration // the caller has spoken for so long, the agent hardly
	Events    Events        // what began in this second
	Hint      bool          // the agent should be hinted: an event that is worth it, or raised still
}

// Judged tells whether there was enough voice in the second to measure it.
func (s *Second) Judged() bool { return s.Level > silent }

// Events is a set of things that begin.
type Events uint8

// The events.
const (
	Raised    Events = 1 << iota // the voice was raised
	TalkOver                     // the caller began while the agent spoke, and both went on for a second
	Monologue                    // the caller has spoken for three minutes and the agent hardly
	Sustained                    // raised for 20 of the last 60 s, or a monologue with much talk-over
)

// Has tells whether all events of other are in the set.
func (e Events) Has(other Events) bool { return e&other == other }

// Names yields the names of the events in the set, as records and metrics write them.
func (e Events) Names(yield func(name string) bool) {
	for i, name := range [...]string{"raised", "talk_over", "monologue", "sustained"} {
		if e.Has(1<<i) && !yield(name) {
			return
		}
	}
}

// silent is the level of a second that cannot be judged.
var silent = math.Inf(-1)

// span is a number of ticks as a length of time, ticks the way back, and whole a length of
// time in seconds.
func span(ticks int) time.Duration { return time.Duration(ticks) * time.Second / second }
func ticks(d time.Duration) int    { return int(d * second / time.Second) }
func whole(d time.Duration) int    { return int(d.Round(time.Second) / time.Second) }

func dBm0(power float64) float64 { return 10 * math.Log10(power) }
