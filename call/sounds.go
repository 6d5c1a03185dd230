package call

import (
	"errors"
	"io"

	"breakwater/media"
	"breakwater/media/meter"
)

// errNoSound means that a leg was to be heard before it had any sound.
var errNoSound = errors.New("the leg has no sound yet")

// Sounds is how a call touches sound. The engine is behind it (OverEngine); tests
// put a silent clock there.
type Sounds interface {
	// Play makes s what the leg hears until it ends, is stopped or replaced.
	Play(leg Leg, s media.Sound) Playback
	// Join lets two legs hear each other.
	Join(a, b Leg) (Joined, error)
	// Record starts the two-channel recording of the leg at path.
	Record(leg Leg, path string) (Tape, error)
	// Level is the newest account of the leg's voice.
	Level(leg Leg) media.Level
	// Meter measures the leg's voice from now on, for the hints in Level. Doing it twice is
	// harmless.
	Meter(leg Leg, s meter.Settings)
	// Account is the codec name and quality of the leg so far.
	Account(leg Leg) (codec string, q media.Quality)
}

// Playback is a sound being played (media.Playback).
type Playback interface {
	Done() <-chan struct{}
	Stop()
	Complete() bool
}

// Joined is legs that hear each other (media.Bridge).
type Joined interface {
	// SetGain sets how loud from is for one ear, in dB; 0 = unchanged.
	SetGain(ear, from Leg, dB float64)
	RelayDigits(from Leg, on bool)
	// Add lets one more leg hear the others.
	Add(leg Leg, r media.Role) error
	SetRole(leg Leg, r media.Role)
	// Remove parts a leg from the others, who go on.
	Remove(leg Leg)
	Close()
}

// apart is legs that could not be joined: they hear nothing of each other, and nobody can be
// added.
type apart struct{}

// SetGain implements Joined.
func (apart) SetGain(Leg, Leg, float64) {}

// RelayDigits implements Joined.
func (apart) RelayDigits(Leg, bool) {}

// Add implements Joined.
func (apart) Add(Leg, media.Role) error { return media.ErrClosed }

// SetRole implements Joined.
func (apart) SetRole(Leg, media.Role) {}

// Remove implements Joined.
func (apart) Remove(Leg) {}

// Close implements Joined.
func (apart) Close() {}

// Tape is a running recording (media.Recording).
type Tape interface {
	Pause()
	Resume()
	Close() (paths []string, err error)
}

// Archive gives recordings back. media.Engine is one.
type Archive interface {
	// OpenRecording opens a file of a recording, plain or sealed with the engine's own key.
	// The header of one that was sealed, or never finished, tells no length (wav.Salvage).
	OpenRecording(path string) (io.ReadCloser, error)
}

// OverEngine is Sounds over real ports.
func OverEngine(e *media.Engine) Sounds { return engineSounds{e} }

type engineSounds struct{ engine *media.Engine }

func (s engineSounds) Play(leg Leg, sound media.Sound) Playback {
	if leg.Port() == nil {
		return unsaid{}
	}
	return leg.Port().Play(sound)
}

func (s engineSounds) Join(a, b Leg) (Joined, error) {
	if a.Port() == nil || b.Port() == nil {
		return nil, errNoSound
	}
	bridge, err := s.engine.Join(a.Port(), b.Port())
	if err != nil {
		return nil, err
	}
	return engineBridge{bridge}, nil
}

func (s engineSounds) Record(leg Leg, path string) (Tape, error) {
	if leg.Port() == nil {
		return nil, errNoSound
	}
	return leg.Port().Record(path)
}

func (s engineSounds) Level(leg Leg) media.Level {
	if leg.Port() == nil {
		return media.Level{}
	}
	return leg.Port().Level()
}

func (s engineSounds) Meter(leg Leg, settings meter.Settings) {
	if p := leg.Port(); p != nil {
		p.Meter(settings)
	}
}

func (s engineSounds) Account(leg Leg) (string, media.Quality) {
	if leg.Port() == nil {
		return "", media.Quality{}
	}
	return leg.Port().Desc().Codec.String(), leg.Port().Quality()
}

type engineBridge struct{ bridge *media.Bridge }

func (b engineBridge) SetGain(ear, from Leg, dB float64) {
	b.bridge.SetGainFor(ear.Port(), from.Port(), dB)
}

func (b engineBridge) Add(leg Leg, r media.Role) error {
	if leg.Port() == nil {
		return errNoSound
	}
	return b.bridge.Add(leg.Port(), r)
}

func (b engineBridge) RelayDigits(from Leg, on bool) { b.bridge.RelayDigits(from.Port(), on) }
func (b engineBridge) SetRole(leg Leg, r media.Role) { b.bridge.SetRole(leg.Port(), r) }
func (b engineBridge) Remove(leg Leg)                { b.bridge.Remove(leg.Port()) }
func (b engineBridge) Close()                        { b.bridge.Close() }
