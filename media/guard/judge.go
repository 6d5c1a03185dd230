package guard

import "math"

// limits are the settings as the judge needs them: powers and factors.
type limits struct {
	peak         float64 // sample
	level        float64 // power, A-weighted
	startle      float64 // factor of what the ear is used to
	startleFloor float64 // power
	toneUnder    float64 // factor of what the ear is used to
	toneCeiling  float64 // power
	hold         float64 // seconds
	rise         float64 // factor of gain a block
}

func newLimits(s Settings) limits {
	return limits{
		peak:         math.Sqrt(2*zeroPower) * amplitude(s.PeakCeiling),
		level:        power(s.LevelCeiling),
		startle:      power(s.StartleDB),
		startleFloor: power(s.StartleFloor),
		toneUnder:    power(-s.Tone.Under),
		toneCeiling:  power(s.Tone.Ceiling),
		hold:         s.Tone.Hold.Seconds(),
		rise:         amplitude(s.Release * blockMS / 1000),
	}
}

// segment is a frame, or 60 ms of one: the future that the guard may look at.
type segment struct {
	n       int
	pieces  []piece // n of them, and maybe room for more
	whole   bool    // no piece is shorter than 10 ms
	changed bool    // a gain is not 1
	digits  int     // so many of them began
	rules   ruleSet // those that asked for less
}

// allowed is what a piece may give to the ear.
type allowed struct {
	level   float64 // power that no block exceeds
	jump    bool    // level is that of the startle rule
	soft    float64 // power to be reached within a block
	because Rule    // of soft
}

// judge decides the gain of each block of a segment.
func (g *Guard) judge(s *segment) {
	if g.own {
		g.judgeOwn(s)
		return
	}
	g.findTones(s)
	for i := range s.pieces[:s.n] {
		p := &s.pieces[i]
		if p.muted {
			g.silence(s, p)
			continue
		}
		whole := p.samples == 2*g.ear.block
		heard := g.usual * g.comfort.gain * g.comfort.gain // what the ear is used to
		if whole {
			g.steady.seen(p, g.usual, heard, g.gain)
		}
		may := g.allow(heard, p.toned)
		g.grant(s, p, &may)
		if whole && !p.toned && !g.steady.found() && g.learn(p) {
			g.comfort.follow(g.usual, g.stepBack.on)
		}
	}
}

// silence gives nothing of a piece to the ear. Meanwhile the gain comes back.
func (g *Guard) silence(s *segment, p *piece) {
	power := p.power
	p.power, p.peak = [2]float64{}, [2]int{}
	s.rules.add(ByDigit)
	g.steady.forget()
	for b := range power {
		if n := p.block(b, g.ear.block); n > 0 {
			g.decide(s, p, b, &allowed{level: math.Inf(1), soft: math.Inf(1)})
			p.from[b], p.to[b] = 0, 0
			g.note(power[b], power[b], 0, n)
		}
	}
	g.muted, s.changed = true, true
}

// judgeOwn decides the gains of sound that is known: only the ceilings count.
func (g *Guard) judgeOwn(s *segment) {
	may := allowed{level: g.limits.level, soft: math.Inf(1)}
	for i := range s.pieces[:s.n] {
		g.grant(s, &s.pieces[i], &may)
	}
}

// grant decides the gains of a piece. In most pieces of most calls there is nothing to
// decide.
func (g *Guard) grant(s *segment, p *piece, may *allowed) {
	loudest := max(p.power[0], p.power[1])
	if g.gain == 1 && g.comfort.gain == 1 && !g.muted && loudest <= min(may.level, may.soft) && p.peak[0]|p.peak[1] == 0 {
		p.from, p.to = [2]float64{1, 1}, [2]float64{1, 1}
		g.note(loudest, p.mean, 1, p.samples)
		return
	}
	for b, power := range p.power {
		if n := p.block(b, g.ear.block); n > 0 {
			g.decide(s, p, b, may)
			g.note(power, power, g.gain, n)
		}
	}
}

// findTones marks the pieces of a segment that belong to a tone. One that is
// recognised late in the segment is marked from its start.
func (g *Guard) findTones(s *segment) {
	least := g.tonal().least
	for i := range s.pieces[:s.n] {
		p := &s.pieces[i]
		if p.samples < 2*g.ear.block {
			continue
		}
		for back := range min(g.tone.seen(&p.sine, p.mean > least), i+1) {
			s.pieces[i-back].toned = true
		}
	}
}

// tonal tells which pieces of the next segment may be of a tone.
func (g *Guard) tonal() tonal {
	if g.own {
		return tonal{least: math.Inf(1)}
	}
	limit := g.toneLimit(g.usual) // before the comfort leveller, as the pieces are
	return tonal{least: limit / 4, turn: g.tone.above}
}

func (g *Guard) toneLimit(heard float64) float64 {
	return min(heard*g.limits.toneUnder, g.limits.toneCeiling)
}

func (g *Guard) allow(heard float64, toned bool) allowed {
	may := allowed{level: g.limits.level, soft: math.Inf(1)}
	if startle := max(heard*g.limits.startle, g.limits.startleFloor); startle < may.level {
		may.level, may.jump = startle, true
	}
	if toned {
		may.soft, may.because = g.toneLimit(heard), ByTone
	}
	if steady := g.steady.allowed(); steady < may.soft {
		may.soft, may.because = steady, BySteady
	}
	return may
}

// clipped is how far a peak may be above its ceiling, 2 dB, to be only cut off: less
// is heard of that than of a gain that goes down and comes back.
const clipped = 1.26

// decide is the heart of the guard: the gain of block b of a piece. Down it goes at once, up
// only slowly, and after a tone not before its hold is over.
func (g *Guard) decide(s *segment, p *piece, b int, may *allowed) {
	want := g.comfort.gain
	if g.own {
		want = 1
	}
	if p.power[b]*want*want > may.level {
		want = math.Sqrt(may.level / p.power[b])
		if may.jump {
			s.rules.add(ByStartle)
		} else {
			s.rules.add(ByLevel)
		}
	}
	if peak := float64(p.peak[b]); peak*want > g.limits.peak {
		want = min(want, g.limits.peak*clipped/peak)
		s.rules.add(ByPeak)
	}
	hard := want
	if p.power[b]*want*want > may.soft {
		want = math.Sqrt(may.soft / p.power[b])
		s.rules.add(may.because)
	}
	if want < hard {
		g.hold = g.limits.hold
	}
	p.from[b] = min(g.gain, hard)
	if g.muted { // what comes after silence fades in
		p.from[b], g.muted = 0, false
	}
	if want < g.gain {
		g.gain, g.rise = want, g.limits.rise
	} else {
		g.release(want)
	}
	p.to[b] = g.gain
	s.changed = s.changed || p.from[b] != 1 || g.gain != 1
}

// release lets the gain rise for one block, no higher than want. (The last block of
// a frame that is no multiple of 5 ms counts as a whole one.)
func (g *Guard) release(want float64) {
	const longest = 0.75 // seconds: from however deep, sound is back by then
	if g.hold <= 0 {
		g.gain = min(want, g.gain*g.rise)
		return
	}
	if g.hold -= blockMS / 1000.0; g.hold <= 0 {
		depth := 20 * math.Log10(g.comfort.gain/g.gain)
		g.rise = max(g.limits.rise, amplitude(depth/longest*blockMS/1000))
	}
}

// firstUsual is what a line is taken to be before it was heard: −20 dBm0.
const firstUsual = 0.01

// learn makes the piece a part of the usual level of the line, if it is speech: not
// far below that level. A scream counts, but no single one for much. What is far
// below counts a little, so that a quiet caller is found out.
func (g *Guard) learn(p *piece) (speech bool) {
	const (
		pause   = 1.0 / 40             // 16 dB below (as in ITU-T P.56)
		faint   = 3.2e-5               // −45 dBm0: noise of the line
		most    = 8                    // a piece counts at most as 9 dB above
		share   = pieceMS / 1000.0 / 8 // eight seconds of speech make the level
		little  = share / 8
		lowest  = 2.5e-4 // −36 dBm0
		highest = 0.25   // −6 dBm0
	)
	if p.mean < faint {
		return false
	}
	if p.mean < g.usual*pause {
		g.usual = max(g.usual*(1-little), lowest)
		return false
	}
	g.usual += (min(p.mean, g.usual*most) - g.usual) * share
	g.usual = min(max(g.usual, lowest), highest)
	return true
}

// leveller turns a line down that stays loud, and back when it does not.
type leveller struct {
	*levelling
	gain float64 // now; 1 = nothing done
}

// levelling is how a leveller does it.
type levelling struct {
	on    bool
	above float64 // power
	step  float64 // factor of gain a piece of speech
	least float64 // gain
}

func newLevelling(l Leveller) levelling {
	return levelling{
		on: *l.Enabled, above: power(l.Above), step: amplitude(l.Rate * pieceMS / 1000),
		least: amplitude(-l.Most),
	}
}

// follow is called once per piece of speech. While the agent has stepped back the
// leveller rests, or it would undo what the agent asked for.
func (l *leveller) follow(usual float64, rest bool) {
	const slack = 1.12 // half a dB either way is no change
	out := usual * l.gain * l.gain
	switch {
	case !l.on || rest:
	case out > l.above*slack:
		l.gain = max(l.gain/l.step, l.least)
	case out*slack < l.above && l.gain < 1:
		l.gain = min(l.gain*l.step, 1)
	}
}
