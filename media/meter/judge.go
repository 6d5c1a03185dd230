package meter

import (
	"math"
	"math/bits"
)

// judge compares the seconds of a voice with the first ones of the same voice, and says
// when it is raised. Seconds without enough voice do not count.
type judge struct {
	settings Settings
	own      baseline
	last     [3]features       // of the newest seconds, the newest first
	levels   [evenOver]float64 // of many
	heard    int               // seconds
	above    uint64            // those above the threshold, the newest in the lowest bit
	loud     uint64            // those above the absolute level
	raised   bool
	pause    int // seconds since the last one with voice
}

const (
	evenOver   = 30  // seconds in which a level can be called even
	evenLeast  = 20  // of them, at least
	evenSpread = 1.0 // dB, standard deviation
	settled    = 1   // a raised voice has settled when so few of the last seconds are above
	forgetting = 10  // seconds without voice, after which those before count no more
)

func newJudge(s Settings) judge {
	return judge{settings: s, own: baseline{full: min(whole(s.Baseline), mostBaseline)}}
}

// relearn forgets what is usual for the voice.
func (j *judge) relearn() { j.own, j.heard = baseline{full: j.own.full}, 0 }

// second judges a second. In one in which the agent spoke, too, a voice below its baseline
// may be the agent's echo: what was measured is dropped, and it teaches nothing.
func (j *judge) second(s *Second, agents bool) {
	if agents && (!j.own.known() || s.Level < j.own.usual.level) {
		s.Level, s.Tilt, s.Pitch = silent, 0, 0
	}
	if s.Judged() {
		j.pause = 0
		j.score(s)
		j.decide(s)
		if !agents {
			j.own.learn(features{s.Level, s.Tilt, s.Pitch})
		}
	} else if j.pause++; j.pause >= forgetting {
		j.above, j.loud, j.raised = 0, 0, false
	}
	s.Raised = j.raised
}

// score says how far the voice of the last three seconds is above its baseline: louder,
// sharper, higher. Each part begins where this caller, or read speech, still varies, and
// ends where effort is plain.
func (j *judge) score(s *Second) {
	now := features{s.Level, s.Tilt, s.Pitch}
	if j.heard == 0 {
		j.last = [3]features{now, now, now}
	}
	j.last = [3]features{now, j.last[0], j.last[1]}
	j.levels[j.heard%evenOver] = s.Level
	j.heard++
	s.Even = j.even()
	if !j.own.known() {
		return
	}
	at := j.middle()
	level := part(at.level-j.own.usual.level, max(3, j.own.spread.level), 9)
	tilt := part(j.own.usual.tilt-at.tilt, max(0.03, j.own.spread.tilt), 0.20)
	pitch := part(semitones(at.pitch, j.own.usual.pitch), max(1.5, j.own.spread.pitch), 5)
	s.Score = 0.40*level + 0.25*tilt + 0.35*pitch
	if s.Even {
		s.Score = (0.25*tilt + 0.35*pitch) / 0.60
	}
}

// part is 0 up to from, 1 from so much more on.
func part(v, from, more float64) float64 { return max(0, min(1, (v-from)/more)) }

func semitones(hz, above float64) float64 { return 12 * math.Log2(hz/above) }

// middle is the median of the last three seconds, so that one exclamation is none.
func (j *judge) middle() features {
	l := &j.last
	return features{
		level: middle(l[0].level, l[1].level, l[2].level),
		tilt:  middle(l[0].tilt, l[1].tilt, l[2].tilt),
		pitch: middle(l[0].pitch, l[1].pitch, l[2].pitch),
	}
}

func middle(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }

// even tells whether the level varies less than any voice's does by itself.
func (j *judge) even() bool {
	n := min(j.heard, evenOver)
	if n < evenLeast {
		return false
	}
	sum, squares := 0.0, 0.0
	for _, l := range j.levels[:n] {
		sum, squares = sum+l, squares+l*l
	}
	mean := sum / float64(n)
	return squares/float64(n)-mean*mean < evenSpread*evenSpread
}

// decide raises after enough of the last seconds, or after some so loud that they need
// no baseline.
func (j *judge) decide(s *Second) {
	need := whole(j.settings.AbsoluteFor)
	j.loud = j.loud<<1 | bit(s.Level >= j.settings.Absolute)
	loud := among(j.loud, need+need/5) >= need
	j.above = j.above<<1 | bit(loud || s.Score > j.settings.Threshold)
	count := among(j.above, j.settings.Of)
	switch {
	case !j.raised && (loud || count >= j.settings.Raised):
		j.raised, j.own.frozen = true, true
		s.Events |= Raised
	case j.raised && count <= settled:
		j.raised = false
	}
}

// among counts the newest n of the seconds.
func among(history uint64, n int) int { return bits.OnesCount64(history & (1<<uint(n) - 1)) }

func bit(yes bool) uint64 {
	if yes {
		return 1
	}
	return 0
}

// features are what is measured of a voice in a second.
type features struct{ level, tilt, pitch float64 }

// baseline is what is usual for a voice: the medians of its first seconds, and how far the
// second most unusual of them is away. It is learned until it is full or the voice is
// raised.
type baseline struct {
	levels, tilts, pitches [mostBaseline]float64 // each sorted
	n, full                int
	frozen                 bool
	usual, spread          features
}

const mostBaseline = 30 // seconds

// known tells whether there is enough to compare with: half of it.
func (b *baseline) known() bool { return b.n > 1 && 2*b.n >= b.full }

func (b *baseline) learn(f features) {
	if b.frozen || b.n >= b.full {
		return
	}
	b.levels[b.n], b.tilts[b.n], b.pitches[b.n] = f.level, f.tilt, f.pitch
	b.n++
	b.usual = features{median(b.levels[:b.n]), median(b.tilts[:b.n]), median(b.pitches[:b.n])}
	if b.n > 1 {
		b.spread = features{
			level: b.levels[b.n-2] - b.usual.level,
			tilt:  b.usual.tilt - b.tilts[1],
			pitch: semitones(b.pitches[b.n-2], b.usual.pitch),
		}
	}
}
