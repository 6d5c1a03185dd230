// Package mix lets several parties hear each other: frame by frame it makes for each of
// them the sum of all others, each as loud as it is meant to be for that ear. Who may hear
// whom is nothing but a gain. It has no clock, starts nothing, and allocates nothing per
// frame.
package mix

// Seats is the greatest number of parties of one mixer.
const Seats = 16

// Mixer adds up the frames of its seats. A seat may have sound and no ear, as music has.
// It belongs to whoever runs it.
type Mixer struct {
	seats int
	in    [Seats][]int16
	live  [Seats]bool // has sound in this frame
	pairs [Seats][Seats]pair
	sum   []int32
}

// pair is how loud one seat is for the ear of another: pairs[ear][mouth].
type pair struct {
	now  float32 // factor given to the last sample
	want float32 // factor at the end of the next frame
}

// New makes a mixer with so many seats (at most Seats) whose frames have so many samples.
// At first nobody hears anybody.
func New(seats, samples int) *Mixer {
	m := &Mixer{seats: min(seats, Seats), sum: make([]int32, samples)}
	room := make([]int16, m.seats*samples)
	for i := range m.seats {
		m.in[i] = room[i*samples:][:samples:samples]
	}
	return m
}

// Gain sets how loud mouth is for ear, as a factor: 0 = not at all, 1 = as it is. The
// factor is reached evenly within the next frame, so that no change clicks. A seat never
// hears itself.
func (m *Mixer) Gain(ear, mouth int, factor float64) { m.pairs[ear][mouth].want = float32(factor) }

// Inherit takes over from another mixer how loud mouth was for ear in its last frame, so
// that a mixer that replaces another goes on where that one was.
func (m *Mixer) Inherit(ear, mouth int, old *Mixer, oldEar, oldMouth int) {
	m.pairs[ear][mouth].now = old.pairs[oldEar][oldMouth].now
}

// Hears tells whether ear is to hear mouth at all.
func (m *Mixer) Hears(ear, mouth int) bool { return ear != mouth && m.pairs[ear][mouth].want != 0 }

// Loud is how loud mouth was for ear at the end of the last frame.
func (m *Mixer) Loud(ear, mouth int) float64 { return float64(m.pairs[ear][mouth].now) }

// In is where the next frame of a seat is to be written; tell with Speaks whether there
// is any sound in it.
func (m *Mixer) In(seat int) []int16 { return m.in[seat] }

// Speaks says whether the frame in In has any sound. One that has not need not be written.
func (m *Mixer) Speaks(seat int, on bool) { m.live[seat] = on }

// Out writes what a seat hears in this frame and tells whether it is more than silence.
// Call it once a frame for every seat that listens.
func (m *Mixer) Out(ear int, dst []int16) (sound bool) {
	clear(m.sum)
	for mouth := range m.seats {
		p := &m.pairs[ear][mouth]
		if mouth != ear && m.live[mouth] && (p.now != 0 || p.want != 0) {
			add(m.sum, m.in[mouth], p)
			sound = true
		}
		p.now = p.want
	}
	if !sound {
		clear(dst)
		return false
	}
	saturate(dst, m.sum)
	return true
}

// add adds a frame with the gain of a pair.
func add(sum []int32, in []int16, p *pair) {
	sum = sum[:len(in)]
	switch {
	case p.now == 1 && p.want == 1:
		for i, s := range in {
			sum[i] += int32(s)
		}
	case p.now == p.want:
		for i, s := range in {
			sum[i] += int32(float32(s) * p.now)
		}
	default:
		gain, step := p.now, (p.want-p.now)/float32(len(in))
		for i, s := range in {
			gain += step
			sum[i] += int32(float32(s) * gain)
		}
	}
}

const (
	top  = 1<<15 - 1
	knee = 28000 // −1.4 dB: below, nothing is changed
)

// saturate makes samples of sums. What two loud voices make together bends toward full
// scale instead of breaking at it.
func saturate(dst []int16, sum []int32) {
	dst = dst[:len(sum)]
	for i, v := range sum {
		if v > knee || v < -knee {
			v = bend(v)
		}
		dst[i] = int16(v)
	}
}

// bend goes on the line at the knee with the same slope, and never reaches full scale.
func bend(v int32) int32 {
	if v < 0 {
		return -bend(-v)
	}
	const room = top - knee
	over := int64(v - knee)
	return knee + int32(over*room/(over+room))
}
