package dtmf

import "time"

// PieceSize is the number of samples, 10 ms, that Inband judges at once.
const PieceSize = Rate / 100

const pieceTime = time.Second * PieceSize / Rate

// Inband finds the digits whose tones are in the sound of one leg: for lines that send
// no telephone-events, and for ears that should be spared the tones. It accepts
// what ITU-T Q.24 wants accepted, with a margin: one tone of each group, each
// within 2.5 % of its frequency and −38 dBm0 or more, the higher at most 10 dB under
// and 6 dB over the lower, little else (noise 12 dB below), for 40 ms.
//
// A voice has to ring nothing, and to cost little: that a piece cannot be of a digit
// shows in three sums, which a caller may have made already. Inband has no clock,
// and allocates nothing. It belongs to whoever receives the leg. The zero value has
// heard nothing yet.
type Inband struct {
	run    int // how many pieces may be of a digit, in a row
	energy int // of the newest of them
	x1, x2 int // the two samples before
	filled int // samples of a piece that wait for the others, where the next is kept

	down   byte // the key whose tone is on; 0 for none
	tones  pair // of it
	length int  // pieces since it began
	missed int  // the last of them, that its tones are not in

	kept [looked][PieceSize]int16 // the newest pieces that may be of a digit
}

// Edges is what was found in some samples: a digit's begin, a digit's end, or both.
type Edges struct {
	Begun byte  // the key whose tone is recognised, 30 to 40 ms after it began; 0 for none
	Ended Press // the key whose tone is over, seen 30 ms later; its Key is 0 for none
}

// Moments are three sums over a piece: Σ x[n]², Σ x[n]·x[n−1] and Σ x[n]·x[n−2].
type Moments struct{ R0, R1, R2 int }

const (
	looked   = 3 // pieces that are looked at together: 40 ms of tone hold them, 24 ms do not
	hangover = 3 // pieces without the tone that end it: a break of 10 ms falls into two of them (Q.24)

	// From piece to piece a tone changes its energy by so much at most, 4 dB: an echo
	// joins it after 20 ms (Q.24).
	mostChange = 2.5
)

// NewInband makes a detector that has heard nothing yet.
func NewInband() *Inband { return &Inband{} }

// Feed takes samples at 8000 Hz that follow those before, at most 60 ms of them, so
// that no two digits begin in one call.
func (d *Inband) Feed(x []int16) (found Edges) {
	for len(x) > 0 {
		switch {
		case d.filled > 0 || len(x) < PieceSize: // a frame of an odd length
			next := &d.kept[d.run%looked]
			n := copy(next[d.filled:], x)
			x = x[n:]
			if d.filled += n; d.filled == PieceSize {
				d.filled = 0
				found.add(d.feed(next[:]))
			}
		case len(x) >= 2*PieceSize && d.idle() && !d.begins(x[PieceSize-2:]):
			x = x[2*PieceSize:]
		default:
			found.add(d.feed(x[:PieceSize]))
			x = x[PieceSize:]
		}
	}
	return found
}

func (d *Inband) idle() bool { return d.run == 0 && d.down == 0 }

// begins tells whether a digit may have begun in two pieces: not if it is not in the
// second. That is looked at first, with the two samples before it.
func (d *Inband) begins(x []int16) bool {
	x1, x2 := d.x1, d.x2
	d.x2, d.x1 = int(x[0]), int(x[1])
	m := d.moments(x[2 : 2+PieceSize])
	if !m.possible() {
		return false
	}
	d.x1, d.x2 = x1, x2
	return true
}

func (d *Inband) feed(piece []int16) Edges { return d.Piece(piece, d.moments(piece)) }

func (e *Edges) add(later Edges) {
	if later.Begun != 0 {
		e.Begun = later.Begun
	}
	if later.Ended.Key != 0 {
		e.Ended = later.Ended
	}
}

// moments makes the sums that are needed to judge the piece: the third only if it
// is not settled by the first two.
func (d *Inband) moments(piece []int16) (m Moments) {
	x, before, before2 := piece, d.x1, d.x2
	d.x1, d.x2 = int(x[PieceSize-1]), int(x[PieceSize-2])
	x1 := before
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d := int(x[0]), int(x[1]), int(x[2]), int(x[3])
		m.R0 += a*a + b*b + c*c + d*d
		m.R1 += a*(x1+b) + c*(b+d)
		x1 = d
	}
	if !m.likely() {
		return m
	}
	m.R2 = int(piece[0])*before2 + int(piece[1])*before
	for x = piece; len(x) >= 4; x = x[2:] {
		m.R2 += int(x[0])*int(x[2]) + int(x[1])*int(x[3])
	}
	return m
}

// Piece takes a piece of PieceSize samples whose moments are known. It is for a
// caller that has them; others call Feed.
func (d *Inband) Piece(x []int16, m Moments) (found Edges) {
	d.filled = 0
	if d.down != 0 {
		found.Ended = d.follow(d.tones.in(x, float64(m.R0)))
	}
	if !m.possible() {
		d.run = 0
		return found
	}
	if now, before := float64(m.R0), float64(d.energy); now > before*mostChange || now*mostChange < before {
		d.run = 0
	}
	copy(d.kept[d.run%looked][:], x)
	d.energy = m.R0
	d.run++
	known := d.down != 0 && d.missed == 0
	if known || d.run < looked || !d.plausible() {
		return found
	}
	tones, ok := d.analyse()
	if !ok {
		return found
	}
	key := tones.key()
	if key != d.down {
		if d.down != 0 {
			found.Ended = d.end()
		}
		found.Begun, d.length = key, looked
	}
	d.down, d.tones, d.missed = key, tones, 0
	return found
}

// follow takes a piece while a digit is on, and tells whether the digit is over.
func (d *Inband) follow(in bool) (ended Press) {
	d.length++
	if in {
		d.missed = 0
		return Press{}
	}
	if d.missed++; d.missed < hangover {
		return Press{}
	}
	return d.end()
}

func (d *Inband) end() Press {
	p := Press{Key: d.down, Duration: time.Duration(d.length-d.missed) * pieceTime}
	d.down, d.missed = 0, 0
	return p
}

// Down is the key whose tone is on; 0 for none.
func (d *Inband) Down() byte { return d.down }

// Silence takes so many samples of silence, as Feed and Piece would, at no cost.
func (d *Inband) Silence(samples int) (found Edges) {
	d.Gap()
	for ; samples > 0 && d.down != 0; samples -= PieceSize {
		found.Ended = d.follow(false)
	}
	return found
}

// Gap is for samples that do not follow those before: a packet was lost, or another
// source sends. A digit that is on is on until its tone is missed.
func (d *Inband) Gap() { d.run, d.filled, d.x1, d.x2 = 0, 0, 0, 0 }

// likely and possible tell whether a piece may be of a digit, by what all sums of
// a tone of each group have in common, wherever they are cut, and with noise 12 dB
// below. With r = R/R0 of pure tones r1 is between the cosines of their angles a
// sample, and r2 between those of twice these angles; the bounds were found by trying
// three hundred thousand sums.
func (m *Moments) likely() bool {
	const quietest = PieceSize * 104_000 // −34 dBm0
	r0, r1 := float64(m.R0), float64(m.R1)
	return m.R0 >= quietest && r1 > 0.3*r0 && r1 < 0.85*r0
}

func (m *Moments) possible() bool {
	if !m.likely() {
		return false
	}
	r0 := float64(m.R0)
	bend := float64(m.R2 - 2*m.R1)
	return bend > -1.51*r0 && bend < -1.08*r0
}
