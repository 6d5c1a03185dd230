package media

import (
	"slices"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/loadtest/shim"
	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// soakMixer lets one be heard in a mix by two who are silent. What is heard is compared
// with what was said, piece by piece: how alike, and how much later.
func soakMixer(t testing.TB, length time.Duration, ppm float64) {
	e := openEngine(t, 6)
	a, b, c := newPhone(t, e, PCMA), newPhone(t, e, PCMA), newPhone(t, e, PCMA)
	br := join(t, e, a, b)
	if err := br.Add(c.port, Listen); err != nil {
		t.Fatal(err)
	}
	newEar(t, c.conn)
	s := &speaker{phone: a, codes: newText(t, 20*time.Second).codes, ppm: ppm}
	var g goesOn
	m := pieces{speaker: s}
	defer m.end()
	late := during(t, length, s, b, func(p heard) {
		g.judge(t, p)
		if g.n > steadyState {
			m.hear(p)
		}
	})
	g.isWhole(t, late)
	m.compare(t)
	m.judge(t)
}

// pieces is what is heard in a mix, a few seconds at a time. They are compared at the end:
// comparing is hard work, and would make late what is heard meanwhile.
type pieces struct {
	speaker *speaker
	piece   piece
	heard   []piece
	late    func() time.Duration // how late this machine was since the piece began

	lags    []time.Duration
	worst   float64 // dB
	poor    int     // pieces that are less alike than they should be
	stalled int     // pieces in which the machine was later than a buffer can hold, or soon after
}

type piece struct {
	began   time.Time
	samples []int16
	late    time.Duration // the machine, at worst
}

const (
	pieceLength = 3 * rtp.Rate
	pieceBehind = rtp.Rate              // of it, to find there what was said at the end of the rest
	tooLate     = 20 * time.Millisecond // a frame: a buffer that has met this once holds it
	aftermath   = 15 * time.Second      // until its depth is what it was
)

func (m *pieces) end() {
	if m.late != nil {
		m.late()
	}
}

func (m *pieces) hear(p heard) {
	if m.late == nil {
		m.piece, m.late = piece{began: p.at, samples: make([]int16, 0, pieceLength)}, referee.Lateness()
	}
	frame := make([]int16, 160)
	PCMA.law().Decode(frame, p.codes)
	if m.piece.samples = append(m.piece.samples, frame...); len(m.piece.samples) < pieceLength {
		return
	}
	m.piece.late = m.late()
	m.heard = append(m.heard, m.piece)
	m.late = nil
}

// compare compares all that was heard, but for the pieces that the machine has spoilt.
func (m *pieces) compare(t testing.TB) {
	t.Helper()
	var stall time.Time
	for _, p := range m.heard {
		if p.late > tooLate {
			stall = p.began.Add(pieceLength * time.Second / rtp.Rate)
		}
		if p.late > tooLate || p.began.Sub(stall) < aftermath {
			m.stalled++
			continue
		}
		l := m.speaker.compare(p.samples, p.began)
		switch after := p.began.Sub(m.speaker.begun); {
		case l.Frames == 0:
			continue
		case l.Gone > 0:
			t.Errorf("from %v on nothing was heard: %+v (the machine was late by %v)", after, l, p.late)
		case l.SNR < alikeEnough:
			m.poor++
			t.Logf("from %v on: %+v (the machine was late by %v)", after, l, p.late)
		}
		m.lags = append(m.lags, time.Duration(l.Lag)*time.Second/rtp.Rate)
		if m.worst == 0 || l.SNR < m.worst {
			m.worst = l.SNR
		}
	}
}

// A piece in which sound is made longer or shorter once, by up to 15 ms, is as alike as
// this; mostly it is the same bit by bit.
const alikeEnough = 25.0

// compare compares a piece that was heard from a moment on with what was said then.
func (s *speaker) compare(piece []int16, began time.Time) shim.Likeness {
	said, at := make([]int16, len(piece)-pieceBehind), int(s.place(began)*160)
	for i := range said {
		said[i] = g711.ALawToLinear[s.codes[(at+i)%len(s.codes)]]
	}
	return shim.Compare(said, piece)
}

func (m *pieces) judge(t testing.TB) {
	t.Helper()
	if _, long := soak(t); long && len(m.lags) <= m.stalled { // else a soak could end well having heard nothing
		t.Errorf("only %d pieces can be judged, in %d the machine was late: it is too busy for a soak", len(m.lags), m.stalled)
	}
	if len(m.lags) == 0 {
		t.Logf("nothing to judge: in %d pieces the machine was late", m.stalled)
		return
	}
	first, last := m.lags[0], m.lags[len(m.lags)-1]
	t.Logf("%d pieces, at worst %.1f dB; heard %v to %v after it was said, at first %v and at last %v; %d more while the machine was late",
		len(m.lags), m.worst, slices.Min(m.lags), slices.Max(m.lags), first, last, m.stalled)
	if m.poor > 1+len(m.lags)/20 { // one thread of a shared machine may be late and another not
		t.Errorf("%d pieces of %d are less alike than %.0f dB", m.poor, len(m.lags), alikeEnough)
	}
	if last-first > 45*time.Millisecond {
		t.Errorf("it is heard later and later: after %v at first, %v at last", first, last)
	}
}
