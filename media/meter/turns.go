package meter

// turns is who speaks while the other does, and for how long. It is told a bit of either.
//
// Its clock is moved by the frames of the caller, and by those of the agent while the
// caller sends none.
type turns struct {
	overAfter    int // ticks that make a talk-over
	longAfter    int // and a monologue
	now          int // ticks
	missing      int // ticks that the agent has sent since the caller's last frame
	silent       int // ticks that the caller has sent since the agent was last told to speak
	caller       run
	agent        run
	both         int // ticks of this overlap in which both spoke
	lastBoth     int
	counted      bool // it was counted, and is no other until after a breath
	monologue    monologue
	overs        uint8 // talk-overs of this second
	agentsSecond int   // ticks of this second in which the agent spoke

	began Events
}

const (
	slack  = 200 * ms  // so far the frames of one party may be apart from those of the other
	packet = 60 * ms   // the longest: so long a bit is true
	word   = 600 * ms  // a pause between two words is no longer
	breath = 1500 * ms // and one between two sentences of a monologue
)

func newTurns(s Settings) turns {
	return turns{overAfter: ticks(s.TalkOver), longAfter: ticks(s.Monologue), silent: packet + 1}
}

// agentFrame takes the agent's bit. There may be several agents: one who speaks is enough.
func (t *turns) agentFrame(active bool, n int) {
	if active {
		t.silent = 0
	}
	if t.missing += n; t.missing > slack {
		t.pass(false, active, n)
	}
}

// callerFrame takes the caller's.
func (t *turns) callerFrame(active bool, n int) {
	t.missing = 0
	t.silent = min(t.silent+n, packet+1)
	t.pass(active, t.silent <= packet, n)
}

// pass lets time go by.
func (t *turns) pass(caller, agent bool, n int) {
	t.now += n
	if agent {
		t.agentsSecond += n
	}
	t.caller.step(caller, t.now, n)
	t.agent.step(agent, t.now, n)
	t.overlap(caller && agent, n)
	if t.monologue.step(caller, agent, t.now, n) && t.monologue.long(t.now) >= t.longAfter && !t.monologue.told {
		t.monologue.told = true
		t.began |= Monologue
	}
}

// overlap counts once, when both have spoken for long enough since the caller fell in: for
// half of that at the same moment, as words have pauses. Short ones are what a listener
// says: yes, hm, really.
func (t *turns) overlap(both bool, n int) {
	if t.now-t.lastBoth > breath {
		t.counted = false
	}
	if !t.caller.on || !t.agent.on || t.caller.from <= t.agent.from {
		t.both = 0
		return
	}
	if !both {
		return
	}
	t.both, t.lastBoth = t.both+n, t.now
	if !t.counted && t.now-t.caller.from >= t.overAfter && 2*t.both >= t.overAfter {
		t.counted = true
		t.overs++
		t.began |= TalkOver
	}
}

// agentSpeaks tells whether the agent speaks, or did a moment ago.
func (t *turns) agentSpeaks() bool { return t.agent.on }

// agents tells whether a good part of the second was the agent's.
func (t *turns) agents() bool { return 4*t.agentsSecond > second }

// second tells what began in the second, and begins the next.
func (t *turns) second(s *Second) (overs uint8) {
	s.Events |= t.began
	s.Monologue = span(t.monologue.long(t.now))
	overs = t.overs
	t.began, t.overs, t.agentsSecond = 0, 0, 0
	return overs
}

// run is a stretch of speech, pauses between words included.
type run struct {
	on         bool
	from, last int // ticks
}

func (r *run) step(active bool, now, n int) {
	switch {
	case active && !r.on:
		*r = run{true, now - n, now}
	case active:
		r.last = now
	case r.on && now-r.last > word:
		r.on = false
	}
}

// monologue is a stretch in which only the caller speaks. The agent may say yes and hm,
// and try to get a word in.
type monologue struct {
	run   run
	agent int // ticks in which the agent spoke
	told  bool
}

// step tells whether it goes on.
func (m *monologue) step(caller, agent bool, now, n int) bool {
	const share = 5 // a fifth of it may be the agent's, and a second
	switch {
	case caller && !m.run.on:
		*m = monologue{run: run{true, now - n, now}}
	case caller:
		m.run.last = now
	case m.run.on && now-m.run.last >= breath:
		m.run.on = false
	}
	if agent && m.run.on {
		if m.agent += n; m.agent > second+(now-m.run.from)/share {
			m.run.on = false
		}
	}
	return m.run.on
}

func (m *monologue) long(now int) int {
	if !m.run.on {
		return 0
	}
	return now - m.run.from
}
