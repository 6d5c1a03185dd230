package meter

// minute is what the last sixty seconds were like, and when the agent was hinted last.
type minute struct {
	settings Settings
	raised   [60]bool
	overs    [60]uint8
	turn     int
	nRaised  int // sums of both
	nOvers   int
	held     bool // the last second was sustained
	since    int  // seconds since the last hint
}

// second adds a second and says what it means together with those before.
func (m *minute) second(s *Second, overs uint8) {
	m.add(s.Raised && s.Judged(), overs)
	held := m.nRaised >= whole(m.settings.Sustained) ||
		s.Monologue >= m.settings.Monologue && m.nOvers >= m.settings.TalkOvers
	if held && !m.held {
		s.Events |= Sustained
	}
	m.held = held
	m.since++
	s.Hint = s.Events&^TalkOver != 0 || s.Raised && s.Judged() && m.since >= whole(m.settings.Again)
	if s.Hint {
		m.since = 0
	}
}

func (m *minute) add(raised bool, overs uint8) {
	if m.raised[m.turn] {
		m.nRaised--
	}
	if raised {
		m.nRaised++
	}
	m.nOvers += int(overs) - int(m.overs[m.turn])
	m.raised[m.turn], m.overs[m.turn] = raised, overs
	m.turn = (m.turn + 1) % len(m.raised)
}
