package media

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"breakwater/media/guard"
	"breakwater/media/rtp"
)

// Exposure is what a protected ear was spared and what it got. Counts and energy only
// grow, so that a reader takes differences.
type Exposure struct {
	At            time.Time // when it was published; zero = the party is not protected, or heard nothing yet
	StepBack      bool      // the agent has stepped back
	guard.Account           // of everything that was sent to the ear; Energy is for guard.Dose
}

// Protect puts the hearing guard before this party's ear, for the port's life: each
// frame toward it passes the guard just before it leaves, whoever its source is, and
// a frame that needs no change leaves byte for byte. Call it before the first sound. A
// second call changes nothing.
func (p *Port) Protect(s guard.Settings) {
	if b := p.arm(&shield{guard: p.engine.kinds.of(s).New()}); b != nil {
		b.rearrange() // those who whisper are heard by one more
	}
}

// kinds are those of the newest guards, more than an operator usually has settings, so that
// guards with the same ones share what they have in common.
type kinds struct {
	mu    sync.Mutex
	known [8]*guard.Kind
	next  int // which gives way

	said   guard.Settings // by which one was asked for last
	latest *guard.Kind    // that one: calls of one config ask for nothing else
}

func (k *kinds) of(s guard.Settings) *guard.Kind {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.latest == nil || k.said != s {
		k.said, k.latest = s, k.find(guard.NewKind(s))
	}
	return k.latest
}

// find gives the one that is known and equal to made, or that from now on.
func (k *kinds) find(made *guard.Kind) *guard.Kind {
	for _, one := range k.known {
		if one != nil && *one == *made {
			return one
		}
	}
	k.known[k.next] = made
	k.next = (k.next + 1) % len(k.known)
	return made
}

// arm gives the bridge of a port that had no shield before.
func (p *Port) arm(s *shield) *Bridge {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctl.shield != nil {
		return nil
	}
	p.ctl.shield = s
	p.swap()
	return p.ctl.bridge
}

// StepBack turns the agent's step-back on or off: what this party hears becomes softer
// and less sharp. Without Protect it does nothing.
func (p *Port) StepBack(on bool) {
	if s := p.protection(); s != nil {
		s.stepBack.Store(on)
	}
}

// Exposure is the newest account of the hearing guard, published five times a second.
func (p *Port) Exposure() Exposure {
	if s := p.protection(); s != nil {
		return s.exposure.read()
	}
	return Exposure{}
}

func (p *Port) protection() *shield {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ctl.shield
}

// shield is the hearing guard of one ear, as the loop that sends to it uses it.
type shield struct {
	stepBack atomic.Bool // wished by the agent

	guard *guard.Guard // the loop's
	next  uint32       // the loop's: the timestamp of a frame that goes on the one before
	told  uint64       // the loop's: frames that are in the tallies

	exposure notice[Exposure]
}

// origin is whose sound a frame is.
type origin bool

const (
	theirs origin = false // of the parties of a bridge
	ours   origin = true  // prompts, tones and music, in which nobody whistles; see Sound.Voice
)

// cover guards a frame on its way to the ear, in place. What does not follow the frame
// before, be it for a loss or for another source, is nothing to compare it with.
func (s *shield) cover(c Codec, whose origin, h rtp.Header, codes []byte) {
	if h.Marker || h.Timestamp != s.next {
		s.guard.Forget()
	}
	s.next = h.Timestamp + uint32(len(codes))
	s.obey(whose)
	s.guard.Frame(c.law(), codes, codes)
}

func (s *shield) obey(whose origin) {
	s.guard.StepBack(s.stepBack.Load())
	s.guard.Own(bool(whose))
}

// trackMuted is the byte of the gain track for what is not heard at all (guard.TrackGain).
const trackMuted = 255

// note notes in the recording of a party what a protected ear heard of the packet that has
// just come from it: what the guard took away of the newest frame, and the factor that the
// bridge gave before. s or rec may be nil.
func (s *shield) note(rec *Recording, loud float64, now int64) {
	if s == nil || rec == nil {
		return
	}
	for _, b := range s.guard.Track() {
		rec.gain(now, softened(b, loud))
	}
}

// noteLeast is note for a frame that does not end with a packet of the party, or did not
// begin with it: the least gain in it counts for all that came since the note before.
func (s *shield) noteLeast(rec *Recording, loud float64, now int64) {
	if s != nil && rec != nil {
		rec.gain(now, softened(least(s.guard.Track()), loud))
	}
}

// noteUnheard notes that a protected ear heard nothing of so many samples.
func (s *shield) noteUnheard(rec *Recording, now int64, samples int) {
	if s == nil || rec == nil {
		return
	}
	for ; samples > 0; samples -= mixFrame {
		rec.gain(now, trackMuted)
	}
}

// least is the lowest gain in a piece of the gain track.
func least(track []byte) (b byte) {
	for _, other := range track {
		b = max(b, other)
	}
	return b
}

// softened is a byte of the gain track with one more factor, which makes nothing louder.
func softened(b byte, loud float64) byte {
	const steps = 4 // a dB
	switch {
	case loud >= 1 || b == trackMuted:
		return b
	case loud <= 0:
		return trackMuted
	}
	return byte(min(math.Round(float64(b)-20*math.Log10(loud)*steps), trackMuted-1))
}

// tell publishes what is known of a party's voice and of what its ear got.
func (l *loop) tell(p *Port, r *route) {
	now := l.engine.moment(l.now)
	level := p.in.voice.account()
	level.At, level.Voice = now, r.gauge.account()
	p.level.post(level)
	if s := r.shield; s != nil {
		account := s.guard.Account()
		l.tallies.guarded.Add(account.Frames - s.told)
		s.told = account.Frames
		s.exposure.post(Exposure{At: now, StepBack: s.stepBack.Load(), Account: account})
	}
}
