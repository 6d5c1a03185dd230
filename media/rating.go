package media

import (
	"math"
	"time"

	"breakwater/media/rtp"
)

// rating is what the E-model says of the sound of a direction, by the minute: the loop's.
// Where a leg is relayed, what arrived too late for somebody's jitter buffer can only be guessed
// from the jitter; where it is mixed, the buffer is ours and it is counted.
type rating struct {
	packets, lost uint64 // at the beginning of the minute
	worst         float64
	row           [mostMinutes]uint8 // of each minute that is over, in steps of finest; 0 = not rated
}

const (
	enoughToRate = 500 // packets, 10 s
	mostMinutes  = 120 // that are kept, the newest of a leg
	finest       = 0.02
)

// minutes counts those of a leg that are over: the loop's.
type minutes struct {
	until int64 // ns: when the present one ends
	over  int
}

// turn tells whether a minute has passed.
func (m *minutes) turn(now int64) bool {
	if now < m.until {
		return false
	}
	passed := m.until != 0
	m.until = now + int64(time.Minute)
	return passed
}

// account is the row of minutes that are kept, the present one as the last.
func (m *minutes) account(near, far *rating, nearNow, farNow float64) []Minute {
	first := max(0, m.over+1-mostMinutes)
	row := make([]Minute, 0, m.over+1-first)
	for n := first; n < m.over; n++ {
		row = append(row, Minute{Number: n, MOS: near.of(n), FarMOS: far.of(n)})
	}
	return append(row, Minute{Number: m.over, MOS: nearNow, FarMOS: farNow})
}

// of is the rating of a minute that is over and kept.
func (m *rating) of(minute int) float64 {
	return float64(m.row[minute%mostMinutes]) * finest
}

// close ends a minute, by its number.
func (m *rating) close(minute int, packets, lost uint64, delay time.Duration) {
	m.worst = m.newest(packets, lost, delay)
	m.row[minute%mostMinutes] = uint8(math.Round(m.present(packets, lost, delay) / finest))
	m.packets, m.lost = packets, lost
}

// present is the rating of the minute that runs; 0 when it is too short for one.
func (m *rating) present(packets, lost uint64, delay time.Duration) float64 {
	if packets < m.packets+enoughToRate {
		return 0
	}
	return opinion(packets-m.packets, max(lost, m.lost)-m.lost, delay)
}

// newest is the worst minute, the present one included if it is long enough to be rated;
// 0 when none was.
func (m *rating) newest(packets, lost uint64, delay time.Duration) float64 {
	mos := m.present(packets, lost, delay)
	if m.worst == 0 || mos == 0 {
		return max(m.worst, mos)
	}
	return min(m.worst, mos)
}

// discards counts what the jitter buffers of a leg threw away, one seat after the other.
type discards struct {
	of   *seat
	seen uint64 // of its
	sum  uint64
}

// count looks at the buffer in which a leg is now; nil = it is not mixed.
func (d *discards) count(s *seat) uint64 {
	d.add()
	if s != d.of {
		d.of, d.seen = s, 0
		d.add()
	}
	return d.sum
}

func (d *discards) add() {
	if d.of != nil {
		stats := d.of.buffer.Stats()
		n := stats.Late + stats.Stray
		d.sum, d.seen = d.sum+n-d.seen, n
	}
}

// opinion is the estimated mean opinion of so many packets that came and that did not; 0
// when there was nothing to be heard.
func opinion(packets, lost uint64, delay time.Duration) float64 {
	if packets+lost == 0 {
		return 0
	}
	return rtp.Path{Delay: delay, Loss: float64(lost) / float64(packets+lost)}.MOS()
}

// delay is how long sound is under way between the party and us, as far as is known, and
// what a phone needs to make it even: a packet, and twice the jitter.
func (p *Port) delay() time.Duration {
	return p.in.reports.roundTrip/2 + 20*time.Millisecond + 2*span(p.in.stats.Jitter())
}
