// Package meter measures how a caller speaks: how loud, how sharp and how high compared
// with the same caller a minute ago, and who speaks while the other does. Once a second
// it tells numbers, and now and then that the voice has been raised. That is a hint to
// the agent who is in the call, and to nobody else.
//
// It recognises no person, no word and no state of mind. Of the agent it is told one bit,
// speaking or not, and keeps none of it. It has no clock, starts nothing, opens nothing
// and allocates nothing per frame.
package meter

import (
	"breakwater/media/g711"
	"breakwater/media/guard"
)

// Meter measures one caller in one conversation. Whoever receives the caller's frames
// owns it; no other may touch it.
//
// Time is sound: it passes with the frames of whichever party sends more, so that a
// party who sends nothing for a while (DTX) does not stop it.
type Meter struct {
	rate  guard.Rate
	ended int // when the last second ended, on the clock of turns
	ready bool
	voice activity
	turns turns
	tally tally // of the second in the making
	pitch pitch

	judge  judge
	minute minute
	told   Second
}

// Front is how many bytes at the beginning of a Meter the next frame will need, for whoever
// asks for them before it comes.
const Front = 560

// second is the unit of time, the tick: samples at 8000 Hz, at any rate.
const (
	second = 8000
	ms     = second / 1000
)

// New makes a meter that has heard nothing yet. Enabled is the business of whoever
// makes one.
func New(s Settings) *Meter {
	s = s.WithDefaults()
	return &Meter{
		rate: guard.Narrow, voice: newActivity(),
		judge: newJudge(s), turns: newTurns(s), minute: minute{settings: s},
	}
}

// Caller takes one frame of the caller, best of 10 to 60 ms, and what the guard heard of
// it. The level must be the one that was received: where a gain lies between the caller
// and the guard, let an Ear hear the codes instead.
func (m *Meter) Caller(law g711.Law, codes []byte, h guard.Heard) {
	m.tune(guard.Narrow)
	if m.hear(narrow(h)) {
		m.pitch.codes(law, codes)
	}
	m.advance()
}

// CallerSamples is Caller for sound that comes as samples. A rate that is not known is
// taken for Narrow.
func (m *Meter) CallerSamples(rate guard.Rate, x []int16, h guard.Heard) {
	if rate != guard.Wide {
		rate = guard.Narrow
	}
	m.tune(rate)
	b := narrow(h)
	if rate == guard.Wide {
		b = wide(h)
	}
	if m.hear(b) {
		m.pitch.samples(rate, x)
	}
	m.advance()
}

// Agent is told whether the agent spoke in a frame of so many samples at 8000 Hz. It is
// the only thing that the meter knows of the agent. Where several hear the caller, it is
// told of each.
func (m *Meter) Agent(active bool, samples int) {
	m.turns.agentFrame(active, samples)
	m.advance()
}

// Forget is for frames of the caller that do not follow those before: packets were
// lost, or another source (SSRC) sends. What is known of the voice stays.
func (m *Meter) Forget() { m.pitch.forget() }

// Take gives the second that ended since the last Take; false if none did. Who asks less
// than once a second gets the newest, with the events of those before.
func (m *Meter) Take() (Second, bool) {
	if !m.ready {
		return Second{}, false
	}
	m.ready = false
	return m.told, true
}

// tune makes the meter ready for a rate. At another rate a voice has another sharpness,
// so the caller is learned anew.
func (m *Meter) tune(rate guard.Rate) {
	if m.rate == rate {
		return
	}
	m.rate = rate
	m.pitch.forget()
	m.judge.relearn()
}

// hear measures a frame and tells whether its pitch is asked for.
func (m *Meter) hear(b block) (due bool) {
	if full, ok := m.voice.add(b); ok {
		m.voice.judge(full, m.turns.agentSpeaks())
		if m.voice.on {
			m.tally.add(full)
		}
	}
	m.turns.callerFrame(m.voice.on, b.ticks)
	return m.pitch.wants(m.voice.on, &b)
}

// advance makes the account of each second that has ended.
func (m *Meter) advance() {
	for m.turns.now-m.ended >= second {
		m.ended += second
		m.end()
	}
}

func (m *Meter) end() {
	s := Second{Voice: span(m.tally.active), Level: silent}
	if m.tally.speech() && m.pitch.n >= fewestPitches {
		s.Level, s.Tilt, s.Pitch = dBm0(m.tally.power()), m.tally.tilt(), m.pitch.median()
	}
	m.judge.second(&s, m.turns.agents())
	m.minute.second(&s, m.turns.second(&s))
	if m.ready { // nobody took the second before
		s.Events |= m.told.Events
		s.Hint = s.Hint || m.told.Hint
	}
	m.told, m.ready = s, true
	m.tally = tally{last: m.tally.last}
	m.pitch.n = 0
}

// Ear hears what a guard would hear, where no guard stands before the agent's ear or not
// at the level that was received. It costs what the A-weighting of a guard costs.
type Ear struct {
	weight guard.AWeight
	last   int
}

// NewEar begins to hear G.711.
func NewEar() *Ear { return &Ear{weight: *guard.NewAWeight(guard.Narrow)} }

// Frame hears a frame.
func (e *Ear) Frame(law g711.Law, codes []byte) guard.Heard {
	h := guard.Heard{Samples: len(codes)}
	var x [160]int16
	energy, r0, r1 := 0.0, 0, 0
	for ; len(codes) > 0; codes = codes[min(len(codes), len(x)):] {
		n := law.Decode(x[:], codes)
		energy += e.weight.Energy(x[:n])
		for _, s := range x[:n] {
			v := int(s)
			r0, r1, e.last = r0+v*v, r1+v*e.last, v
		}
	}
	h.R0, h.R1 = float64(r0), float64(r1)
	if h.Samples > 0 {
		h.Power = energy * g711.Rate * zeroPower / float64(h.Samples)
	}
	return h
}
