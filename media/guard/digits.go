package guard

import "breakwater/media/dtmf"

// digits is the rule for keys whose tones come in the sound: two tones at once, loud
// and sudden, that an agent need not hear. A detector of inband digits knows one
// within 40 ms; from then on, and in what of the frame is not sent yet, there is
// silence until it is over.
type digits struct {
	on bool
	dtmf.Inband
}

// find marks the newest piece of a segment if it has a digit's tone, and the pieces
// before in which that began.
func (d *digits) find(s *segment, rate Rate, x []int16, m moments) {
	var found dtmf.Edges
	switch {
	case rate == Wide:
		found = d.halved(x)
	case len(x) == dtmf.PieceSize && s.whole:
		found = d.Piece(x, dtmf.Moments{R0: m.c00, R1: m.c01, R2: m.c02})
	default:
		found = d.Feed(x)
	}
	last := s.n - 1
	s.pieces[last].muted = d.Down() != 0
	if found.Begun == 0 {
		return
	}
	s.digits++
	const began = 4 // 30 ms of tone were looked at; what was before them may be its very begin
	for i := max(0, s.n-began); i < last; i++ {
		s.pieces[i].muted = true
	}
}

// halved is for 16000 Hz: the detector hears the mean of each two samples.
func (d *digits) halved(x []int16) dtmf.Edges {
	var half [dtmf.PieceSize]int16
	n := len(x) / 2
	for i := range half[:n] {
		half[i] = int16((int(x[2*i]) + int(x[2*i+1])) / 2)
	}
	return d.Feed(half[:n])
}
